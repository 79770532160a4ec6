/** The plugin: the renderer of turns, and the links with the kernels that stream them. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { addCommands } from './commands';
import { Deeds } from './deeds';
import { keepKeys } from './keys';
import { LiveTurns } from './live';
import { follow } from './notebooks';
import { type Shared, TurnRenderer } from './renderer';
import { AnswerSanitizer } from './sanitizer';
import { TURN_MIME } from './turn';

/** Before HTML and Markdown, which the same output carries for front ends without us. */
const RANK = 10;

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'gemini-magic:plugin',
  description: 'Draws the answers of %%gemini.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null
  ) => {
    const shared: Shared = { live: new LiveTurns(), folds: new Map(), deeds: new Deeds() };
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [TURN_MIME],
        createRenderer: options =>
          new TurnRenderer(
            { ...options, sanitizer: new AnswerSanitizer(options.sanitizer) },
            shared
          )
      },
      RANK
    );
    keepKeys();
    if (tracker) {
      shared.cellsOf = follow(tracker, shared.live, shared.deeds);
      addCommands(app, tracker, shared);
    }
  }
};

export default plugin;
