/** Commands of the application about the answer of the active cell. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker } from '@jupyterlab/notebook';

import type { Shared } from './renderer';
import { TURN_MIME, type Turn, isTurn } from './turn';

export const INSERT = 'gemini-magic:insert';

export function addCommands(
  { commands }: JupyterFrontEnd,
  tracker: INotebookTracker,
  shared: Shared
): void {
  commands.addCommand(INSERT, {
    label: 'Gemini: Insert the Answer of This Cell as Cells',
    caption: 'Put the text and the code of the answer below its prompt',
    isEnabled: () => answer(tracker) !== undefined,
    execute: async () => {
      const found = answer(tracker);
      const panel = tracker.currentWidget;
      if (found && panel) {
        await shared.cellsOf?.(panel.context)?.act('insert', found.turn, found.cell);
      }
    }
  });
}

/** The last answer that the active cell shows, when it has ended. */
function answer(tracker: INotebookTracker): { turn: Turn; cell: string } | undefined {
  const cell = tracker.activeCell;
  if (!(cell instanceof CodeCell)) {
    return undefined;
  }
  for (let at = cell.model.outputs.length - 1; at >= 0; at--) {
    const turn: unknown = cell.model.outputs.get(at).data[TURN_MIME];
    if (isTurn(turn) && turn.status !== 'streaming') {
      return { turn, cell: cell.model.id };
    }
  }
  return undefined;
}
