/** Prompts of the conversations, walked through with the arrow keys as in a terminal; pure. */

import type { Head } from '../model/generated';

const MOST = 200;

interface Asked {
  turn: string;
  conversation: string;
  prompt: string;
}

export class PromptHistory {
  /** A prompt goes out from here, and the walk begins anew. It counts when the kernel tells of it. */
  send(prompt: string): void {
    this.sent.push(prompt);
    this.sent.splice(0, this.sent.length - MOST);
    this.at = undefined;
  }

  /** Take in the exchanges of the conversation that is shown, in the order the kernel tells them. */
  know(conversation: string, heads: readonly Head[]): void {
    if (heads === this.heads || this.at !== undefined) {
      return; // While somebody walks, nothing moves.
    }
    this.heads = heads;
    const told = heads.slice(-MOST).flatMap(head => {
      const prompt = this.whole(head);
      return prompt === undefined ? [] : [{ turn: head.turn, conversation, prompt }];
    });
    this.asked = distinct(this.merged(conversation, told)).slice(-MOST);
  }

  /** The prompt before (`-1`) or after (`1`) the one that is shown; undefined at an end. */
  walk(by: -1 | 1, shown: string): string | undefined {
    if (this.at === undefined) {
      this.draft = shown;
    }
    const at = (this.at ?? this.asked.length) + by;
    if (at < 0 || at > this.asked.length || (this.at === undefined && by > 0)) {
      return undefined;
    }
    this.at = at === this.asked.length ? undefined : at;
    return this.at === undefined ? this.draft : this.asked[at]?.prompt;
  }

  /** The text was changed by hand: what is shown is a draft of its own. */
  leave(): void {
    this.at = undefined;
  }

  /** All of a prompt; of a long one the kernel tells the beginning, and the rest must be known. */
  private whole({ turn, prompt, whole }: Head): string | undefined {
    return whole
      ? prompt
      : (this.asked.find(one => one.turn === turn)?.prompt ??
          this.sent.findLast(one => one.startsWith(prompt)));
  }

  /** Other conversations first; what was undone or replaced here stays behind what it followed. */
  private merged(conversation: string, told: readonly Asked[]): Asked[] {
    const turns = new Set(told.map(({ turn }) => turn));
    const known = this.asked.filter(one => turns.has(one.turn) || one.conversation === conversation);
    const merged = [...told];
    known.forEach((one, at) => {
      if (!turns.has(one.turn)) {
        const before = known[at - 1]?.turn;
        merged.splice(merged.findIndex(({ turn }) => turn === before) + 1, 0, one);
      }
    });
    return [...this.asked.filter(one => !known.includes(one)), ...merged];
  }

  private asked: Asked[] = [];
  private readonly sent: string[] = [];
  private heads: readonly Head[] | undefined;
  private at: number | undefined;
  private draft = '';
}

/** The same prompt twice in a row is one step. */
function distinct(asked: readonly Asked[]): Asked[] {
  return asked.filter((one, at) => one.prompt !== asked[at - 1]?.prompt);
}
