/**
 * The questions whether code of an answer may run in the kernel, which waits for the user's word.
 *
 * What a question shows is what it gives its word on: the kernel takes a word only with the token
 * of this very question and the hash of the code that was shown.
 */

import { Signal } from '@lumino/signaling';

import { digest } from '../model/digest';
import type { Asking, Consent, Messages, Settled } from '../model/generated';

export type Choice = Consent['choice'];

export interface Question {
  readonly turn: string;
  /** Which run it is, and its length. */
  readonly heading: string;
  /** The code in pieces: a class of Pygments and its text. */
  readonly pieces: readonly (readonly [string, string])[];
  /** The question has been answered, or is not asked any more: how, in words. */
  readonly said: string | undefined;
  /** A word was given here; the kernel has not said yet that it has taken it. */
  readonly given: boolean;
  /** Tell the kernel that it is shown. */
  show: () => void;
  answer: (choice: Choice, why: string) => void;
}

interface State extends Question {
  id: string;
  token: string;
  said: string | undefined;
  given: boolean;
  told: boolean;
  source: object;
}

const OVER = 'This question is over: it was answered elsewhere, or the answer has ended.';

export class Questions {
  /** Emits the id of a turn of which something new is known. */
  readonly changed = new Signal<this, string>(this);

  /** The last question of a turn. */
  get(turn: string): Question | undefined {
    return this.states.get(turn);
  }

  /** Take in a question; `source`: the link it came by, which `send` answers on. */
  receive(asking: Asking, source: object, send: (message: Messages['request']) => void): void {
    if (!isAsking(asking)) {
      return;
    }
    const known = this.states.get(asking.turn);
    if (known?.id === asking.id) {
      known.token = asking.token; // Of the same question, asked once more.
      return;
    }
    const code = asking.tokens.map(([, text]) => text).join('');
    const state: State = {
      id: asking.id,
      token: asking.token,
      turn: asking.turn,
      heading: asking.heading,
      pieces: asking.tokens as [string, string][],
      said: undefined,
      given: false,
      told: false,
      source,
      show: () => {
        if (!state.told) {
          state.told = true;
          send({ type: 'asked', id: state.id });
        }
      },
      answer: (choice, why) => {
        if (state.said === undefined && !state.given) {
          state.given = true;
          const { id, token } = state;
          send({ type: 'consent', id, token, code: digest(code), choice, why });
          this.changed.emit(state.turn);
        }
      }
    };
    this.states.set(asking.turn, state);
    this.changed.emit(asking.turn);
  }

  /** A question is over. */
  settle({ id, said }: Settled): void {
    for (const state of this.states.values()) {
      if (state.id === id && (state.said === undefined || said)) {
        this.close(state, said || OVER);
      }
    }
  }

  /** The kernel behind `source` is gone, and its questions with it. */
  end(source: object): void {
    for (const state of this.states.values()) {
      if (state.source === source && state.said === undefined) {
        this.close(state, 'The kernel has gone: this code was not run.');
      }
    }
  }

  private close(state: State, said: string): void {
    state.said = said;
    state.token = '';
    this.changed.emit(state.turn);
  }

  private readonly states = new Map<string, State>();
}

/** Whether it is a question as this page knows them; a kernel may be of another version. */
function isAsking(asking: Asking): boolean {
  const texts: unknown[] = [asking.id, asking.token, asking.turn, asking.heading];
  const pieces: unknown = asking.tokens;
  return (
    texts.every(text => typeof text === 'string') &&
    Array.isArray(pieces) &&
    pieces.every(
      (piece: unknown) =>
        Array.isArray(piece) && piece.length === 2 && piece.every(text => typeof text === 'string')
    )
  );
}
