/** What becomes of an answer in its notebook: inserted as cells, run, verified. */

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { type Cell, CodeCell } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, INotebookTracker } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';

import type { ButtonResults } from '../answer/buttonResults';
import { oneLine } from '../answer/captions';
import { element } from '../answer/section';
import type { Action } from '../answer/tools';
import type { AnswerOutput, Meant, Services, Turn } from '../model/generated';
import { type Done, type Sent, changed, insert, isSent } from './insertion';

type Context = DocumentRegistry.IContext<INotebookModel>;

/** Where new cells go. */
type Place = Pick<Sent, 'source_cell' | 'below' | 'at'>;

/** Asks the kernel of a notebook; rejects with words for the user when it cannot answer. */
export type Ask = <Type extends 'cells' | 'meaning' | 'verify' | 'go_on'>(
  type: Type,
  fields: Services[Type]['request']
) => Promise<Services[Type]['answer']>;

const NOTICE =
  "The model's code runs in a separate process on the machine of the kernel, with limits on time, " +
  'memory and output, in an empty folder; your files, the network and other processes are out of ' +
  'its reach where the system allows that. This stops accidents; it is not a security boundary.';

export class NotebookCells {
  constructor(
    private readonly context: Context,
    private readonly tracker: INotebookTracker,
    private readonly buttonResults: ButtonResults,
    private readonly ask: Ask,
    private readonly renew: (turn: string, answer: AnswerOutput) => void
  ) {}

  /** Carry out what the kernel has sent for a cell that this page is executing. */
  received(cells: unknown): void {
    if (isSent(cells)) {
      void this.put(cells, cells.run === true);
    }
  }

  /** Do what a button says that stands under an answer in the notebook, in `cell`. */
  act(action: Action, turn: Turn, cell: string): Promise<void> {
    return this.do(action, turn, { source_cell: turn.cell ?? cell, below: cell });
  }

  /** Do what a button says that stands elsewhere: new cells come below the active cell. */
  actBelowActive(action: Action, turn: Turn): Promise<void> {
    const panel = this.tracker.find(one => one.context === this.context);
    const active = panel?.content.activeCell?.model.id;
    return this.do(action, turn, { source_cell: turn.cell ?? '', at: active });
  }

  private async do(action: Action, turn: Turn, place: Place): Promise<void> {
    try {
      switch (action) {
        case 'continue':
          await this.goOn(turn);
          break;
        case 'insert':
          this.buttonResults.set(turn.id, { busy: 'Inserting…', note: undefined });
          await this.put(await this.cells(turn, place, 'all'), false);
          break;
        case 'run':
          await this.run(turn, place);
          break;
        case 'verify':
          await this.verify(turn);
          break;
      }
    } catch (error) {
      this.buttonResults.set(turn.id, { note: error instanceof Error ? error.message : String(error) });
    } finally {
      this.buttonResults.set(turn.id, { busy: undefined });
    }
  }

  private async cells(turn: Turn, place: Place, what: 'code' | 'all'): Promise<Sent> {
    const { source_cell } = place;
    const sent: unknown = { ...(await this.ask('cells', { turn, source_cell, what })), ...place };
    if (!isSent(sent)) {
      throw new Error('The kernel has sent cells that cannot be read.');
    }
    return sent;
  }

  /** Insert, one answer after the other in the order they came. */
  private put(sent: Sent, run: boolean): Promise<void> {
    const done = this.before.then(async () => {
      const formatted = await this.formatted();
      if (!this.context.isDisposed) {
        this.insert(sent, run, formatted);
      }
    });
    this.before = done.catch(() => undefined); // A fault is of this one, not of the next.
    return done;
  }

  /** Those of the changed code cells that a formatter has changed, by the kernel's word. */
  private async formatted(): Promise<Meant[]> {
    const cells = changed(this.context.model);
    if (!cells.length) {
      return [];
    }
    try {
      const { same } = await this.ask('meaning', { cells });
      return cells.filter((_, at) => same[at]);
    } catch {
      return []; // No kernel to ask: what has changed stays as it is, which loses nothing.
    }
  }

  private insert(sent: Sent, run: boolean, formatted: readonly Meant[]): void {
    const done = insert(this.context.model, sent, formatted);
    if (!done) {
      Notification.error(
        `The cell that asked is gone: ${cells(sent.cells.length)} of its answer not inserted. ` +
          '%gemini insert, run in another cell, puts them below that one.',
        { autoClose: false }
      );
      return;
    }
    this.buttonResults.set(sent.turn, { note: told(done) });
    if (run) {
      void this.execute(done.code, sent.turn);
    }
  }

