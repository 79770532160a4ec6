import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lost } from '../src/cells/lost';
import { isTurn } from '../src/model/turn';
import { turnOf } from './examples';

test('an answer whose kernel has gone is saved with what had come, as interrupted', () => {
  const begun = { ...turnOf([]), status: 'streaming' as const };
  const { turn, plain } = lost(begun, [{ kind: 'text', text: 'The first <b>half' }]);
  assert.equal(turn.status, 'interrupted');
  assert.deepEqual(turn.parts, [{ kind: 'text', text: 'The first <b>half' }]);
  assert.ok(isTurn(turn) && turn.message);
  assert.equal(plain, `The first <b>half\n\nInterrupted: ${turn.message}`);
});
