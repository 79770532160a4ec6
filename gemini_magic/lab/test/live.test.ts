import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LiveTurns, type Source } from '../src/kernel/live';
import type { Delta, Whole } from '../src/model/generated';

function setUp(): { live: LiveTurns; source: Source; asked: string[]; stopped: string[] } {
  const asked: string[] = [];
  const stopped: string[] = [];
  const source: Source = {
    ask: turn => asked.push(turn),
    stop: turn => stopped.push(turn)
  };
  return { live: new LiveTurns(), source, asked, stopped };
}

function delta(seq: number, ops: Delta['ops']): Delta {
  return { type: 'delta', turn: 't', seq, ops, phase: 'answering', phase_ms: 10 };
}

const FIRST = delta(1, [{ at: 0, part: { kind: 'text', text: 'a' } }]);
const WHOLE: Whole = {
  type: 'turn',
  turn: 't',
  seq: 2,
  parts: [{ kind: 'text', text: 'ab' }],
  phase: 'answering',
  phase_ms: 10
};

test('deltas add up to the answer', () => {
  const { live, source, asked } = setUp();
  live.receive(FIRST, source);
  live.receive(delta(2, [{ at: 0, append: 'b' }]), source);
  assert.deepEqual(live.get('t')?.parts, [{ kind: 'text', text: 'ab' }]);
  assert.deepEqual(asked, []);
});

test('when one is missed the whole is asked for once, and what came meanwhile is added', () => {
  const { live, source, asked } = setUp();
  live.receive(FIRST, source);
  live.receive(delta(3, [{ at: 0, append: 'c' }]), source);
  live.receive(delta(4, [{ at: 0, append: 'd' }]), source);
  assert.equal(live.get('t')?.parts, undefined);
  assert.deepEqual(asked, ['t']);
  live.replace(WHOLE, source);
  assert.deepEqual(live.get('t')?.parts, [{ kind: 'text', text: 'abcd' }]);
});

test('a whole that is older than what is known changes nothing', () => {
  const { live, source } = setUp();
  live.receive(FIRST, source);
  live.receive(delta(2, [{ at: 0, append: 'b' }]), source);
  live.receive(delta(3, [{ at: 0, append: 'c' }]), source);
  live.replace(WHOLE, source);
  assert.deepEqual(live.get('t')?.parts, [{ kind: 'text', text: 'abc' }]);
});

test('a delta that comes twice is added once', () => {
  const { live, source } = setUp();
  live.receive(FIRST, source);
  live.receive(delta(2, [{ at: 0, append: 'b' }]), source);
  live.receive(delta(2, [{ at: 0, append: 'b' }]), source);
  assert.deepEqual(live.get('t')?.parts, [{ kind: 'text', text: 'ab' }]);
});

test('what is no part, or would leave a hole, is left out', () => {
  const { live, source } = setUp();
  live.receive(delta(1, [{ at: 5, part: { kind: 'text', text: 'x' } }]), source);
  live.receive(delta(2, [{ at: 0, part: { kind: 'widget' } as never }]), source);
  live.receive(delta(3, [{ at: 9, append: 'x' }]), source);
  assert.deepEqual(live.get('t')?.parts, []);
});

test('an answer that has ended is forgotten, and whoever draws it is told', () => {
  const { live, source, stopped } = setUp();
  const told: string[] = [];
  live.changed.connect((_, turn) => told.push(turn));
  live.receive(FIRST, source);
  live.get('t')?.stop();
  live.end('t');
  live.end('t');
  assert.deepEqual([told, stopped, live.get('t')], [['t', 't'], ['t'], undefined]);
});
