/**
 * Steps: parts grouped the way a reader sees them, each code with what came back from it.
 *
 * The same grouping as `gemini_magic.turn.steps`: results are paired by id where the service sends ids,
 * else with the code before them, also where words stand between the two, and pictures belong to
 * the run that drew them. Here neighbouring texts are one step as well: the service splits a text
 * where it signs it, in mid-sentence.
 */

import type {
  CallPart,
  CodePart,
  Displayed,
  FilePart,
  ImagePart,
  OpaquePart,
  Part,
  ResponsePart,
  ResultPart
} from '../model/generated';
import { SKIPPED, changesOf, codeOf, displayedOf, imagesOf, resultOf } from './kernelRuns';

export interface RunStep {
  kind: 'run';
  /** Position of the run's first part in the turn. */
  index: number;
  code?: CodePart;
  results: ResultPart[];
  images: ImagePart[];
  /** It ran in the user's kernel; which variables it made, changed or removed there. */
  kernel?: boolean;
  changes?: string;
  /** What it has shown there beside its text and its pictures. */
  shown?: Displayed[];
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
  OUTCOME_DEADLINE_EXCEEDED: 'out of time',
  [SKIPPED]: 'skipped'
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
  const inKernel: RunStep[] = []; // Runs in the kernel that nothing has come back from.
  parts.forEach((part, index) => {
    const called = codeOf(part);
    const returned = resultOf(part);
    if (called) {
      const made: RunStep = { kind: 'run', index, code: called, results: [], images: [], kernel: true };
      inKernel.push(made);
      found.push(made);
      run = waiting = undefined;
    } else if (returned) {
      const at = inKernel.findIndex(each => each.code?.id === returned.id);
      let [step] = at < 0 ? [] : inKernel.splice(at, 1);
      if (!step) {
        step = { kind: 'run', index, results: [], images: [], kernel: true };
        found.push(step);
      }
      step.results = [returned];
      step.images = imagesOf(part);
      step.changes = changesOf(part);
      step.shown = displayedOf(part);
      run = waiting = undefined;
    } else if (part.kind === 'code') {
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
    } else if (!(part.kind === 'opaque' && signatureAlone(part.raw))) {
      run = undefined;
      found.push({ kind: 'part', index, part });
    }
  });
  return found;
}

/**
 * An object or a list in JSON as a block of code, where a schema was asked for: Markdown would alter
 * it. The fence of a `growing` text is left open, so that what is added stands at its end.
 */
export function asValue(step: Step, schema: unknown, growing: boolean): Step {
  if (schema === undefined || step.kind !== 'text' || !/^\s*[[{]/.test(step.text)) {
    return step;
  }
  return { ...step, text: `\`\`\`json\n${step.text.trim()}${growing ? '' : '\n```'}` };
}

/** Whether a part of an unknown kind holds nothing but a thought signature. */
function signatureAlone(raw: Record<string, unknown>): boolean {
  const names = Object.keys(raw).filter(name => name !== 'thought');
  const signature = /^thought_?signature$/i;
  return names.length > 0 && names.every(name => signature.test(name));
}

/** The last run whose outcome is OK, the one a view opens. */
export function lastGood(found: readonly Step[]): RunStep | undefined {
  return found.findLast((step): step is RunStep => step.kind === 'run' && runOutcome(step) === OK);
}
