import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asValue, lastGood, outcomeWord, runOutcome, steps } from '../src/answer/steps';
import type { Part } from '../src/model/generated';

const text = (words: string): Part => ({ kind: 'text', text: words });
const code = (id?: string): Part => ({ kind: 'code', code: 'x', language: 'PYTHON', id });
const result = (outcome?: string, id?: string): Part => ({ kind: 'result', outcome, id });
const image: Part = { kind: 'image', mime_type: 'image/png', data: 'eA==' };

/** Each step in a word: its kind and where it begins, a run with its results and pictures. */
function told(...parts: Part[]): string[] {
  return steps(parts).map(step =>
    step.kind === 'run'
      ? `run ${step.index}: ${step.results.length} results, ${step.images.length} pictures`
      : `${step.kind} ${step.index}`
  );
}

test('a code, its result and its pictures are one run', () => {
  assert.deepEqual(told(text('a'), code(), image, result('OUTCOME_OK'), image, text('b')), [
    'text 0',
    'run 1: 1 results, 2 pictures',
    'text 5'
  ]);
});

test('results find their code by id, also out of order', () => {
  const found = steps([code('a'), code('b'), result('OUTCOME_OK', 'b'), result('OUTCOME_FAILED', 'a')]);
  assert.deepEqual(
    found.map(step => step.kind === 'run' && runOutcome(step)),
    ['OUTCOME_FAILED', 'OUTCOME_OK']
  );
});

test('a result before its code waits for it', () => {
  assert.deepEqual(told(result('OUTCOME_OK', 'a'), code('a')), ['run 0: 1 results, 0 pictures']);
});

test('words between a code and its result part no run', () => {
  assert.deepEqual(told(code(), text('so'), result()), [
    'run 0: 1 results, 0 pictures',
    'text 1'
  ]);
});

test('neighbouring texts are one, empty ones none', () => {
  const found = steps([text('a'), text(''), text('b'), { kind: 'thought', text: 'c' }]);
  assert.deepEqual(found, [
    { kind: 'text', index: 0, text: 'ab' },
    { kind: 'thought', index: 3, text: 'c' }
  ]);
});

test('a picture without a run stands for itself, as do a call and an unknown part', () => {
  const call: Part = { kind: 'call', name: 'f' };
  const opaque: Part = { kind: 'opaque', raw: {} };
  assert.deepEqual(told(image, call, opaque), ['part 0', 'part 1', 'part 2']);
});

test('the last run that went well is the one that is opened', () => {
  const found = steps([code('a'), result('OUTCOME_OK', 'a'), code('b'), result('OUTCOME_FAILED', 'b')]);
  assert.equal(lastGood(found), found[0]);
  assert.equal(lastGood(steps([code()])), undefined);
});

test('an outcome is a word, also one of tomorrow', () => {
  assert.deepEqual(
    ['OUTCOME_OK', 'OUTCOME_FAILED', 'OUTCOME_DEADLINE_EXCEEDED', 'OUTCOME_NEW_ONE', undefined].map(
      outcomeWord
    ),
    ['OK', 'failed', 'out of time', 'new one', 'no outcome given']
  );
});

test('JSON that was asked for by a schema is code, and what comes is added at its end', () => {
  const shown = (words: string, schema: unknown, growing = false) => {
    const [step] = steps([text(words)]);
    assert.ok(step);
    const drawn = asValue(step, schema, growing);
    return drawn.kind === 'text' ? drawn.text : '';
  };
  const early = shown('[{"a": "*x*', {}, true);
  const late = shown('[{"a": "*x*"}]\n', {}, true);
  assert.ok(late.startsWith(early));
  assert.equal(shown('[{"a": "*x*"}]\n', {}), `${late}\n\`\`\``);
  assert.equal(shown('[1](https://example.org)', undefined), '[1](https://example.org)');
  assert.equal(shown('I compute.', {}), 'I compute.');
});
