/** A prompt that is being written: a page that is reloaded finds it again, another tab does not. */

/** A longer one, in characters, lives as long as its page: a browser keeps some megabytes in all. */
const KEPT = 100_000;

export class Draft {
  /** `path`: of the notebook it is written in. */
  constructor(path: string) {
    this.key = `gemini-magic:draft:${path}`;
    this.written = window.sessionStorage.getItem(this.key) ?? '';
  }

  get text(): string {
    return this.written;
  }

  set text(text: string) {
    this.written = text;
    try {
      if (text && text.length <= KEPT) {
        window.sessionStorage.setItem(this.key, text);
      } else {
        window.sessionStorage.removeItem(this.key);
      }
    } catch (error) {
      console.warn('gemini-magic: the browser keeps no draft', error); // Its storage is full.
    }
  }

  private readonly key: string;
  private written: string;
}
