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

import { Channel, ignoreItsSubshell } from './channel';
import type { Delta, LiveTurns, Source, Whole } from './live';
import { TURN_MIME, isTurn } from './turn';

export const PANEL = 'gemini_magic.panel';
export const NOTIFY = 'gemini_magic.notify';
export const CELLS = 'gemini_magic.cells';

/** An answer that the kernel holds for a cell. */
export interface Held {
  turn: string;
  /** A front end has said that it shows the finished answer. */
  shown: boolean;
  data: JSONObject;
  metadata: JSONObject;
}

/** What the notebook of this kernel does with what arrives. */
export interface Listener {
  /** The ids of the notebook's cells. */
  cells(): string[];
  /** Answers that the kernel holds for cells. */
  held(turns: Record<string, Held[]>): void;
  /** Whether a finished answer is in the notebook: undefined when no output is of this turn. */
  finished(turn: string): boolean | undefined;
  /** Cells that the kernel asks this page to insert, for a cell it is executing. */
  insert(cells: JSONObject): void;
}

/**
 * How far the link has come: nothing was tried since the kernel started, the kernel has been asked,
 * it has answered that it knows nothing of us, or it has greeted us.
 */
export type Connected = 'none' | 'opening' | 'absent' | 'ready';

export class KernelLink implements Source {
  /** Emits when `state` has changed. */
  readonly stateChanged = new Signal<this, undefined>(this);
  /** Emits what the kernel pushes, after it has been taken in here. */
  readonly received = new Signal<this, JSONObject>(this);

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
    return this.panel || this.opening ? 'opening' : this.refused ? 'absent' : 'none';
  }

  /** Whether requests are answered while a cell runs. */
  get answersWhileBusy(): boolean {
    return this.panel?.answersWhileBusy === true;
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
        console.warn('gemini-magic: the kernel could not be asked', error);
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
        if (!known && this.notified) {
          void this.connect(); // The extension was loaded just after we had asked for it.
        }
      }
    );
  }

  ask(turn: string): void {
    this.send({ type: 'turn', turn });
  }

  /** Ask for something that is answered once; rejects with words for the user. */
  request(message: JSONObject): Promise<JSONObject> {
    if (!this.greeted || !this.panel) {
      return Promise.reject(
        new Error('This needs the kernel: run %load_ext gemini_magic in it, then try again.')
      );
    }
    const id = ++this.requests;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ ...message, id });
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
    if (!this.kernel.isDisposed && this.kernel.handleComms) {
      this.kernel.removeCommTarget(NOTIFY, this.onNotifyOpened);
      this.kernel.removeCommTarget(CELLS, this.onCells);
      this.kernel.statusChanged.disconnect(this.onStatus, this);
    }
    this.drop(true);
  }

  /** Send what is not answered, or answered by a push. */
  send(message: JSONObject): void {
    if (this.greeted) {
      this.panel?.send(message);
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
    if (session === this.kernel.clientId) {
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
        this.held(data.turns as unknown as Record<string, Held[]>);
        break;
    }
  }

  private held(turns: Record<string, Held[]>): void {
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

  private pushed(data: JSONObject): void {
    this.takeIn(data);
    this.received.emit(data);
  }

  private takeIn(data: JSONObject): void {
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
      this.live.end(turn);
    }
    this.streaming.clear();
    this.refused = false;
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
  private notified: Kernel.IComm | undefined;
  private readonly streaming = new Set<string>();
  private requests = 0;
  private readonly waiting = new Map<
    number,
    { resolve: (data: JSONObject) => void; reject: (error: Error) => void }
  >();
}
