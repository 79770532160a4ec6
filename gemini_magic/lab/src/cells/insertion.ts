/** Cells of an answer put into a notebook, or brought up to date there: one undo step. */

import type { ICell, IOutput } from '@jupyterlab/nbformat';
import type { INotebookModel } from '@jupyterlab/notebook';
import type {
  ISharedCodeCell,
  ISharedMarkdownCell,
  ISharedNotebook,
  YNotebook
} from '@jupyter/ydoc';

import { digest } from '../model/digest';
import type { Meant, NewCells } from '../model/generated';
import { hasFields } from '../model/turn';
import {
  type Existing,
  type NewCell,
  type Plan,
  type Provenance,
  doubtful,
  noted,
  plan,
  runnable
} from './plan';

const KEY = 'gemini_magic';
/** Beside the note: what tells a tool's work from the user's. */
const MARKS = 'gemini_magic_marks';

/** What the kernel sends to have cells inserted. */
export interface Sent extends NewCells {
  /** Where they come when the cell that asked is gone. */
  below?: string;
  /** Where they come at the user's wish, whichever cell asked. */
  at?: string;
  run?: boolean;
}

/** What was done; `code`: ids of the cells that show the sent code as it was sent, in order. */
export interface Done {
  added: number;
  updated: number;
  removed: number;
  kept: number;
  code: string[];
}

/** Whether `value` can be carried out: it comes from the kernel, where anybody's code runs. */
export function isSent(value: unknown): value is Sent {
  return (
    hasFields('NewCells', value) &&
    (value as Sent).cells.every(
      cell => ['code', 'markdown'].includes(cell.cell_type) && noteOf(cell.metadata) !== null
    )
  );
}

/** The changed code cells of a notebook, of which the kernel knows whether they mean the same. */
export function changed(model: INotebookModel): Meant[] {
  return doubtful(existing(model.sharedModel), digest).map(meant);
}

function meant({ source, provenance }: Existing): Meant {
  return { source, meaning: provenance?.meaning ?? '' };
}

function same(one: Meant, other: Meant): boolean {
  return one.source === other.source && one.meaning === other.meaning;
}

/**
 * Insert and update; undefined when neither the source cell nor the one to fall back to is there.
 * `formatted`: those of the changed cells that mean the same as ever.
 */
export function insert(
  model: INotebookModel,
  sent: Sent,
  formatted: readonly Meant[] = []
): Done | undefined {
  const shared = model.sharedModel;
  const at = (id: string | undefined): number =>
    shared.cells.findIndex(cell => cell.getId() === id);
  const source = [sent.at, sent.source_cell, sent.below].map(at).find(found => found >= 0);
  if (source === undefined) {
    return undefined;
  }
  const cells = existing(shared).map(cell => ({
    ...cell,
    formatted: formatted.some(one => same(one, meant(cell)))
  }));
  const answers =
    source === at(sent.at) ? [sent.turn, ...insertedFor(cells, sent.at, sent.turn)] : sent.answers;
  const fresh: NewCell[] = sent.cells.map(cell => ({
    id: cell.id,
    cell_type: cell.cell_type,
    source: cell.source,
    provenance: noteOf(cell.metadata) as Provenance
  }));
  const todo = plan(cells, source, fresh, sent.turn, answers, digest);
  const ids = new Map<number, string>();
  for (const { at: position, cell } of todo.updates) {
    ids.set(cell, shared.getCell(position).getId());
  }
  if (todo.inserts.length || todo.updates.length || todo.deletes.length) {
    const { undoManager } = shared as YNotebook;
    // A step of its own: changes within half a second are else one step, also with the user's.
    undoManager.stopCapturing();
    shared.transact(() => {
      carryOut(shared, asked(sent, cells[source]), todo, ids);
    });
    undoManager.stopCapturing();
  }
  return {
    added: todo.inserts.length,
    updated: todo.updates.length,
    removed: todo.deletes.length,
    kept: todo.kept.length,
    code: runnable(existing(shared), fresh).map(position => shared.getCell(position).getId())
  };
}

