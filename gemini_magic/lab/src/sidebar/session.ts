/** The conversation of one notebook, as the sidebar shows it and its user works with it. */

import { KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import type { Action } from '../answer/tools';
import type { Notebook } from '../cells/notebooks';
import type { LiveTurns } from '../kernel/live';
import type {
  AnswerOutput,
  AttachableFound,
  ConversationState,
  Services,
  Turn
} from '../model/generated';
import { type ConnectionState, connectionStateOf } from './connectionState';
import { Following } from './following';
import { PromptHistory } from './history';

export class Session {
  constructor(
    private readonly notebook: Notebook,
    live: LiveTurns
  ) {
    this.drafts = new Draft(notebook.context.path);
    this.places = new Place(notebook.context.path);
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
  /** Emits the id of the turn whose answer has arrived. */
  readonly answered = new Signal<this, string>(this);

  /** What was said last: what a command did, or what was in the way. */
  said: { words: string; error: boolean } | undefined;
  /** Prompts of the conversations, for the arrow keys. */
  readonly history = new PromptHistory();
  /** What is to be attached to the next prompt. */
  attached: string[] = [];
  /** Whether code of the next prompts runs in this kernel; as its setting says until one chooses. */
  get here(): boolean {
    return this.canRunHere && (this.places.chosen ?? this.state?.here ?? false);
  }

  set here(here: boolean) {
    this.places.chosen = here;
    this.changed.emit(undefined);
  }

  /** Whether the kernel hears the user's word while code of an answer waits for it. */
  get canRunHere(): boolean {
    return this.following.link?.answersWhileBusy === true;
  }

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
  get state(): ConversationState | undefined {
    return this.following.state;
  }

  get connectionState(): ConnectionState {
    return connectionStateOf(this.context.sessionContext, this.notebook.link, this.loading);
  }

  /** The turns that are being answered now, and the prompts that wait for them. */
  get running(): string[] {
    return this.following.running;
  }

  /** The answer, if it is here; else it is fetched. */
  answer(turn: string): AnswerOutput | undefined {
    return this.following.answers.get(turn);
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
    const { here } = this;
    const done = await this.request('ask', { prompt, attach: [...attach], conversation, here });
    const failed = done.status === 'failed';
    this.tell(done.said, failed);
    return !failed;
  }

  /** Run a subcommand of `%gemini`; what it says is shown, an error too. */
  async command(command: string, words: readonly string[] = []): Promise<boolean> {
    try {
      const { said } = await this.request('command', { command, words: [...words] });
      this.tell(said);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  attachable(folder: string): Promise<AttachableFound> {
    return this.request('attachable', { folder });
  }

  /** The models that the backend offers now. */
  async models(): Promise<string[]> {
    const { models } = await this.request('models', {});
    return models;
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

  private request<Type extends keyof Services>(
    type: Type,
    fields: Services[Type]['request']
  ): Promise<Services[Type]['answer']> {
    return this.following.request(type, fields);
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
  private readonly places: Place;
  private readonly following: Following;
  private loading = false;
}

/** A longer draft, in characters, lives as long as its page: a browser keeps some megabytes in all. */
const LONGEST_DRAFT = 100_000;

/** A prompt that is being written: a page that is reloaded finds it again, another tab does not. */
class Draft {
  /** `path`: of the notebook it is written in. */
  constructor(path: string) {
    this.key = `gemini-magic:draft:${path}`;
    this.written = window.sessionStorage.getItem(this.key) ?? '';
  }

  get text(): string {
    return this.written;
  }

  set text(text: string) {
    this.written = text;
    try {
      if (text && text.length <= LONGEST_DRAFT) {
        window.sessionStorage.setItem(this.key, text);
      } else {
        window.sessionStorage.removeItem(this.key);
      }
    } catch (error) {
      console.warn('gemini-magic: the browser keeps no draft', error); // Its storage is full.
    }
  }

  private readonly key: string;
  private written: string;
}

/** Where code runs, as somebody has chosen: a page that is reloaded finds it again. */
class Place {
  constructor(path: string) {
    this.key = `gemini-magic:here:${path}`;
    const kept = window.sessionStorage.getItem(this.key);
    this.here = kept === null ? undefined : kept === 'true';
  }

  get chosen(): boolean | undefined {
    return this.here;
  }

  set chosen(here: boolean | undefined) {
    this.here = here;
    try {
      window.sessionStorage.setItem(this.key, String(here));
    } catch (error) {
      console.warn('gemini-magic: the browser keeps no choice', error); // Its storage is full.
    }
  }

  private readonly key: string;
  private here: boolean | undefined;
}
