import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Head } from '../src/model/generated';
import { PromptHistory } from '../src/sidebar/history';

/** A conversation's name, and its prompts by the ids of their turns, as a kernel tells them. */
type Told = [string, [string, string][]];

interface Walk {
  keys: (-1 | 1)[];
  draft?: string;
  sent?: string[];
}

/** What the box shows after each key. */
function walk(told: Told[], { keys, draft = '', sent = [] }: Walk): (string | undefined)[] {
  const history = new PromptHistory();
  for (const prompt of sent) {
    history.send(prompt);
  }
  for (const [conversation, prompts] of told) {
    history.know(conversation, prompts.map(([turn, prompt]) => head(turn, prompt)));
  }
  return keys.map(key => history.walk(key, draft));
}

function head(turn: string, prompt: string): Head {
  return {
    turn,
    cell: null,
    prompt: prompt.slice(0, 400),
    whole: prompt.length <= 400,
    attached: [],
    status: 'complete',
    notes: []
  };
}

function main(...prompts: string[]): Told {
  return ['main', prompts.map((prompt, at) => [`turn ${at}`, prompt])];
}

test('up goes back and stays at the first', () => {
  assert.deepEqual(walk([main('a', 'b')], { keys: [-1, -1, -1] }), ['b', 'a', undefined]);
});

test('down comes back to what was being written', () => {
  const found = walk([main('a', 'b')], { keys: [-1, -1, 1, 1, 1], draft: 'draft' });
  assert.deepEqual(found, ['b', 'a', 'b', 'draft', undefined]);
});

test('down alone changes nothing', () => {
  assert.deepEqual(walk([main('a')], { keys: [1] }), [undefined]);
});

test('the same prompt twice in a row is one', () => {
  assert.deepEqual(walk([main('a', 'a')], { keys: [-1, -1] }), ['a', undefined]);
});

test('no prompt, no walk', () => {
  assert.deepEqual(walk([], { keys: [-1, 1] }), [undefined, undefined]);
});

test("the order is the kernel's, and what was refused is not in it", () => {
  const found = walk([main('a', 'in a cell', 'b')], {
    keys: [-1, -1, -1, -1],
    sent: ['refused', 'b', 'a']
  });
  assert.deepEqual(found, ['b', 'in a cell', 'a', undefined]);
});

test('a long prompt that was sent here comes back whole', () => {
  const long = 'long '.repeat(100);
  assert.deepEqual(walk([main('a', long)], { keys: [-1, -1], sent: [long] }), [long, 'a']);
  const unknown = walk([main('a', long)], { keys: [-1, -1] });
  assert.deepEqual(unknown, ['a', undefined], 'its rest is not known');
});

test('what was undone is still near', () => {
  const found = walk([main('a', 'b'), main('a')], { keys: [-1, -1, -1] });
  assert.deepEqual(found, ['b', 'a', undefined]);
});

test("another conversation's prompts come behind those of the one that is shown", () => {
  const other: Told = ['other', [['turn x', 'x']]];
  const keys: Walk['keys'] = [-1, -1, -1, -1];
  assert.deepEqual(walk([other, main('a', 'b')], { keys }), ['b', 'a', 'x', undefined]);
  assert.deepEqual(walk([main('a', 'b'), other], { keys }), ['x', 'b', 'a', undefined]);
});

test('a text that was changed by hand is a draft of its own', () => {
  const history = new PromptHistory();
  history.know('main', [head('turn 0', 'a')]);
  assert.equal(history.walk(-1, ''), 'a');
  history.leave();
  assert.equal(history.walk(-1, 'a and more'), 'a');
  assert.equal(history.walk(1, 'a'), 'a and more');
});

test('nothing moves while somebody walks', () => {
  const history = new PromptHistory();
  history.know('main', [head('turn 0', 'a'), head('turn 1', 'b')]);
  assert.equal(history.walk(-1, ''), 'b');
  history.know('main', [head('turn 2', 'c')]);
  assert.equal(history.walk(-1, 'b'), 'a');
});
