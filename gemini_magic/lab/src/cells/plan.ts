/**
 * What to do with the cells of a notebook so that they show an answer; pure.
 *
 * The same as `gemini_magic.cells.plan`, which says why; a test runs both with the same cases.
 */

import type { Marks, Provenance as Note } from '../model/generated';

/** The note on an inserted cell, with the marks beside it. */
export interface Provenance extends Note, Partial<Marks> {}

/** A cell of the notebook; its position is that in the list of all cells. */
export interface Existing {
  id: string;
  cell_type: string;
  source: string;
  provenance: Provenance | null;
  /** The kernel has said that the source means what it meant when it was inserted. */
  formatted?: boolean;
}

export interface NewCell {
  id: string;
  cell_type: string;
  source: string;
  provenance: Provenance;
}

/** Positions are those before anything is done; `cell`: position in the new cells. */
export interface Plan {
  /** Several below one cell stand in their order. */
  inserts: { after: number; cell: number }[];
  updates: { at: number; cell: number }[];
  deletes: number[];
  /** Cells the user has edited, left as they are. */
  kept: number[];
  same: number[];
}

/** How the ids of inserted cells begin: another one was given by a tool or by copying. */
const ID_START = 'gm-';

/** How a Markdown cell of code that is no Python begins. */
const QUOTED = '*Code that is not a code cell';

export type Digest = (source: string) => string;

export function plan(
  cells: readonly Existing[],
  source: number,
  sent: readonly NewCell[],
  turn: string,
  answers: readonly string[],
  digest: Digest
): Plan {
  const others = answers.filter(answer => answer !== turn);
  const fresh = noted(sent, cells[source], digest);
  const owner = owners(cells, source, digest);
  const owned = ownedBy(cells, owner, source, turn, others);
  const edited = new Set(owned.filter(at => isEdited(cells[at], digest)));
  const paired = pairs(cells, owned, fresh, edited);
  const earlier = answers.slice(0, Math.max(0, answers.indexOf(turn)));
  let anchor = below(cells, owner, source, earlier);
  const found: Plan = { inserts: [], updates: [], deletes: [], kept: [], same: [] };
  fresh.forEach((cell, number) => {
    const at = paired.get(number);
    if (at === undefined) {
      found.inserts.push({ after: anchor, cell: number });
      return;
    }
    anchor = at;
    if (!edited.has(at)) {
      if (equal(cells[at]?.provenance, cell.provenance)) {
        found.same.push(at);
      } else {
        found.updates.push({ at, cell: number });
      }
    }
  });
  const taken = new Set(paired.values());
  found.deletes = owned.filter(at => !taken.has(at) && !edited.has(at));
  found.kept = owned.filter(at => edited.has(at));
  return found;
}

/**
 * Positions of the code cells that may be run for an answer, in its order: for each of its fresh
 * code cells the one that shows it, with the very source. A notebook may come from anybody: a copy,
 * or a cell that only says that it is of this answer, is not what the user was shown.
 */
export function runnable(cells: readonly Existing[], fresh: readonly NewCell[]): number[] {
  const found: number[] = [];
  for (const cell of fresh) {
    const at = cells.findIndex(
      one =>
        one.cell_type === 'code' &&
        !!one.provenance &&
        partOf(one.provenance) === partOf(cell.provenance)
    );
    if (cell.cell_type === 'code' && at >= 0 && cells[at]?.source === cell.source) {
      found.push(at);
    }
  }
  return found;
}

/** The new cells with the words of the cell that asked noted on them. */
export function noted(
  fresh: readonly NewCell[],
  source: Existing | undefined,
  digest: Digest
): NewCell[] {
  const asked = digest(words(source?.source ?? ''));
  return fresh.map(cell =>
    // What no cell has asked for stands where the user wished.
    cell.provenance.source_cell
      ? { ...cell, provenance: { ...cell.provenance, asked } }
      : cell
  );
}

function below(
  cells: readonly Existing[],
  owner: readonly (number | undefined)[],
  source: number,
  earlier: readonly string[]
): number {
  return cells.reduce(
    (last, { provenance }, at) =>
      provenance &&
      earlier.includes(provenance.turn) &&
      (owner[at] === source || owner[at] === undefined)
        ? Math.max(last, at)
        : last,
    source
  );
}

