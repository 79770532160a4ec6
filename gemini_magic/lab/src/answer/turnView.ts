/** The view of one turn: its steps, what there is to say about them, and its buttons. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import type { Turn } from '../model/generated';
import type { Question } from '../kernel/questions';
import type { ButtonResult } from './buttonResults';
import { endingLine, modelLines, newestThought, reusedLine, sandbox } from './captions';
import { ConsentView } from './consent';
import { apart } from './emulated';
import { fence } from './prose';
import { type Folds, element } from './section';
import { sourceList, suggestions } from './sourceViews';
import { type Progress, StatusLine } from './statusLine';
import { type StepView, type Surroundings, viewOf } from './stepViews';
import { type Step, asValue, lastGood, steps } from './steps';
import { type Action, ButtonResultView, Tools, copyButton } from './tools';
import { UsageView } from './usageView';

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
    const { before, body, after, status, model, foot, buttonResults } = this;
    for (const part of [before, body, after, status, model, foot, buttonResults]) {
      this.addWidget(part);
    }
    this.foot.addClass('gm-Foot');
    this.tools = new Tools(act);
    const bar = new Panel();
    bar.addClass('gm-Bar');
    bar.addWidget(new Widget({ node: this.usage.more }));
    bar.addWidget(copyButton('Copy answer', () => this.copied));
    bar.addWidget(this.tools);
    this.foot.addWidget(this.usage);
    this.foot.addWidget(bar);
  }

  /** Draw `turn`, a later state of the same turn or another one. */
  draw(turn: Turn, look: Look, progress?: Progress, result: ButtonResult = {}): void {
    const streaming = turn.status === 'streaming';
    this.node.dataset.turn = turn.id;
    this.node.dataset.status = turn.status;
    this.node.setAttribute('aria-busy', String(streaming));
    const note = this.drawSteps(turn, look, streaming);
    notes(this.before, [look.notice, 'gm-Notice'], [reusedLine(turn), 'gm-Reused']);
    this.drawSources(turn, look, streaming);
    if (streaming) {
      this.status.stream(progress, look.thoughts ? newestThought(turn.parts) : '');
    } else {
      this.status.end(endingLine(turn));
      this.usage.draw(turn, look.cost, note);
    }
    notes(this.model, ...modelLines(turn).map((line): [string, string] => [line, 'gm-Answering']));
    this.foot.setHidden(streaming);
    this.foot.toggleClass('gm-mod-emulated', turn.request.backend === 'emulator');
    this.tools.draw(turn, result);
    this.buttonResults.draw(result);
    this.copied = inMarkdown(steps(turn.parts));
  }

  /** Show the question about code of this answer, below that code; while the answer comes. */
  ask(question: Question | undefined): void {
    if (!question || this.node.dataset.status !== 'streaming') {
      this.consent.parent = null;
      return;
    }
    const { focused } = this.consent; // A widget that is moved loses the keyboard.
    const at = this.views.findIndex(({ step }) => waits(step));
    const place = at < 0 ? this.views.length : at + 1;
    if (this.body.widgets.indexOf(this.consent) !== place) {
      this.body.insertWidget(place, this.consent);
    }
    this.consent.draw(question, focused);
  }

  /** Draw the steps; returns the sentence of the offline emulator, which is none of them. */
  private drawSteps(turn: Turn, look: Look, streaming: boolean): string {
    const emulated = turn.request.backend === 'emulator';
    const { all, note } = unnoted(steps(turn.parts), emulated, streaming);
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
        drawn = { key, step, view: viewOf(step, around) };
        this.views.push(drawn);
        this.body.addWidget(drawn.view.widget);
      }
      drawn.step = step;
      drawn.view.draw(asValue(step, turn.request.config.schema, around.growing), around);
    });
    this.cut(shown.length);
    return note;
  }

  private cut(from: number): void {
    for (const { view } of this.views.splice(from)) {
      view.widget.dispose();
    }
  }

  override dispose(): void {
    this.consent.dispose(); // It may stand nowhere.
    super.dispose();
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
  private readonly model = new Widget();
  private readonly foot = new Panel();
  private readonly usage = new UsageView();
  private readonly tools: Tools;
  private readonly buttonResults = new ButtonResultView();
  private readonly consent = new ConsentView();
  private views: { key: string; step: Step; view: StepView }[] = [];
  private grounding = 'null';
  private copied = '';
}

/** Whether it is code for the kernel of which nothing has come yet. */
function waits(step: Step): boolean {
  return step.kind === 'run' && step.kernel === true && !step.results.length;
}

/** The steps without the sentence that the offline emulator ends with, and that sentence. */
function unnoted(all: Step[], emulated: boolean, streaming: boolean): { all: Step[]; note: string } {
  let note = '';
  const found = all.flatMap((step): Step[] => {
    if (!emulated || step.kind !== 'text') {
      return [step];
    }
    const split = apart(step.text, streaming && step === all.at(-1));
    note = split.note || note;
    return split.text ? [{ ...step, text: split.text }] : [];
  });
  return { all: emulated ? found : all, note };
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
