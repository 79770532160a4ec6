/**
 * The connection with the `gemini_magic` of one kernel, over two comms, and a third one that the
 * kernel opens for each insertion of cells.
 *
 * `gemini_magic.panel` is opened here, carries requests, and is answered on; `gemini_magic.notify`
 * is opened by the kernel and carries what it pushes; nothing is ever sent back on it. ipykernel
 * routes the messages of a comm to the thread that last sent on it: with one comm for both, a
 * request would wait for the cell that is streaming.
 */

import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import type {
  Asking,
  Delta,
  HeldAnswers,
  Messages,
  Part,
  Services,
  Whole
} from '../model/generated';
import { TURN_MIME, isTurn } from '../model/turn';
import { Channel, ignoreItsSubshell, isPython, kernelGone } from './channel';
import { execute } from './errand';
import type { LiveTurns, Source } from './live';

export const PANEL = 'gemini_magic.panel';
export const NOTIFY = 'gemini_magic.notify';
export const CELLS = 'gemini_magic.cells';

/** What the notebook of this kernel does with what arrives. */
export interface Listener {
  /** The ids of the notebook's cells. */
  cells(): string[];
  /** Answers that the kernel holds for cells. */
  held(turns: HeldAnswers['turns']): void;
  /** Whether a finished answer is in the notebook: undefined when no output is of this turn. */
  finished(turn: string): boolean | undefined;
  /** An answer has ended: what shows an earlier state of it, from before it was continued, is old. */
  ended(turn: string): void;
  /** The kernel is there, and its magic is called `magic`. */
  named(magic: string): void;
  /** The kernel is gone in the midst of an answer: what had come of it is here alone. */
  lost(turn: string, parts: readonly Part[]): void;
  /** Cells that the kernel asks this page to insert, for a cell it is executing. */
  insert(cells: unknown): void;
  /** The cell that runs, by the SHA-256 of its source; undefined when it is none of this page. */
  running(source: string): Promise<string | undefined>;
}

/**
 * How far the link has come: nothing was tried since the kernel started, the kernel is of another
 * language, it has been asked, it has answered that it knows nothing of us, or it has greeted us.
 */
export type Connected = 'none' | 'foreign' | 'opening' | 'absent' | 'ready';

export class KernelLink implements Source {
  /** Emits when `state` has changed. */
  readonly stateChanged = new Signal<this, undefined>(this);
  /** Emits what the kernel pushes, after it has been taken in here. */
  readonly received = new Signal<this, { type?: unknown }>(this);

  constructor(
    private readonly kernel: Kernel.IKernelConnection,
    private readonly live: LiveTurns,
    private readonly listener: Listener
  ) {
    if (!kernel.handleComms) {
      return; // Another connection of this page to the same kernel does.
    }
    kernel.registerCommTarget(NOTIFY, this.onNotifyOpened);
    kernel.registerCommTarget(CELLS, this.onCells);
    kernel.statusChanged.connect(this.onStatus, this);
  }

  get state(): Connected {
    if (this.greeted) {
      return 'ready';
    }
    if (this.panel || this.opening) {
      return 'opening';
    }
    return this.refused ? 'absent' : this.foreign ? 'foreign' : 'none';
  }

  /** Whether requests are answered while a cell runs. */
  get answersWhileBusy(): boolean {
    return this.panel?.answersWhileBusy === true;
  }

  /** Connect, unless the kernel is of another language; does not fail when it ends meanwhile. */
  async probe(): Promise<void> {
    try {
      this.foreign = !(await isPython(this.kernel));
    } catch (error) {
      kernelGone(error);
      return;
    }
    if (this.foreign) {
      this.stateChanged.emit(undefined);
    } else if (!this.disposed) {
      await this.connect();
    }
  }

