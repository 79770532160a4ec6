/** The answers a sidebar shows, fetched when they are wanted, the latest ones kept. */

import type { JSONObject } from '@lumino/coreutils';

import { TURN_MIME, isTurn } from '../turn';

/** An answer as an output has it. */
export interface Body {
  data: JSONObject;
  metadata: JSONObject;
}

/** Answers kept: enough for some screens, so that a long conversation costs no memory. */
const KEPT = 40;

export class Bodies {
  /** `fetch` asks for answers by turn; `arrived` is called for each that has come. */
  constructor(
    private readonly fetch: (turns: string[]) => Promise<JSONObject>,
    private readonly arrived: (turn: string) => void
  ) {}

  /** The answer, if it is here; else it is asked for. */
  get(turn: string): Body | undefined {
    const body = this.bodies.get(turn);
    if (body) {
      this.bodies.delete(turn);
      this.bodies.set(turn, body); // The latest used are at the end.
    } else {
      this.want(turn);
    }
    return body;
  }

  /** Ask for the answer again: it has changed. */
  renew(turn: string): void {
    this.stale.add(turn);
    this.want(turn);
  }

  /** Whether what is here is the beginning of an answer. */
  isStreaming(turn: string): boolean {
    const shown: unknown = this.bodies.get(turn)?.data[TURN_MIME];
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
    this.bodies.clear();
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
        this.take(answers as unknown as Record<string, Body>);
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

  private take(answers: Record<string, Body>): void {
    for (const [turn, body] of Object.entries(answers)) {
      this.bodies.delete(turn);
      this.bodies.set(turn, body);
      this.arrived(turn);
    }
    for (const turn of this.bodies.keys()) {
      if (this.bodies.size <= KEPT) {
        break;
      }
      this.bodies.delete(turn);
    }
  }

  private readonly bodies = new Map<string, Body>();
  private readonly wanted = new Set<string>();
  private readonly asked = new Set<string>();
  private readonly stale = new Set<string>();
  private era = 0;
}
