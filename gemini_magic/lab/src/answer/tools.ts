/** The buttons under an answer and its code, and what came of those that need its kernel. */

import { Clipboard } from '@jupyterlab/apputils';
import {
  type LabIcon,
  addBelowIcon,
  checkIcon,
  copyIcon,
  fastForwardIcon,
  runIcon
} from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import { visible } from '../model/characters';
import type { Check, Turn, Verification } from '../model/generated';
import type { ButtonResult } from './buttonResults';
import { element, iconButton, setIcon, setLabel } from './section';

export type Action = 'continue' | 'insert' | 'run' | 'verify';

const ACTIONS: Record<Action, [string, string, LabIcon]> = {
  continue: ['Continue', 'Ask for the rest; all so far is billed again as input', fastForwardIcon],
  insert: [
    'Insert as cells',
    'Put the answer below its prompt: text and code as cells',
    addBelowIcon
  ],
  run: ['Run here', 'Show the code, then run it in this kernel', runIcon],
  verify: [
    'Verify',
    'Run the code again in a fresh local process and compare the outputs',
    checkIcon
  ]
};

const ORDER = Object.keys(ACTIONS) as Action[];

/** The buttons under an answer; one that it has no use for is not made. */
export class Tools extends Widget {
  constructor(private readonly act: (action: Action) => void) {
    super();
    this.addClass('gm-Tools');
  }

  draw(turn: Turn, result: ButtonResult): void {
    const code = turn.parts.some(part => part.kind === 'code');
    const text = turn.parts.some(part => part.kind !== 'thought' && part.kind !== 'code');
    const ended = turn.status === 'complete' || turn.status === 'truncated';
    let next: HTMLButtonElement | null = null;
    for (const action of ORDER.toReversed()) {
      const hidden =
        action === 'continue'
          ? turn.continuation === undefined
          : !ended || !(code || (text && action === 'insert'));
      let node = this.buttons.get(action);
      if (!node && !hidden) {
        node = this.made(action);
        this.node.insertBefore(node, next);
      }
      if (node) {
        node.hidden = hidden;
        node.disabled = result.busy !== undefined;
        next = node;
      }
    }
  }

  private made(action: Action): HTMLButtonElement {
    const [label, title, icon] = ACTIONS[action];
    const node = iconButton(action, label, icon, () => {
      this.act(action);
    });
    node.title = `${label}: ${title}`;
    if (action === 'continue') {
      // An answer that is not whole: what there is to do about it is said, not only shown.
      node.classList.add('gm-mod-said');
      node.querySelector('.gm-Label')?.classList.remove('gm-mod-unseen');
    }
    this.buttons.set(action, node);
    return node;
  }

  private readonly buttons = new Map<Action, HTMLButtonElement>();
}

/** What the buttons have done: a line, and the verdict of `verify` with what differs. */
export class ButtonResultView extends Widget {
  constructor() {
    super();
    this.addClass('gm-Deeds');
    this.node.setAttribute('role', 'status');
    this.node.setAttribute('aria-live', 'polite');
  }

  draw(result: ButtonResult): void {
    const key = JSON.stringify(result);
    if (key === this.drawn) {
      return;
    }
    this.drawn = key;
    const said = result.busy ?? result.note;
    this.node.replaceChildren(
      ...(said ? [element('p', 'gm-Note gm-Deed', said)] : []),
      ...(result.verdict ? [verdictView(result.verdict)] : [])
    );
  }

  private drawn = '{}';
}

function verdictView(verdict: Verification): HTMLElement {
  const all = element('details', 'gm-Section gm-Verdict');
  all.dataset.verdict = verdict.verdict;
  all.open = !verdict.good;
  const summary = element('summary', 'gm-Summary');
  summary.append(element('span', `gm-Badge${verdict.good ? ' gm-mod-good' : ''}`, verdict.badge));
  const body = element('div', 'gm-Body');
  verdict.checks.forEach((check, at) => {
    body.append(...checkView(check, at + 1));
  });
  if (verdict.checks.some(check => check.diff)) {
    body.append(element('p', 'gm-Note', '- in the sandbox, + here'));
  }
  body.append(...verdict.notes.map(note => element('p', 'gm-Note', note)));
  all.append(summary, body);
  return all;
}

function checkView(check: Check, number: number): HTMLElement[] {
  const said = `Run ${number}: ${check.verdict}${check.said ? ` (${check.said})` : ''}`;
  const line = element('p', 'gm-Note', said);
  return check.diff ? [line, element('pre', 'gm-Output gm-Diff', check.diff)] : [line];
}

/** How long the button says that it has copied, in milliseconds. */
const SAID = 1500;

/** A button that copies what `text` returns when it is pressed, and says so. */
export function copyButton(label: string, text: () => string): Widget {
  const say = (words: string, icon: LabIcon): void => {
    setLabel(node, words);
    setIcon(node, icon);
    node.title = words;
  };
  const node = iconButton('copy', label, copyIcon, () => {
    // What is copied is pasted, also into a terminal, where an escape sequence is a command.
    Clipboard.copyToSystem(visible(text()));
    say('Copied', checkIcon);
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      say(label, copyIcon);
    }, SAID);
  });
  node.setAttribute('aria-live', 'polite');
  let timer = 0;
  const widget = new Widget();
  widget.addClass('gm-Tools');
  widget.node.append(node);
  return widget;
}