  /** Open the panel comm; a kernel without our extension closes it at once. */
  async connect(): Promise<void> {
    if (this.panel || this.opening || !this.kernel.handleComms || this.kernel.isDisposed) {
      return;
    }
    const opening = {};
    this.opening = opening;
    this.refused = false;
    this.stateChanged.emit(undefined);
    const known = this.notified !== undefined;
    let panel: Channel;
    try {
      panel = await this.openPanel(known);
    } catch (error) {
      // Restarted or gone before it had answered; one that is back announces itself.
      if (this.opening === opening) {
        this.opening = undefined;
        kernelGone(error);
        this.stateChanged.emit(undefined);
      }
      return;
    }
    if (this.opening === opening) {
      this.opening = undefined;
      this.panel = panel;
    } else {
      panel.dispose(false); // The kernel was restarted meanwhile.
    }
  }

  /** The extension has just been loaded: connect, once more where a request under way is refused. */
  async loaded(): Promise<void> {
    this.again = true;
    await this.connect();
  }

  private openPanel(known: boolean): Promise<Channel> {
    return Channel.open(
      this.kernel,
      PANEL,
      { type: 'hello', notified: known },
      data => {
        this.answered(data);
      },
      () => {
        this.panel = undefined;
        this.greeted = false;
        this.refused = true;
        this.refuse();
        this.stateChanged.emit(undefined);
        if ((!known && this.notified) || this.again) {
          this.again = false;
          void this.connect(); // The extension was loaded just after we had asked for it.
        }
      }
    );
  }

  ask(turn: string): void {
    this.send({ type: 'turn', turn });
  }