function ownedBy(
  cells: readonly Existing[],
  owner: readonly (number | undefined)[],
  source: number,
  turn: string,
  others: readonly string[]
): number[] {
  const seen = new Set<string>();
  const found: number[] = [];
  const all = cells.map((_, at) => at);
  const mine = all.filter(at => owner[at] === source);
  const rest = all.filter(at => {
    const one = owner[at];
    return (
      one === undefined || (one !== source && cells[one]?.source !== cells[source]?.source)
    );
  });
  for (const at of [...mine, ...rest]) {
    const note = cells[at]?.provenance;
    if (!note || others.includes(note.turn) || seen.has(partOf(note))) {
      continue;
    }
    if (owner[at] === source || note.turn === turn) {
      seen.add(partOf(note));
      found.push(at);
    }
  }
  return found.sort((one, other) => one - other);
}

/** For each cell the position of the one it was inserted for (`gemini_magic.cells.owners`). */
function owners(
  cells: readonly Existing[],
  source: number,
  digest: Digest
): (number | undefined)[] {
  const ids = new Map<string, number>();
  cells.forEach((cell, at) => {
    if (cell.cell_type === 'code' && !cell.provenance && !ids.has(cell.id)) {
      ids.set(cell.id, at);
    }
  });
  ids.set(cells[source]?.id ?? '', source);
  const said = new Map<number, string>();
  for (const at of ids.values()) {
    said.set(at, digest(words(cells[at]?.source ?? '')));
  }
  let last: number | undefined;
  const above = cells.map((cell, at) => {
    if (!cell.provenance) {
      last = cell.cell_type === 'code' ? at : undefined;
    }
    return last;
  });
  const found = cells.map((cell, at) =>
    cell.provenance ? ownerOf(cell, cell.provenance, ids, said, above[at]) : undefined
  );
  return withCopies(cells, found, above, said);
}

function ownerOf(
  cell: Existing,
  note: Provenance,
  ids: ReadonlyMap<string, number>,
  said: ReadonlyMap<number, string>,
  place: number | undefined
): number | undefined {
  if (!note.source_cell && !note.asked) {
    return undefined;
  }
  const named = ids.get(note.source_cell);
  if (named === place || !note.asked) {
    return named ?? place;
  }
  const right = [...said.keys()].filter(at => said.get(at) === note.asked);
  const placeRight = place !== undefined && right.includes(place);
  if (placeRight !== (named !== undefined && right.includes(named))) {
    return placeRight ? place : named;
  }
  if (cell.id.startsWith(ID_START) && named !== undefined) {
    return named;
  }
  if (!placeRight && right.length === 1) {
    return right[0];
  }
  return place ?? named;
}

/** `found`, with the cells of a copied block given to the copied prompt above them. */
function withCopies(
  cells: readonly Existing[],
  found: readonly (number | undefined)[],
  above: readonly (number | undefined)[],
  said: ReadonlyMap<number, string>
): (number | undefined)[] {
  const parts = new Set<string>();
  const settled = new Set<number | undefined>();
  cells.forEach(({ provenance: note }, at) => {
    if (note && found[at] === above[at]) {
      parts.add(partOf(note));
      settled.add(above[at]);
    }
  });
  return cells.map(({ provenance: note }, at) => {
    const place = above[at];
    const copied =
      note && place !== undefined && found[at] !== place && !settled.has(place) &&
      parts.has(partOf(note)) && said.get(place) === note.asked;
    return copied ? place : found[at];
  });
}

/** A text with each run of white space as one blank, and none around it. */
function words(text: string): string {
  return text.replace(/[ \t\r\n\f\v]+/g, ' ').replace(/^ +| +$/g, '');
}

function insertedAs(cell: Existing): string {
  const quoted = cell.cell_type === 'markdown' && cell.source.startsWith(QUOTED);
  return cell.provenance?.role === 'code' && !quoted ? 'code' : 'markdown';
}

