import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MOST, type Range, near } from '../src/sidebar/window';

const HEIGHT = 900;
const MARGIN = 1000;

/** `count` exchanges whose heights are those given, again and again. */
function list(count: number, ...heights: number[]): number[] {
  return Array.from({ length: count }, (_, at) => heights[at % heights.length] ?? 0);
}

function sum(heights: readonly number[]): number {
  return heights.reduce((all, one) => all + one, 0);
}

function at(heights: readonly number[], top: number, most = MOST): Range {
  return near(heights, { top, height: HEIGHT }, MARGIN, most);
}

test('a short conversation stands in the page whole', () => {
  for (const top of [0, 5000, 1e6]) {
    assert.deepEqual(at(list(MOST, 400), top), { from: 0, to: MOST });
  }
  assert.deepEqual(at([], 0), { from: 0, to: 0 });
});

test('wherever it stands, what is seen is in the page, with its neighbours, and at most 30', () => {
  for (const heights of [list(1000, 60, 900, 240), list(1000, 80), list(1000, 4000)]) {
    const whole = sum(heights);
    for (let top = 0; top <= whole - HEIGHT; top += 137) {
      const { from, to } = at(heights, top);
      const begin = sum(heights.slice(0, from));
      const end = begin + sum(heights.slice(from, to));
      assert.ok(begin <= top && end >= top + HEIGHT, `seen at ${top}`);
      assert.ok(to - from <= MOST, `${to - from} at ${top}`);
      if (to - from < MOST) {
        assert.ok(from === 0 || begin <= top - MARGIN, `above ${top}`);
        assert.ok(to === heights.length || end >= top + HEIGHT + MARGIN, `below ${top}`);
        assert.ok(from === 0 || begin + (heights[from] ?? 0) > top - MARGIN, `no more above ${top}`);
      }
    }
  }
});

test('on a screen with room for more than 30 all that are seen stand in the page', () => {
  const { from, to } = near(list(1000, 20), { top: 10_000, height: 2000 }, MARGIN);
  assert.deepEqual({ from, to }, { from: 500, to: 600 });
});

test('beyond the end of the list its last ones stand there', () => {
  const { from, to } = at(list(100, 200), 1e9);
  assert.equal(to, 100);
  assert.ok(from < 100);
});

test('room can be left for one that is elsewhere', () => {
  const { from, to } = at(list(1000, 50), 20_000, MOST - 1);
  assert.equal(to - from, MOST - 1);
});
