import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Questions } from '../src/kernel/questions';
import { digest } from '../src/model/digest';
import type { Asking, Messages } from '../src/model/generated';

const ASKING: Asking = {
  type: 'asking',
  id: 'q1',
  token: 'secret',
  turn: 't',
  heading: 'Run 1 of this answer: 2 lines of Python',
  tokens: [
    ['n', 'x'],
    ['', ' = '],
    ['s1', "'ü'\n"],
    ['n', 'x']
  ]
};
const SOURCE = {};

function setUp(): {
  questions: Questions;
  sent: Messages['request'][];
  ask: (asking?: object) => void;
} {
  const questions = new Questions();
  const sent: Messages['request'][] = [];
  const ask = (asking: object = ASKING): void => {
    questions.receive(asking as Asking, SOURCE, message => sent.push(message));
  };
  return { questions, sent, ask };
}

test('a word carries the token and the hash of the code that was shown, and is sent once', () => {
  const { questions, sent, ask } = setUp();
  ask();
  const question = questions.get('t');
  question?.show();
  question?.show();
  question?.answer('skip', 'too slow');
  question?.answer('run', '');
  assert.deepEqual(sent, [
    { type: 'asked', id: 'q1' },
    {
      type: 'consent',
      id: 'q1',
      token: 'secret',
      code: digest("x = 'ü'\nx"),
      choice: 'skip',
      why: 'too slow'
    }
  ]);
  assert.equal(question?.given, true);
});

test('a question that is over takes no word, whoever has answered it', () => {
  const { questions, sent, ask } = setUp();
  ask();
  questions.settle({ type: 'settled', id: 'another', said: 'Run 9: you said run.' });
  assert.equal(questions.get('t')?.said, undefined);
  questions.settle({ type: 'settled', id: 'q1', said: 'Run 1: you skipped it.' });
  questions.get('t')?.answer('run', '');
  assert.deepEqual(sent, []);
  questions.settle({ type: 'settled', id: 'q1', said: '' });
  assert.equal(questions.get('t')?.said, 'Run 1: you skipped it.');
});

test('asked once more, it is the same question with a later token', () => {
  const { questions, sent, ask } = setUp();
  ask();
  const before = questions.get('t');
  ask({ ...ASKING, token: 'later' });
  assert.equal(questions.get('t'), before);
  before?.answer('run', '');
  assert.equal((sent[0] as { token: string }).token, 'later');
});

test('when the kernel has gone its questions are over', () => {
  const { questions, sent, ask } = setUp();
  ask();
  questions.end({});
  assert.equal(questions.get('t')?.said, undefined);
  questions.end(SOURCE);
  assert.match(questions.get('t')?.said ?? '', /not run/);
  questions.get('t')?.answer('run', '');
  assert.deepEqual(sent, []);
});

test('what is no question is not shown', () => {
  const { questions, ask } = setUp();
  const wrong = [
    { ...ASKING, tokens: 'x = 1' },
    { ...ASKING, tokens: [['n']] },
    { ...ASKING, tokens: [['n', 1]] },
    { ...ASKING, token: null },
    { ...ASKING, heading: {} }
  ];
  wrong.forEach(ask);
  assert.equal(questions.get('t'), undefined);
});
