/** The sidebar: one conversation panel, bound to the kernel of the current notebook. */

import type { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';

import type { Look } from '../answer/turnView';
import { Attaching } from './attaching';
import { Banner } from './banner';
import { keepFocus, onEscape } from './focus';
import { Footer } from './footer';
import { Header } from './header';
import { ExchangeList, type MakeRenderer } from './list';
import { PromptBox } from './promptBox';
import type { Session } from './session';

export const PANEL_ID = 'gemini-magic-panel';

/** What the panel asks of the application around it. */
export interface Around {
  make: MakeRenderer;
  /** Show a cell of the session's notebook. */
  jump: (session: Session, cell: string) => void;
  /** Do what the button says that stands beside a condition. */
  help: (session: Session) => void;
  /** Give the keyboard to the session's notebook. */
  leave: (session: Session) => void;
}

export class ConversationPanel extends Panel {
  constructor(around: Around) {
    super();
    this.id = PANEL_ID;
    this.addClass('gm-Panel');
    this.title.label = 'Gemini';
    this.title.caption = 'Gemini: the conversation of this notebook';
    this.node.setAttribute('role', 'complementary');
    this.node.setAttribute('aria-label', 'Gemini');
    this.exchanges = new ExchangeList(around.make, around.jump);
    this.banner = new Banner(around.help);
    const { header, banner, exchanges, attaching, box, footer } = this;
    for (const part of [header, exchanges, banner, attaching, box, footer]) {
      this.addWidget(part);
    }
    keepFocus(this.node, () => {
      box.focus();
    });
    onEscape(box.node, () => {
      if (this.session) {
        around.leave(this.session);
      }
    });
  }

  /** Show the conversation of `session`; undefined where there is no notebook. */
  bind(session: Session | undefined): void {
    if (session === this.session) {
      this.draw();
      return;
    }
    this.unbind();
    this.session = session;
    session?.changed.connect(this.draw, this);
    session?.answered.connect(this.onAnswered, this);
    if (this.isVisible) {
      session?.follow(true);
    }
    for (const part of [this.header, this.exchanges, this.attaching, this.box, this.footer]) {
      part.bind(session);
    }
    this.draw();
  }

  /** Show this part of each answer. */
  set part(show: Look['show']) {
    this.exchanges.part = show;
  }

  get bound(): Session | undefined {
    return this.session;
  }

  /** Ask what stands in the prompt box, with what is attached to it. */
  async ask(): Promise<void> {
    const { session } = this;
    const prompt = this.box.value;
    if (!session || !prompt.trim()) {
      return;
    }
    const { attached } = session;
    this.box.value = '';
    session.attached = [];
    this.attaching.draw();
    await this.send(prompt, attached);
  }

  /** Ask this, and leave what stands in the prompt box. */
  async send(prompt: string, attached: readonly string[]): Promise<void> {
    const { session } = this;
    if (!session || !prompt.trim()) {
      return;
    }
    this.exchanges.toEnd();
    try {
      if (await session.ask(prompt, attached)) {
        return;
      }
    } catch (error) {
      session.fail(error);
    }
    // Nothing has come of it: what was written and chosen is not lost, nor is a later draft.
    if (session.draft === '' && !session.attached.length) {
      session.draft = prompt;
      session.attached = [...attached];
      if (session === this.session) {
        this.box.bind(session);
        this.attaching.draw();
      }
    }
  }

  protected override onActivateRequest(_message: Message): void {
    this.box.focus();
  }

  protected override onAfterShow(_message: Message): void {
    this.session?.follow(true);
  }

  protected override onAfterHide(_message: Message): void {
    this.session?.follow(false);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this.session?.follow(true);
    }
  }

  override dispose(): void {
    this.unbind();
    super.dispose();
  }

  private unbind(): void {
    this.session?.changed.disconnect(this.draw, this);
    this.session?.answered.disconnect(this.onAnswered, this);
    this.session?.follow(false);
    this.session = undefined;
  }

  private draw(): void {
    const { header, exchanges, attaching, box, footer } = this;
    for (const part of [header, exchanges, attaching, box, footer]) {
      part.draw();
    }
    this.banner.draw(this.session);
  }

  private onAnswered(_session: Session, turn: string): void {
    this.exchanges.answered(turn);
  }

  private readonly header = new Header();
  private readonly exchanges: ExchangeList;
  private readonly banner: Banner;
  private readonly attaching = new Attaching();
  private readonly box = new PromptBox(() => {
    void this.ask();
  });
  private readonly footer = new Footer();
  private session: Session | undefined;
}