  /** Ask for something that is answered once; rejects with words for the user. */
  request<Type extends keyof Services>(
    type: Type,
    fields: Services[Type]['request']
  ): Promise<Services[Type]['answer']> {
    if (!this.greeted || !this.panel) {
      return Promise.reject(
        new Error('This needs the kernel: run %load_ext gemini_magic in it, then try again.')
      );
    }
    const id = ++this.requests;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (data: unknown) => void, reject });
      this.post({ ...fields, type, id });
    });
  }

  /** Stop an answer; without subshells a message would wait for it, an interrupt does not. */
  stop(turn: string): void {
    if (this.greeted && this.panel?.answersWhileBusy) {
      this.send({ type: 'stop', turn });
    } else {
      void this.kernel.interrupt();
    }
  }

  dispose(): void {
    this.disposed = true;
    if (!this.kernel.isDisposed && this.kernel.handleComms) {
      this.kernel.removeCommTarget(NOTIFY, this.onNotifyOpened);
      this.kernel.removeCommTarget(CELLS, this.onCells);
      this.kernel.statusChanged.disconnect(this.onStatus, this);
    }
    this.drop(true);
  }

  /** Send what is not answered, or answered by a push. */
  send(message: Messages['request']): void {
    this.post(message);
  }

  private post(message: object): void {
    if (this.greeted) {
      this.panel?.send(message as JSONObject);
    }
  }

  private readonly onNotifyOpened = (comm: Kernel.IComm): void => {
    this.notified = comm;
    ignoreItsSubshell(comm);
    comm.onClose = () => {
      if (this.notified === comm) {
        this.notified = undefined;
      }
    };
    comm.onMsg = message => {
      this.pushed(message.content.data);
    };
    void this.connect();
  };

  /** Every page of the kernel is told; only the one that runs the cell has asked. */
  private readonly onCells = (comm: Kernel.IComm, message: KernelMessage.ICommOpenMsg): void => {
    ignoreItsSubshell(comm);
    const { session } = message.parent_header as { session?: string };
    const { page } = message.content.data;
    // A server that executes has a session of its own, so the kernel names the page.
    if (page ? page === this.panel?.commId : session === this.kernel.clientId) {
      this.listener.insert(message.content.data);
    }
  };

  private answered(data: JSONObject): void {
    const asked = typeof data.id === 'number' ? this.waiting.get(data.id) : undefined;
    if (asked) {
      this.waiting.delete(data.id as number);
      if (typeof data.error === 'string') {
        asked.reject(new Error(data.error));
      } else {
        asked.resolve(data);
      }
      return;
    }
    switch (data.type) {
      case 'hello':
        this.greeted = true;
        this.again = false;
        this.listener.named(typeof data.magic === 'string' ? data.magic : 'gemini');
        this.send({ type: 'turns', cells: this.listener.cells() });
        this.stateChanged.emit(undefined);
        break;
      case 'turn':
        if (typeof data.turn === 'string') {
          this.streaming.add(data.turn);
          this.live.replace(data as unknown as Whole, this);
        }
        break;
      case 'turns':
        this.held((data as unknown as HeldAnswers).turns);
        break;
      default:
        this.questioned(data);
    }
  }

  private held(turns: HeldAnswers['turns']): void {
    this.listener.held(turns);
    for (const { data } of Object.values(turns).flat()) {
      const turn: unknown = data[TURN_MIME];
      if (isTurn(turn) && turn.status === 'streaming') {
        this.ask(turn.id); // The model may be silent now: no delta would come for a while.
      } else if (isTurn(turn) && this.listener.finished(turn.id)) {
        this.send({ type: 'shown', turn: turn.id });
      }
    }
  }

  /** The kernel asks for the user's word, or a question is over, or it needs its main thread. */
  private questioned(data: JSONObject): void {
    const { questions } = this.live;
    if (data.type === 'execute' && data.page === this.panel?.commId) {
      void execute(this.kernel, text(data.code));
    }
    if (data.type === 'asking') {
      questions.receive(data as unknown as Asking, this, message => {
        this.send(message);
      });
    } else if (data.type === 'settled' && typeof data.id === 'string') {
      questions.settle({ type: 'settled', id: data.id, said: text(data.said) });
    }
  }

  private pushed(data: JSONObject): void {
    this.questioned(data);
    this.takeIn(data);
    this.received.emit(data);
  }

  private takeIn(data: JSONObject): void {
    if (data.type === 'where' && typeof data.source === 'string' && typeof data.id === 'string') {
      const { id } = data;
      void this.listener.running(data.source).then(cell => {
        this.send({ type: 'located', id, cell: cell ?? null });
      });
      return;
    }
    const { turn } = data;
    if (typeof turn !== 'string') {
      return;
    }
    if (data.type === 'delta') {
      this.streaming.add(turn);
      this.live.receive(data as unknown as Delta, this);
    } else if (data.type === 'end') {
      this.streaming.delete(turn);
      this.live.end(turn);
      this.listener.ended(turn);
      const finished = this.listener.finished(turn);
      if (finished) {
        this.send({ type: 'shown', turn });
      } else if (finished === false && typeof data.cell === 'string') {
        // The page was reloaded meanwhile: the front end drops the updates of that display.
        this.send({ type: 'turns', cells: [data.cell] });
      }
    }
  }

  private onStatus(_kernel: Kernel.IKernelConnection, status: KernelMessage.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this.drop(false);
    }
  }

  /** The kernel's side is gone (restart): it announces itself again when it is back. */
  private drop(alive: boolean): void {
    this.panel?.dispose(alive);
    this.panel = this.opening = undefined;
    this.greeted = false;
    this.notified = undefined;
    for (const turn of this.streaming) {
      const parts = this.live.get(turn)?.parts;
      if (!alive && parts?.length) {
        this.listener.lost(turn, parts);
      }
      this.live.end(turn);
    }
    this.streaming.clear();
    this.live.questions.end(this);
    this.refused = this.foreign = false;
    this.refuse();
    this.stateChanged.emit(undefined);
  }

  /** The kernel will not answer any more. */
  private refuse(): void {
    for (const { reject } of this.waiting.values()) {
      reject(new Error('The kernel has gone before it could answer.'));
    }
    this.waiting.clear();
  }

  private panel: Channel | undefined;
  private opening: object | undefined;
  private greeted = false;
  private refused = false;
  private again = false;
  private foreign = false;
  private disposed = false;
  private notified: Kernel.IComm | undefined;
  private readonly streaming = new Set<string>();
  private requests = 0;
  private readonly waiting = new Map<
    number,
    { resolve: (data: unknown) => void; reject: (error: Error) => void }
  >();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
