/** Above the exchanges: which conversation is shown, and what can be done with it. */

import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import { type LabIcon, redoIcon, undoIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import { oneLine } from '../answer/captions';
import { button, element, iconButton } from '../answer/section';
import type { Session } from './session';

export class Header extends Widget {
  constructor() {
    super();
    this.addClass('gm-Header');
    this.which.setAttribute('aria-label', 'Conversation to show and go on with');
    this.which.addEventListener('change', () => {
      void this.choose();
    });
    const row = element('div', 'gm-Row');
    row.append(this.which, this.undo, this.redo);
    const more = element('details', 'gm-More');
    const actions = element('div', 'gm-Actions');
    actions.append(
      this.action('new', 'New…', 'Begin another conversation', () => this.begin()),
      this.action('fork', 'Fork…', 'Go on with a copy of this conversation', () => this.fork()),
      this.reset,
      this.remove,
      this.action('save', 'Save…', 'Write this conversation to a file', () => this.save()),
      this.action('load', 'Load…', 'Read a conversation from a file', () => this.load()),
      this.action('doctor', 'Check', 'Look at everything between a prompt and its answer', () =>
        this.run('doctor')
      )
    );
    more.append(element('summary', 'gm-Summary', 'More'), actions);
    this.node.append(row, more);
  }

  bind(session: Session | undefined): void {
    this.session = session;
    this.draw();
  }

  private async choose(): Promise<void> {
    if (!(await this.session?.command('conversation', ['--', this.which.value]))) {
      this.drawn = ''; // What was in force still is.
      this.draw();
    }
  }

  draw(): void {
    const state = this.session?.state;
    const ready = this.session?.connectionState === 'ready' && state !== undefined;
    const names = state?.conversations ?? [];
    const key = JSON.stringify([names, state?.conversation]);
    if (key !== this.drawn) {
      this.drawn = key; // Only then: a list that is open would close.
      const options = names.map(({ name, exchanges, answering }) => {
        // To stop an answer, somebody must find it.
        const busy = answering && name !== state?.conversation ? ', answering' : '';
        const option = element('option', '', `${oneLine(name, 40)} (${exchanges}${busy})`);
        option.value = name;
        option.selected = name === state?.conversation;
        return option;
      });
      this.which.replaceChildren(...options);
    }
    this.which.disabled = !ready;
    for (const node of this.buttons) {
      node.disabled = !ready;
    }
    // What is being answered stands at the end, and none of these would mean it.
    const settled = ready && !this.session?.running.length;
    this.undo.disabled = !settled || !state.undoable;
    this.redo.disabled = !settled || !state.undone;
    this.reset.disabled = !settled;
    this.remove.disabled = !settled;
  }

  private action(
    name: string,
    label: string,
    title: string,
    act: () => Promise<unknown>,
    icon?: LabIcon
  ): HTMLButtonElement {
    const pressed = (): void => {
      void act();
    };
    const node = icon ? iconButton(name, label, icon, pressed) : button(name, label, pressed);
    node.title = icon ? `${label}: ${title}` : title;
    this.buttons.push(node);
    return node;
  }

  private async run(command: string, words: string[] = []): Promise<void> {
    await this.session?.command(command, words);
  }

  private async begin(): Promise<void> {
    await this.named('Begin another conversation', 'Name', '', ['conversation', '--new', '--']);
  }

  private async fork(): Promise<void> {
    const name = this.session?.state?.conversation ?? '';
    const title = `Go on with a copy of ${oneLine(name, 40)}`;
    await this.named(title, 'Name of the copy', `${name}-2`, ['conversation', '--fork', '--']);
  }

  private async save(): Promise<void> {
    const name = this.session?.state?.conversation ?? 'main';
    const notebook = this.session?.context.path.split('/').at(-1)?.replace(/\.ipynb$/, '') ?? '';
    // With the notebook's name: another one in this folder may have a conversation called so.
    const file = `${`${notebook}-${name}`.replace(/[^\w.-]+/g, '-')}.gemini.json`;
    await this.named('Save this conversation', 'File', file, ['save']);
  }

  private async load(): Promise<void> {
    await this.named('Load a conversation', 'File that was saved', '', ['load']);
  }

  /** Ask for a word, then run the command with it, in the notebook this was asked for. */
  private async named(
    title: string,
    label: string,
    text: string,
    [command, ...words]: [string, ...string[]]
  ): Promise<void> {
    const { session } = this;
    const { button: pressed, value } = await InputDialog.getText({ title, label, text });
    const word = value?.trim();
    if (pressed.accept && word) {
      await session?.command(command, [...words, word]);
    }
  }

  private async delete(): Promise<void> {
    const { session } = this;
    const name = session?.state?.conversation ?? '';
    const { button: pressed } = await showDialog({
      title: `Delete ${oneLine(name, 40)}?`,
      body: 'Its exchanges cannot be brought back.',
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Delete' })]
    });
    if (pressed.accept) {
      await session?.command('conversation', ['--delete', '--', name]);
    }
  }

  private readonly which = element('select', 'gm-Select gm-Which');
  private readonly buttons: HTMLButtonElement[] = [];
  private readonly undo = this.action(
    'undo',
    'Undo',
    'Remove the last exchange',
    () => this.run('undo'),
    undoIcon
  );
  private readonly redo = this.action(
    'redo',
    'Redo',
    'Bring back what was removed',
    () => this.run('redo'),
    redoIcon
  );
  private readonly reset = this.action(
    'reset',
    'Reset',
    'Empty this conversation; redo brings it back',
    () => this.run('reset')
  );
  private readonly remove = this.action(
    'delete',
    'Delete…',
    'Delete this conversation for good',
    () => this.delete()
  );
  private session: Session | undefined;
  private drawn = '';
}
