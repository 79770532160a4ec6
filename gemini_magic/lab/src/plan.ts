/**
 * What to do with the cells of a notebook so that they show an answer; pure.
 *
 * The same as `gemini_magic.cells.plan`, which says why; a test runs both with the same cases.
 */

export interface Provenance {
  turn: string;
  part: number;
  source_cell: string;
  role: string;
  sha256: string;
}

/** A cell of the notebook; its position is that in the list of all cells. */
export interface Existing {
  id: string;
  cell_type: string;
  source: string;
  provenance: Provenance | null;
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

/** How a Markdown cell of code that is no Python begins. */
const QUOTED = '*Code that is not a code cell';

export type Digest = (source: string) => string;

export function plan(
  cells: readonly Existing[],
  source: number,
  fresh: readonly NewCell[],
  turn: string,
  answers: readonly string[],
  digest: Digest
): Plan {
  const others = answers.filter(answer => answer !== turn);
  const owned = ownedBy(cells, cells[source]?.id, turn, others);
  const edited = new Set(owned.filter(at => isEdited(cells[at], digest)));
  const paired = pairs(cells, owned, fresh, edited);
  const earlier = answers.slice(0, Math.max(0, answers.indexOf(turn)));
  let anchor = below(cells, source, earlier);
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

function below(cells: readonly Existing[], source: number, earlier: readonly string[]): number {
  return cells.reduce(
    (last, { provenance }, at) =>
      provenance && earlier.includes(provenance.turn) ? Math.max(last, at) : last,
    source
  );
}

function ownedBy(
  cells: readonly Existing[],
  source: string | undefined,
  turn: string,
  others: readonly string[]
): number[] {
  const seen = new Set<string>();
  const found: number[] = [];
  cells.forEach(({ provenance: note }, at) => {
    if (!note || others.includes(note.turn)) {
      return;
    }
    const part = partOf(note);
    if ((note.source_cell === source || note.turn === turn) && !seen.has(part)) {
      seen.add(part);
      found.push(at);
    }
  });
  return found;
}

function insertedAs(cell: Existing): string {
  const quoted = cell.cell_type === 'markdown' && cell.source.startsWith(QUOTED);
  return cell.provenance?.role === 'code' && !quoted ? 'code' : 'markdown';
}

function isEdited(cell: Existing | undefined, digest: Digest): boolean {
  return (
    !cell?.provenance ||
    cell.cell_type !== insertedAs(cell) ||
    digest(cell.source) !== cell.provenance.sha256
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
    one.sha256 === other.sha256
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
