/** The box a prompt is written in: several lines, earlier prompts by arrow keys, sent by two keys. */

import { Widget } from '@lumino/widgets';

import { button, element } from '../answer/section';
import type { Session } from './session';

export class PromptBox extends Widget {
  /** `send` is called when a prompt is to go out. */
  constructor(private readonly send: () => void) {
    super();
    this.addClass('gm-Ask');
    const { text } = this;
    text.rows = 3;
    text.placeholder = 'Ask Gemini';
    text.setAttribute('aria-label', 'Prompt for Gemini');
    text.setAttribute('aria-keyshortcuts', 'Shift+Enter Control+Enter');
    text.addEventListener('keydown', event => {
      this.key(event);
    });
    text.addEventListener('input', () => {
      this.session?.history.leave();
      this.keep();
    });
    const row = element('div', 'gm-Row');
    const hint = element('span', 'gm-Hint', 'Shift+Enter sends, ↑ ↓ earlier prompts');
    this.ask.title = 'Send the prompt (Shift+Enter or Ctrl+Enter)';
    row.append(hint, this.stop, this.ask);
    this.node.append(text, row);
  }

  bind(session: Session | undefined): void {
    this.session = session;
    this.text.value = session?.draft ?? '';
    this.draw();
  }

  draw(): void {
    const { session } = this;
    const ready = session?.connectionState === 'ready';
    this.ask.disabled = !ready || this.text.value.trim() === '';
    this.text.disabled = !session;
    this.stop.hidden = !session?.running.length;
    if (session?.state) {
      session.history.know(session.state.conversation, session.state.exchanges);
    }
  }

  get value(): string {
    return this.text.value;
  }

  /** Put a text into the box, as if it had been typed. */
  set value(text: string) {
    this.text.value = text;
    this.keep();
  }

  focus(): void {
    this.text.focus();
  }

  private keep(): void {
    if (this.session) {
      this.session.draft = this.text.value;
    }
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) {
      return; // The key belongs to an input method.
    }
    if (event.key === 'Enter' && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      if (!this.ask.disabled) {
        this.send();
      } else if (this.text.value.trim()) {
        // What is in the way stands above; the keys are to do something, too.
        this.session?.tell('Not sent: the prompt stays in its box until the kernel can be asked.', true);
      }
    } else if (event.key === 'ArrowUp' && this.before().indexOf('\n') < 0) {
      this.walk(event, -1);
    } else if (event.key === 'ArrowDown' && this.after().indexOf('\n') < 0) {
      this.walk(event, 1);
    }
  }

  /** The arrow keys walk only where they could not move the cursor any further. */
  private walk(event: KeyboardEvent, by: -1 | 1): void {
    const plain = !(event.shiftKey || event.ctrlKey || event.metaKey || event.altKey);
    const found = plain ? this.session?.history.walk(by, this.text.value) : undefined;
    if (found === undefined) {
      return;
    }
    event.preventDefault();
    this.value = found;
    const at = by < 0 ? 0 : found.length;
    this.text.setSelectionRange(at, at);
  }

  private before(): string {
    return this.text.value.slice(0, this.text.selectionStart);
  }

  private after(): string {
    return this.text.value.slice(this.text.selectionEnd);
  }

  private readonly text = element('textarea', 'gm-Prompt');
  private readonly ask = button('ask', 'Ask', () => {
    this.send();
  });
  private readonly stop = button('stop', 'Stop', () => {
    this.session?.stop();
  });
  private session: Session | undefined;
}
