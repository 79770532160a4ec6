/**
 * Captions: every fact of a turn that the view says in words.
 *
 * The same words as `gemini_magic.render.caption`, which writes the other forms of an answer; the
 * end-to-end tests compare the two. An outcome or a status is always a word, never a colour alone.
 */

import { visible } from './characters';
import { OK, type RunStep, outcomeWord } from './steps';
import type {
  CallPart,
  FilePart,
  ImagePart,
  OpaquePart,
  ResponsePart,
  ResultPart,
  Status,
  Turn
} from './turn';

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
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
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

/** The one line that a piece of code folds to; `where` it runs, in words. */
export function codeCaption(run: RunStep, running: boolean, where: string): string {
  const code = run.code;
  if (!code) {
    return '';
  }
  const language = LANGUAGES[code.language.toUpperCase()] ?? oneLine(code.language, 30);
  let how = `no result from ${where}`;
  if (running) {
    how = `running in ${where}`;
  } else if (run.results.length || run.images.length) {
    how = `ran in ${where}`;
  }
  const when = code.thought ? ', while thinking' : '';
  return `${language}, ${lines(countLines(code.code))}, ${how}${when}`;
}

/** What a result says after its outcome word: its error or its length. */
export function resultDetail(result: ResultPart, output: string): string {
  let said = ', no output';
  if (output.trim()) {
    const named = result.outcome === OK ? [] : (output.slice(-20_000).match(ERROR_LINE) ?? []);
    const last = named.at(-1);
    said = last ? `, ${oneLine(last, 80)}` : `, ${lines(countLines(output))} of output`;
  }
  return said + (result.thought ? ', while thinking' : '');
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
  const said = [oneLine(image.mime_type, 60), byteSize(decodedSize(image.data))];
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
  const stored = oneLine(turn.reused.stored ?? 'an unknown date', 40);
  return `Stored answer of ${stored}, shown again without calling the model (--fresh calls it).`;
}

/** The quiet last line: model, time, tokens and, when known, the cost as given. */
export function usageLine(turn: Turn, cost?: string): string {
  const model = turn.model_version ?? turn.request.model;
  const said = [oneLine(model, 80).replace(/^models\//, '')];
  if (turn.elapsed_ms) {
    said.push(seconds(turn.elapsed_ms));
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
  if (told.length) {
    said.push(`tokens: ${told.join(', ')}`);
  }
  if (cost) {
    said.push(oneLine(cost, 60));
  }
  return said.join(' · ');
}

/** Milliseconds for reading: "0.8 s", "42 s", "3 min 5 s". */
export function seconds(elapsedMs: number): string {
  if (elapsedMs < 9_950) {
    return `${(elapsedMs / 1000).toFixed(1)} s`;
  }
  const whole = Math.round(elapsedMs / 1000);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
