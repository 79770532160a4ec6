import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FIELDS, type Part } from '../src/model/generated';
import { hasFields, isPart, isTurn } from '../src/model/turn';
import { turnOf } from './examples';

const PARTS: Part[] = [
  { kind: 'text', text: 't' },
  { kind: 'thought', text: 't' },
  { kind: 'code', code: 'c', language: 'PYTHON' },
  { kind: 'result' },
  { kind: 'image', mime_type: 'image/png', data: 'eA==' },
  { kind: 'file' },
  { kind: 'call', name: 'f' },
  { kind: 'response', name: 'f' },
  { kind: 'opaque', raw: {} }
];

test('every kind of part can be drawn, and a part without one of its fields cannot', () => {
  for (const part of PARTS) {
    assert.ok(isPart(part), part.kind);
    for (const name of Object.keys(part)) {
      assert.ok(!isPart({ ...part, [name]: undefined }), `${part.kind} without ${name}`);
      assert.ok(!isPart({ ...part, [name]: 1 }), `${part.kind} with a number as ${name}`);
    }
  }
});

test('a picture has its data or the hash of data that stands elsewhere', () => {
  const image = { kind: 'image', mime_type: 'image/png' };
  assert.ok(isPart({ ...image, sha256: 'f00' }));
  assert.ok(!isPart({ ...image, sha256: 1 }));
  assert.ok(!isPart(image));
});

test('what is no part is refused, whatever it is', () => {
  for (const value of [null, undefined, 1, 'text', [], {}, { kind: 'widget' }, { kind: 1 }]) {
    assert.ok(!isPart(value), JSON.stringify(value));
  }
  assert.ok(!isPart({ kind: 'toString', text: 't' }), 'a name that every object has');
});

test('a turn without one of its fields, or with one of another type, is refused', () => {
  assert.ok(isTurn(turnOf(PARTS)));
  for (const name of Object.keys(FIELDS.Turn)) {
    assert.ok(!isTurn({ ...turnOf(PARTS), [name]: undefined }), `without ${name}`);
    assert.ok(!isTurn({ ...turnOf(PARTS), [name]: true }), `with true as ${name}`);
  }
});

test('a turn of another version, or damaged further in, is refused', () => {
  assert.ok(!isTurn({ ...turnOf([]), version: 2 }));
  assert.ok(!isTurn({ ...turnOf([]), request: {} }));
  assert.ok(!isTurn({ ...turnOf([]), usage: {} }));
  assert.ok(!isTurn({ ...turnOf([]), reused: {} }));
  assert.ok(!isTurn({ ...turnOf([]), parts: [{ kind: 'text' }] }));
  assert.ok(isTurn({ ...turnOf([]), reused: { stored: '2026-11-22' } }));
});

test('fields that may be null are told from those that may not', () => {
  const note = { turn: 't', part: 0, source_cell: 'c', role: 'code', sha256: 'x' };
  assert.ok(hasFields('Provenance', note));
  assert.ok(!hasFields('Provenance', { ...note, part: null }));
  assert.ok(!hasFields('Provenance', [note]));
});
