/**
 * Captions: every fact of a turn that the view says in words.
 *
 * The same words as `gemini_magic.render.caption`, which writes the other forms of an answer; the
 * end-to-end tests compare the two. An outcome or a status is always a word, never a colour alone.
 */

import { visible } from '../model/characters';
import type {
  CallPart,
  Displayed,
  FilePart,
  ImagePart,
  OpaquePart,
  Part,
  ResponsePart,
  ResultPart,
  Status,
  Turn
} from '../model/generated';
import { RUN_PYTHON, SKIPPED } from './kernelRuns';
import { OK, type RunStep, outcomeWord } from './steps';
import { telling } from './telling';

const LANGUAGES: Record<string, string> = {
  PYTHON: 'Python',
  LANGUAGE_UNSPECIFIED: 'Code',
  '': 'Code'
};
const ERROR_LINE = /^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)\b.*$/gm;
const ENDINGS: Partial<Record<Status, [string, string]>> = {
  interrupted: ['Interrupted', 'The answer was stopped; what had arrived is kept.'],
  blocked: ['Blocked', 'A filter blocked the prompt or the answer.'],
  truncated: ['Cut short', 'The answer is not complete.'],
  failed: ['Failed', 'The answer failed.']
};

function number(n: number): string {
  return n.toLocaleString('en-US');
}

/** `text` on one line of at most `most` characters. */
export function oneLine(text: string, most = 200): string {
  const line = visible(text).split(/\s+/).filter(Boolean).join(' ');
  // Characters, not halves of one; of a long text only what may be kept is looked at.
  const characters = Array.from(line.slice(0, 2 * most + 2));
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : line;
}

/** Characters of a summary that are searched for its last line. */
const LOOK = 4000;

