/**
 * Steps: parts grouped the way a reader sees them, each code with what came back from it.
 *
 * The same grouping as `gemini_magic.steps`: results are paired by id where the service sends ids,
 * else with the code before them, also where words stand between the two, and pictures belong to
 * the run that drew them. Here neighbouring texts are one step as well: the service splits a text
 * where it signs it, in mid-sentence.
 */

import type {
  CallPart,
  CodePart,
  FilePart,
  ImagePart,
  OpaquePart,
  Part,
  ResponsePart,
  ResultPart
} from './turn';

export interface RunStep {
  kind: 'run';
  /** Position of the run's first part in the turn. */
  index: number;
  code?: CodePart;
  results: ResultPart[];
  images: ImagePart[];
}
export interface ProseStep {
  kind: 'text' | 'thought';
  index: number;
  text: string;
}
export interface PartStep {
  kind: 'part';
  index: number;
  part: ImagePart | FilePart | CallPart | ResponsePart | OpaquePart;
}
export type Step = RunStep | ProseStep | PartStep;

export const OK = 'OUTCOME_OK';

const WORDS: Record<string, string> = {
  OUTCOME_OK: 'OK',
  OUTCOME_FAILED: 'failed',
  OUTCOME_DEADLINE_EXCEEDED: 'out of time'
};

/** The outcome in words: OK, failed, out of time; a later enum value as it came. */
export function outcomeWord(outcome: string | undefined): string {
  if (!outcome || outcome === 'OUTCOME_UNSPECIFIED') {
    return 'no outcome given';
  }
  return WORDS[outcome] ?? outcome.replace(/^OUTCOME_/, '').replaceAll('_', ' ').toLowerCase();
}

/** The outcome of a run as a whole: the last result's. */
export function runOutcome(run: RunStep): string | undefined {
  return run.results.at(-1)?.outcome;
}

/** Group `parts` into steps, in reading order; empty texts (carriers of signatures) are no step. */
export function steps(parts: readonly Part[]): Step[] {
  const found: Step[] = [];
  const byId = new Map<string, RunStep>();
  let run: RunStep | undefined;
  let waiting: RunStep | undefined; // The last run, while nothing has come back from it.
  parts.forEach((part, index) => {
    if (part.kind === 'code') {
      const early = part.id ? byId.get(part.id) : undefined;
      if (early && !early.code) {
        early.code = part;
        run = early;
        waiting = undefined;
        return;
      }
      run = waiting = { kind: 'run', index, code: part, results: [], images: [] };
      found.push(run);
      if (part.id) {
        byId.set(part.id, run);
      }
    } else if (part.kind === 'result') {
      run = (part.id ? byId.get(part.id) : undefined) ?? run ?? waiting;
      if (!run) {
        run = { kind: 'run', index, results: [], images: [] };
        found.push(run);
        if (part.id) {
          byId.set(part.id, run);
        }
      }
      run.results.push(part);
      waiting = waiting === run ? undefined : waiting;
    } else if (part.kind === 'image' && run) {
      run.images.push(part);
    } else if (part.kind === 'text' || part.kind === 'thought') {
      if (!part.text) {
        return;
      }
      run = undefined;
      const last = found.at(-1);
      if (last?.kind === part.kind) {
        last.text += part.text;
      } else {
        found.push({ kind: part.kind, index, text: part.text });
      }
    } else {
      run = undefined;
      found.push({ kind: 'part', index, part });
    }
  });
  return found;
}

/** The last run whose outcome is OK, the one a view opens. */
export function lastGood(found: readonly Step[]): RunStep | undefined {
  return found.findLast((step): step is RunStep => step.kind === 'run' && runOutcome(step) === OK);
}
