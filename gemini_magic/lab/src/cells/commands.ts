/** Commands of the application about the answer of the active cell. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker } from '@jupyterlab/notebook';

import { goToQuestion, waiting } from '../answer/consent';
import type { Shared } from '../answer/renderer';
import type { Turn } from '../model/generated';
import { storedTurn } from '../model/stored';

export const INSERT = 'gemini-magic:insert';
export const ANSWER = 'gemini-magic:go-to-question';

export function addCommands(
  { commands, shell }: JupyterFrontEnd,
  tracker: INotebookTracker,
  shared: Shared
): void {
  commands.addCommand(ANSWER, {
    label: 'Gemini: Go to the Question Whether Code May Run',
    caption: "Give the keyboard to the question that waits for your word; it presses nothing",
    isEnabled: () => waiting().length > 0,
    execute: () => {
      goToQuestion(shell.currentWidget?.node);
    }
  });
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
    const turn = storedTurn(cell.model.outputs.get(at).data);
    if (turn && turn.status !== 'streaming') {
      return { turn, cell: cell.model.id };
    }
  }
  return undefined;
}
