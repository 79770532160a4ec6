/** One view per kind of step. Each is updated in place while its step grows. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { visible } from '../model/characters';
import type { CodePart, Displayed, ImagePart } from '../model/generated';
import { type CodeCaption, codeCaption, codeLine, place } from './captions';
import { CodeView } from './codeView';
import { displayedView, sameDisplayed } from './displayedView';
import { PartView, picture } from './partViews';
import { Prose } from './prose';
import { ResultView } from './resultView';
import { type Folds, Section, element } from './section';
import type { PartStep, ProseStep, RunStep, Step } from './steps';

/** What a view needs to know beside its step. */
export interface Surroundings {
  options: IRenderMime.IRendererOptions;
  folds: Folds;
  /** Nothing has come after this step yet, and the answer still streams. */
  growing: boolean;
  /** The results of this run stand open. */
  open: boolean;
  /** Which sides of a run are shown. */
  code: boolean;
  results: boolean;
  /** Where its code ran, in words. */
  sandbox: string;
}

/** A widget, and the way to draw a later state of the step it was made for. */
export interface StepView {
  widget: Widget;
  draw(step: Step, around: Surroundings): void;
}

export function viewOf(step: Step, around: Surroundings): StepView {
  switch (step.kind) {
    case 'text': {
      const widget = new TextView(around);
      return { widget, draw: (now, there) => { widget.draw(now as ProseStep, there); } };
    }
    case 'thought': {
      const widget = new ThoughtView(step, around);
      return { widget, draw: (now, there) => { widget.draw(now as ProseStep, there); } };
    }
    case 'run': {
      const widget = new RunView();
      return { widget, draw: (now, there) => { widget.draw(now as RunStep, there); } };
    }
    case 'part': {
      const widget = new PartView(around.folds);
      return { widget, draw: now => { widget.draw(now as PartStep); } };
    }
  }
}

class TextView extends Panel {
  constructor(around: Surroundings) {
    super();
    this.addClass('gm-Text');
    this.prose = new Prose(around.options);
    this.addWidget(this.prose);
  }

  draw(step: ProseStep, around: Surroundings): void {
    void this.prose.setText(visible(step.text), !around.growing);
  }

  private readonly prose: Prose;
}

class ThoughtView extends Section {
  constructor(step: ProseStep, around: Surroundings) {
    super(`thought:${step.index}`, around.folds, 'gm-Thought');
    this.summary.node.textContent = 'Thinking';
    this.prose = new Prose(around.options);
    this.prose.addClass('gm-Body');
    this.add(this.prose);
  }

  draw(step: ProseStep, around: Surroundings): void {
    void this.prose.setText(visible(step.text), !around.growing);
  }

  private readonly prose: Prose;
}

class RunView extends Panel {
  constructor() {
    super();
    this.addClass('gm-Run');
  }

  draw(step: RunStep, around: Surroundings): void {
    if (step.code && around.code) {
      this.drawCode(step, step.code, around);
    }
    if (!around.results) {
      return;
    }
    const drawn = distinct(step.images);
    step.results.forEach((result, at) => {
      let view = this.results[at];
      if (!view) {
        view = new ResultView(`result:${step.index}.${at}`, around.folds);
        this.insertWidget((this.code ? 1 : 0) + at, view);
        this.results.push(view);
      }
      const last = at === step.results.length - 1;
      view.draw(result, around.open, last ? drawn.length : 0, step.changes);
    });
    this.drawDisplayed(step, around);
    const above = (this.code ? 1 : 0) + this.results.length + this.displayed.length;
    drawn.forEach(([image, times], at) => {
      const key = `${image.mime_type} ${times} ${image.data ?? ''} ${image.sha256 ?? ''}`;
      const shown = this.pictures[at];
      if (shown?.key === key) {
        return;
      }
      shown?.widget.dispose();
      this.pictures[at] = { key, widget: picture(image, times) };
      this.insertWidget(above + at, this.pictures[at].widget);
    });
  }

  /** Only what has changed: a frame that is put in again loads again. */
  private drawDisplayed(step: RunStep, around: Surroundings): void {
    step.shown?.forEach((shown, at) => {
      const before = this.displayed[at];
      if (before && sameDisplayed(before.shown, shown)) {
        return;
      }
      before?.widget.dispose();
      const widget = displayedView(shown, `shown:${step.index}.${at}`, around.folds, around.options);
      this.displayed[at] = { shown, widget };
      this.insertWidget((this.code ? 1 : 0) + this.results.length + at, widget);
    });
  }

  private drawCode(step: RunStep, part: CodePart, around: Surroundings): void {
    if (!this.code) {
      this.code = new Section(`code:${step.index}`, around.folds, 'gm-Code');
      this.source = new CodeView(around.options, this.code);
      this.code.add(this.source);
      this.insertWidget(0, this.code);
    }
    this.code.node.dataset.where = place(step, around.sandbox);
    const running = around.growing && !step.results.length && !step.images.length;
    drawCaption(this.code.summary.node, codeCaption(step, running, around.sandbox));
    this.code.toggleClass('gm-mod-running', running);
    if (this.source) {
      this.source.copied = part.code;
      this.source.draw(visible(part.code), part.language);
    }
  }

  private code: Section | undefined;
  private source: CodeView | undefined;
  private readonly results: ResultView[] = [];
  private readonly displayed: { shown: Displayed; widget: Widget }[] = [];
  private readonly pictures: { key: string; widget: Widget }[] = [];
}

/** The words of `codeLine`, each piece in its own look. */
function drawCaption(node: HTMLElement, caption: CodeCaption): void {
  if (node.textContent === codeLine(caption)) {
    return;
  }
  const { length, line, became } = caption;
  const kept = element('span', 'gm-TellingLine'); // The dot stays behind the line.
  kept.append(element('code', 'gm-Telling', line), ' ·');
  node.replaceChildren(...(line ? [`${length}: `, kept, ' '] : [`${length}, `]));
  node.append(element('span', 'gm-Became', became));
}

function alike(one: ImagePart, other: ImagePart): boolean {
  return (
    one.mime_type === other.mime_type && one.data === other.data && one.sha256 === other.sha256
  );
}

/** Each picture with how many times in a row the same bytes were sent: `savefig`, then `show`. */
function distinct(images: readonly ImagePart[]): [ImagePart, number][] {
  const found: [ImagePart, number][] = [];
  for (const image of images) {
    const last = found.at(-1);
    if (last && alike(last[0], image)) {
      last[1] += 1;
    } else {
      found.push([image, 1]);
    }
  }
  return found;
}
