/** The quiet last line: who answered, how long it took and what it cost; its counts on demand. */

import { infoIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import type { Turn } from '../model/generated';
import { usageLine } from './captions';
import { UNSAID } from './emulated';
import { element, iconButton } from './section';

export class UsageView extends Widget {
  constructor() {
    super();
    this.addClass('gm-Usage');
    this.more.setAttribute('aria-expanded', 'false');
    this.node.append(this.by, this.counts, this.cost);
    this.unfold(false);
  }

  /** `note`: what the offline emulator says of its answer, empty for a service's answer. */
  draw(turn: Turn, cost: string | undefined, note: string): void {
    const said = usageLine(turn, cost);
    const emulated = turn.request.backend === 'emulator';
    const key = JSON.stringify([said, note, emulated]);
    if (key === this.drawn) {
      return;
    }
    this.drawn = key;
    this.by.textContent = said.by;
    this.counts.textContent = said.counts && ` · ${said.counts}`;
    this.more.hidden = !said.counts;
    this.more.title = said.counts;
    const paid = emulated ? badge(said.cost || 'offline emulator', note || UNSAID) : said.cost;
    this.cost.replaceChildren(...(paid ? [' · ', paid] : []));
  }

  /** Who cannot see the line hears the counts in either case. */
  private unfold(open: boolean): void {
    this.counts.classList.toggle('gm-mod-unseen', !open);
    this.more.setAttribute('aria-expanded', String(open));
  }

  private readonly by = element('span', 'gm-By');
  private readonly counts = element('span', 'gm-Counts');
  private readonly cost = element('span', 'gm-Cost');
  /** The button that shows the counts, for the bar with the others. */
  readonly more = iconButton('counts', 'Token counts', infoIcon, () => {
    this.unfold(this.counts.classList.contains('gm-mod-unseen'));
  });
  private drawn = '';
}

/**
 * A word in a frame that says what the answer is worth; `note` is read aloud, and its tooltip.
 *
 * "emulator, nothing billed": in a narrow place the first word has room.
 */
function badge(said: string, note: string): HTMLElement {
  const comma = said.indexOf(', ');
  const end = comma < 0 ? said.length : comma;
  const node = element('span', 'gm-Emulated', said.slice(0, end));
  node.title = `${said} (${note.replace(/^\(|\)$/g, '')})`;
  node.append(
    element('span', 'gm-Price', said.slice(end)),
    element('span', 'gm-mod-unseen', ` ${note}`)
  );
  return node;
}
