import assert from 'node:assert/strict';
import { test } from 'node:test';

import { apart } from '../src/answer/emulated';

const NOTE = '(offline emulator: scripted words, code really run)';

test('the sentence of the offline emulator stands apart from its answer', () => {
  assert.deepEqual(apart(`Five (5).\n\n${NOTE}\n`), { text: 'Five (5).', note: NOTE });
  assert.deepEqual(apart(NOTE), { text: '', note: NOTE });
});

test('what only resembles it stays in the text', () => {
  for (const text of [
    `It says ${NOTE}`,
    `${NOTE}\n\nMore.`,
    `x\n\n${NOTE.slice(0, -1)}`,
    'Five (5).',
    'x\n(',
    ''
  ]) {
    assert.deepEqual(apart(text), { text, note: '' });
  }
});

test('while it comes, its beginning is not shown and then taken away', () => {
  for (let end = 1; end <= NOTE.length; end += 1) {
    assert.equal(apart(`Five.\n\n${NOTE.slice(0, end)}`, true).text, 'Five.');
  }
  assert.equal(apart('Five.\n\n(of which', true).text, 'Five.\n\n(of which');
});
