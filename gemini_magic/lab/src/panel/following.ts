/**
 * What a notebook's kernel has told of its conversation, kept up to date while the sidebar is seen.
 *
 * The kernel is the only store: whatever has changed is asked for again, so that a page that was
 * reloaded, or that has missed messages, shows what is. Nothing of one notebook is in another's.
 */

import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

import { isPython, kernelGone } from '../channel';
import type { KernelLink } from '../link';
import type { LiveTurns } from '../live';
import type { Notebook } from '../notebooks';
import { Bodies } from './bodies';
import { type Head, type State, stateOf } from './protocol';

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
  state: State | undefined;
  link: KernelLink | undefined;
  /** Whether the kernel is one of another language. */
  foreign = false;

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

  async request(message: JSONObject): Promise<JSONObject> {
    if (!this.link) {
      throw new Error('This notebook has no kernel: start one, then try again.');
    }
    return this.link.request(message);
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
    this.request({ type: 'conversation' })
      .then(data => {
        if (link === this.link) {
          this.take(stateOf(data));
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

  private take(state: State | undefined): void {
    if (!state) {
      const what = 'The gemini_magic in this kernel is of another version than this page';
      this.follower.failed(new Error(`${what}: restart the kernel and reload the page.`));
      return;
    }
    this.state = state;
    for (const head of state.exchanges) {
      const { turn, status } = head;
      if (!isRunning(head)) {
        this.live.end(turn); // Its end may have been missed.
        if (this.bodies.isStreaming(turn)) {
          this.bodies.renew(turn);
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
    this.foreign = false;
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

  private onPush(_link: KernelLink, data: JSONObject): void {
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
      this.bodies.again();
      this.refresh();
    }
    this.follower.changed();
  }

  private connect(): void {
    const { link, kernel } = this;
    if (this.followed && kernel && !NOT_YET.has(kernel.status) && link?.state === 'none') {
      this.probe(kernel, link).catch(kernelGone);
    }
  }

  private async probe(kernel: Kernel.IKernelConnection, link: KernelLink): Promise<void> {
    this.foreign = !(await isPython(kernel));
    if (this.foreign) {
      this.follower.changed();
    } else if (link === this.link) {
      await link.connect();
    }
  }

  private forget(): void {
    this.state = undefined;
    this.refreshing = this.again = false;
    this.bodies.clear();
    this.follower.forgotten();
  }

  /** The answers that are shown. */
  readonly bodies = new Bodies(
    turns => this.request({ type: 'answers', turns }),
    turn => {
      if (this.bodies.isStreaming(turn) && !this.running.includes(turn)) {
        this.bodies.renew(turn); // It has ended on the way.
      }
      this.follower.answered(turn);
    }
  );
  private followed = false;
  private refreshing = false;
  private again = false;
}

function isRunning({ status }: Head): boolean {
  return status === 'streaming' || status === 'waiting';
}
