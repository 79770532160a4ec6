/** The buttons under an answer that need its kernel or its notebook, and what came of them. */

import { Widget } from '@lumino/widgets';

import type { Check, Deed, Verdict } from './deeds';
import { button, element } from './section';
import type { Turn } from './turn';

export type Action = 'insert' | 'run' | 'verify';

const ACTIONS: Record<Action, [string, string]> = {
  insert: ['Insert as cells', 'Put the answer below its prompt: text and code as cells'],
  run: ['Run here', 'Show the code, then run it in this kernel'],
  verify: ['Verify', 'Run the code again in a fresh local process and compare the outputs']
};

export class Tools extends Widget {
  constructor(act: (action: Action) => void) {
    super();
    this.addClass('gm-Tools');
    for (const [action, [label, title]] of Object.entries(ACTIONS) as [Action, [string, string]][]) {
      const node = button(action, label, () => {
        act(action);
      });
      node.title = title;
      this.buttons.set(action, node);
      this.node.append(node);
    }
  }

  draw(turn: Turn, deed: Deed): void {
    const code = turn.parts.some(part => part.kind === 'code');
    const text = turn.parts.some(part => part.kind !== 'thought' && part.kind !== 'code');
    const ended = turn.status === 'complete' || turn.status === 'truncated';
    this.buttons.forEach((node, action) => {
      node.hidden = !ended || !(code || (text && action === 'insert'));
      node.disabled = deed.busy !== undefined;
    });
  }

  private readonly buttons = new Map<Action, HTMLButtonElement>();
}

/** What the buttons have done: a line, and the verdict of `verify` with what differs. */
export class DeedView extends Widget {
  constructor() {
    super();
    this.addClass('gm-Deeds');
    this.node.setAttribute('role', 'status');
    this.node.setAttribute('aria-live', 'polite');
  }

  draw(deed: Deed): void {
    const key = JSON.stringify(deed);
    if (key === this.drawn) {
      return;
    }
    this.drawn = key;
    const said = deed.busy ?? deed.note;
    this.node.replaceChildren(
      ...(said ? [element('p', 'gm-Note gm-Deed', said)] : []),
      ...(deed.verdict ? [verdictView(deed.verdict)] : [])
    );
  }

  private drawn = '{}';
}

function verdictView(verdict: Verdict): HTMLElement {
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
