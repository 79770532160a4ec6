/** The plugin: the renderer of turns, and the links with the kernels that stream them. */

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { addCommands } from './commands';
import { Deeds } from './deeds';
import { keepKeys } from './keys';
import { LiveTurns } from './live';
import { follow } from './notebooks';
import { addPanel } from './panel/place';
import { type Shared, TurnRenderer } from './renderer';
import { AnswerSanitizer } from './sanitizer';
import { TURN_MIME } from './turn';

/** Before HTML and Markdown, which the same output carries for front ends without us. */
const RANK = 10;

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'gemini-magic:plugin',
  description: 'Draws the answers of %%gemini, and keeps the conversation in a sidebar.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null
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
      const notebooks = follow(tracker, shared.live, shared.deeds);
      shared.cellsOf = context => notebooks(context).inserting;
      addCommands(app, tracker, shared);
      addPanel({ app, rendermime, tracker, notebooks, shared, palette, restorer, settings });
    }
  }
};

export default plugin;
