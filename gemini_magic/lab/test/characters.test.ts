import assert from 'node:assert/strict';
import { test } from 'node:test';

import { visible } from '../src/model/characters';

test('escape sequences go, also one that never ends', () => {
  assert.equal(visible('\x1b[31mred\x1b[0m'), 'red');
  assert.equal(visible('a\x1b]8;;https://example.org\x07link\x1b]8;;\x07'), 'alink');
  assert.equal(visible('a\x1b'), 'a');
});

test('what would reorder or move the text is shown instead', () => {
  assert.equal(visible('a\u202eb'), 'a[U+202E]b');
  assert.equal(visible('a\u2066b'), 'a[U+2066]b');
  assert.equal(visible('a\x00b\x08c\x7fd'), 'a␀b␈c␡d');
});

test('tabs and lines stay, and every line ends alike', () => {
  assert.equal(visible('a\tb\r\nc\rd\u2028e\x85f'), 'a\tb\nc\nd\ne\nf');
});

test('half a character becomes one that can be saved', () => {
  assert.equal(visible('a\ud800b'), 'a\ufffdb');
});

test('only so many pictures: the rest are question marks', () => {
  const shown = visible('\x01'.repeat(1200));
  assert.equal(shown, `${'␁'.repeat(1000)}${'?'.repeat(200)}`);
});
