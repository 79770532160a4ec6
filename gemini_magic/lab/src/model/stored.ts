/** The turn of a saved output (`gemini_magic.turn.stored`): large pictures stand in its HTML. */

import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';

import type { Part, Turn } from './generated';
import { TURN_MIME, isTurn } from './turn';

type Bundle = Readonly<Record<string, unknown>>;

/** The turn in the data of an output, with all pictures that one of its forms holds. */
export function storedTurn(data: Bundle): Turn | undefined {
  const turn: unknown = data[TURN_MIME];
  if (!isTurn(turn)) {
    return undefined;
  }
  const named = turn.parts.some(part => picturesOf(part).some(isNamed));
  return named ? { ...turn, parts: turn.parts.map(part => filled(part, turn, data)) } : turn;
}

/** Where the bytes of a picture stand, in base64, or the hash that names them. */
type Picture = Record<string, unknown>;

export const RASTER = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** The pictures of a part: its own, or those that a run in the kernel has sent back and shown. */
export function picturesOf(part: Part): Picture[] {
  if (part.kind === 'image') {
    return [part as unknown as Picture];
  }
  if (part.kind !== 'response') {
    return [];
  }
  const sent = objects(object(part.extra?.functionResponse).parts);
  const kept = objects(part.shown).filter(({ mime_type: kind }) => RASTER.has(String(kind)));
  return [...sent.map(blob => object(blob.inlineData)), ...kept];
}

function object(value: unknown): Picture {
  return typeof value === 'object' && value !== null ? (value as Picture) : {};
}

function objects(value: unknown): Picture[] {
  return (Array.isArray(value) ? value : []).map(object);
}

function isNamed(picture: Picture): picture is { sha256: string } {
  return typeof picture.sha256 === 'string' && picture.data === undefined;
}

function filled(part: Part, turn: Turn, bundle: Bundle): Part {
  if (!picturesOf(part).some(isNamed)) {
    return part;
  }
  const whole = structuredClone(part);
  for (const picture of picturesOf(whole)) {
    const data = isNamed(picture) ? find(picture.sha256, turn, bundle) : undefined;
    if (data !== undefined) {
      picture.data = data;
      picture.sha256 = undefined;
    }
  }
  return whole;
}

function find(digest: string, turn: Turn, bundle: Bundle): string | undefined {
  return (
    inHtml(digest, textOf(bundle['text/html'])) ??
    inTurn(digest, turn) ??
    inMarkdown(digest, textOf(bundle['text/markdown']))
  );
}

/** The picture marked with that hash; foreign text in the HTML is escaped and can mark nothing. */
function inHtml(digest: string, text: string): string | undefined {
  const begin = `<img class="gm-Image" data-sha256="${digest}" src="data:`;
  const at = text.indexOf(begin);
  const start = text.indexOf(';base64,', at + begin.length) + ';base64,'.length;
  const end = text.indexOf('"', start);
  const data = text.slice(start, end);
  return at >= 0 && end > start && /^[A-Za-z0-9+/]+={0,2}$/.test(data) ? data : undefined;
}

/** The same bytes, as another part of the turn holds them. */
function inTurn(digest: string, turn: Turn): string | undefined {
  const held = turn.parts.flatMap(picturesOf).map(({ data }) => data);
  return held.filter(data => typeof data === 'string').find(data => hashOf(data) === digest);
}

/** A picture of the Markdown, which VS Code shows, with that hash. */
function inMarkdown(digest: string, text: string): string | undefined {
  for (const [, data] of text.matchAll(/\]\(data:image\/\w+;base64,([A-Za-z0-9+/]+={0,2})\)/g)) {
    if (data !== undefined && hashOf(data) === digest) {
      return data;
    }
  }
  return undefined;
}

/** A form of the output, as one text: a file may have it in lines. */
function textOf(form: unknown): string {
  const text: unknown = Array.isArray(form) ? form.join('') : form;
  return typeof text === 'string' ? text : '';
}

/** The hash of what is in base64; undefined when it is none, in a file that another hand wrote. */
function hashOf(data: string): string | undefined {
  let bytes: string;
  try {
    bytes = atob(data);
  } catch {
    return undefined;
  }
  return bytesToHex(sha256(Uint8Array.from(bytes, one => one.charCodeAt(0))));
}
