/** Prompts that were sent, walked through with the arrow keys as in a terminal; pure. */

const MOST = 200;

export class PromptHistory {
  /** Remember a prompt that was sent; the walk begins anew. */
  add(prompt: string): void {
    if (this.prompts.at(-1) !== prompt) {
      this.prompts.push(prompt);
      this.prompts.splice(0, this.prompts.length - MOST);
    }
    this.at = undefined;
  }

  /** Take in prompts of the kernel's conversation that this page has not sent, oldest first. */
  know(prompts: readonly string[]): void {
    const known = new Set(this.prompts);
    const earlier = prompts.filter(prompt => !known.has(prompt));
    if (earlier.length && this.at === undefined) {
      this.prompts.unshift(...earlier.slice(-MOST));
    }
  }

  /** The prompt before (`-1`) or after (`1`) the one that is shown; undefined at an end. */
  walk(by: -1 | 1, shown: string): string | undefined {
    if (this.at === undefined) {
      this.draft = shown;
    }
    const at = (this.at ?? this.prompts.length) + by;
    if (at < 0 || at > this.prompts.length || (this.at === undefined && by > 0)) {
      return undefined;
    }
    this.at = at === this.prompts.length ? undefined : at;
    return this.at === undefined ? this.draft : this.prompts[at];
  }

  /** The text was changed by hand: what is shown is a draft of its own. */
  leave(): void {
    this.at = undefined;
  }

  private readonly prompts: string[] = [];
  private at: number | undefined;
  private draft = '';
}
