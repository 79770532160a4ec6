/** Each notebook with its kernel's link, and the writing of answers a reload has lost. */

import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IOutput } from '@jupyterlab/nbformat';
import type { INotebookModel, INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { type Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import type { ButtonResults } from '../answer/buttonResults';
import type { MagicNames } from '../editor/plugin';
import { KernelLink, type Listener } from '../kernel/link';
import type { LiveTurns } from '../kernel/live';
import { digest } from '../model/digest';
import type { AnswerOutput, HeldAnswer, HeldAnswers, Part, Turn } from '../model/generated';
import { TURN_MIME, isTurn } from '../model/turn';
import { executing } from './executing';
import { lost } from './lost';
import { NotebookCells } from './notebookCells';

const PATIENCE = 600; // ms for the document to say which cell runs; the kernel waits for 1 s
const LOOK_AGAIN = 50; // ms

type Context = DocumentRegistry.IContext<INotebookModel>;

/** Finds an open notebook, also one that is just being opened. */
export type Notebooks = (context: Context) => Notebook;

/** Link the kernel of every notebook that is opened, as long as it is open. */
export function follow(
  tracker: INotebookTracker,
  live: LiveTurns,
  buttonResults: ButtonResults,
  names: MagicNames
): Notebooks {
  const followed = new Map<Context, Notebook>();
  const of = (context: Context): Notebook => {
    // Two views of one notebook share the context, and with it the kernel.
    const known = followed.get(context);
    if (known) {
      return known;
    }
    const notebook = new Notebook(context, live, tracker, buttonResults, names);
    followed.set(context, notebook);
    context.disposed.connect(() => {
      followed.delete(context);
      notebook.dispose();
    });
    return notebook;
  };
  const add = ({ context }: NotebookPanel): void => {
    of(context);
  };
  tracker.forEach(add);
  tracker.widgetAdded.connect((_tracker, panel) => {
    add(panel);
  });
  return of;
}

export class Notebook implements Listener {
  constructor(
    readonly context: Context,
    private readonly live: LiveTurns,
    tracker: INotebookTracker,
    buttonResults: ButtonResults,
    private readonly names: MagicNames
  ) {
    this.inserting = new NotebookCells(
      context,
      tracker,
      buttonResults,
      (type, fields) =>
        this.link
          ? this.link.request(type, fields)
          : Promise.reject(new Error('This needs a kernel: start one, then try again.')),
      (turn, answer) => {
        this.renew(turn, answer);
      }
    );
    context.sessionContext.kernelChanged.connect(this.onKernel, this);
    context.sessionContext.iopubMessage.connect(this.onIopub, this);
    void context.sessionContext.ready.then(() => {
      this.onKernel();
    });
  }

  readonly inserting: NotebookCells;

  /** Emits when the notebook has another kernel, or none. */
  readonly linkChanged = new Signal<this, undefined>(this);

  /** The link with the kernel of now. */
  get link(): KernelLink | undefined {
    return this.linked;
  }

  dispose(): void {
    this.context.sessionContext.kernelChanged.disconnect(this.onKernel, this);
    this.context.sessionContext.iopubMessage.disconnect(this.onIopub, this);
    this.link?.dispose();
  }

  cells(): string[] {
    return this.codeCells().map(cell => cell.id);
  }

  held(turns: HeldAnswers['turns']): void {
    for (const cell of this.codeCells()) {
      restore(cell, turns[cell.id] ?? []);
    }
  }

  finished(turn: string): boolean | undefined {
    const found = this.codeCells()
      .flatMap(cell => outputs(cell))
      .filter(({ shown }) => shown?.id === turn);
    return found.length ? found.every(({ shown }) => shown?.status !== 'streaming') : undefined;
  }

  ended(turn: string): void {
    const all = this.codeCells().flatMap(cell =>
      outputs(cell)
        .filter(({ shown }) => shown?.id === turn)
        .map(({ index, shown }) => ({ output: cell.outputs.get(index), shown }))
    );
    const most = Math.max(0, ...all.map(({ shown }) => requests(shown)));
    const latest = all.find(({ shown }) => requests(shown) === most);
    if (latest && all.some(({ shown }) => requests(shown) < most)) {
      const { data, metadata } = latest.output;
      this.renew(turn, { data: { ...data }, metadata: { ...metadata } }, most);
    }
  }

  /** Put the later state of an answer where states of fewer requests than `most` stand. */
  private renew(turn: string, answer: AnswerOutput, most = Infinity): void {
    this.codeCells().forEach(cell => {
      renew(cell, turn, answer, most);
    });
  }

  lost(turn: string, parts: readonly Part[]): void {
    for (const cell of this.codeCells()) {
      for (const { index, shown } of outputs(cell)) {
        if (shown?.id === turn && shown.status === 'streaming') {
          const kept = lost(shown, parts);
          const data = { [TURN_MIME]: kept.turn, 'text/plain': kept.plain };
          const looks = cell.outputs.get(index).metadata;
          const told = { ...(looks.gemini_magic as object | undefined), status: kept.turn.status };
          const metadata = { ...looks, gemini_magic: told };
          cell.outputs.set(index, { output_type: 'display_data', data, metadata } as unknown as IOutput);
        }
      }
    }
  }

  named(magic: string): void {
    this.names.set(this.context.model.sharedModel, magic);
  }

  insert(cells: unknown): void {
    this.inserting.received(cells);
  }

  /** An answer as the kernel has it; undefined when it does not know it, or is not there. */
  async answer(turn: string): Promise<AnswerOutput | undefined> {
    if (this.link?.state !== 'ready') {
      return undefined;
    }
    const asked = this.link.request('answers', { turns: [turn] });
    return (await asked.catch(() => undefined))?.answers[turn];
  }

  async running(source: string): Promise<string | undefined> {
    for (let waited = 0; ; waited += LOOK_AGAIN) {
      const same = this.codeCells()
        .filter(({ sharedModel }) => digest(sharedModel.getSource()) === source)
        .map(({ id, sharedModel }) => ({
          id,
          state: sharedModel.executionState,
          count: sharedModel.execution_count
        }));
      const found = executing(same);
      if (found !== undefined || same.length === 0 || waited >= PATIENCE) {
        return found;
      }
      await new Promise(done => setTimeout(done, LOOK_AGAIN));
    }
  }

  private onKernel(): void {
    const kernel = this.context.sessionContext.session?.kernel;
    if (kernel === this.kernel) {
      return;
    }
    this.kernel = kernel;
    this.linked?.dispose();
    this.linked = kernel ? new KernelLink(kernel, this.live, this) : undefined;
    this.linkChanged.emit(undefined);
    void this.probe();
  }

  /**
   * A server that executes may say that nobody is there, so that the extension, when it is loaded,
   * announces itself to nobody: who sees it loaded, or used, asks.
   */
  private onIopub(_context: unknown, message: KernelMessage.IMessage): void {
    const { msg_id } = message.parent_header as { msg_id?: string };
    if (KernelMessage.isExecuteInputMsg(message) && /gemini_magic|%gemini/.test(message.content.code)) {
      this.loads = msg_id;
    } else if (KernelMessage.isStatusMsg(message) && message.content.execution_state === 'idle') {
      if (msg_id && msg_id === this.loads && this.link?.state !== 'ready') {
        void this.link?.loaded();
      }
    }
  }

  /**
   * After a reload the kernel does not know that we are here, and a busy one cannot be asked what
   * it has loaded. So the comm is opened, in notebooks that speak of Gemini: a kernel without our
   * extension closes it again, with a line in its log.
   */
  private async probe(): Promise<void> {
    await this.context.ready;
    const speaks = this.codeCells().some(
      cell =>
        /gemini/i.test(cell.sharedModel.getSource()) || outputs(cell).some(({ shown }) => shown)
    );
    if (speaks) {
      await this.link?.probe();
    }
  }

  private codeCells(): ICodeCellModel[] {
    const cells: Iterable<ICellModel> = this.context.model.cells;
    return Array.from(cells).filter((cell): cell is ICodeCellModel => cell.type === 'code');
  }

  private kernel: Kernel.IKernelConnection | null | undefined;
  private linked: KernelLink | undefined;
  /** The execution after which the extension may be loaded. */
  private loads: string | undefined;
}

interface Shown {
  index: number;
  shown: Turn | undefined;
}

function outputs(cell: ICodeCellModel): Shown[] {
  return Array.from({ length: cell.outputs.length }, (_, index) => {
    const data: unknown = cell.outputs.get(index).data[TURN_MIME];
    return { index, shown: isTurn(data) ? data : undefined };
  });
}

/** How many requests went on with an answer. */
function requests(shown: Turn | undefined): number {
  return shown?.continued?.length ?? 0;
}

/** Put the later state of an answer where an earlier one stands, looking as its asker wanted it. */
function renew(cell: ICodeCellModel, turn: string, answer: AnswerOutput, most: number): void {
  const { data, metadata } = answer;
  for (const { index, shown } of outputs(cell)) {
    if (shown?.id === turn && requests(shown) < most) {
      const old = cell.outputs.get(index).metadata[TURN_MIME] as object | undefined;
      const own = metadata[TURN_MIME] as object | undefined;
      const looks = { ...metadata, [TURN_MIME]: { ...old, ...own } };
      cell.outputs.set(index, { output_type: 'display_data', data, metadata: looks } as IOutput);
    }
  }
}

/** Write answers into their cell: in place of an older state, or where they are missing. */
function restore(cell: ICodeCellModel, answers: readonly HeldAnswer[]): void {
  const ids = new Set(answers.map(({ turn }) => turn));
  for (const { turn, shown, data, metadata } of answers) {
    const output = { output_type: 'display_data', data, metadata } as IOutput;
    const all = outputs(cell);
    const same = all.find(other => other.shown?.id === turn);
    if (same) {
      const held: unknown = data[TURN_MIME];
      const later = isTurn(held) && requests(held) > requests(same.shown);
      if (same.shown?.status === 'streaming' || later) {
        cell.outputs.set(same.index, output);
      }
    } else if (!shown) {
      if (all.some(other => other.shown && !ids.has(other.shown.id))) {
        cell.outputs.clear(); // Answers of an earlier run, from the saved file.
      }
      cell.outputs.add(output);
    } // Else it has been here once, and was cleared.
  }
}