/** `sent` with the words of the cell that asked in the notes on its cells. */
function asked(sent: Sent, source: Existing | undefined): Sent {
  const notes = noted(
    sent.cells.map(cell => ({ ...cell, provenance: noteOf(cell.metadata) as Provenance })),
    source,
    digest
  );
  const cells = sent.cells.map((cell, at) => ({
    ...cell,
    metadata: {
      ...cell.metadata,
      [MARKS]: {
        meaning: notes[at]?.provenance.meaning ?? '',
        asked: notes[at]?.provenance.asked ?? ''
      }
    }
  }));
  return { ...sent, cells };
}

/** The other answers of which cells were inserted for `cell`: they are not to go. */
function insertedFor(cells: readonly Existing[], cell: string | undefined, turn: string): string[] {
  const notes = cells.map(({ provenance }) => provenance);
  const found = notes.filter(note => note?.source_cell === cell).map(note => note?.turn ?? '');
  return [...new Set(found)].filter(other => other !== turn);
}

function carryOut(shared: ISharedNotebook, sent: Sent, todo: Plan, ids: Map<number, string>): void {
  for (const { at, cell } of todo.updates) {
    const made = sent.cells[cell];
    if (made) {
      update(shared, at, made);
    }
  }
  const taken = new Set(shared.cells.map(cell => cell.getId()));
  const below = new Map<number, number[]>();
  for (const { after, cell } of todo.inserts) {
    below.set(after, [...(below.get(after) ?? []), cell]);
  }
  const gone = new Set(todo.deletes);
  for (let at = shared.cells.length - 1; at >= 0; at--) {
    const specs = (below.get(at) ?? []).map(number => spec(sent, number, taken, ids));
    if (specs.length) {
      shared.insertCells(at + 1, specs);
    }
    if (gone.has(at)) {
      shared.deleteCell(at);
    }
  }
}

function spec(sent: Sent, number: number, taken: Set<string>, ids: Map<number, string>): ICell {
  const made = sent.cells[number];
  if (!made) {
    throw new Error(`There is no new cell ${number}.`);
  }
  let id = made.id;
  for (let again = 2; taken.has(id); again++) {
    id = `${made.id}-${again}`;
  }
  taken.add(id);
  ids.set(number, id);
  // Like the output of any code that was not run here: not trusted. It is not saved.
  const trust = made.cell_type === 'code' ? { trusted: false } : {};
  const cell: object = { ...made, id, metadata: { ...made.metadata, ...trust } };
  return cell as ICell;
}

/** Make the cell at `at` show `made`; outputs of its own run go when its code changes. */
function update(shared: ISharedNotebook, at: number, made: Sent['cells'][number]): void {
  const cell = shared.getCell(at);
  const unchanged = cell.getSource() === made.source;
  if (!unchanged) {
    cell.setSource(made.source);
  }
  cell.setMetadata(KEY, { ...made.metadata[KEY] });
  cell.setMetadata(MARKS, { meaning: '', asked: '', ...made.metadata[MARKS] });
  if (cell.cell_type === 'code') {
    const code = cell as ISharedCodeCell;
    if (!unchanged || code.execution_count === null) {
      code.setOutputs(made.outputs as IOutput[]);
      code.execution_count = null;
    }
  } else if (cell.cell_type === 'markdown') {
    (cell as ISharedMarkdownCell).setAttachments(made.attachments);
  }
}

function existing(shared: ISharedNotebook): Existing[] {
  return shared.cells.map(cell => ({
    id: cell.getId(),
    cell_type: cell.cell_type,
    source: cell.getSource(),
    provenance: noteOf(cell.getMetadata())
  }));
}

/** The note on a cell that says where it came from; null where there is none, or not a whole one. */
function noteOf(metadata: object): Provenance | null {
  const note: unknown = (metadata as Record<string, unknown>)[KEY];
  if (!hasFields('Provenance', note)) {
    return null;
  }
  const marks = (metadata as Record<string, unknown>)[MARKS] as Partial<Provenance> | undefined;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    ...(note as Provenance),
    meaning: text(marks?.meaning),
    asked: text(marks?.asked)
  };
}
