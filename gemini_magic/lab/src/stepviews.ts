/** One view per kind of step. Each is updated in place while its step grows. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { codeCaption } from './captions';
import { visible } from './characters';
import { copyButton } from './copy';
import { PartView, picture } from './partviews';
import { Prose, fence } from './prose';
import { ResultView } from './resultview';
import { type Folds, Section } from './section';
import type { PartStep, ProseStep, RunStep, Step } from './steps';
import type { CodePart, ImagePart } from './turn';

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
    this.prose.setText(visible(step.text), !around.growing);
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
    this.prose.setText(visible(step.text), !around.growing);
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
    step.results.forEach((result, at) => {
      let view = this.results[at];
      if (!view) {
        view = new ResultView(`result:${step.index}.${at}`, around.folds);
        this.insertWidget((this.code ? 1 : 0) + at, view);
        this.results.push(view);
      }
      view.draw(result, around.open);
    });
    distinct(step.images).forEach(([image, times], at) => {
      const key = `${image.mime_type} ${times} ${image.data}`;
      const drawn = this.pictures[at];
      if (drawn?.key === key) {
        return;
      }
      drawn?.widget.dispose();
      this.pictures[at] = { key, widget: picture(image, times) };
      this.insertWidget((this.code ? 1 : 0) + this.results.length + at, this.pictures[at].widget);
    });
  }

  private drawCode(step: RunStep, part: CodePart, around: Surroundings): void {
    if (!this.code) {
      this.code = new Section(`code:${step.index}`, around.folds, 'gm-Code');
      this.source = new Prose(around.options);
      this.source.addClass('gm-Body');
      this.code.add(copyButton('Copy code', () => this.copied));
      this.code.add(this.source);
      this.insertWidget(0, this.code);
    }
    this.copied = part.code;
    const running = around.growing && !step.results.length && !step.images.length;
    this.code.summary.node.textContent = codeCaption(step, running, around.sandbox);
    this.code.toggleClass('gm-mod-running', running);
    this.source?.setText(fence(visible(part.code), part.language), true);
  }

  private code: Section | undefined;
  private source: Prose | undefined;
  private copied = '';
  private readonly results: ResultView[] = [];
  private readonly pictures: { key: string; widget: Widget }[] = [];
}

/** Each picture with how many times in a row the same bytes were sent: `savefig`, then `show`. */
function distinct(images: readonly ImagePart[]): [ImagePart, number][] {
  const found: [ImagePart, number][] = [];
  for (const image of images) {
    const last = found.at(-1);
    if (last && last[0].data === image.data && last[0].mime_type === image.mime_type) {
      last[1] += 1;
    } else {
      found.push([image, 1]);
    }
  }
  return found;
}