  /**
   * Execute cells one after the other, behind what the kernel has queued; the first that fails
   * ends it. Not the notebook's own action: that would leave the cell the user is typing in.
   */
  private async execute(ids: readonly string[], turn: string): Promise<void> {
    const panel = this.tracker.find(one => one.context === this.context);
    let ran = 0;
    let why = '';
    for (const id of ids) {
      const widgets: readonly Cell[] = panel?.content.widgets ?? [];
      const cell = widgets.find(one => one.model.id === id);
      if (!(cell instanceof CodeCell)) {
        break; // The user has deleted it meanwhile.
      }
      const reply = await CodeCell.execute(cell, this.context.sessionContext).catch(() => undefined);
      if (reply?.content.status !== 'ok') {
        why = reply?.content.status === 'error' ? reason(reply.content) : '';
        break;
      }
      ran += 1;
    }
    if (ran < ids.length) {
      const left = ids.length - ran - 1;
      const rest = left ? `; ${cells(left)} after it not run` : '';
      this.buttonResults.set(turn, { note: `Code cell ${ran + 1} did not run to its end${rest}.${why}` });
    }
  }

  private async run(turn: Turn, place: Place): Promise<void> {
    const sent = await this.cells(turn, place, 'code');
    if (!sent.cells.length) {
      this.buttonResults.set(turn.id, { note: 'This answer ran no code that can run here.' });
      return;
    }
    const { button } = await showDialog({
      title: "Run the model's code in this kernel?",
      body: sources(sent),
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Run here' })],
      defaultButton: 0
    });
    if (!button.accept) {
      return;
    }
    const again = await this.cells(turn, place, this.hasTexts(turn) ? 'all' : 'code');
    if (code(again).join('\0') !== code(sent).join('\0')) {
      throw new Error('Nothing was run: the kernel has sent other code than was shown.');
    }
    await this.put(again, true);
  }

  private before = Promise.resolve();

  /** Whether the texts of a turn are cells already: they are not to go when its code is run. */
  private hasTexts(turn: Turn): boolean {
    return this.context.model.sharedModel.cells.some(cell => {
      const note = cell.getMetadata('gemini_magic') as JSONObject | undefined;
      return note?.turn === turn.id && note.role !== 'code';
    });
  }

  /** Ask for the rest of an answer; what it has then takes the place of what it had. */
  private async goOn(turn: Turn): Promise<void> {
    this.buttonResults.set(turn.id, { busy: 'Asking for the rest…' });
    const { said, ...answer } = await this.ask('go_on', { turn });
    this.renew(turn.id, answer);
    this.buttonResults.set(turn.id, { note: said || undefined, verdict: undefined });
  }

  private async verify(turn: Turn): Promise<void> {
    if (!warned) {
      const { button } = await showDialog({
        title: 'Verify this answer?',
        body: NOTICE,
        buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Verify' })]
      });
      if (!button.accept) {
        return;
      }
      warned = true;
    }
    this.buttonResults.set(turn.id, { busy: 'Verifying: the code runs again in a local process…' });
    const verdict = await this.ask('verify', { turn });
    this.buttonResults.set(turn.id, { verdict, note: undefined });
  }
}

/** Said once in a page, before the first verification. */
let warned = false;

function cells(count: number): string {
  return count === 1 ? '1 cell' : `${count} cells`;
}

/** What was done to the notebook, in a sentence. */
function told(done: Done): string {
  const said = [
    [done.added, 'inserted below'],
    [done.updated, 'updated'],
    [done.removed, 'removed']
  ] as const;
  const made = said.filter(([count]) => count).map(([count, how]) => `${cells(count)} ${how}`);
  if (done.kept) {
    made.push(`${cells(done.kept)} you have edited left as ${done.kept === 1 ? 'it is' : 'they are'}`);
  }
  return made.length ? `${made.join(', ')}.` : 'The cells of this answer are in the notebook.';
}

/** The sources of what would run. */
function code(sent: Sent): string[] {
  return sent.cells.filter(cell => cell.cell_type === 'code').map(cell => cell.source);
}

function sources(sent: Sent): Widget {
  const body = new Widget();
  body.addClass('gm-CodeToRun');
  body.node.append(...code(sent).map(source => element('pre', 'gm-Output', source)));
  return body;
}

/** Why a cell failed, in a line: it may stand out of sight. */
function reason({ ename, evalue }: { ename: string; evalue: string }): string {
  const hint =
    ename === 'FileNotFoundError'
      ? ' The sandbox may have had that file as an attachment: Verify runs the code with it.'
      : '';
  return ` ${oneLine(`${ename}: ${evalue}`, 200)}${hint}`;
}
