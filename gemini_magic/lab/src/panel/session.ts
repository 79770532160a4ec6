/** The conversation of one notebook, as the sidebar shows it and its user works with it. */

import { KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import type { LiveTurns } from '../live';
import type { Notebook } from '../notebooks';
import type { Action } from '../tools';
import type { Turn } from '../turn';
import type { Body } from './bodies';
import { type Condition, conditionOf } from './condition';
import { Draft } from './draft';
import { Following } from './following';
import { PromptHistory } from './history';
import type { Attachable, State } from './protocol';

export class Session {
  constructor(
    private readonly notebook: Notebook,
    live: LiveTurns
  ) {
    this.drafts = new Draft(notebook.context.path);
    this.following = new Following(notebook, live, {
      changed: () => {
        this.changed.emit(undefined);
      },
      answered: turn => {
        this.answered.emit(turn);
      },
      failed: error => {
        this.fail(error);
      },
      forgotten: () => {
        this.tell(undefined);
      }
    });
    notebook.context.sessionContext.iopubMessage.connect(this.onMessage, this);
  }

  /** Emits when anything but an answer has changed. */
  readonly changed = new Signal<this, undefined>(this);
  /** Emits the turn whose answer has arrived. */
  readonly answered = new Signal<this, string>(this);

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

  /** What the kernel has told last; undefined before, and when it has gone. */
  get state(): State | undefined {
    return this.following.state;
  }

  get condition(): Condition {
    const { foreign, link } = this.following;
    if (foreign && link?.state === 'none') {
      return 'foreign';
    }
    return conditionOf(this.context.sessionContext, this.notebook.link, this.loading);
  }

  /** The turns that are being answered now, and the prompts that wait for them. */
  get running(): string[] {
    return this.following.running;
  }

  /** The answer, if it is here; else it is fetched. */
  body(turn: string): Body | undefined {
    return this.following.bodies.get(turn);
  }

  /** Begin or end to keep up with the kernel: only a panel that is seen asks for anything. */
  follow(on: boolean): void {
    this.following.follow(on);
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
    this.following.link?.stop(turn);
  }

  act(action: Action, turn: Turn): void {
    void this.notebook.inserting.actBelowActive(action, turn);
  }

  /** Load the extension into the kernel. */
  async load(): Promise<void> {
    const { kernel } = this.following;
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
        await this.following.link?.connect();
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
    await this.following.kernel?.reconnect();
  }

  tell(words: string | undefined, error = false): void {
    this.said = words ? { words, error } : undefined;
    this.changed.emit(undefined);
  }

  fail(error: unknown): void {
    this.tell(error instanceof Error ? error.message : String(error), true);
  }

  dispose(): void {
    this.context.sessionContext.iopubMessage.disconnect(this.onMessage, this);
    this.following.dispose();
    Signal.clearData(this);
  }

  private async request(message: JSONObject): Promise<JSONObject> {
    return this.following.request(message);
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

  private readonly drafts: Draft;
  private readonly following: Following;
  private loading = false;
}
