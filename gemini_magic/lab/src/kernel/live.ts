/** The answers that are streaming now: what the kernel has told of each so far. */

import { Signal } from '@lumino/signaling';

import type { Delta, Part, Whole } from '../model/generated';
import { isPart } from '../model/turn';
import { Questions } from './questions';

/** How a streaming answer is asked for again, and stopped. */
export interface Source {
  ask(turn: string): void;
  stop(turn: string): void;
}

export interface Live {
  /** The parts so far; undefined while what was missed has not come. */
  parts: readonly Part[] | undefined;
  phase: string;
  /** When the phase began, on the clock of `performance.now()`. */
  since: number;
  stop: () => void;
}

interface State extends Live {
  seq: number;
  /** Deltas after one that was missed. */
  waiting: Delta[];
}

export class LiveTurns {
  /** Emits the id of a turn of which something new is known. */
  readonly changed = new Signal<this, string>(this);
  /** Whether code of theirs may run in the kernel. */
  readonly questions = new Questions();

  get(turn: string): Live | undefined {
    return this.states.get(turn);
  }

  /** Take in a delta; when one before it was missed, the whole is asked for. */
  receive(delta: Delta, source: Source): void {
    const state = this.states.get(delta.turn) ?? this.begin(delta.turn, source);
    state.phase = delta.phase;
    state.since = performance.now() - delta.phase_ms;
    if (delta.seq === state.seq + 1 && state.parts) {
      apply(state, delta);
    } else if (delta.seq > state.seq) {
      if (state.waiting.length === 0) {
        source.ask(delta.turn);
      }
      state.waiting.push(delta);
      state.parts = undefined;
    }
    this.changed.emit(delta.turn);
  }

  /** Take in the whole of a streaming answer that was asked for. */
  replace(whole: Whole, source: Source): void {
    const state = this.states.get(whole.turn) ?? this.begin(whole.turn, source);
    if (state.parts && whole.seq < state.seq) {
      return;
    }
    state.phase = whole.phase;
    state.since = performance.now() - whole.phase_ms;
    const parts: unknown = whole.parts;
    state.parts = Array.isArray(parts) ? parts.filter(isPart) : [];
    state.seq = whole.seq;
    const waiting = state.waiting.filter(delta => delta.seq > whole.seq);
    state.waiting = [];
    for (const delta of waiting) {
      if (delta.seq === state.seq + 1) {
        apply(state, delta);
      }
    }
    this.changed.emit(whole.turn);
  }

  /** The answer has ended, or its kernel is gone. */
  end(turn: string): void {
    if (this.states.delete(turn)) {
      this.changed.emit(turn);
    }
  }

  private begin(turn: string, source: Source): State {
    const state: State = {
      parts: [],
      phase: '',
      since: performance.now(),
      seq: 0,
      waiting: [],
      stop: () => {
        source.stop(turn);
      }
    };
    this.states.set(turn, state);
    return state;
  }

  private readonly states = new Map<string, State>();
}

function apply(state: State, delta: Delta): void {
  const parts = [...(state.parts ?? [])];
  for (const op of delta.ops) {
    if ('part' in op) {
      // At the end or in place of a part, so that no hole is ever left.
      if (isPart(op.part) && op.at <= parts.length) {
        parts[op.at] = op.part;
      }
      continue;
    }
    const part = parts.at(op.at);
    if (part?.kind === 'text' || part?.kind === 'thought') {
      parts[op.at] = { ...part, text: part.text + op.append };
    }
  }
  state.parts = parts;
  state.seq = delta.seq;
}
