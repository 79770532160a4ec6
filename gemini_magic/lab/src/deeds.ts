/** What the buttons under an answer have done, in words, by turn: shared by all its views. */

import { Signal } from '@lumino/signaling';

/** One run of an answer's code, verified; as `gemini_magic.verify.Check`. */
export interface Check {
  verdict: string;
  said: string;
  diff: string;
}

export interface Verdict {
  verdict: string;
  badge: string;
  good: boolean;
  checks: Check[];
  notes: string[];
}

export interface Deed {
  /** What is under way; the buttons rest meanwhile. */
  busy?: string;
  /** What was done, or why it was not. */
  note?: string;
  verdict?: Verdict;
}

export class Deeds {
  /** Emits the id of a turn of which something new is known. */
  readonly changed = new Signal<this, string>(this);

  get(turn: string): Deed {
    return this.deeds.get(turn) ?? {};
  }

  set(turn: string, deed: Deed): void {
    this.deeds.set(turn, { ...this.get(turn), ...deed });
    this.changed.emit(turn);
  }

  private readonly deeds = new Map<string, Deed>();
}
