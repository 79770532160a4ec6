/**
 * The question whether code of an answer may run in the user's kernel, and the buttons that answer.
 *
 * The code stands above the buttons, whole: every line behind its number, long ones wrapped, each
 * piece with its own direction of reading. Only a press of the user's counts, which no script can
 * make (`isTrusted`), and none in the first moment, when a press was meant for something else.
 */

import { Widget } from '@lumino/widgets';

import { visible } from '../model/characters';
import type { Choice, Question } from '../kernel/questions';
import { element } from './section';

/** How long the buttons rest at first, in milliseconds. */
const RESTING = 500;

const MAC = /Mac OS X|Macintosh/.test(navigator.userAgent);
/** Goes to the question (`schema/plugin.json`). */
const KEYS = MAC ? '⌘⌥Y' : 'Ctrl+Alt+Y';

const BUTTONS: [Choice, string, string][] = [
  ['run', 'Run', 'Run this code in this kernel'],
  ['all', 'Run all of this answer', 'Run it, and what follows in this answer without asking'],
  ['skip', 'Skip', 'Do not run it; the model is told, and the answer goes on'],
  ['stop', 'Stop', 'Do not run it, and end the answer']
];

export class ConsentView extends Widget {
  constructor() {
    super();
    this.addClass('gm-Consent');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', "Gemini's question: may this code run?");
    this.node.addEventListener('focusin', () => {
      this.held = true;
    });
    this.node.addEventListener('focusout', ({ relatedTarget }) => {
      this.held = relatedTarget === null; // Else it has gone to another element.
    });
    this.asked.setAttribute('role', 'alert'); // Read aloud as it comes, wherever the keyboard is.
    this.code.tabIndex = 0; // It may scroll.
    this.code.setAttribute('role', 'region');
    this.code.setAttribute('aria-label', 'The code that may run');
    this.why.type = 'text';
    this.why.maxLength = 500;
    this.why.placeholder = 'why (optional)';
    this.why.setAttribute('aria-label', 'Why to skip it, for the model (optional)');
    this.why.dataset.lmSuppressShortcuts = 'true'; // The notebook's keys are letters here.
    this.why.addEventListener('keydown', event => {
      if (event.key === 'Enter' && event.isTrusted && !event.isComposing) {
        event.preventDefault();
        this.answer('skip');
      }
    });
    for (const [choice, label, title] of BUTTONS) {
      const node = element('button', 'gm-Button', label);
      node.type = 'button';
      node.title = title;
      node.dataset.choice = choice;
      node.addEventListener('click', event => {
        if (event.isTrusted) {
          this.answer(choice);
        }
      });
      this.buttons.push(node);
      this.row.append(node, ...(choice === 'skip' ? [this.why] : []));
    }
    const hint = `${KEYS} comes here, Tab goes on to the buttons, Enter or Space presses one.`;
    this.rest.append(this.code, this.row, element('p', 'gm-Hint', hint));
    this.node.append(this.asked);
  }

  /** Whether the keyboard is here, or was when the page has taken it from everything. */
  get focused(): boolean {
    const now = document.activeElement;
    return this.node.contains(now) || (this.held && now === document.body);
  }

  /** Show the question, or how it was answered; `focused`: the keyboard was here. */
  draw(question: Question, focused: boolean): void {
    const open = question.said === undefined;
    const before = this.question;
    this.question = question;
    if (question !== before) {
      this.begin(question);
    }
    this.node.dataset.waiting = String(open);
    if (!open) {
      this.rest.remove();
    } else if (!this.rest.parentNode) {
      this.node.append(this.rest);
    }
    const words = question.said ?? `${question.heading}. May it run in this kernel?`;
    if (this.asked.textContent !== words) {
      this.asked.textContent = words;
    }
    this.settle();
    const lost = document.activeElement === document.body;
    if (focused && (lost || !open || question !== before || question.given)) {
      this.node.focus(); // Never on a button: the key that is just held down would press it.
    }
    question.show();
  }

  override dispose(): void {
    window.clearTimeout(this.timer);
    super.dispose();
  }

  private begin(question: Question): void {
    this.code.replaceChildren(...numbered(question.pieces));
    this.why.value = '';
    this.resting = true;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.resting = false;
      this.settle();
    }, RESTING);
  }

  private settle(): void {
    for (const node of [...this.buttons, this.why]) {
      node.disabled = this.resting || !this.question || this.question.given;
    }
  }

  private answer(choice: Choice): void {
    if (!this.resting) {
      this.question?.answer(choice, choice === 'skip' ? this.why.value : '');
    }
  }

  private readonly asked = element('p', 'gm-Note gm-Asks');
  private readonly rest = element('div', '');
  private readonly code = element('div', 'gm-ConsentCode highlight');
  private readonly row = element('div', 'gm-ConsentRow');
  private readonly why = element('input', 'gm-Why');
  private readonly buttons: HTMLButtonElement[] = [];
  private question: Question | undefined;
  private resting = true;
  private held = false;
  private timer: number | undefined;
}

/** The code, a row for each line; what does not show is named. */
function numbered(pieces: Question['pieces']): HTMLElement[] {
  const rows = [element('div', 'gm-CodeLine')];
  for (const [kind, text] of pieces) {
    visible(text)
      .split('\n')
      .forEach((piece, at) => {
        if (at) {
          rows.push(element('div', 'gm-CodeLine'));
        }
        if (piece) {
          rows.at(-1)?.append(element('span', /^\w{0,4}$/.test(kind) ? kind : '', piece));
        }
      });
  }
  if (rows.length > 1 && !rows.at(-1)?.hasChildNodes()) {
    rows.pop(); // Behind the last line end is no line.
  }
  return rows;
}

/** Give the keyboard to a question that waits, the current document's first; whether one does. */
export function goToQuestion(current: HTMLElement | undefined): boolean {
  const found = waiting();
  const question = found.find(node => current?.contains(node)) ?? found[0];
  question?.scrollIntoView({ block: 'center' });
  question?.focus({ preventScroll: true });
  return question !== undefined;
}

/** The questions that wait and can be seen. */
export function waiting(): HTMLElement[] {
  const all = document.querySelectorAll<HTMLElement>('.gm-Turn .gm-Consent[data-waiting="true"]');
  return Array.from(all).filter(node => node.getClientRects().length > 0);
}
