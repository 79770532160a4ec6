/**
 * Runs in the user's kernel (`--here`), read off the calls and responses that carry them.
 *
 * The same reading as `gemini_magic.turn.kernel_runs`.
 */

import type { CodePart, Displayed, ImagePart, Part, ResultPart } from '../model/generated';
import { RASTER, picturesOf } from '../model/stored';

export const RUN_PYTHON = 'run_python';
/** The outcome of a run that the user did not want; never sent. */
export const SKIPPED = 'SKIPPED';

const TEXTS = ['stdout', 'stderr', 'value', 'traceback'];
const CHANGES = ['new', 'changed', 'gone'];

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The code that a call asks to be run in the kernel. */
export function codeOf(part: Part): CodePart | undefined {
  if (part.kind !== 'call' || part.name !== RUN_PYTHON || typeof part.args?.code !== 'string') {
    return undefined;
  }
  const code: CodePart = { kind: 'code', code: part.args.code, language: 'PYTHON' };
  return { ...code, ...(part.id ? { id: part.id } : {}), ...(part.thought ? { thought: true } : {}) };
}

/** What came back from a run in the kernel. */
export function resultOf(part: Part): ResultPart | undefined {
  if (part.kind !== 'response' || part.name !== RUN_PYTHON) {
    return undefined;
  }
  const response = object(part.response);
  const result: ResultPart = { kind: 'result', ...(part.id ? { id: part.id } : {}) };
  if ('not_run' in response) {
    const reason = text(response.reason);
    return { ...result, outcome: SKIPPED, ...(reason ? { output: reason } : {}) };
  }
  const said = TEXTS.map(name => text(response[name])).filter(Boolean);
  const output = said.map(one => `${one.replace(/\n$/, '')}\n`).join('');
  const outcome = text(response.outcome);
  return { ...result, ...(outcome ? { outcome } : {}), ...(output ? { output } : {}) };
}

/** The pictures that a run in the kernel drew: as they were sent to the model, then others. */
export function imagesOf(part: Part): ImagePart[] {
  if (part.kind !== 'response') {
    return [];
  }
  return picturesOf(part).flatMap((held): ImagePart[] => {
    const kind = text(held.mimeType) || text(held.mime_type);
    const { data, sha256 } = held;
    if (!kind.startsWith('image/')) {
      return [];
    }
    if (typeof data === 'string') {
      return [{ kind: 'image', mime_type: kind, data }];
    }
    return typeof sha256 === 'string' ? [{ kind: 'image', mime_type: kind, sha256 }] : [];
  });
}

/** What a run in the kernel has shown beside its text and its pictures. */
export function displayedOf(part: Part): Displayed[] {
  const items: unknown = part.kind === 'response' ? part.shown : undefined;
  return (Array.isArray(items) ? items : []).flatMap((item: unknown): Displayed[] => {
    const { mime_type: kind, data, frame, title, size } = object(item);
    if (typeof kind !== 'string' || RASTER.has(kind)) {
      return [];
    }
    return [
      {
        mime_type: kind,
        data: text(data),
        frame: frame === 'still' || frame === 'live' ? frame : undefined,
        title: text(title),
        size: typeof size === 'number' ? size : 0
      }
    ];
  });
}

/** Which variables a run made, changed or removed, by name. */
export function changesOf(part: Part): string {
  const variables = part.kind === 'response' ? object(object(part.response).variables) : {};
  return CHANGES.flatMap(kind => {
    const names = variables[kind];
    const bare = (Array.isArray(names) ? names : []).map(name => String(name).split(' (')[0]);
    return bare.length ? [`${kind}: ${bare.join(', ')}`] : [];
  }).join('; ');
}
