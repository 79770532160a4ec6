import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Position, Staying } from '../src/sidebar/staying';

const HEIGHT = 500;

/** A list of 10,000 pixels that was put to its end. */
function atItsEnd(): Staying {
  const staying = new Staying();
  staying.put(at(9500));
  return staying;
}

function at(scrollTop: number, scrollHeight = 10_000, clientHeight = HEIGHT): Position {
  return { scrollTop, scrollHeight, clientHeight };
}

test('who goes up leaves the end, and who comes back stays there', () => {
  const staying = atItsEnd();
  staying.moves(1000);
  staying.moved(at(9260), 1016);
  assert.equal(staying.atEnd, false);
  staying.moves(2000);
  staying.moved(at(9470), 2016);
  assert.equal(staying.atEnd, true);
});

test('who goes up while an answer comes or shrinks leaves the end', () => {
  for (const height of [10_300, 9_900]) {
    const staying = atItsEnd();
    staying.moves(1000);
    staying.moved(at(9100, height), 1016);
    assert.equal(staying.atEnd, false, String(height));
  }
});

test('a browser that moves the list while answers are drawn is no user', () => {
  // What is above has shrunk, and with it the place in the list; what is below has grown since.
  for (const [top, height, client] of [
    [9200, 10_300, HEIGHT],
    [9200, 9_900, HEIGHT],
    [9200, 10_000, 400],
    [8336, 12_328, HEIGHT]
  ] as const) {
    const staying = atItsEnd();
    staying.moved(at(top, height, client), 5000);
    assert.equal(staying.atEnd, true, `${String(top)} of ${String(height)}`);
  }
});

test('a wheel long ago moves nothing any more', () => {
  const staying = atItsEnd();
  staying.moves(1000);
  staying.moved(at(9200, 10_300), 2500);
  assert.equal(staying.atEnd, true);
});

test('what moves the list while no size changes is meant: the search of a browser, a screen reader', () => {
  const staying = atItsEnd();
  staying.moved(at(4000), 5000);
  assert.equal(staying.atEnd, false);
});

test('a scrollbar is held as long as its user wants', () => {
  const staying = atItsEnd();
  staying.holds(true);
  staying.moved(at(9000, 10_400), 60_000);
  assert.equal(staying.atEnd, false);
  staying.toEnd();
  staying.put(at(9900, 10_400));
  staying.holds(false);
  staying.moved(at(9000, 10_800), 61_000);
  assert.equal(staying.atEnd, true);
});
