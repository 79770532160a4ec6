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
  for (const [name, types] of Object.entries<readonly string[]>(FIELDS.Turn)) {
    const without = isTurn({ ...turnOf(PARTS), [name]: undefined });
    assert.equal(without, types.includes('undefined'), `without ${name}`);
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

test('what is not always there is of its type where it is, down to the last list', () => {
  const turn = turnOf([]);
  const sent = { name: 'a.csv', mime_type: 'text/csv', bytes: 3, sha256: 'f00' };
  const going = { started: '', elapsed_ms: 1, usage: turn.usage, model_version: null };
  const good: Record<string, unknown>[] = [
    { request: { ...turn.request, attachments: [sent] } },
    { notes: ['n'], continued: [going], continuation: { token: 't', parts: 1, characters: 0 } },
    { context: { cells: [{ cell: null, source: 1, output: 2, pictures: 0 }], characters: 3 } },
    { model_status: { stage: 'DEPRECATED', message: 'm' } },
    { parts: [{ kind: 'result', output: 'o' }] },
    { parts: [{ kind: 'response', name: 'f', shown: [{ mime_type: 'text/html', size: 7 }] }] }
  ];
  const bad: Record<string, unknown>[] = [
    { request: { ...turn.request, attachments: [{ ...sent, name: {} }] } },
    { request: { ...turn.request, attachments: [null] } },
    { notes: [7] },
    { continued: [{ ...going, usage: {} }] },
    { context: { cells: [{}], characters: 3 } },
    { model_status: { stage: 'DEPRECATED', message: [] } },
    { parts: [{ kind: 'result', output: 5 }] },
    { parts: [{ kind: 'response', name: 'f', shown: [{ mime_type: [] }] }] }
  ];
  for (const one of good) {
    assert.ok(isTurn({ ...turn, ...one }), JSON.stringify(one));
  }
  for (const one of bad) {
    assert.ok(!isTurn({ ...turn, ...one }), JSON.stringify(one));
  }
});

test('fields that may be null are told from those that may not', () => {
  const note = { turn: 't', part: 0, source_cell: 'c', role: 'code', sha256: 'x' };
  assert.ok(hasFields('Provenance', note));
  assert.ok(!hasFields('Provenance', { ...note, part: null }));
  assert.ok(!hasFields('Provenance', [note]));
});
