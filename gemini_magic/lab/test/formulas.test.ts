import assert from 'node:assert/strict';
import { test } from 'node:test';

import { typeset } from '../src/answer/formulas';

const SAME = [
  'no formula',
  'code `\\(x\\)` and ``a ` \\(x\\)``',
  '```\n\\(x\\)\n```',
  '~~~tex\n\\[x\\]\n\n\\(y\\)\n~~~',
  '```\n\\(x\\)', // not closed yet
  '    \\(x\\) in indented code',
  'not closed: \\(x',
  'not here: \\(x\n\nbut there\\)',
  'nothing in it: \\(\\) \\( \\)',
  'twice already: \\\\(x\\\\)',
  '\\(a`b\\)',
  '$x$ and $$y$$, [a](https://a.example)'
];

test('formulas in brackets get the backslash that JupyterLab reads', () => {
  assert.equal(typeset('so \\(x^2\\), and \\(y\\).'), 'so \\\\(x^2\\\\), and \\\\(y\\\\).');
  assert.equal(typeset('\\[\na = b\n\\]'), '\\\\[\na = b\n\\\\]');
  assert.equal(typeset('- one\n\n    \\(x\\)'), '- one\n\n    \\\\(x\\\\)');
  assert.equal(typeset('`a` \\(x\\) `b'), '`a` \\\\(x\\\\) `b');
  assert.equal(typeset('```\n\\(x\\)\n```\n\\(x\\)'), '```\n\\(x\\)\n```\n\\\\(x\\\\)');
  assert.equal(typeset('$5 for \\(x\\)'), '$5 for \\\\(x\\\\)', 'no dollar that pairs with a price');
});

for (const text of SAME) {
  test(`nothing is changed in ${JSON.stringify(text)}`, () => {
    assert.equal(typeset(text), text);
  });
}

test('marks that never close are searched for once', () => {
  const marks = Array.from({ length: 200 }, (_, n) => '`'.repeat(1 + (n % 2 ? n : 0)) + '\\(');
  const text = marks.join(' ').slice(0, 40_000) + '\\( '.repeat(5_000);
  const began = performance.now();
  typeset(text);
  assert.ok(performance.now() - began < 2_000);
});
