/**
 * The conversation of one notebook's kernel, as the sidebar knows it.
 *
 * The kernel is the only store: whatever has changed is asked for again, so that a page that was
 * reloaded, or that has missed messages, shows what is. Nothing of one notebook is in another's.
 */

import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { kernelInfo } from '../channel';
import type { KernelLink } from '../link';
import type { LiveTurns } from '../live';
import type { Notebook } from '../notebooks';
import type { Action } from '../tools';
import type { Turn } from '../turn';
import { Bodies, type Body } from './bodies';
import { type Condition, conditionOf } from './condition';
import { Draft } from './draft';
import { PromptHistory } from './history';
import { type Attachable, type Head, type State, stateOf } from './protocol';

function isRunning(status: Head['status']): boolean {
  return status === 'streaming' || status === 'waiting';
}

/** A kernel is not asked for anything while it starts, or when it is no more. */
const NOT_YET = new Set(['starting', 'restarting', 'autorestarting', 'terminating', 'dead']);

export class Session {
  constructor(
    private readonly notebook: Notebook,
    private readonly live: LiveTurns
  ) {
    this.drafts = new Draft(notebook.context.path);
    notebook.linkChanged.connect(this.onLink, this);
    const { sessionContext } = notebook.context;
    sessionContext.statusChanged.connect(this.onStatus, this);
    sessionContext.connectionStatusChanged.connect(this.onConnection, this);
    sessionContext.iopubMessage.connect(this.onMessage, this);
    this.onLink();
  }

  /** Emits when anything but an answer has changed. */
  readonly changed = new Signal<this, undefined>(this);
  /** Emits the turn whose answer has arrived. */
  readonly answered = new Signal<this, string>(this);

  /** What the kernel has told last; undefined before, and when it has gone. */
  state: State | undefined;
  /** What was said last: what a command did, or what was in the way. */
  said: { words: string; error: boolean } | undefined;
  /** Prompts of the conversations, for the arrow keys. */
  readonly history = new PromptHistory();
  /** What is to be attached to the next prompt. */
  attached: string[] = [];
  /** How many cells, or other code, have ended; what they left in the kernel may be new. */
  runs = 0;

  /** What stands in the prompt box. */
  get draft(): string {
    return this.drafts.text;
  }

  set draft(text: string) {
    this.drafts.text = text;
  }

  get context(): Notebook['context'] {
    return this.notebook.context;
  }

  get condition(): Condition {
    const { sessionContext } = this.context;
    if (this.foreign && this.link?.state === 'none') {
      return 'foreign';
    }
    return conditionOf(sessionContext, this.notebook.link, this.loading);
  }

  /** The turns that are being answered now, and the prompts that wait for them. */
  get running(): string[] {
    const heads = this.state?.exchanges ?? [];
    return heads.filter(({ status }) => isRunning(status)).map(({ turn }) => turn);
  }

