/** The plugin: the renderer of turns, and the links with the kernels that stream them. */

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorExtensionRegistry, IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { Ahead } from './answer/ahead';
import { ButtonResults } from './answer/buttonResults';
import { type Shared, TurnRenderer } from './answer/renderer';
import { AnswerSanitizer } from './answer/sanitizer';
import { keepKeys } from './answer/section';
import { addCommands } from './cells/commands';
import { follow } from './cells/notebooks';
import { MagicNames, colourPrompts } from './editor/plugin';
import { LiveTurns } from './kernel/live';
import { TURN_MIME } from './model/turn';
import { addPanel } from './sidebar/plugin';

/** Before HTML and Markdown, which the same output carries for front ends without us. */
const RANK = 10;

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'gemini-magic:plugin',
  description:
    'Draws the answers of %%gemini, colours its prompts, and keeps the conversation in a sidebar.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [
    INotebookTracker,
    ICommandPalette,
    ILayoutRestorer,
    ISettingRegistry,
    IEditorExtensionRegistry,
    IEditorLanguageRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null,
    editors: IEditorExtensionRegistry | null,
    languages: IEditorLanguageRegistry | null
  ) => {
    const shared: Shared = {
      live: new LiveTurns(),
      folds: new Map(),
      buttonResults: new ButtonResults(),
      ahead: new Ahead()
    };
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
    const names = new MagicNames();
    if (editors && languages) {
      colourPrompts(editors, languages, names);
    }
    if (tracker) {
      const notebooks = follow(tracker, shared.live, shared.buttonResults, names);
      shared.answerOf = (context, turn) => notebooks(context).answer(turn);
      shared.cellsOf = context => notebooks(context).inserting;
      addCommands(app, tracker, shared);
      addPanel({ app, rendermime, tracker, notebooks, shared, palette, restorer, settings });
    }
  }
};

export default plugin;
