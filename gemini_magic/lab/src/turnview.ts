/** The view of one turn: its steps, what there is to say about them, and its buttons. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { endingLine, reusedLine, sandbox, usageLine } from './captions';
import { copyButton } from './copy';
import type { Deed } from './deeds';
import { sourceList, suggestions } from './grounding';
import { fence } from './prose';
import { type Folds, element } from './section';
import { StatusLine } from './statusline';
import { type Step, lastGood, steps } from './steps';
import { type StepView, type Surroundings, viewOf } from './stepviews';
import { type Action, DeedView, Tools } from './tools';
import type { Turn } from './turn';

/** Which part of an answer is shown (`--show`) in which form (`--view`), and lines that only its asker knows. */
export interface Look {
  show: 'all' | 'answer' | 'code' | 'results';
  /** A form of the bundle to show as it is, instead of sections that fold. */
  form?: 'text/markdown' | 'text/plain';
  thoughts: boolean;
  notice?: string;
  cost?: string;
}

export const EVERYTHING: Look = { show: 'all', thoughts: true };

/** What is known of a turn while it streams, from the kernel. */
export interface Progress {
  phase: string;
  /** When the phase began, on the clock of `performance.now()`. */
  since: number;
  stop: () => void;
}

export class TurnView extends Panel {
  constructor(
    private readonly options: IRenderMime.IRendererOptions,
    private readonly folds: Folds,
    act: (action: Action) => void
  ) {
    super();
    this.addClass('gm-Turn');
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', 'Answer of Gemini');
    this.body.addClass('gm-Steps');
    const { before, body, after, status, foot, deeds } = this;
    for (const part of [before, body, after, status, foot, deeds]) {
      this.addWidget(part);
    }
    this.foot.addClass('gm-Foot');
    const copied = copyButton('Copy answer', () => this.copied);
    this.usage.addClass('gm-Usage');
    this.foot.addWidget(this.usage);
    this.foot.addWidget(copied);
    this.tools = new Tools(act);
    this.foot.addWidget(this.tools);
  }

  /** Draw `turn`, a later state of the same turn or another one. */
  draw(turn: Turn, look: Look, progress?: Progress, deed: Deed = {}): void {
    const streaming = turn.status === 'streaming';
    this.node.dataset.turn = turn.id;
    this.node.dataset.status = turn.status;
    this.node.setAttribute('aria-busy', String(streaming));
    this.drawSteps(turn, look, streaming);
    notes(this.before, [look.notice, 'gm-Notice'], [reusedLine(turn), 'gm-Reused']);
    this.drawSources(turn, look, streaming);
    if (streaming) {
      this.status.stream(progress);
    } else {
      this.status.end(endingLine(turn));
      this.usage.node.textContent = usageLine(turn, look.cost);
    }
    this.foot.setHidden(streaming);
    this.tools.draw(turn, deed);
    this.deeds.draw(deed);
    this.copied = inMarkdown(steps(turn.parts));
  }

  private drawSteps(turn: Turn, look: Look, streaming: boolean): void {
    const all = steps(turn.parts);
    const good = lastGood(all);
    const shown = all.filter(step => isShown(step, look));
    shown.forEach((step, at) => {
      const around: Surroundings = {
        options: this.options,
        folds: this.folds,
        growing: streaming && step === all.at(-1),
        open: step === good,
        code: look.show !== 'results',
        results: look.show !== 'code',
        sandbox: sandbox(turn.request.backend)
      };
      const key = `${step.kind}:${step.index}`;
      let drawn = this.views.at(at);
      if (drawn?.key !== key) {
        this.cut(at);
        drawn = { key, view: viewOf(step, around) };
        this.views.push(drawn);
        this.body.addWidget(drawn.view.widget);
      }
      drawn.view.draw(step, around);
    });
    this.cut(shown.length);
  }

  private cut(from: number): void {
    for (const { view } of this.views.splice(from)) {
      view.widget.dispose();
    }
  }

  private drawSources(turn: Turn, look: Look, streaming: boolean): void {
    const shown = !streaming && (look.show === 'all' || look.show === 'answer');
    const grounding = shown ? turn.grounding : null;
    const key = JSON.stringify(grounding);
    if (key !== this.grounding) {
      // Only when it changed: a frame that is put in again loads again.
      this.grounding = key;
      const parts = [sourceList(grounding), suggestions(grounding)];
      this.after.node.replaceChildren(...parts.filter(part => part !== undefined));
    }
  }

  private readonly before = new Widget();
  private readonly body = new Panel();
  private readonly after = new Widget();
  private readonly status = new StatusLine();
  private readonly foot = new Panel();
  private readonly usage = new Widget();
  private readonly tools: Tools;
  private readonly deeds = new DeedView();
  private views: { key: string; view: StepView }[] = [];
  private grounding = 'null';
  private copied = '';
}

function isShown(step: Step, look: Look): boolean {
  if (step.kind === 'thought' && !look.thoughts) {
    return false;
  }
  switch (look.show) {
    case 'all':
      return true;
    case 'answer':
      return step.kind === 'text';
    case 'code':
      return step.kind === 'run' && step.code !== undefined;
    case 'results':
      return step.kind === 'run'
        ? step.results.length + step.images.length > 0
        : step.kind === 'part' && step.part.kind === 'image';
  }
}

function notes(host: Widget, ...said: [string | undefined, string][]): void {
  const lines = said.filter((line): line is [string, string] => Boolean(line[0]));
  host.node.replaceChildren(...lines.map(([text, name]) => element('p', `gm-Note ${name}`, text)));
}

/** The answer for the clipboard: its words, and its code in fences. */
function inMarkdown(shown: readonly Step[]): string {
  return shown
    .map(step => {
      if (step.kind === 'text') {
        return step.text.trim();
      }
      return step.kind === 'run' && step.code ? fence(step.code.code, step.code.language) : '';
    })
    .filter(Boolean)
    .join('\n\n');
}
