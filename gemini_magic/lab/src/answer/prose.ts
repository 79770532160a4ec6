/** Markdown that may still be growing: settled blocks stay as they are, only the tail is redrawn. */

import { MimeModel, RenderedMarkdown } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { cuts, definitions, settled } from './blocks';
import { notShown } from './captions';
import { MOST, shownOutput, tooMuch } from './effort';
import { typeset } from './formulas';
import { element } from './section';

const MARKDOWN = 'text/markdown';

/** How long the page rests after a render, in units of the time the render took. */
const REST = 3;

/** A text of so many characters at most is rendered once more, as a whole, when it is final. */
const WHOLE = 10_000;

/** Characters that are rendered in one go where a longer text may be cut. */
const PIECE = 4_000;

export class Prose extends Panel {
  constructor(private readonly options: IRenderMime.IRendererOptions) {
    super();
    this.addClass('gm-Prose');
  }

  /**
   * Show `text`; with `final` nothing more will come. Then what was drawn in pieces is rendered
   * once more as a whole, so that nothing depends on how it came. A long text stays in pieces: to
   * render it in one go would hold the page up. Resolves when it is drawn.
   */
  setText(text: string, final: boolean): Promise<void> {
    if (text === this.text && final === this.final) {
      return this.drawing ?? Promise.resolve();
    }
    this.text = text;
    this.final = final;
    if (final) {
      this.wake();
    }
    this.drawing ??= this.draw().finally(() => {
      this.drawing = undefined;
    });
    return this.drawing;
  }

  private async draw(): Promise<void> {
    let shown: string | undefined;
    let whole = false;
    while (!this.isDisposed && (shown !== this.text || (this.final && !whole))) {
      const began = performance.now();
      shown = this.text;
      whole = this.final;
      await this.drawText(shown.slice(0, MOST), whole);
      this.tell(shown.length - MOST);
      if (!this.final) {
        await this.rest(Math.min(REST * (performance.now() - began), 1000));
      }
    }
  }

  /** Leave the page to others for `ms` milliseconds, or until the text is final. */
  private async rest(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      this.wake = resolve;
      setTimeout(resolve, ms);
    });
  }

  private async drawText(text: string, final: boolean): Promise<void> {
    if (final && text.length <= WHOLE) {
      await this.drawWhole(text);
      return;
    }
    await this.drawPieces(text);
    const defined = final ? definitions(text) : '';
    if (defined) {
      for (const piece of this.pieces) {
        await this.render(piece, piece.text, `\n\n${defined}`);
      }
    }
  }

  /** Draw what has come since the last time; what is settled is not drawn again. */
  private async drawPieces(text: string): Promise<void> {
    if (!text.startsWith(this.settled)) {
      this.clear();
    }
    const rest = text.slice(this.settled.length);
    let from = 0;
    for (const cut of cuts(rest)) {
      if (cut - from >= PIECE) {
        await this.settle(rest.slice(from, cut));
        from = cut;
      }
    }
    const cut = settled(rest);
    if (cut > from) {
      await this.settle(rest.slice(from, cut));
    }
    if (cut < rest.length) {
      await this.render((this.tail ??= this.added()), rest.slice(cut));
    }
  }

  private async settle(text: string): Promise<void> {
    await this.render((this.tail ??= this.added()), text);
    this.settled += text;
    this.tail = undefined;
    if (text.length >= PIECE) {
      await this.rest(0); // A task of its own for each.
    }
  }

  private async drawWhole(text: string): Promise<void> {
    const before = this.pieces;
    const only = before.length === 1 ? this.tail : undefined;
    if (only) {
      await this.render(only, text);
      return;
    }
    this.pieces = [];
    const whole = this.added();
    whole.host.addClass('gm-mod-offstage');
    await this.render(whole, text);
    this.forget(before);
    whole.host.removeClass('gm-mod-offstage');
    this.settled = '';
    this.tail = whole;
  }

  private clear(): void {
    this.forget(this.pieces);
    this.pieces = [];
    this.settled = '';
    this.tail = undefined;
  }

  private forget(pieces: readonly Piece[]): void {
    pieces.forEach(({ host }) => {
      host.dispose();
    });
  }

  private added(): Piece {
    const piece: Piece = { host: new Panel(), text: '' };
    piece.host.addClass('gm-Piece');
    this.pieces.push(piece);
    this.insertWidget(this.pieces.length - 1, piece.host);
    return piece;
  }

  /** Draw `text` in place of what the piece has shown; `defined`: link definitions it may need. */
  private async render(piece: Piece, text: string, defined = ''): Promise<void> {
    piece.text = text;
    if (tooMuch(text)) {
      this.showPlain(piece);
      return;
    }
    try {
      await (piece.rendered ??= this.renderer(piece)).renderModel(
        new MimeModel({ data: { [MARKDOWN]: typeset(text) + defined }, trusted: false })
      );
    } catch (error) {
      // The front end's renderer failed: the words are shown as they came.
      console.error('gemini-magic: this text could not be rendered as Markdown', error);
      this.showPlain(piece);
    }
  }

  private renderer({ host }: Piece): RenderedMarkdown {
    // Without a resolver no path of an answer is ever looked up in the user's files.
    const made = new RenderedMarkdown({ ...this.options, mimeType: MARKDOWN, resolver: null });
    dispose(host.widgets);
    host.addWidget(made);
    return made;
  }

  private showPlain(piece: Piece): void {
    dispose(piece.host.widgets);
    piece.rendered = undefined;
    const { text, more } = shownOutput(unfenced(piece.text));
    piece.host.addWidget(new Widget({ node: element('pre', 'gm-Output gm-Plain', text) }));
    if (more > 0) {
      piece.host.addWidget(new Widget({ node: element('p', 'gm-Note', notShown(more)) }));
    }
  }

  /** Say how much is not shown. */
  private tell(more: number): void {
    this.more?.dispose();
    this.more = undefined;
    if (more > 0) {
      this.more = new Widget({ node: element('p', 'gm-Note', notShown(more)) });
      this.addWidget(this.more);
    }
  }

  private text = '';
  private final = false;
  private settled = '';
  private pieces: Piece[] = [];
  private tail: Piece | undefined;
  private more: Widget | undefined;
  private drawing: Promise<void> | undefined;
  private wake: () => void = () => undefined;
}

/** A part of the text that is rendered on its own. */
interface Piece {
  host: Panel;
  text: string;
  rendered?: RenderedMarkdown;
}

function dispose(widgets: readonly Widget[]): void {
  for (const widget of [...widgets]) {
    widget.dispose();
  }
}

/** The inside of a text that is one fence; any other text as it is. */
function unfenced(text: string): string {
  return /^(`{3,})[^\n]*\n([^]*)\n\1\s*$/.exec(text)?.[2] ?? text;
}

/** `code` as a Markdown fence that nothing inside it can close. */
export function fence(code: string, language: string): string {
  const longest = Math.max(0, ...Array.from(code.matchAll(/`+/g), run => run[0].length));
  const mark = '`'.repeat(Math.max(3, longest + 1));
  const info = /^[\w+#-]+$/.test(language) ? language.toLowerCase() : '';
  return `${mark}${info}\n${code.replace(/\n+$/, '')}\n${mark}`;
}
