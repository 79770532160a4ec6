/** What a run in the kernel has shown beside its text: tables, HTML in a frame, prose, JSON. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { visible } from '../model/characters';
import type { Displayed } from '../model/generated';
import { displayedCaption, notShown } from './captions';
import { shownOutput } from './effort';
import { framePage, rights } from './framePage';
import { Prose } from './prose';
import { AnswerSanitizer } from './sanitizer';
import { type Folds, Section, button, element } from './section';

/** Characters of HTML that stand in the page itself: it lays a table out in one go. */
const IN_PAGE = 200_000;

const PROSE = new Set(['text/markdown', 'text/latex']);

/** A new widget for `shown`; `key` tells it from others of its answer. */
export function displayedView(
  shown: Displayed,
  key: string,
  folds: Folds,
  options: IRenderMime.IRendererOptions
): Widget {
  const data = shown.data ?? '';
  if (!data) {
    return new Widget({ node: element('p', 'gm-Line', displayedCaption(shown)) });
  }
  if (PROSE.has(shown.mime_type)) {
    const prose = new Prose(options);
    void prose.setText(visible(data), true);
    return prose;
  }
  const isHtml = shown.mime_type === 'text/html';
  if (shown.frame || (isHtml && data.length > IN_PAGE)) {
    return new FrameView(shown);
  }
  if (isHtml) {
    const table = new Widget();
    table.addClass('gm-Shown');
    table.addClass('jp-RenderedHTMLCommon');
    table.node.tabIndex = 0; // What scrolls must be reachable from the keyboard.
    table.node.setAttribute('role', 'group');
    table.node.setAttribute('aria-label', 'Output of the run');
    table.node.innerHTML = new AnswerSanitizer(options.sanitizer).sanitize(visible(data));
    return table;
  }
  const section = new Section(key, folds, 'gm-Value');
  section.summary.node.textContent = displayedCaption(shown);
  const { text, more } = shownOutput(visible(data));
  section.add(new Widget({ node: element('pre', 'gm-Output gm-Body', text) }));
  if (more > 0) {
    section.add(new Widget({ node: element('p', 'gm-Note', notShown(more)) }));
  }
  return section;
}

/** A page of its own, without scripts until the user asks for them. */
class FrameView extends Panel {
  constructor(private readonly shown: Displayed) {
    super();
    this.addClass('gm-Shown');
    const line = element('p', 'gm-Line gm-FrameLine', `${displayedCaption(shown)} `);
    if (shown.frame === 'live') {
      line.append(this.toggle);
    }
    this.addWidget(new Widget({ node: line }));
    this.addWidget(this.host);
    this.draw(false);
  }

  /** Frames are made anew each time: no state of a script outlives it. */
  private draw(live: boolean): void {
    this.live = live;
    this.toggle.textContent = live ? 'Stop live output' : 'Show live output';
    // Neither a script nor a figure, which its title describes, shows anything without scripts.
    const empty = !live && (this.shown.mime_type === 'application/javascript' || !!this.shown.title);
    const frame = element('iframe', 'gm-Frame');
    frame.setAttribute('sandbox', rights(live));
    frame.title = live ? 'Live output of the run' : 'Output of the run, without its scripts';
    frame.referrerPolicy = 'no-referrer';
    frame.srcdoc = framePage(this.shown, live);
    this.host.node.replaceChildren(...(empty ? [] : [frame]));
  }

  private live = false;
  private readonly host = new Widget();
  private readonly toggle = button('live', '', event => {
    // The user's own click or key: no script of the page presses it.
    if (event.isTrusted) {
      this.draw(!this.live);
    }
  });
}

/** Whether two items show the same; their data may be long. */
export function sameDisplayed(one: Displayed, other: Displayed): boolean {
  return (
    one.mime_type === other.mime_type &&
    one.frame === other.frame &&
    one.title === other.title &&
    one.size === other.size &&
    one.data === other.data
  );
}
