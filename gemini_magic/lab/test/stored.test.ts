import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import type { ImagePart, Part } from '../src/model/generated';
import { storedTurn } from '../src/model/stored';
import { TURN_MIME } from '../src/model/turn';
import { turnOf } from './examples';

const BYTES = Buffer.from('a picture');
const DATA = BYTES.toString('base64');
const HASH = createHash('sha256').update(BYTES).digest('hex');
const NAMED: ImagePart = { kind: 'image', mime_type: 'image/png', sha256: HASH };
const WHOLE: ImagePart = { kind: 'image', mime_type: 'image/png', data: DATA };
const HTML = `<p>x</p>\n<img class="gm-Image" data-sha256="${HASH}" src="data:image/png;base64,${DATA}" alt="">`;

function pictures(parts: Part[], html?: unknown): (string | undefined)[] | undefined {
  const turn = storedTurn({ [TURN_MIME]: turnOf(parts), 'text/html': html });
  return turn?.parts.map(part => (part.kind === 'image' ? part.data : part.kind));
}

test('a picture that is only named comes from the HTML of the output, in one piece or in lines', () => {
  assert.deepEqual(pictures([{ kind: 'text', text: 't' }, NAMED, NAMED], HTML), ['text', DATA, DATA]);
  assert.deepEqual(pictures([NAMED], HTML.split(/(?<=\n)/)), [DATA]);
});

test('a picture that was sent before comes from the turn itself', () => {
  const other = { ...WHOLE, data: Buffer.from('another').toString('base64') };
  assert.deepEqual(pictures([other, WHOLE, NAMED]), [other.data, DATA, DATA]);
});

test('a picture comes from the Markdown of an output that VS Code has shown', () => {
  const other = Buffer.from('another').toString('base64');
  const said = `![x](data:image/png;base64,${other})\n\n![y](data:image/png;base64,${DATA})\n`;
  const turn = storedTurn({ [TURN_MIME]: turnOf([NAMED]), 'text/markdown': said });
  assert.deepEqual(turn?.parts, [{ ...WHOLE, sha256: undefined }]);
});

test('a picture that is in no form stays named, and nothing else is taken for it', () => {
  assert.deepEqual(pictures([NAMED]), [undefined]);
  const escaped = HTML.replaceAll('<', '&lt;').replaceAll('"', '&#34;');
  for (const html of ['', 1, escaped, HTML.replace(DATA, 'x y'), HTML.replace(HASH, 'f00')]) {
    assert.deepEqual(pictures([NAMED], html), [undefined]);
  }
});

test('a turn with all its pictures is the one that is stored, and no turn is none', () => {
  const turn = turnOf([WHOLE]);
  assert.equal(storedTurn({ [TURN_MIME]: turn }), turn);
  assert.equal(storedTurn({}), undefined);
  assert.equal(storedTurn({ [TURN_MIME]: { version: 1 } }), undefined);
});

test('data of another picture that are no base64 are in nobody\'s way', () => {
  const other = { ...WHOLE, data: 'no base64!' };
  assert.deepEqual(pictures([other, NAMED, WHOLE]), [other.data, DATA, DATA]);
});
