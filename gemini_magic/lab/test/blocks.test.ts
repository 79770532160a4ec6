import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cuts, definitions, settled } from '../src/answer/blocks';

/** Each text with what of it is settled. */
const CASES: Record<string, string> = {
  '': '',
  'one paragraph': '',
  'one\n\ntwo': 'one\n\n',
  'one\n\ntwo\n\nthree\n\n': 'one\n\ntwo\n\n',
  'one\n\n\n\ntwo': 'one\n\n\n\n',
  // What could still belong to the list before it stays with it.
  '- a\n\n- b': '',
  '1. a\n\n2': '',
  '1. a\n\n2 is': '1. a\n\n',
  '- a\n\n  more of a': '',
  '- a\n\nno item': '- a\n\n',
  '> q\n\n> q': '',
  // Nothing is cut inside a fence or display math.
  '```\na\n\nb': '',
  '```\na\n\nb\n```\n\nc': '```\na\n\nb\n```\n\n',
  '````\n```\n\nb\n```\n\nc': '',
  '~~~\n\n```\n\nx': '',
  '$$\na\n\nb': '',
  '$$\na\n\nb\n$$\n\nc': '$$\na\n\nb\n$$\n\n',
  '$$a$$\n\nb': '$$a$$\n\n'
};

for (const [text, expected] of Object.entries(CASES)) {
  test(`${JSON.stringify(text)} is cut only before what begins anew`, () => {
    assert.equal(text.slice(0, settled(text)), expected);
  });
}

test('a cut once made stays when more arrives', () => {
  const text =
    '# Title\n\nWords.\n\n- a\n- b\n\n  more\n\nafter\n\n```py\nx = 1\n\ny = 2\n```\n\n' +
    '$$\n\\int\n\n$$\n\n| a |\n| - |\n\n1. one\n\n2. two\n\nend\n\nof it\n';
  let before: number[] = [];
  for (let end = 0; end <= text.length; end++) {
    const now = cuts(text.slice(0, end));
    assert.deepEqual(now.slice(0, before.length), before, `at ${end}`);
    before = now;
  }
  assert.ok((before.at(-1) ?? 0) > text.length / 2);
});

test('the definitions of links are found for pieces that are drawn without them', () => {
  const text = 'See [a].\n\n[a]: https://example.org "A"\n[b]:\n  https://example.org/b\n\nmore';
  const found = '[a]: https://example.org "A"\n[b]:\n  https://example.org/b';
  assert.equal(definitions(text), found);
  assert.equal(definitions('no [link] here'), '');
});
