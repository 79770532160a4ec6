/** What is happening while an answer streams, and how it ended when there is more to say. */

import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { button, element } from './section';

/** What is known of a turn while it streams, from the kernel. */
export interface Progress {
  phase: string;
  /** When the phase began, on the clock of `performance.now()`. */
  since: number;
  stop: () => void;
}

/** How long an answer may be silent, with nobody at the other end, until it is called unfinished. */
const PATIENCE = 10_000;

export class StatusLine extends Widget {
  constructor() {
    super();
    this.addClass('gm-Status');
    // The phase is told to a screen reader when it changes; the seconds beside it are not.
    this.phase.setAttribute('role', 'status');
    this.phase.setAttribute('aria-live', 'polite');
    this.clock.setAttribute('aria-hidden', 'true');
    // Nor is the thinking: it stands in its section, and comes too fast to be read aloud.
    this.newest.setAttribute('aria-hidden', 'true');
    this.node.append(this.phase, this.clock, this.newest, this.stop);
  }

  /**
   * The answer is streaming; without `progress` nothing is known but what has arrived. `newest`: the
   * newest line of the thinking, empty when it is not thinking.
   */
  stream(progress: Progress | undefined, newest: string): void {
    this.toggleClass('gm-mod-ended', false);
    this.setHidden(false);
    if (this.progress?.stop !== progress?.stop) {
      this.stop.disabled = false;
      this.stop.textContent = 'Stop';
    }
    this.progress = progress;
    this.newest.textContent = newest && ` · ${newest}`;
    this.changed = performance.now();
    this.streaming = true;
    this.tick();
    this.start();
  }

  /** The answer has ended; `said` is what there is to say about it. */
  end(said: string | undefined): void {
    this.rest();
    this.streaming = false;
    this.progress = undefined;
    this.toggleClass('gm-mod-ended', true);
    this.say(said ?? '');
    this.clock.textContent = this.newest.textContent = '';
    this.stop.hidden = true;
    this.setHidden(said === undefined);
  }

  protected override onAfterAttach(_message: Message): void {
    if (this.streaming) {
      this.start();
    }
  }

  protected override onBeforeDetach(_message: Message): void {
    this.rest();
  }

  override dispose(): void {
    this.rest();
    super.dispose();
  }

  private start(): void {
    this.timer ??= window.setInterval(() => {
      this.tick();
    }, 500);
  }

  private tick(): void {
    const { progress } = this;
    this.stop.hidden = !progress;
    if (progress) {
      this.say(capital(progress.phase));
      const waited = performance.now() - progress.since;
      this.clock.textContent = waited < 1000 ? '…' : `, ${Math.floor(waited / 1000)} s`;
    } else if (performance.now() - this.changed < PATIENCE) {
      this.say('Waiting for the rest of the answer');
      this.clock.textContent = '…';
    } else {
      this.say('Unfinished: this is what had arrived when the answer was last seen.');
      this.clock.textContent = '';
      this.rest();
    }
  }

  private say(words: string): void {
    if (this.phase.textContent !== words) {
      this.phase.textContent = words;
    }
  }

  private rest(): void {
    window.clearInterval(this.timer);
    this.timer = undefined;
  }

  private readonly phase = element('span', 'gm-Phase');
  private readonly clock = element('span', 'gm-Clock');
  private readonly newest = element('span', 'gm-Newest');
  private readonly stop = button('stop', 'Stop', () => {
    this.stop.disabled = true;
    this.stop.textContent = 'Stopping…';
    this.progress?.stop();
  });
  private progress: Progress | undefined;
  private changed = 0;
  private streaming = false;
  private timer: number | undefined;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
