import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Candidate, executing } from '../src/cells/executing';

const cell = (id: string, state: string, count: number | null): Candidate => ({ id, state, count });

test('the only cell with that source runs, whatever it says', () => {
  assert.equal(executing([cell('a', 'idle', 3)]), 'a');
  assert.equal(executing([]), undefined);
});

test('of several, the one that runs', () => {
  assert.equal(executing([cell('a', 'idle', 1), cell('b', 'running', null)]), 'b');
  assert.equal(executing([cell('a', 'idle', 1), cell('b', 'idle', 2)]), undefined);
});

test('one that has just ended is not taken for the one that runs', () => {
  assert.equal(executing([cell('a', 'running', 7), cell('b', 'running', null)]), 'b');
});

test('of several that wait, the first is the next', () => {
  assert.equal(executing([cell('a', 'running', null), cell('b', 'running', null)]), 'a');
});