  /** The answer, if it is here; else it is fetched. */
  body(turn: string): Body | undefined {
    return this.bodies.get(turn);
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

  /**
   * Send a prompt; resolves when its answer has ended, to whether anything has come of it; rejects
   * with what was in the way.
   */
  async ask(prompt: string, attach: readonly string[]): Promise<boolean> {
    this.tell(undefined);
    this.history.send(prompt);
    const conversation = this.state?.conversation ?? null;
    const done = await this.request({ type: 'ask', prompt, attach: [...attach], conversation });
    const failed = done.status === 'failed';
    this.tell(done.said as string, failed);
    return !failed;
  }

  /** Run a subcommand of `%gemini`; what it says is shown, an error too. */
  async command(command: string, words: readonly string[] = []): Promise<boolean> {
    try {
      const { said } = await this.request({ type: 'command', command, words: [...words] });
      this.tell(said as string);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  async attachable(folder: string): Promise<{ variables: Attachable[]; files: Attachable[] }> {
    const found = await this.request({ type: 'attachable', folder });
    return found as unknown as { variables: Attachable[]; files: Attachable[] };
  }

  /** The models that the backend offers now. */
  async models(): Promise<string[]> {
    const { models } = await this.request({ type: 'models' });
    return models as string[];
  }

  /** Stop what is being answered, and what waits for it; a running cell goes on. */
  stop(): void {
    // What waits goes first: it would be sent when the answer before it has ended.
    for (const turn of this.running.reverse()) {
      this.stopOne(turn);
    }
  }

  /** Stop one answer, or take back one prompt that waits. */
  stopOne(turn: string): void {
    this.link?.stop(turn);
  }

  act(action: Action, turn: Turn): void {
    void this.notebook.inserting.actBelowActive(action, turn);
  }

  /** Load the extension into the kernel. */
  async load(): Promise<void> {
    const kernel = this.kernel;
    if (!kernel) {
      return;
    }
    this.loading = true;
    this.tell(undefined);
    try {
      const code = '%load_ext gemini_magic';
      const asked = { code, store_history: false, allow_stdin: false };
      const { content } = await kernel.requestExecute(asked).done;
      if (content.status === 'ok') {
        await this.link?.connect();
      } else if (content.status === 'error') {
        this.tell(`${content.ename}: ${content.evalue}`, true);
      } else {
        this.tell('The extension was not loaded: the kernel dropped what was waiting.', true);
      }
    } finally {
      this.loading = false;
      this.changed.emit(undefined);
    }
  }

  async reconnect(): Promise<void> {
    await this.kernel?.reconnect();
  }

  tell(words: string | undefined, error = false): void {
    this.said = words ? { words, error } : undefined;
    this.changed.emit(undefined);
  }

  fail(error: unknown): void {
    this.tell(error instanceof Error ? error.message : String(error), true);
  }

  dispose(): void {
    this.notebook.linkChanged.disconnect(this.onLink, this);
    const { sessionContext } = this.notebook.context;
    sessionContext.statusChanged.disconnect(this.onStatus, this);
    sessionContext.connectionStatusChanged.disconnect(this.onConnection, this);
    sessionContext.iopubMessage.disconnect(this.onMessage, this);
    this.unlink();
    Signal.clearData(this);
  }

  private get kernel(): Kernel.IKernelConnection | null | undefined {
    return this.context.sessionContext.session?.kernel;
  }

  private async request(message: JSONObject): Promise<JSONObject> {
    if (!this.link) {
      throw new Error('This notebook has no kernel: start one, then try again.');
    }
    return this.link.request(message);
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
          this.fail(error); // Else the kernel has gone, which the condition says.
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
      this.tell(
        'The gemini_magic in this kernel is of another version than this page: restart the ' +
          'kernel and reload the page.',
        true
      );
      return;
    }
    this.state = state;
    for (const { turn, status } of state.exchanges) {
      if (!isRunning(status)) {
        this.live.end(turn); // Its end may have been missed.
        if (this.bodies.isStreaming(turn)) {
          this.bodies.renew(turn);
        }
      } else if (status === 'streaming' && !this.live.get(turn)) {
        this.link?.ask(turn);
      }
    }
    this.changed.emit(undefined);
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
    this.changed.emit(undefined);
  }

  private onPush(_link: KernelLink, data: JSONObject): void {
    if (data.type === 'changed') {
      this.refresh();
    }
  }

  /** A kernel that has started (again) is asked whether it knows us. */
  private onStatus(): void {
    this.connect();
    this.changed.emit(undefined);
  }

  /** The kernel's status alone does not tell code that has ended from a request of ours. */
  private onMessage(_context: unknown, message: KernelMessage.IMessage): void {
    const { msg_type } = message.parent_header as { msg_type?: string };
    if (KernelMessage.isStatusMsg(message) && msg_type === 'execute_request') {
      if (message.content.execution_state === 'idle') {
        this.runs += 1;
        this.changed.emit(undefined);
      }
    }
  }

  private onConnection(): void {
    if (this.kernel?.connectionStatus === 'connected') {
      this.connect();
      this.refreshing = false; // What was asked before may be lost.
      this.bodies.again();
      this.refresh();
    }
    this.changed.emit(undefined);
  }

  private connect(): void {
    const { link, kernel } = this;
    if (this.followed && kernel && !NOT_YET.has(kernel.status) && link?.state === 'none') {
      this.probe(kernel, link).catch((error: unknown) => {
        console.warn('gemini-magic: the kernel was gone before it could be asked', error);
      });
    }
  }

  private async probe(kernel: Kernel.IKernelConnection, link: KernelLink): Promise<void> {
    const { language_info } = await kernelInfo(kernel);
    this.foreign = language_info.name !== 'python';
    if (this.foreign) {
      this.changed.emit(undefined);
    } else if (link === this.link) {
      await link.connect();
    }
  }

  /** The kernel of what was shown has gone, or has forgotten it. */
  private forget(): void {
    this.state = undefined;
    this.said = undefined;
    this.refreshing = this.again = false;
    this.bodies.clear();
    this.changed.emit(undefined);
  }

  private readonly bodies = new Bodies(
    turns => this.request({ type: 'answers', turns }),
    turn => {
      if (this.bodies.isStreaming(turn) && !this.running.includes(turn)) {
        this.bodies.renew(turn); // It has ended on the way.
      }
      this.answered.emit(turn);
    }
  );
  private readonly drafts: Draft;
  private link: KernelLink | undefined;
  private followed = false;
  private loading = false;
  private foreign = false;
  private refreshing = false;
  private again = false;
}
