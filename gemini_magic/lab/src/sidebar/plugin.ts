/** The sidebar in its application: place, commands, settings, and which notebook it follows. */

import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { LabIcon } from '@jupyterlab/ui-components';

import { type Shared, TurnRenderer } from '../answer/renderer';
import { AnswerSanitizer } from '../answer/sanitizer';
import type { Look } from '../answer/turnView';
import { ANSWER, INSERT } from '../cells/commands';
import type { Notebook, Notebooks } from '../cells/notebooks';
import { TURN_MIME } from '../model/turn';
import { ConversationPanel, PANEL_ID } from './panel';
import { Session } from './session';

export const OPEN = 'gemini-magic:open-panel';
export const ASK = 'gemini-magic:ask';
export const STOP = 'gemini-magic:stop';

/** A four-pointed star in the colour of the front end's own icons. */
const geminiIcon = new LabIcon({
  name: 'gemini-magic:star',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path ' +
    'class="jp-icon3 jp-icon-selectable" fill="#616161" d="M12 2c.9 5.6 3.4 8.9 10 10-6.6 1.1-9.1 ' +
    '4.4-10 10-.9-5.6-3.4-8.9-10-10 6.600-1.100 9.100-4.400 10-10z"/></svg>'
});

/** What the application offers; the last three are missing in some. */
export interface Application {
  app: JupyterFrontEnd;
  rendermime: IRenderMimeRegistry;
  tracker: INotebookTracker;
  notebooks: Notebooks;
  shared: Shared;
  palette: ICommandPalette | null;
  restorer: ILayoutRestorer | null;
  settings: ISettingRegistry | null;
}

export function addPanel(application: Application): void {
  const { app, tracker, notebooks, shared, palette, restorer, settings } = application;
  const panel = new ConversationPanel({
    make: renderers(application),
    jump: (session, cell) => {
      jump(application, session, cell);
    },
    help: session => {
      void help(app, session);
    },
    leave: session => {
      const notebook = tracker.find(one => one.context === session.context);
      app.shell.activateById(notebook?.id ?? '');
    }
  });
  panel.title.icon = geminiIcon;
  const sessions = new Map<Notebook, Session>();
  const sessionOf = (notebook: Notebook): Session => {
    const known = sessions.get(notebook);
    if (known) {
      return known;
    }
    const session = new Session(notebook, shared.live);
    sessions.set(notebook, session);
    notebook.context.disposed.connect(() => {
      if (panel.bound === session) {
        panel.bind(undefined);
      }
      sessions.delete(notebook);
      session.dispose();
    });
    return session;
  };
  const follow = (): void => {
    const context = tracker.currentWidget?.context;
    panel.bind(context && sessionOf(notebooks(context)));
  };
  app.shell.add(panel, 'right', { rank: 600 });
  tracker.currentChanged.connect(follow);
  follow();
  restorer?.add(panel, PANEL_ID);
  addPanelCommands(app, panel);
  for (const command of [OPEN, ASK, STOP, INSERT, ANSWER]) {
    palette?.addItem({ command, category: 'Gemini' });
  }
  if (settings) {
    void obey(app, settings, panel);
  }
}

function addPanelCommands({ commands, shell }: JupyterFrontEnd, panel: ConversationPanel): void {
  commands.addCommand(OPEN, {
    label: 'Gemini: Open the Sidebar',
    caption: 'Show the conversation of this notebook',
    icon: geminiIcon,
    execute: () => {
      open(shell);
    }
  });
  commands.addCommand(ASK, {
    label: 'Gemini: Ask in the Sidebar',
    caption: 'Write a prompt in the sidebar; with the argument `prompt`, ask it',
    execute: async args => {
      open(shell);
      if (typeof args.prompt === 'string') {
        await panel.send(args.prompt, []);
      }
    }
  });
  commands.addCommand(STOP, {
    label: 'Gemini: Stop the Answer',
    caption: 'Stop what Gemini is answering in this notebook; a running cell goes on',
    execute: () => {
      panel.bound?.stop();
    }
  });
}

function open(shell: JupyterFrontEnd.IShell): void {
  // Notebook 7 shows a sidebar only when it is told to; JupyterLab does so by itself.
  (shell as { expandRight?: (id: string) => void }).expandRight?.(PANEL_ID);
  shell.activateById(PANEL_ID);
}

function renderers({ rendermime, shared }: Application): ConstructorParameters<
  typeof ConversationPanel
>[0]['make'] {
  // What is folded here is not folded in the notebook: the sidebar is narrow.
  const own: Shared = { ...shared, folds: new Map() };
  return act =>
    new TurnRenderer(
      {
        mimeType: TURN_MIME,
        sanitizer: new AnswerSanitizer(rendermime.sanitizer),
        resolver: null,
        linkHandler: null,
        latexTypesetter: rendermime.latexTypesetter,
        markdownParser: rendermime.markdownParser
      },
      own,
      act
    );
}

/** Show the cell with this id, in the notebook of the session, wherever that is. */
function jump({ app, tracker }: Application, session: Session, cell: string): void {
  const panel = tracker.find(one => one.context === session.context);
  const at = panel?.content.widgets.findIndex(one => one.model.id === cell) ?? -1;
  if (!panel || at < 0) {
    session.tell('The cell that asked is no longer in the notebook.', true);
    return;
  }
  app.shell.activateById(panel.id);
  panel.content.deselectAll();
  panel.content.activeCellIndex = at;
  panel.content.mode = 'command';
  void panel.content.scrollToItem(at, 'smart');
}

async function help({ commands }: JupyterFrontEnd, session: Session): Promise<void> {
  try {
    switch (session.connectionState) {
      case 'none':
        await commands.execute('notebook:change-kernel');
        break;
      case 'absent':
        await session.load();
        break;
      case 'offline':
        await session.reconnect();
        break;
      case 'dead':
        await session.context.sessionContext.restartKernel();
        break;
    }
  } catch (error) {
    session.fail(error);
  }
}

const PARTS = ['all', 'answer', 'code', 'results'] as const;

/** Keep to the user's settings: at once, and whenever they change. */
async function obey(
  { restored, shell }: JupyterFrontEnd,
  registry: ISettingRegistry,
  panel: ConversationPanel
): Promise<void> {
  const settings = await registry.load('gemini-magic:plugin');
  const apply = (): void => {
    const view = settings.composite.defaultView;
    const part: Look['show'] = PARTS.find(one => one === view) ?? 'all';
    panel.part = part;
  };
  settings.changed.connect(apply);
  apply();
  if (settings.composite.openAtStart === true) {
    await restored;
    open(shell);
  }
}
