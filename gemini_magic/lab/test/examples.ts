/** A turn as a kernel writes it, for tests. */

import type { Part, Turn } from '../src/model/generated';

export function turnOf(parts: Part[], changes: Partial<Turn> = {}): Turn {
  return {
    version: 1,
    id: 't1',
    conversation: 'main',
    cell: 'c1',
    status: 'complete',
    reused: null,
    request: { prompt: 'p', model: 'models/m', backend: 'developer', config: {}, attachments: [] },
    parts,
    usage: {
      input_tokens: 0,
      output_tokens: 0,
      thinking_tokens: 0,
      tool_use_tokens: 0,
      cached_tokens: 0,
      total_tokens: 0
    },
    finish_reason: 'STOP',
    message: null,
    model_version: null,
    response_id: null,
    started: '2026-11-22T10:00:00+00:00',
    elapsed_ms: 0,
    grounding: null,
    ...changes
  };
}
