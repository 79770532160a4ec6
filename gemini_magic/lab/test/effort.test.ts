import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shownOutput, tooMuch } from '../src/answer/effort';

test('an ordinary text is drawn', () => {
  assert.ok(!tooMuch('Some *words* with `code`, $x_1$.\n\n- first\n- then\n\n| a |\n| - |\n'));
  assert.ok(!tooMuch('word '.repeat(10_000)));
});

test('what would hold the page up is told', () => {
  assert.ok(tooMuch('*a **b '.repeat(5_000)), 'emphasis that never ends');
  assert.ok(tooMuch('> '.repeat(50) + 'x'), 'quotes in quotes');
  assert.ok(tooMuch(`${' '.repeat(200)}- x`), 'deep indents');
  assert.ok(tooMuch('$a$ '.repeat(300)), 'formulas');
  assert.ok(tooMuch('a'.repeat(60_001)), 'a block without an end');
});

test('the cells of a table are searched each on their own', () => {
  const row = `| ${'*a '.repeat(100)} |\n`;
  assert.ok(!tooMuch(row.repeat(60)));
  assert.ok(tooMuch(row.repeat(60).replaceAll('|', '-')));
});

test('of an output so much is shown, and the rest is counted', () => {
  assert.deepEqual(shownOutput('abc'), { text: 'abc', more: 0 });
  const { text, more } = shownOutput('x'.repeat(100_005));
  assert.deepEqual([text.length, more], [100_000, 5]);
});
