/** One view per kind of step. Each is updated in place while its step grows. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { copy } from './copy';
import { Prose, fence } from './prose';
import { ResultView } from './resultview';
import { isSafeLink } from './sanitizer';
import { type Folds, Section, button, element } from './section';
import { type PartStep, type ProseStep, type RunStep, type Step, runOutcome } from './steps';
import type { CodePart, ImagePart } from './turn';
import { count, language, lines, size } from './words';

/** What a view needs to know beside its step. */
export interface Surroundings {
  options: IRenderMime.IRendererOptions;
  folds: Folds;
  /** Whether this step may still grow. */
  growing: boolean;
  /** The run whose result is open. */
  opened: RunStep | undefined;
}

export abstract class StepView<S extends Step = Step> extends Panel {
  abstract update_(step: S, around: Surroundings): void;
}

/** The view for a step; `key` tells whether an existing view can take a newer step. */
export function viewOf(step: Step, around: Surroundings): StepView {
  switch (step.kind) {
    case 'text':
      return new TextView(around) as StepView;
    case 'thought':
      return new ThoughtView(step, around) as StepView;
    case 'run':
      return new RunView() as StepView;
    case 'part':
      return new PartView() as StepView;
  }
}

class TextView extends StepView<ProseStep> {
  constructor(around: Surroundings) {
    super();
    this.addClass('gm-Text');
    this.prose = new Prose(around.options);
    this.addWidget(this.prose);
  }

  update_(step: ProseStep, around: Surroundings): void {
    this.prose.setText(step.text, !around.growing);
  }

  private readonly prose: Prose;
}

class ThoughtView extends StepView<ProseStep> {
  constructor(step: ProseStep, around: Surroundings) {
    super();
    this.section = new Section(`thought:${step.index}`, around.folds, 'gm-Thought');
    this.prose = new Prose(around.options);
    this.prose.addClass('gm-Body');
    this.section.add(this.prose);
    this.addWidget(this.section);
  }

  update_(step: ProseStep, around: Surroundings): void {
    this.section.summary.node.textContent = around.growing ? 'Thinking' : 'Thoughts';
    this.prose.setText(step.text, !around.growing);
  }

  private readonly section: Section;
  private readonly prose: Prose;
}

class RunView extends StepView<RunStep> {
  constructor() {
    super();
    this.addClass('gm-Run');
  }

  update_(step: RunStep, around: Surroundings): void {
    const opened = around.opened?.index === step.index;
    if (step.code) {
      this.showCode(step, step.code, around);
    }
    step.results.forEach((result, at) => {
      let view = this.results[at];
      if (!view) {
        view = new ResultView(`result:${step.index}.${at}`, around.folds);
        this.insertWidget((this.code ? 1 : 0) + at, view);
        this.results.push(view);
      }
      view.show(result, opened);
    });
    step.images.forEach((image, at) => {
      if (at >= this.images) {
        this.addWidget(picture(image, step.images.length > 1 ? `Plot ${at + 1}` : 'Plot'));
        this.images += 1;
      }
    });
  }

  private showCode(step: RunStep, part: CodePart, around: Surroundings): void {
    if (!this.code) {
      this.code = new Section(`code:${step.index}`, around.folds, 'gm-Code');
      this.source = new Prose(around.options);
      this.source.addClass('gm-Body');
      const tools = new Widget();
      tools.addClass('gm-Tools');
      tools.node.append(
        button('copy', 'Copy code', () => {
          copy(this.copied, tools.node);
        })
      );
      this.code.add(tools);
      this.code.add(this.source);
      this.insertWidget(0, this.code);
    }
    this.copied = part.code;
    const running = around.growing && runOutcome(step) === undefined && !step.results.length;
    this.code.summary.node.textContent = [
      language(part.language),
      count(lines(part.code), 'line'),
      `${running ? 'running' : 'ran'} in Google's sandbox${part.thought ? ' while thinking' : ''}`
    ].join(', ');
    this.code.toggleClass('gm-mod-running', running);
    this.source?.setText(fence(part.code, part.language), true);
  }

  private code: Section | undefined;
  private source: Prose | undefined;
  private copied = '';
  private readonly results: ResultView[] = [];
  private images = 0;
}

class PartView extends StepView<PartStep> {
  constructor() {
    super();
    this.addClass('gm-Part');
  }

  update_({ part }: PartStep): void {
    const shown = JSON.stringify(part);
    if (shown === this.shown) {
      return;
    }
    this.shown = shown;
    while (this.widgets.length) {
      this.widgets[0]?.dispose();
    }
    switch (part.kind) {
      case 'image':
        this.addWidget(picture(part, 'Picture'));
        return;
      case 'file':
        return this.line(fileLine(part.mime_type, part.uri, part.data));
      case 'call':
        return this.value(`Call: ${part.name}`, part.args);
      case 'response':
        return this.value(`Answer of ${part.name}`, part.response);
      case 'opaque':
        return this.value(
          `A part this version cannot draw: ${Object.keys(part.raw).join(', ') || 'empty'}`,
          part.raw
        );
    }
  }

  private line(content: Node): void {
    const line = new Widget();
    line.addClass('gm-Line');
    line.node.append(content);
    this.addWidget(line);
  }

  private value(summary: string, value: unknown): void {
    const section = new Section('', new Map(), 'gm-Value');
    section.summary.node.textContent = summary;
    const body = new Widget({ tag: 'pre' });
    body.addClass('gm-Output');
    body.addClass('gm-Body');
    body.node.textContent = JSON.stringify(value ?? null, null, 2);
    section.add(body);
    this.addWidget(section);
  }

  private shown = '';
}

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

function picture(part: ImagePart, name: string): Widget {
  const widget = new Widget();
  widget.addClass('gm-Picture');
  if (!PICTURES.has(part.mime_type)) {
    // An SVG is a document that can carry script and requests: it is named, not drawn.
    const note = `${name} of type ${part.mime_type} (${size(part.data)}), not drawn here`;
    widget.node.append(element('span', 'gm-Line', note));
    return widget;
  }
  const image = element('img', 'gm-Image');
  image.alt = `${name} from Google's sandbox`;
  image.src = `data:${part.mime_type};base64,${part.data}`;
  widget.node.append(image);
  return widget;
}

function fileLine(type = 'unknown type', uri?: string, data?: string): Node {
  if (isSafeLink(uri)) {
    const link = element('a', 'gm-Link', uri);
    link.href = uri;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    const line = element('span', '', `File (${type}): `);
    line.append(link);
    return line;
  }
  return element('span', '', `File (${type})${data ? `, ${size(data)}` : uri ? `: ${uri}` : ''}`);
}