/** The newest line of the thinking while it goes on, without marks of Markdown; else empty. */
export function newestThought(parts: readonly Part[]): string {
  const last = parts.at(-1);
  if (last?.kind !== 'thought') {
    return '';
  }
  const said = last.text
    .slice(-LOOK)
    .split(/[\r\n]+/)
    .map(line => oneLine(line, 100).replace(/^[ #>*_+-]+|[ *_#]+$/g, ''));
  return said.filter(Boolean).at(-1) ?? '';
}

export function lines(count: number): string {
  return count === 1 ? '1 line' : `${number(count)} lines`;
}

/** Lines of `text` without white space at its ends. */
export function countLines(text: string): number {
  const stripped = text.trim();
  return stripped === '' ? 0 : stripped.split('\n').length;
}

/** A size in bytes for reading: "830 B", "83 kB", "1.2 MB" (powers of 1000). */
export function byteSize(bytes: number): string {
  if (bytes < 1000) {
    return `${bytes} B`;
  }
  return bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Bytes in standard base64. */
export function decodedSize(base64: string): number {
  return Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
}

/** Where the code of an answer of this backend runs. */
export function sandbox(backend: string): string {
  return backend === 'emulator' ? "the offline emulator's sandbox" : "Google's sandbox";
}

const KERNEL = 'this kernel';

/** Where a run's code ran, in a word. */
export function place(run: RunStep, where: string): 'kernel' | 'emulator' | 'sandbox' {
  if (run.kernel) {
    return 'kernel';
  }
  return where === sandbox('emulator') ? 'emulator' : 'sandbox';
}

/** The pieces of the one line that a piece of code folds to; `codeLine` puts them together. */
export interface CodeCaption {
  length: string;
  /** The code's telling line, empty where it has none. */
  line: string;
  became: string;
}

/** What a piece of code folds to; `where` it runs, in words. */
export function codeCaption(run: RunStep, running: boolean, where: string): CodeCaption {
  const { code } = run;
  if (!code) {
    return { length: '', line: '', became: '' };
  }
  const language = LANGUAGES[code.language.toUpperCase()] ?? oneLine(code.language, 30);
  const length = `${language}, ${lines(countLines(code.code))}`;
  const line = telling(code.code);
  const became = whatBecame(run, running, where) + (code.thought ? ', while thinking' : '');
  return { length, line, became };
}

export function codeLine({ length, line, became }: CodeCaption): string {
  return line ? `${length}: ${line} · ${became}` : `${length}, ${became}`;
}

function whatBecame(run: RunStep, running: boolean, where: string): string {
  if (run.results.at(-1)?.outcome === SKIPPED) {
    return 'not run: skipped by you';
  }
  if (run.kernel) {
    const waits = running ? `for ${KERNEL}` : 'not run';
    return run.results.length ? `ran in ${KERNEL}` : waits;
  }
  if (running) {
    return `running in ${where}`;
  }
  return run.results.length || run.images.length ? `ran in ${where}` : `no result from ${where}`;
}

const DISPLAYED: Record<string, string> = {
  'text/html': 'HTML',
  'image/svg+xml': 'SVG picture',
  'application/javascript': 'JavaScript',
  'text/markdown': 'Markdown',
  'text/latex': 'LaTeX'
};

/** What a run has shown beside its text: "HTML with scripts, 12,345 characters". */
export function displayedCaption({ mime_type: kind, data, frame, title, size }: Displayed): string {
  let said = oneLine(title || (DISPLAYED[kind] ?? kind), 200);
  if (frame === 'live' && kind === 'text/html' && !title) {
    said += ' with scripts';
  }
  const pairs = data?.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  const count = data ? data.length - pairs : (size ?? 0);
  const lost = data ? '' : ', too large to be kept';
  return `${said}, ${number(count)} ${count === 1 ? 'character' : 'characters'}${lost}`;
}

/** What a result says after its outcome word: its error, its length, or the pictures below it. */
export function resultDetail(
  result: ResultPart,
  output: string,
  drawn = 0,
  changes = ''
): string {
  if (result.outcome === SKIPPED) {
    const why = oneLine(output, 80);
    return why && `, ${why}`;
  }
  let said = drawn ? `, ${drawn === 1 ? 'a picture' : `${number(drawn)} pictures`}` : ', no output';
  if (output.trim()) {
    const named = result.outcome === OK ? [] : (output.slice(-20_000).match(ERROR_LINE) ?? []);
    const last = named.at(-1);
    said = last ? `, ${oneLine(last, 80)}` : `, ${lines(countLines(output))} of output`;
  }
  const changed = changes ? `; ${oneLine(changes, 200)}` : '';
  return said + changed + (result.thought ? ', while thinking' : '');
}

/** What is said of characters that are left out of the page. */
export function notShown(count: number): string {
  return `${number(count)} more characters are not shown here; the notebook has them.`;
}

export function resultCaption(result: ResultPart, output: string): string {
  return `Result: ${outcomeWord(result.outcome)}${resultDetail(result, output)}`;
}

/** "image/png, 83 kB": for a screen reader, and for what is not drawn. */
export function imageCaption(image: ImagePart, times: number): string {
  const said = [oneLine(image.mime_type, 60)];
  if (image.data !== undefined) {
    said.push(byteSize(decodedSize(image.data)));
  }
  if (times > 1) {
    said.push(`sent ${times} times`);
  }
  return said.join(', ');
}

export function fileCaption(file: FilePart): string {
  const type = oneLine(file.mime_type ?? 'unknown type', 60);
  return file.data === undefined ? type : `${type}, ${byteSize(decodedSize(file.data))}`;
}

export function callCaption(call: CallPart): string {
  return `Call of ${oneLine(call.name, 60)}`;
}

export function responseCaption(response: ResponsePart): string {
  return `Returned by ${oneLine(response.name, 60)}`;
}

const NOT_A_KIND = new Set([
  'thought',
  'thoughtSignature',
  'thought_signature',
  'videoMetadata',
  'partMetadata'
]);

export function opaqueCaption(part: OpaquePart): string {
  const names = Object.keys(part.raw).filter(name => !NOT_A_KIND.has(name));
  return `Part of an unknown kind: ${oneLine(names.join(', '), 60) || 'no name'}`;
}

/** What there is to say about how the turn ended; undefined when it is complete or streaming. */
export function endingLine(turn: Turn): string | undefined {
  const ending = ENDINGS[turn.status];
  return ending && `${ending[0]}: ${oneLine(turn.message ?? ending[1], 600)}`;
}

/** The label of an answer that came from the answer store. */
export function reusedLine(turn: Turn): string | undefined {
  if (!turn.reused) {
    return undefined;
  }
  const stored = oneLine(turn.reused.stored, 40);
  const said = `Stored answer of ${stored}, shown again without calling the model (--fresh calls it).`;
  return turn.parts.some(part => part.kind === 'call' && part.name === RUN_PYTHON)
    ? `${said} Its code ran then, not now: no variable of it is set.`
    : said;
}

/** What there is to say about the model that answered; none while the answer streams. */
export function modelLines(turn: Turn): string[] {
  return turn.status === 'streaming' ? [] : (turn.notes ?? []).map(note => oneLine(note, 600));
}

/** The pieces of the quiet last line; with dots between them they are its words. */
export interface UsageLine {
  /** The model and the time. */
  by: string;
  /** The tokens, empty when none were counted. */
  counts: string;
  /** The cost as given, empty when it is not known. */
  cost: string;
}

/** The quiet last line: model, time, tokens and, when known, the cost as given. */
export function usageLine(turn: Turn, cost?: string): UsageLine {
  const model = turn.model_version || turn.request.model;
  const by = [oneLine(model, 80).replace(/^models\//, '')];
  if (turn.elapsed_ms) {
    by.push(seconds(turn.elapsed_ms));
  }
  const { usage } = turn;
  const told = (
    [
      [usage.input_tokens, 'input'],
      [usage.output_tokens, 'output'],
      [usage.thinking_tokens, 'thinking'],
      [usage.tool_use_tokens, 'tool use'],
      [usage.cached_tokens, 'cached']
    ] as const
  )
    .filter(([count]) => count)
    .map(([count, word]) => `${number(count)} ${word}`);
  return {
    by: by.join(' · '),
    counts: told.length ? `tokens: ${told.join(', ')}` : '',
    cost: cost ? oneLine(cost, 60) : ''
  };
}

/** Milliseconds for reading: "0.8 s", "42 s", "3 min 5 s". */
export function seconds(elapsedMs: number): string {
  if (elapsedMs < 9_950) {
    return `${(elapsedMs / 1000).toFixed(1)} s`;
  }
  const whole = Math.round(elapsedMs / 1000);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
