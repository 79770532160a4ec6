import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Existing, type NewCell, type Provenance, doubtful, plan } from '../src/cells/plan';

const digest = (source: string): string => `#${source}`;

function note(part: number, source: string, turn = 't1', source_cell = 'src'): Provenance {
  return { turn, part, source_cell, role: 'code', sha256: digest(source) };
}

function fresh(part: number, source: string, turn = 't1'): NewCell {
  return { id: `n${part}`, cell_type: 'code', source, provenance: note(part, source, turn) };
}

/** A cell that was inserted with the text `as`, and reads `source` now. */
function inserted(part: number, as: string, turn = 't1', source = as): Existing {
  const provenance = { ...note(part, as, turn), asked: digest('%%gemini') };
  return { id: `c${part}`, cell_type: 'code', source, provenance };
}

const SOURCE: Existing = { id: 'src', cell_type: 'code', source: '%%gemini', provenance: null };
const OWN: Existing = { id: 'own', cell_type: 'code', source: 'own', provenance: null };
const NOTHING = { inserts: [], updates: [], deletes: [], kept: [], same: [] };

test('new cells come below their prompt, in order', () => {
  assert.deepEqual(plan([OWN, SOURCE, OWN], 1, [fresh(0, 'a'), fresh(1, 'b')], 't1', ['t1'], digest), {
    ...NOTHING,
    inserts: [
      { after: 1, cell: 0 },
      { after: 1, cell: 1 }
    ]
  });
});

test('cells that show the answer already are left as they are', () => {
  const cells = [SOURCE, inserted(0, 'a'), inserted(1, 'b')];
  const found = plan(cells, 0, [fresh(0, 'a'), fresh(1, 'b')], 't1', ['t1'], digest);
  assert.deepEqual(found, { ...NOTHING, same: [1, 2] });
});

test('a later answer takes the place of the one before', () => {
  const cells = [SOURCE, inserted(0, 'a', 't0'), inserted(1, 'b', 't0')];
  const found = plan(cells, 0, [fresh(0, 'c')], 't1', ['t1'], digest);
  assert.deepEqual(found, { ...NOTHING, updates: [{ at: 1, cell: 0 }], deletes: [2] });
});

test('a cell the user has edited is kept, and never overwritten', () => {
  const cells = [SOURCE, inserted(0, 'a', 't0', 'mine')];
  assert.deepEqual(plan(cells, 0, [fresh(0, 'c')], 't1', ['t1'], digest), {
    ...NOTHING,
    kept: [1]
  });
  assert.deepEqual(plan(cells, 0, [], 't1', ['t1'], digest), { ...NOTHING, kept: [1] });
});

test('a cell that a formatter has changed, by the word of the kernel, is no edited one', () => {
  const changed = inserted(0, 'a', 't0', 'a  ');
  const cells = [SOURCE, { ...changed, formatted: true }];
  assert.deepEqual(plan(cells, 0, [fresh(0, 'c')], 't1', ['t1'], digest), {
    ...NOTHING,
    updates: [{ at: 1, cell: 0 }]
  });
  const markdown = { ...changed, cell_type: 'markdown', formatted: true };
  assert.deepEqual(plan([SOURCE, markdown], 0, [], 't1', ['t1'], digest).kept, [1]);
});

test('the kernel is asked of changed code cells that note what they meant', () => {
  const marked = (source: string): Existing => {
    const cell = inserted(0, 'a', 't0', source);
    return { ...cell, provenance: { ...note(0, 'a', 't0'), meaning: 'm' } };
  };
  const cells = [SOURCE, OWN, marked('a'), marked('b'), inserted(1, 'a', 't0', 'b')];
  assert.deepEqual(doubtful(cells, digest), [marked('b')]);
});

test('the answers of one cell stand one after the other', () => {
  const cells = [SOURCE, inserted(0, 'a', 't0'), OWN];
  const found = plan(cells, 0, [fresh(0, 'c')], 't1', ['t0', 't1'], digest);
  assert.deepEqual(found, { ...NOTHING, inserts: [{ after: 1, cell: 0 }] });
});

test('a cell of a prompt that stands elsewhere is not touched', () => {
  const elsewhere = { ...OWN, id: 'elsewhere', source: '%%gemini\nelse' };
  const other = { ...inserted(0, 'a', 't9'), provenance: note(0, 'a', 't9', 'elsewhere') };
  const found = plan([SOURCE, other, elsewhere], 0, [fresh(0, 'c')], 't1', ['t1'], digest);
  assert.deepEqual(found, { ...NOTHING, inserts: [{ after: 0, cell: 0 }] });
});

test('a copy of an inserted cell is the own cell of the user', () => {
  const cells = [SOURCE, inserted(0, 'a'), inserted(0, 'a')];
  assert.deepEqual(plan(cells, 0, [fresh(0, 'a')], 't1', ['t1'], digest), { ...NOTHING, same: [1] });
});

test('a cell right below a prompt is its own where the ids have gone', () => {
  const lost = { ...inserted(0, 'a', 't9'), provenance: note(0, 'a', 't9', 'gone') };
  const found = plan([SOURCE, lost], 0, [fresh(0, 'c')], 't1', ['t1'], digest);
  assert.deepEqual(found, { ...NOTHING, updates: [{ at: 1, cell: 0 }] });
});

test('a note of an earlier version is brought up to date', () => {
  const early = { ...inserted(0, 'a'), provenance: note(0, 'a') };
  const found = plan([SOURCE, early], 0, [fresh(0, 'a')], 't1', ['t1'], digest);
  assert.deepEqual(found, { ...NOTHING, updates: [{ at: 1, cell: 0 }] });
});

test('what the sidebar has inserted belongs to no prompt, wherever it stands', () => {
  const aside = { ...inserted(0, 'a', 't9'), provenance: note(0, 'a', 't9', '') };
  const found = plan([SOURCE, aside], 0, [fresh(0, 'c')], 't1', ['t1'], digest);
  assert.deepEqual(found, { ...NOTHING, inserts: [{ after: 0, cell: 0 }] });
  const again = { ...fresh(0, 'a', 't9'), provenance: note(0, 'a', 't9', '') };
  const other = { ...OWN, id: 'other' };
  const twice = plan([SOURCE, aside, other], 2, [again], 't9', ['t9'], digest);
  assert.deepEqual(twice, { ...NOTHING, same: [1] });
});
