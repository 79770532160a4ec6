/**
 * What a notebook's kernel has told of its conversation, kept up to date while the sidebar is seen.
 *
 * The kernel is the only store: whatever has changed is asked for again, so that a page that was
 * reloaded, or that has missed messages, shows what is. Nothing of one notebook is in another's.
 */

import type { Kernel } from '@jupyterlab/services';

import type { Notebook } from '../cells/notebooks';
import type { KernelLink } from '../kernel/link';
import type { LiveTurns } from '../kernel/live';
import type { ConversationState, Head, Services } from '../model/generated';
import { hasFields } from '../model/turn';
import { AnswerCache } from './answerCache';

/** A kernel is not asked for anything while it starts, or when it is no more. */
const NOT_YET = new Set(['starting', 'restarting', 'autorestarting', 'terminating', 'dead']);

/** Who is told of it. */
export interface Follower {
  /** Anything but an answer has changed. */
  changed: () => void;
  /** An answer has arrived. */
  answered: (turn: string) => void;
  /** Something is in the way. */
  failed: (error: unknown) => void;
  /** The kernel of what was shown has gone, or has forgotten it. */
  forgotten: () => void;
}

export class Following {
  constructor(
    private readonly notebook: Notebook,
    private readonly live: LiveTurns,
    private readonly follower: Follower
  ) {
    notebook.linkChanged.connect(this.onLink, this);
    const { sessionContext } = notebook.context;
    sessionContext.statusChanged.connect(this.onStatus, this);
    sessionContext.connectionStatusChanged.connect(this.onConnection, this);
    this.onLink();
  }

  /** What the kernel has told last; undefined before, and when it has gone. */
  state: ConversationState | undefined;
  link: KernelLink | undefined;

  /** The turns that are being answered now, and the prompts that wait for them. */
  get running(): string[] {
    const heads = this.state?.exchanges ?? [];
    return heads.filter(isRunning).map(({ turn }) => turn);
  }

  get kernel(): Kernel.IKernelConnection | null | undefined {
    return this.notebook.context.sessionContext.session?.kernel;
  }

  /** Begin or end to keep up with the kernel: only a panel that is seen asks for anything. */
  follow(on: boolean): void {
    this.followed = on;
    this.link?.send({ type: 'follow', on });
    if (on) {
      this.connect();
      this.refresh();
    }
  }

  request<Type extends keyof Services>(
    type: Type,
    fields: Services[Type]['request']
  ): Promise<Services[Type]['answer']> {
    const none = 'This notebook has no kernel: start one, then try again.';
    return this.link?.request(type, fields) ?? Promise.reject(new Error(none));
  }

  dispose(): void {
    this.notebook.linkChanged.disconnect(this.onLink, this);
    const { sessionContext } = this.notebook.context;
    sessionContext.statusChanged.disconnect(this.onStatus, this);
    sessionContext.connectionStatusChanged.disconnect(this.onConnection, this);
    this.unlink();
  }

  /** Ask for the state; several wishes while one is under way are one more. */
  private refresh(): void {
    if (!this.followed || this.link?.state !== 'ready') {
      return;
    }
    if (this.refreshing) {
      this.again = true;
      return;
    }
    this.refreshing = true;
    const { link } = this;
    this.request('conversation', {})
      .then(data => {
        if (link === this.link) {
          this.take(data);
        }
      })
      .catch((error: unknown) => {
        if (link.state === 'ready') {
          this.follower.failed(error); // Else the kernel has gone, which the condition says.
        }
      })
      .finally(() => {
        this.refreshing = false;
        if (this.again) {
          this.again = false;
          this.refresh();
        }
      });
  }

  private take(state: ConversationState): void {
    if (!hasFields('ConversationState', state)) {
      const what = 'The gemini_magic in this kernel is of another version than this page';
      this.follower.failed(new Error(`${what}: restart the kernel and reload the page.`));
      return;
    }
    const before = new Map(this.state?.exchanges.map(head => [head.turn, known(head)]));
    this.state = state;
    for (const head of state.exchanges) {
      const { turn, status } = head;
      if (!isRunning(head)) {
        this.live.end(turn); // Its end may have been missed.
        // One that was continued had ended before, and has more now; it may have been too quick
        // to be seen streaming.
        if (this.answers.isStreaming(turn) || (this.answers.holds(turn) && before.get(turn) !== known(head))) {
          this.answers.renew(turn);
        }
      } else if (status === 'streaming' && !this.live.get(turn)) {
        this.link?.ask(turn);
      }
    }
    this.follower.changed();
  }

  private onLink(): void {
    if (this.link === this.notebook.link) {
      return;
    }
    this.unlink();
    this.link = this.notebook.link;
    this.link?.stateChanged.connect(this.onState, this);
    this.link?.received.connect(this.onPush, this);
    this.forget();
    this.connect();
  }

  private unlink(): void {
    this.link?.stateChanged.disconnect(this.onState, this);
    this.link?.received.disconnect(this.onPush, this);
  }

  private onState(): void {
    if (this.link?.state === 'ready') {
      if (this.followed) {
        this.link.send({ type: 'follow', on: true });
      }
      this.refresh();
    } else {
      this.forget();
    }
    this.follower.changed();
  }

  private onPush(_link: KernelLink, data: { type?: unknown }): void {
    if (data.type === 'changed') {
      this.refresh();
    }
  }

  /** A kernel that has started (again) is asked whether it knows us. */
  private onStatus(): void {
    this.connect();
    this.follower.changed();
  }

  private onConnection(): void {
    if (this.kernel?.connectionStatus === 'connected') {
      this.connect();
      this.refreshing = false; // What was asked before may be lost.
      this.answers.again();
      this.refresh();
    }
    this.follower.changed();
  }

  private connect(): void {
    const { link, kernel } = this;
    if (this.followed && kernel && !NOT_YET.has(kernel.status) && link?.state === 'none') {
      void link.probe();
    }
  }

  private forget(): void {
    this.state = undefined;
    this.refreshing = this.again = false;
    this.answers.clear();
    this.follower.forgotten();
  }

  /** The answers that are shown. */
  readonly answers = new AnswerCache(
    turns => this.request('answers', { turns }),
    turn => {
      if (this.answers.isStreaming(turn) && !this.running.includes(turn)) {
        this.answers.renew(turn); // It has ended on the way.
      }
      this.follower.answered(turn);
    }
  );
  private followed = false;
  private refreshing = false;
  private again = false;
}

/** What tells a later state of an exchange from an earlier one. */
function known({ status, notes }: Head): string {
  return JSON.stringify([status, notes]);
}

function isRunning({ status }: Head): boolean {
  return status === 'streaming' || status === 'waiting';
}
