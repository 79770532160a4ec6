/** Tells which of a notebook's cells with one source is the one that runs. */

export interface Candidate {
  readonly id: string;
  readonly state: string;
  readonly count: number | null;
}

/**
 * Undefined while none is known to run. A server says in the document which cells it runs: perhaps
 * a moment later, and of one that has just ended still that it runs, with the number it was given.
 * Of several that wait for their turn the first is the next.
 */
export function executing(same: readonly Candidate[]): string | undefined {
  if (same.length === 1) {
    return same[0]?.id;
  }
  const running = same.filter(({ state }) => state === 'running');
  return (running.find(({ count }) => count === null) ?? running[0])?.id;
}
