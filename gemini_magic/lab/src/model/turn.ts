/** The turn JSON (version 1) and the checks of what a page reads from files and kernels. */

import { FIELDS, type ImagePart, type Part, type Turn } from './generated';

export const TURN_MIME = 'application/vnd.gemini-magic.turn+json';
export const TURN_VERSION = 1;

/** What JSON calls the type of `value`; of a value of JSON, that is. */
function jsonType(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'array' : typeof value;
}

function fits(type: string, value: unknown): boolean {
  if (type.endsWith('[]')) {
    return Array.isArray(value) && value.every(one => fits(type.slice(0, -2), one));
  }
  return isChecked(type) ? hasFields(type, value) : jsonType(value) === type;
}

function isChecked(type: string): type is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, type);
}

/** Whether `value` has the fields of its type, and in each what may stand there. */
export function hasFields(type: keyof typeof FIELDS, value: unknown): boolean {
  if (jsonType(value) !== 'object') {
    return false;
  }
  const found = value as Record<string, unknown>;
  const fields = Object.entries(FIELDS[type] as Record<string, readonly string[]>);
  return fields.every(([name, types]) => types.some(type => fits(type, found[name])));
}

const PARTS: Record<Part['kind'], keyof typeof FIELDS> = {
  text: 'TextPart',
  thought: 'ThoughtPart',
  code: 'CodePart',
  result: 'ResultPart',
  image: 'ImagePart',
  file: 'FilePart',
  call: 'CallPart',
  response: 'ResponsePart',
  opaque: 'OpaquePart'
};

/** Whether `value` can be drawn as a turn; a notebook is a file anybody may have written. */
export function isTurn(value: unknown): value is Turn {
  return (
    hasFields('Turn', value) &&
    (value as { version: number }).version === TURN_VERSION &&
    (value as Turn).parts.every(isPart)
  );
}

/** Whether a picture has its data, or in its place the hash of data that stands elsewhere. */
function hasBytes(image: Partial<ImagePart>): boolean {
  const held: unknown = image.data ?? image.sha256;
  return typeof held === 'string';
}

/** Whether `value` is a part that a view can draw. */
export function isPart(value: unknown): value is Part {
  const kind = (value as Partial<Part> | null | undefined)?.kind;
  return (
    kind !== undefined &&
    Object.hasOwn(PARTS, kind) &&
    hasFields(PARTS[kind], value) &&
    (kind !== 'image' || hasBytes(value as Partial<ImagePart>))
  );
}