/**
 * Whether the user has changed a cell. Python alone knows what code means: of code that has changed
 * the kernel is asked (`doubtful`), and without an answer it counts as edited.
 */
function isEdited(cell: Existing | undefined, digest: Digest): boolean {
  const note = cell?.provenance;
  if (!cell || !note || cell.cell_type !== insertedAs(cell)) {
    return true;
  }
  const same =
    digest(cell.source) === note.sha256 ||
    cell.formatted === true ||
    (cell.cell_type === 'markdown' && !!note.meaning && digest(words(cell.source)) === note.meaning);
  return !same;
}

/** The inserted code cells that have changed: by a formatter, or by the user. */
export function doubtful(cells: readonly Existing[], digest: Digest): Existing[] {
  return cells.filter(
    cell => cell.cell_type === 'code' && !!cell.provenance?.meaning && isEdited(cell, digest)
  );
}

function partOf(note: Provenance): string {
  return `${note.part} ${note.turn}`;
}

function equal(one: Provenance | null | undefined, other: Provenance): boolean {
  return (
    !!one &&
    partOf(one) === partOf(other) &&
    one.source_cell === other.source_cell &&
    one.role === other.role &&
    one.sha256 === other.sha256 &&
    (one.meaning ?? '') === (other.meaning ?? '') &&
    (one.asked ?? '') === (other.asked ?? '')
  );
}

/** For positions in `fresh`, the position of the cell that is to show it. */
function pairs(
  cells: readonly Existing[],
  owned: readonly number[],
  fresh: readonly NewCell[],
  edited: ReadonlySet<number>
): Map<number, number> {
  const there = new Map<string, number>();
  for (const at of owned) {
    const note = cells[at]?.provenance;
    if (note) {
      there.set(partOf(note), at);
    }
  }
  const found = new Map<number, number>();
  fresh.forEach((cell, number) => {
    const at = there.get(partOf(cell.provenance));
    if (at !== undefined) {
      found.set(number, at);
    }
  });
  const taken = new Set(found.values());
  const old = owned.filter(at => !taken.has(at));
  const left = fresh.map((_, number) => number).filter(number => !found.has(number));
  const worth = old.map(at =>
    left.map(number => worthOf(cells[at], fresh[number], edited.has(at)))
  );
  for (const [first, second] of aligned(worth)) {
    const number = left[second];
    const at = old[first];
    if (number !== undefined && at !== undefined) {
      found.set(number, at);
    }
  }
  return found;
}

/** What a pair is worth: many pairs first, then unedited cells, then equal sources. */
function worthOf(old: Existing | undefined, fresh: NewCell | undefined, edited: boolean): number {
  if (
    !old ||
    !fresh ||
    insertedAs(old) !== fresh.cell_type ||
    old.provenance?.role !== fresh.provenance.role
  ) {
    return 0;
  }
  return 1_000_000 + (edited ? 0 : 1_000) + (old.source === fresh.source ? 1 : 0);
}

/** The alignment of two lists, in order, that is worth most; earliest pairs among equals. */
function aligned(worth: readonly (readonly number[])[]): [number, number][] {
  const wide = worth[0]?.length ?? 0;
  const best = Array.from({ length: worth.length + 1 }, () => new Array<number>(wide + 1).fill(0));
  const value = (i: number, j: number): number => best[i]?.[j] ?? 0;
  const pair = (i: number, j: number): number => {
    const own = worth[i]?.[j] ?? 0;
    return own ? own + value(i + 1, j + 1) : 0;
  };
  for (let i = worth.length - 1; i >= 0; i--) {
    const row = best[i] ?? [];
    for (let j = wide - 1; j >= 0; j--) {
      row[j] = Math.max(pair(i, j), value(i + 1, j), value(i, j + 1));
    }
  }
  const found: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < worth.length && j < wide) {
    if (pair(i, j) && value(i, j) === pair(i, j)) {
      found.push([i, j]);
      i += 1;
      j += 1;
    } else if (value(i, j) === value(i, j + 1)) {
      j += 1;
    } else {
      i += 1;
    }
  }
  return found;
}
