/** Cells of an answer put into a notebook, or brought up to date there: one undo step. */

import type { IAttachments, ICell, IOutput } from '@jupyterlab/nbformat';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { ISharedCodeCell, ISharedMarkdownCell, ISharedNotebook, YNotebook } from '@jupyter/ydoc';
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import type { JSONObject, PartialJSONObject } from '@lumino/coreutils';

import { type Existing, type NewCell, type Plan, type Provenance, plan } from './plan';

const KEY = 'gemini_magic';

/** What the kernel sends to have cells inserted. */
export interface Sent {
  turn: string;
  /** The cell that asked: the new cells come below it. */
  source_cell: string;
  /** Where they come when that cell is gone. */
  below?: string;
  /** Where they come at the user's wish, whichever cell asked. */
  at?: string;
  /** The turns that are answers of that cell now, in the order asked. */
  answers: string[];
  cells: (ICell & { id: string; metadata: JSONObject; source: string })[];
  run?: boolean;
}

/** What was done; `code`: ids of the answer's code cells that the user has not edited, in order. */
export interface Done {
  added: number;
  updated: number;
  removed: number;
  kept: number;
  code: string[];
}

/** Whether `value` can be carried out: it comes from the kernel, where anybody's code runs. */
export function isSent(value: unknown): value is Sent {
  const sent = value as Partial<Sent> | null;
  return (
    typeof sent === 'object' &&
    sent !== null &&
    typeof sent.turn === 'string' &&
    typeof sent.source_cell === 'string' &&
    Array.isArray(sent.answers) &&
    Array.isArray(sent.cells) &&
    sent.cells.every(
      cell =>
        typeof cell.id === 'string' &&
        typeof cell.source === 'string' &&
        (cell.cell_type === 'code' || cell.cell_type === 'markdown') &&
        noteOf(cell.metadata) !== null
    )
  );
}

/** Insert and update; undefined when neither the source cell nor the one to fall back to is there. */
export function insert(model: INotebookModel, sent: Sent): Done | undefined {
  const shared = model.sharedModel;
  const at = (id: string | undefined): number =>
    shared.cells.findIndex(cell => cell.getId() === id);
  const source = [sent.at, sent.source_cell, sent.below].map(at).find(found => found >= 0);
  if (source === undefined) {
    return undefined;
  }
  const cells = existing(shared);
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
      carryOut(shared, sent, todo, ids);
    });
    undoManager.stopCapturing();
  }
  return {
    added: todo.inserts.length,
    updated: todo.updates.length,
    removed: todo.deletes.length,
    kept: todo.kept.length,
    code: codeOf(shared, sent.turn)
  };
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
  return { ...made, id, metadata: { ...made.metadata, ...trust } };
}

/** Make the cell at `at` show `made`; outputs of its own run go when its code changes. */
function update(shared: ISharedNotebook, at: number, made: Sent['cells'][number]): void {
  const cell = shared.getCell(at);
  const unchanged = cell.getSource() === made.source;
  if (!unchanged) {
    cell.setSource(made.source);
  }
  cell.setMetadata(KEY, made.metadata[KEY] as PartialJSONObject);
  if (cell.cell_type === 'code') {
    const code = cell as ISharedCodeCell;
    if (!unchanged || code.execution_count === null) {
      code.setOutputs(made.outputs as IOutput[]);
      code.execution_count = null;
    }
  } else if (cell.cell_type === 'markdown') {
    (cell as ISharedMarkdownCell).setAttachments(made.attachments as IAttachments | undefined);
  }
}

function codeOf(shared: ISharedNotebook, turn: string): string[] {
  return shared.cells
    .map(cell => ({ cell, note: noteOf(cell.getMetadata() as JSONObject) }))
    .filter(
      ({ cell, note }) =>
        note?.turn === turn &&
        cell.cell_type === 'code' &&
        digest(cell.getSource()) === note.sha256
    )
    .map(({ cell }) => cell.getId());
}

function existing(shared: ISharedNotebook): Existing[] {
  return shared.cells.map(cell => ({
    id: cell.getId(),
    cell_type: cell.cell_type,
    source: cell.getSource(),
    provenance: noteOf(cell.getMetadata() as JSONObject)
  }));
}

/** The note on a cell that says where it came from; null where there is none, or not a whole one. */
function noteOf(metadata: JSONObject | undefined): Provenance | null {
  const note = metadata?.[KEY] as Partial<Provenance> | undefined;
  const whole =
    typeof note === 'object' &&
    typeof note.turn === 'string' &&
    typeof note.part === 'number' &&
    typeof note.source_cell === 'string' &&
    typeof note.role === 'string' &&
    typeof note.sha256 === 'string';
  return whole ? (note as Provenance) : null;
}

// Not the browser's own: pages that were not loaded by https, as from a lab server, have none.
function digest(source: string): string {
  return bytesToHex(sha256(utf8ToBytes(source)));
}
