/** Markdown that may still be growing: settled blocks stay as they are, only the tail is redrawn. */

import { MimeModel, RenderedMarkdown } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, type Widget } from '@lumino/widgets';

import { settled } from './blocks';

const MARKDOWN = 'text/markdown';

/** How long the page rests after a render, in units of the time the render took. */
const REST = 3;

export class Prose extends Panel {
  constructor(private readonly options: IRenderMime.IRendererOptions) {
    super();
    this.addClass('gm-Prose');
  }

  /** Show `text`; with `final` the whole is rendered once more if it was drawn in pieces. */
  setText(text: string, final: boolean): void {
    if (text === this.text && final === this.final) {
      return;
    }
    this.text = text;
    this.final = final;
    if (final) {
      this.wake();
    }
    if (!this.drawing) {
      this.drawing = this.draw().finally(() => {
        this.drawing = undefined;
      });
    }
  }

  private async draw(): Promise<void> {
    let shown: string | undefined;
    let whole = false;
    while (!this.isDisposed && (shown !== this.text || (this.final && !whole))) {
      const began = performance.now();
      shown = this.text;
      whole = this.final;
      try {
        await (whole ? this.drawWhole(shown) : this.drawTail(shown));
      } catch (error) {
        // The front end's renderer failed: the words are shown as they came.
        console.error('gemini-magic: this text could not be rendered as Markdown', error);
        this.showPlain(shown);
      }
      const rest = Math.min(REST * (performance.now() - began), 1000);
      if (!this.final) {
        await this.rest(rest);
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

  private async drawTail(text: string): Promise<void> {
    if (!text.startsWith(this.settled)) {
      this.clear();
    }
    const rest = text.slice(this.settled.length);
    const cut = settled(rest);
    if (cut > 0) {
      await this.render(this.tailWidget(), rest.slice(0, cut));
      this.settled += rest.slice(0, cut);
      this.tail = undefined;
    }
    await this.render(this.tailWidget(), rest.slice(cut));
  }

  private async drawWhole(text: string): Promise<void> {
    if (this.settled === '') {
      await this.render(this.tailWidget(), text);
      return;
    }
    const pieces = [...this.widgets];
    const whole = this.renderer();
    whole.addClass('gm-mod-offstage');
    this.addWidget(whole);
    await this.render(whole, text);
    this.forget(pieces);
    whole.removeClass('gm-mod-offstage');
    this.settled = '';
    this.tail = whole;
  }

  private showPlain(text: string): void {
    this.clear();
    const plain = this.tailWidget();
    plain.node.textContent = text;
    plain.node.style.whiteSpace = 'pre-wrap';
  }

  private clear(): void {
    this.forget([...this.widgets]);
    this.settled = '';
    this.tail = undefined;
  }

  private forget(widgets: readonly Widget[]): void {
    widgets.forEach(widget => {
      widget.dispose();
    });
  }

  private tailWidget(): RenderedMarkdown {
    if (!this.tail) {
      this.tail = this.renderer();
      this.addWidget(this.tail);
    }
    return this.tail;
  }

  private renderer(): RenderedMarkdown {
    // Without a resolver no path of an answer is ever looked up in the user's files.
    return new RenderedMarkdown({ ...this.options, mimeType: MARKDOWN, resolver: null });
  }

  private async render(widget: RenderedMarkdown, text: string): Promise<void> {
    await widget.renderModel(new MimeModel({ data: { [MARKDOWN]: text }, trusted: false }));
  }

  private text = '';
  private final = false;
  private settled = '';
  private tail: RenderedMarkdown | undefined;
  private drawing: Promise<void> | undefined;
  private wake: () => void = () => undefined;
}

/** `code` as a Markdown fence that nothing inside it can close. */
export function fence(code: string, language: string): string {
  const longest = Math.max(0, ...Array.from(code.matchAll(/`+/g), run => run[0].length));
  const mark = '`'.repeat(Math.max(3, longest + 1));
  const info = /^[\w+#-]+$/.test(language) ? language.toLowerCase() : '';
  return `${mark}${info}\n${code.replace(/\n+$/, '')}\n${mark}`;
}
