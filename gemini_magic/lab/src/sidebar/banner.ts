/** What stands in the way of an answer, with the button that helps; and what was done last. */

import { Widget } from '@lumino/widgets';

import { button, element } from '../answer/section';
import { visible } from '../model/characters';
import { WORDS } from './connectionState';
import type { Session } from './session';

export class Banner extends Widget {
  /** `help` does what the button beside a condition says. */
  constructor(private readonly help: (session: Session) => void) {
    super();
    this.addClass('gm-Banner');
    this.node.setAttribute('role', 'status');
    this.node.setAttribute('aria-live', 'polite');
  }

  draw(session: Session | undefined): void {
    const lines = session ? this.lines(session) : [note('Open a notebook to talk with Gemini here.')];
    const key = lines.map(line => line.outerHTML).join();
    if (key !== this.drawn) {
      this.drawn = key;
      this.node.replaceChildren(...lines);
    }
    this.setHidden(!lines.length);
  }

  private lines(session: Session): HTMLElement[] {
    const lines: HTMLElement[] = [];
    const { connectionState, state, said } = session;
    if (connectionState !== 'ready') {
      const [words, label] = WORDS[connectionState];
      const line = note(words);
      line.dataset.condition = connectionState;
      if (label) {
        line.append(
          ' ',
          button('help', label, () => {
            this.help(session);
          })
        );
      }
      lines.push(line);
    }
    if (state && !state.backend.ok) {
      const line = note(`${state.backend.said}\n${state.backend.fix ?? ''}`, 'gm-mod-problem');
      line.dataset.condition = 'backend';
      lines.push(line);
    }
    // Asking anyway is refused in the same words: once is enough.
    if (said && (state?.backend.ok !== false || !said.words.startsWith(state.backend.said))) {
      const line = note(said.words, said.error ? 'gm-mod-problem gm-Said' : 'gm-Said');
      if (/ {2}\S/.test(said.words)) {
        line.classList.add('gm-mod-aligned'); // What is aligned with spaces keeps its columns.
        line.tabIndex = 0; // It may scroll.
      }
      line.append(
        ' ',
        button('dismiss', 'Dismiss', () => {
          session.tell(undefined);
        })
      );
      lines.push(line);
    }
    return lines;
  }

  private drawn = '';
}

function note(words: string, kind = ''): HTMLElement {
  return element('p', `gm-Note gm-Notice ${kind}`, visible(words).trim());
}
