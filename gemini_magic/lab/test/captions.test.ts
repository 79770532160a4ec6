import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as captions from '../src/answer/captions';
import { steps } from '../src/answer/steps';
import type { CodePart, Part, ResultPart } from '../src/model/generated';
import { turnOf } from './examples';

const CODE: CodePart = { kind: 'code', code: 'a = 1\nprint(a)\n', language: 'PYTHON' };
const OK: ResultPart = { kind: 'result', outcome: 'OUTCOME_OK', output: '1\n' };

function codeCaption(parts: Part[], running = false): string {
  const run = steps(parts).find(step => step.kind === 'run');
  assert.ok(run);
  return captions.codeLine(captions.codeCaption(run, running, "Google's sandbox"));
}

test('what there is to say of the model is said when the answer has ended', () => {
  const notes = ['You asked for a; b answered.', 'x\ny'.repeat(400)];
  const [first, second] = captions.modelLines(turnOf([], { notes }));
  assert.equal(first, 'You asked for a; b answered.');
  assert.ok(second !== undefined && second.length <= 600 && !second.includes('\n'));
  assert.deepEqual(captions.modelLines(turnOf([])), []);
  assert.deepEqual(captions.modelLines(turnOf([], { notes, status: 'streaming' })), []);
});

test('a code says its language, its length, its telling line and what became of it', () => {
  const begin = 'Python, 2 lines: print(a) · ';
  assert.equal(codeCaption([CODE, OK]), `${begin}ran in Google's sandbox`);
  assert.equal(codeCaption([CODE], true), `${begin}running in Google's sandbox`);
  assert.equal(codeCaption([CODE]), `${begin}no result from Google's sandbox`);
  const other = { ...CODE, code: 'import a', language: 'R', thought: true };
  assert.equal(codeCaption([other, OK]), "R, 1 line, ran in Google's sandbox, while thinking");
  assert.equal(codeCaption([OK]), ', ');
});

test('a result says its outcome, and its error or its length', () => {
  const failed: ResultPart = { kind: 'result', outcome: 'OUTCOME_FAILED' };
  const output = 'Traceback\n  File "x"\nValueError: no such thing\n';
  assert.equal(captions.resultCaption(OK, '1\n'), 'Result: OK, 1 line of output');
  assert.equal(captions.resultCaption(OK, output), 'Result: OK, 3 lines of output');
  assert.equal(captions.resultCaption(failed, output), 'Result: failed, ValueError: no such thing');
  assert.equal(captions.resultCaption({ kind: 'result' }, ' '), 'Result: no outcome given, no output');
});

test('sizes and times are given as they are read', () => {
  assert.deepEqual(
    [0, 999, 1000, 83_400, 999_499, 999_500, 1_250_000].map(captions.byteSize),
    ['0 B', '999 B', '1 kB', '83 kB', '999 kB', '1.0 MB', '1.3 MB']
  );
  assert.deepEqual(
    [800, 9_949, 9_950, 42_000, 119_400, 185_000].map(captions.seconds),
    ['0.8 s', '9.9 s', '10 s', '42 s', '119 s', '3 min 5 s']
  );
  assert.deepEqual(
    ['', 'YQ==', 'YWI=', 'YWJj'].map(captions.decodedSize),
    [0, 1, 2, 3]
  );
});

test('other parts say what they are, in one harmless line', () => {
  const image = { kind: 'image', mime_type: 'image/png', data: 'YWJj' } as const;
  assert.equal(captions.imageCaption(image, 1), 'image/png, 3 B');
  assert.equal(captions.imageCaption(image, 2), 'image/png, 3 B, sent 2 times');
  assert.equal(captions.fileCaption({ kind: 'file', uri: 'gs://b' }), 'unknown type');
  assert.equal(captions.callCaption({ kind: 'call', name: 'f\n\x1b[31mg' }), 'Call of f g');
  assert.equal(captions.responseCaption({ kind: 'response', name: 'f' }), 'Returned by f');
  const raw = { thoughtSignature: 'x', hologram: {}, smell: {} };
  const opaque = { kind: 'opaque', raw } as const;
  assert.equal(captions.opaqueCaption(opaque), 'Part of an unknown kind: hologram, smell');
  assert.equal(captions.opaqueCaption({ kind: 'opaque', raw: {} }), 'Part of an unknown kind: no name');
});

test('an ending says why, one that is complete says nothing', () => {
  assert.equal(captions.endingLine(turnOf([])), undefined);
  assert.equal(captions.endingLine(turnOf([], { status: 'streaming' })), undefined);
  const blocked = turnOf([], { status: 'blocked', message: 'SAFETY' });
  assert.equal(captions.endingLine(blocked), 'Blocked: SAFETY');
  const stopped = turnOf([], { status: 'interrupted' });
  assert.match(captions.endingLine(stopped) ?? '', /^Interrupted: The answer was stopped/);
});

test('the last line has the model, the time, the tokens that were used and the cost', () => {
  const nothing = { by: 'm', counts: '', cost: '' };
  assert.deepEqual(captions.usageLine(turnOf([])), nothing);
  assert.deepEqual(captions.usageLine(turnOf([], { model_version: '' })), nothing);
  const usage = { ...turnOf([]).usage, input_tokens: 1234, thinking_tokens: 5 };
  const turn = turnOf([], { model_version: 'models/m-002', elapsed_ms: 1500, usage });
  const { by, counts, cost } = captions.usageLine(turn, '$0.01');
  assert.deepEqual([by, counts, cost], ['m-002 · 1.5 s', 'tokens: 1,234 input, 5 thinking', '$0.01']);
});

test('an answer of the store says when it was stored', () => {
  assert.equal(captions.reusedLine(turnOf([])), undefined);
  const line = captions.reusedLine(turnOf([], { reused: { stored: '2026-11-22' } }));
  assert.match(line ?? '', /^Stored answer of 2026-11-22, /);
});

test('a line is one line, and no longer than asked', () => {
  assert.equal(captions.oneLine(' a \n\t b '), 'a b');
  assert.equal(captions.oneLine('abcdef', 4), 'abc…');
  assert.equal(captions.oneLine('abcd', 4), 'abcd');
  assert.equal(captions.oneLine('🎲🎲🎲🎲', 4), '🎲🎲🎲🎲');
  assert.equal(captions.oneLine('🎲🎲🎲🎲🎲', 4), '🎲🎲🎲…');
  assert.deepEqual(['', ' \n', 'a', 'a\n\nb\n'].map(captions.countLines), [0, 0, 1, 3]);
});

test('the newest line of the thinking is its last that says something', () => {
  const thought = (text: string): Part => ({ kind: 'thought', text });
  assert.equal(captions.newestThought([thought('**Looking**\n\nAt *primes*')]), 'At *primes');
  assert.equal(captions.newestThought([thought('**Looking**\n\n')]), 'Looking');
  assert.equal(captions.newestThought([thought('x'), OK]), '');
  assert.equal(captions.newestThought([]), '');
});
