/** Keeps what had come of an answer when its kernel went in its midst: nobody else has it. */

import type { Part, Turn } from '../model/generated';

const GONE = 'The kernel has gone before the answer was whole; what had arrived is kept.';

/** The turn as it is to be saved, and its plain text; the text of the model is no markup there. */
export function lost(turn: Turn, parts: readonly Part[]): { turn: Turn; plain: string } {
  const said = parts.flatMap(part => {
    switch (part.kind) {
      case 'text':
        return [part.text.trim()];
      case 'code':
        return [part.code.trimEnd()];
      case 'result':
        return [(part.output ?? '').trimEnd()];
      default:
        return [];
    }
  });
  return {
    turn: { ...turn, status: 'interrupted', message: GONE, parts: [...parts] },
    plain: [...said, `Interrupted: ${GONE}`].filter(Boolean).join('\n\n')
  };
}
