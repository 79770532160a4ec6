/** The answers a sidebar shows, fetched when they are wanted, the latest ones kept. */

import type { AnswerOutput, Answers } from '../model/generated';
import { TURN_MIME, isTurn } from '../model/turn';

/** Answers kept: enough for some screens, so that a long conversation costs no memory. */
const KEPT = 40;

export class AnswerCache {
  /** `fetch` asks for answers by turn; `arrived` is called for each that has come. */
  constructor(
    private readonly fetch: (turns: string[]) => Promise<Answers>,
    private readonly arrived: (turn: string) => void
  ) {}

  /** The answer, if it is here; else it is asked for. */
  get(turn: string): AnswerOutput | undefined {
    const answer = this.kept.get(turn);
    if (answer) {
      this.kept.delete(turn);
      this.kept.set(turn, answer); // The latest used are at the end.
    } else {
      this.want(turn);
    }
    return answer;
  }

  /** Ask for the answer again: it has changed. */
  renew(turn: string): void {
    this.stale.add(turn);
    this.want(turn);
  }

  /** Whether an answer is here, in whatever state. */
  holds(turn: string): boolean {
    return this.kept.has(turn);
  }

  /** Whether what is here is the beginning of an answer. */
  isStreaming(turn: string): boolean {
    const shown: unknown = this.kept.get(turn)?.data[TURN_MIME];
    return isTurn(shown) && shown.status === 'streaming';
  }

  /** Ask again for what was asked and may be lost: the connection was. */
  again(): void {
    const lost = [...this.asked];
    this.era += 1;
    this.asked.clear();
    for (const turn of lost) {
      this.want(turn);
    }
  }

  clear(): void {
    this.kept.clear();
    this.stale.clear();
    this.wanted.clear();
    this.asked.clear();
    this.era += 1;
  }

  private want(turn: string): void {
    if (this.asked.has(turn) && !this.stale.has(turn)) {
      return;
    }
    this.wanted.add(turn);
    if (this.wanted.size === 1) {
      queueMicrotask(() => {
        void this.ask();
      });
    }
  }

  /** Ask for everything that was wanted in this moment, in one request. */
  private async ask(): Promise<void> {
    const turns = [...this.wanted];
    const { era } = this;
    this.wanted.clear();
    if (!turns.length) {
      return;
    }
    for (const turn of turns) {
      this.stale.delete(turn);
      this.asked.add(turn);
    }
    try {
      const { answers } = await this.fetch(turns);
      if (era === this.era) {
        this.take(answers);
      }
    } catch (error) {
      // The kernel has gone: the panel says so, and asks again when there is one.
      console.warn('gemini-magic: answers for the sidebar did not come', error);
    } finally {
      if (era === this.era) {
        for (const turn of turns) {
          this.asked.delete(turn);
        }
      }
    }
  }

  private take(answers: Answers['answers']): void {
    for (const [turn, answer] of Object.entries(answers)) {
      this.kept.delete(turn);
      this.kept.set(turn, answer);
      this.arrived(turn);
    }
    for (const turn of this.kept.keys()) {
      if (this.kept.size <= KEPT) {
        break;
      }
      this.kept.delete(turn);
    }
  }

  private readonly kept = new Map<string, AnswerOutput>();
  private readonly wanted = new Set<string>();
  private readonly asked = new Set<string>();
  private readonly stale = new Set<string>();
  private era = 0;
}
