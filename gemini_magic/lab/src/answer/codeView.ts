/** Code in a section that is folded: the words alone, until the section is unfolded. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { notShown } from './captions';
import { shownOutput } from './effort';
import { Prose, fence } from './prose';
import { type Section, element } from './section';
import { copyButton } from './tools';

/**
 * To colour code takes longer than all else of an answer, and a notebook has hundreds that nobody
 * unfolds. The words are there, for who searches the page. Where that has unfolded the section, the
 * browser has marked some of them: they are coloured when the mouse or the keyboard comes to them.
 */
export class CodeView extends Panel {
  constructor(
    private readonly options: IRenderMime.IRendererOptions,
    section: Section
  ) {
    super();
    this.addClass('gm-Body');
    this.addWidget(this.words);
    section.whenOpened(byUser => {
      section.insert(1, copyButton('Copy code', () => this.copied));
      if (byUser) {
        this.colour();
        return;
      }
      for (const comes of ['pointermove', 'focusin', 'click']) {
        section.node.addEventListener(comes, this.colour, { once: true });
      }
    });
  }

  /** What the button copies. */
  copied = '';

  /** Show `code`, or what it has become. */
  draw(code: string, language: string): void {
    this.code = code;
    this.language = language;
    if (this.prose) {
      this.colour();
    } else if (code !== this.drawn) {
      this.drawn = code;
      this.words.node.replaceChildren(...plain(code));
    }
  }

  private readonly colour = (): void => {
    if (!this.prose) {
      this.prose = new Prose(this.options);
      this.prose.addClass('gm-mod-offstage');
      this.addWidget(this.prose);
    }
    const { prose } = this;
    void prose.setText(fence(this.code, this.language), true).then(() => {
      prose.removeClass('gm-mod-offstage');
      this.words.dispose();
    });
  };

  private readonly words = new Widget();
  private prose: Prose | undefined;
  private code = '';
  private language = '';
  private drawn: string | undefined;
}

/** As the front end shows code, so that nothing moves when it is coloured. */
function plain(code: string): HTMLElement[] {
  const { text, more } = shownOutput(code.replace(/\n+$/, ''));
  const piece = element('div', 'gm-Piece');
  const shown = element('div', 'jp-RenderedHTMLCommon jp-RenderedMarkdown');
  const words = element('pre', '');
  words.append(element('code', '', text));
  shown.append(words);
  piece.append(shown);
  return more > 0 ? [piece, element('p', 'gm-Note', notShown(more))] : [piece];
}
