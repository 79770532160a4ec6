/** What the kernel tells the sidebar, as `gemini_magic.magics.panel.state` writes it. */

import type { JSONObject } from '@lumino/coreutils';

import type { Status } from '../turn';

/** An exchange in a line: everything but the answer. */
export interface Head {
  turn: string;
  cell: string | null;
  /** The beginning of the prompt. */
  prompt: string;
  /** Whether that is all of it. */
  whole: boolean;
  attached: string[];
  /** `waiting`: it is not sent yet, and `turn` is a name of its own until it is. */
  status: Status | 'waiting';
  notes: string[];
}

export interface State {
  conversation: string;
  /** `answering`: how many of its questions are being answered now. */
  conversations: { name: string; exchanges: number; answering?: number }[];
  exchanges: Head[];
  /** How many exchanges can be brought back. */
  undone: number;
  model: string;
  models: string[];
  backend: { ok: boolean; said: string; fix?: string };
  usage: { calls: number; tokens: number; cost: string };
}

/** Something that can be attached: a variable or a file, with a few words about it. */
export interface Attachable {
  name: string;
  what: string;
}

/** The state; undefined when it was written by another version of the kernel's side. */
export function stateOf(data: JSONObject): State | undefined {
  const state = data as unknown as Partial<State>;
  const whole =
    typeof state.conversation === 'string' &&
    Array.isArray(state.conversations) &&
    Array.isArray(state.exchanges) &&
    Array.isArray(state.models) &&
    typeof state.model === 'string' &&
    typeof state.backend === 'object' &&
    typeof state.usage === 'object';
  return whole ? (state as State) : undefined;
}
