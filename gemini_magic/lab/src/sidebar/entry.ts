/** One exchange in the sidebar: the prompt, what there is to note, and the answer when it is near. */

import { MimeModel } from '@jupyterlab/rendermime';
import type { PartialJSONObject } from '@lumino/coreutils';
import { Panel, Widget } from '@lumino/widgets';

import { oneLine } from '../answer/captions';
import type { TurnRenderer } from '../answer/renderer';
import { button, element } from '../answer/section';
import type { Look } from '../answer/turnView';
import { visible } from '../model/characters';
import type { AnswerOutput, Head } from '../model/generated';
import { TURN_MIME, isTurn } from '../model/turn';

/** A prompt of more characters is folded to its first line. */
const LONG = 500;
/** The height of an answer that was never drawn, in pixels. */
const GUESS = 180;
/** How long an answer may take to have its height, in milliseconds. */
const SETTLING = 400;

export class Entry extends Panel {
  /** `make` makes a renderer; `jump` goes to a cell of the notebook; `takeBack` ends waiting. */
  constructor(
    readonly turn: string,
    private readonly make: () => TurnRenderer,
    private readonly jump: (cell: string) => void,
    private readonly takeBack: () => void
  ) {
    super();
    this.addClass('gm-Exchange');
    this.node.dataset.exchange = turn;
    this.node.setAttribute('role', 'article');
    this.answer.addClass('gm-Answer');
    this.answer.node.style.minHeight = `${GUESS}px`;
    this.addWidget(this.asked);
    this.addWidget(this.answer);
  }

  /** Draw the prompt and the notes; the answer is drawn by `fill`. */
  draw(head: Head): void {
    const key = JSON.stringify([head, this.prompt]);
    if (key === this.drawn) {
      return;
    }
    this.drawn = key;
    this.head = head;
    this.answer.setHidden(head.status === 'waiting');
    const prompt = visible(this.prompt ?? head.prompt + (head.whole ? '' : '…'));
    this.node.setAttribute('aria-label', `You: ${oneLine(prompt, 80)}`);
    this.asked.node.replaceChildren(promptView(prompt), this.facts(head));
  }

  /** Say which of how many this one is, of which not all are in the page. */
  stands(at: number, count: number): void {
    this.node.setAttribute('aria-posinset', String(at + 1));
    this.node.setAttribute('aria-setsize', String(count));
  }

  /** Draw the answer, or a later state of it; `show`: which part of it. */
  fill(answer: AnswerOutput, show: Look['show']): void {
    const turn: unknown = answer.data[TURN_MIME];
    if (isTurn(turn) && this.head && turn.request.prompt !== this.prompt) {
      this.prompt = turn.request.prompt;
      this.draw(this.head);
    }
    if (!this.renderer) {
      this.renderer = this.make();
      this.answer.addWidget(this.renderer);
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => {
        this.answer.node.style.minHeight = '';
      }, SETTLING);
    }
    const data = answer.data as PartialJSONObject;
    const own = answer.metadata[TURN_MIME] as PartialJSONObject | undefined;
    const metadata = { ...(answer.metadata as PartialJSONObject), [TURN_MIME]: { ...own, show } };
    void this.renderer.renderModel(new MimeModel({ data, metadata, trusted: false }));
  }

  /** Take the answer away, and keep its place: it is far from what is seen. */
  rest(): void {
    if (this.renderer) {
      window.clearTimeout(this.timer);
      this.answer.node.style.minHeight = `${this.answer.node.offsetHeight}px`;
      this.renderer.dispose();
      this.renderer = undefined;
    }
  }

  override dispose(): void {
    window.clearTimeout(this.timer);
    super.dispose();
  }

  private facts(head: Head): HTMLElement {
    const line = element('p', 'gm-Facts');
    const said = [...head.notes];
    if (head.attached.length) {
      said.unshift(`with ${head.attached.map(name => oneLine(name, 40)).join(', ')}`);
    }
    if (said.length) {
      line.append(element('span', '', said.join(' · ')));
    }
    const { cell } = head;
    if (cell) {
      const go = button('jump', 'Go to its cell', () => {
        this.jump(cell);
      });
      go.setAttribute('aria-label', `Go to the cell that asked: ${oneLine(head.prompt, 60)}`);
      line.append(go);
    }
    if (head.status === 'waiting') {
      const take = button('unsend', 'Take back', this.takeBack);
      take.setAttribute('aria-label', `Do not send: ${oneLine(head.prompt, 60)}`);
      line.append(take);
    }
    line.hidden = !line.childElementCount;
    return line;
  }

  private readonly asked = new Widget();
  private readonly answer = new Panel();
  private renderer: TurnRenderer | undefined;
  private head: Head | undefined;
  private prompt: string | undefined;
  private drawn = '';
  private timer: number | undefined;
}

function promptView(prompt: string): HTMLElement {
  if (prompt.length <= LONG) {
    return element('p', 'gm-Asked', prompt);
  }
  const all = element('details', 'gm-Section gm-Asked');
  const summary = element('summary', 'gm-Summary', oneLine(prompt, 120));
  const text = element('pre', 'gm-Output', prompt);
  text.tabIndex = 0; // It may scroll.
  all.append(summary, text);
  return all;
}
