/** The results of the buttons under an answer, in words, by turn: shared by all its views. */

import { Signal } from '@lumino/signaling';

import type { Verification } from '../model/generated';

export interface ButtonResult {
  /** What is under way; the buttons rest meanwhile. */
  busy?: string;
  /** What was done, or why it was not. */
  note?: string;
  verdict?: Verification;
}

export class ButtonResults {
  /** Emits the id of a turn of which something new is known. */
  readonly changed = new Signal<this, string>(this);

  get(turn: string): ButtonResult {
    return this.buttonResults.get(turn) ?? {};
  }

  set(turn: string, result: ButtonResult): void {
    this.buttonResults.set(turn, { ...this.get(turn), ...result });
    this.changed.emit(turn);
  }

  private readonly buttonResults = new Map<string, ButtonResult>();
}
