/** The turn JSON (version 1), as `gemini_magic.turn` writes it; the names are the contract's. */

export const TURN_MIME = 'application/vnd.gemini-magic.turn+json';
export const TURN_VERSION = 1;

export type Status = 'streaming' | 'complete' | 'interrupted' | 'blocked' | 'truncated' | 'failed';

interface Shared {
  thought?: boolean;
  signature?: string;
}

export interface TextPart extends Shared {
  kind: 'text';
  text: string;
}
export interface ThoughtPart extends Shared {
  kind: 'thought';
  text: string;
}
export interface CodePart extends Shared {
  kind: 'code';
  code: string;
  language: string;
  id?: string;
}
export interface ResultPart extends Shared {
  kind: 'result';
  outcome?: string;
  output?: string;
  id?: string;
}
export interface ImagePart extends Shared {
  kind: 'image';
  mime_type: string;
  /** Standard base64. */
  data: string;
}
export interface FilePart extends Shared {
  kind: 'file';
  mime_type?: string;
  uri?: string;
  data?: string;
}
export interface CallPart extends Shared {
  kind: 'call';
  name: string;
  args?: unknown;
  id?: string;
}
export interface ResponsePart extends Shared {
  kind: 'response';
  name: string;
  response?: unknown;
  id?: string;
}
export interface OpaquePart extends Shared {
  kind: 'opaque';
  raw: Record<string, unknown>;
}

export type Part =
  | TextPart
  | ThoughtPart
  | CodePart
  | ResultPart
  | ImagePart
  | FilePart
  | CallPart
  | ResponsePart
  | OpaquePart;

export interface Usage {
  input_tokens: number;
  output_tokens: number;
  thinking_tokens: number;
  tool_use_tokens: number;
  cached_tokens: number;
  total_tokens: number;
}

export interface Turn {
  version: number;
  id: string;
  conversation: string;
  cell: string | null;
  status: Status;
  reused: { stored?: string } | null;
  request: { prompt: string; model: string; backend: string };
  parts: Part[];
  usage: Usage;
  finish_reason: string | null;
  message: string | null;
  model_version: string | null;
  started: string;
  elapsed_ms: number;
  grounding: Record<string, unknown> | null;
}

/** Whether `value` can be drawn as a turn; a notebook is a file anybody may have written. */
export function isTurn(value: unknown): value is Turn {
  const turn = value as Partial<Turn> | null;
  return (
    typeof turn === 'object' &&
    turn !== null &&
    turn.version === TURN_VERSION &&
    typeof turn.id === 'string' &&
    typeof turn.status === 'string' &&
    Array.isArray(turn.parts) &&
    turn.parts.every(isPart)
  );
}

const TEXT_FIELDS: Record<string, string[]> = {
  text: ['text'],
  thought: ['text'],
  code: ['code', 'language'],
  result: [],
  image: ['mime_type', 'data'],
  file: [],
  call: ['name'],
  response: ['name'],
  opaque: []
};

/** Whether `value` is a part that a view can draw. */
export function isPart(value: unknown): value is Part {
  const part = value as Record<string, unknown> | null;
  if (typeof part !== 'object' || part === null || typeof part.kind !== 'string') {
    return false;
  }
  const required = TEXT_FIELDS[part.kind];
  return required !== undefined && required.every(name => typeof part[name] === 'string');
}
