/** Each notebook with its kernel's link, and the writing of answers a reload has lost. */

import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { NotebookCells } from './cells';
import { isPython, kernelGone } from './channel';
import type { Deeds } from './deeds';
import { type Held, KernelLink, type Listener } from './link';
import type { LiveTurns } from './live';
import { TURN_MIME, type Turn, isTurn } from './turn';

type Context = DocumentRegistry.IContext<INotebookModel>;

/** Finds an open notebook, also one that is just being opened. */
export type Notebooks = (context: Context) => Notebook;

/** Link the kernel of every notebook that is opened, as long as it is open. */
export function follow(tracker: INotebookTracker, live: LiveTurns, deeds: Deeds): Notebooks {
  const followed = new Map<Context, Notebook>();
  const of = (context: Context): Notebook => {
    // Two views of one notebook share the context, and with it the kernel.
    const known = followed.get(context);
    if (known) {
      return known;
    }
    const notebook = new Notebook(context, live, tracker, deeds);
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
    deeds: Deeds
  ) {
    this.inserting = new NotebookCells(context, tracker, deeds, message =>
      this.link
        ? this.link.request(message)
        : Promise.reject(new Error('This needs a kernel: start one, then try again.'))
    );
    context.sessionContext.kernelChanged.connect(this.onKernel, this);
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
    this.link?.dispose();
  }

  cells(): string[] {
    return this.codeCells().map(cell => cell.id);
  }

  held(turns: Record<string, Held[]>): void {
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

  insert(cells: JSONObject): void {
    this.inserting.received(cells);
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
    this.probe().catch(kernelGone);
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
    const kernel = this.context.sessionContext.session?.kernel;
    if (speaks && kernel && (await isPython(kernel))) {
      await this.link?.connect();
    }
  }

  private codeCells(): ICodeCellModel[] {
    const cells: Iterable<ICellModel> = this.context.model.cells;
    return Array.from(cells).filter((cell): cell is ICodeCellModel => cell.type === 'code');
  }

  private kernel: Kernel.IKernelConnection | null | undefined;
  private linked: KernelLink | undefined;
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

/** Write answers into their cell: in place of an older state, or where they are missing. */
function restore(cell: ICodeCellModel, answers: readonly Held[]): void {
  const ids = new Set(answers.map(({ turn }) => turn));
  for (const { turn, shown, data, metadata } of answers) {
    const output = { output_type: 'display_data', data, metadata };
    const all = outputs(cell);
    const same = all.find(other => other.shown?.id === turn);
    if (same) {
      if (same.shown?.status === 'streaming') {
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
