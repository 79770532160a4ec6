/**
 * The exchanges of a conversation, of which only those near the visible ones are drawn.
 *
 * An answer with its code and pictures is hundreds of elements. So each exchange is a prompt and an
 * empty place of the height its answer had; an observer says which are near, and these are drawn
 * one a frame, so that scrolling is never held up for long.
 */

import type { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';

import type { TurnRenderer } from '../renderer';
import type { Action } from '../tools';
import type { Turn } from '../turn';
import type { Look } from '../turnview';
import { Entry } from './entry';
import type { Session } from './session';

/** How far from what is seen an answer is still drawn. */
const NEAR = '700px 0px';
/** So near to its end, in pixels, the list stays at the end when something comes. */
const AT_END = 60;

/** `make` makes the renderer of an answer whose buttons do what the function says. */
export type MakeRenderer = (act: (action: Action, turn: Turn) => void) => TurnRenderer;

export class ExchangeList extends Panel {
  constructor(
    private readonly make: MakeRenderer,
    private readonly jump: (session: Session, cell: string) => void
  ) {
    super();
    this.addClass('gm-Exchanges');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Conversation');
    this.node.tabIndex = 0; // What scrolls must be reachable from the keyboard.
    this.node.addEventListener('scroll', () => {
      this.scrolled();
    });
  }

  /** Show the conversation of `session`, or none. */
  bind(session: Session | undefined): void {
    if (session !== this.session) {
      this.session = session;
      this.clear();
    }
    this.draw();
  }

  /** Show what the session knows now. */
  draw(): void {
    const heads = this.session?.state?.exchanges ?? [];
    const wanted = new Set(heads.map(({ turn }) => turn));
    for (const [turn, entry] of this.entries) {
      if (!wanted.has(turn)) {
        this.forget(entry);
      }
    }
    heads.forEach((head, at) => {
      const entry = this.entries.get(head.turn) ?? this.add(head.turn);
      if (this.widgets[at] !== entry) {
        this.insertWidget(at, entry);
      }
      entry.draw(head);
    });
    this.follow();
  }

  /** Show this part of each answer. */
  set part(show: Look['show']) {
    this.shownPart = show;
    this.near.forEach(entry => {
      this.enqueue(entry);
    });
  }

  /** An answer has arrived. */
  answered(turn: string): void {
    const entry = this.entries.get(turn);
    if (entry && this.near.has(entry)) {
      this.enqueue(entry);
    }
  }

  /** Go to the end, where the next answer comes. */
  toEnd(): void {
    this.atEnd = true;
    this.follow();
  }

  protected override onAfterAttach(_message: Message): void {
    this.observer ??= new IntersectionObserver(
      changes => {
        this.observed(changes);
      },
      { root: this.node, rootMargin: NEAR }
    );
    this.resized ??= new ResizeObserver(() => {
      this.follow();
    });
    for (const entry of this.entries.values()) {
      this.observe(entry);
    }
  }

  override dispose(): void {
    this.observer?.disconnect();
    this.resized?.disconnect();
    cancelAnimationFrame(this.frame);
    super.dispose();
  }

  private add(turn: string): Entry {
    const { session } = this;
    const entry = new Entry(
      turn,
      () =>
        this.make((action, of) => {
          session?.act(action, of);
        }),
      cell => {
        if (session) {
          this.jump(session, cell);
        }
      },
      () => {
        session?.stopOne(turn);
      }
    );
    this.entries.set(turn, entry);
    this.observe(entry);
    return entry;
  }

  private observe(entry: Entry): void {
    this.observer?.observe(entry.node);
    this.resized?.observe(entry.node);
  }

  private forget(entry: Entry): void {
    this.observer?.unobserve(entry.node);
    this.resized?.unobserve(entry.node);
    this.entries.delete(entry.turn);
    this.near.delete(entry);
    this.queue.delete(entry);
    entry.dispose();
  }

  private clear(): void {
    for (const entry of [...this.entries.values()]) {
      this.forget(entry);
    }
    this.atEnd = true;
  }

  private observed(changes: readonly IntersectionObserverEntry[]): void {
    const byNode = new Map([...this.entries.values()].map(entry => [entry.node as Element, entry]));
    for (const { target, isIntersecting } of changes) {
      const entry = byNode.get(target);
      if (!entry) {
        continue;
      }
      if (isIntersecting) {
        this.near.add(entry);
        this.enqueue(entry);
      } else {
        this.near.delete(entry);
        this.queue.delete(entry);
        entry.rest();
      }
    }
  }

  private enqueue(entry: Entry): void {
    this.queue.add(entry);
    this.frame ||= requestAnimationFrame(() => {
      this.drawNext();
    });
  }

  private drawNext(): void {
    this.frame = 0;
    for (const entry of this.queue) {
      this.queue.delete(entry);
      const body = this.session?.body(entry.turn);
      if (body) {
        entry.fill(body, this.shownPart);
        break;
      }
    }
    if (this.queue.size) {
      this.frame = requestAnimationFrame(() => {
        this.drawNext();
      });
    }
  }

  /** Whether the user wants to stay at the end: not when the list went up though it did not shrink. */
  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.node;
    if (scrollHeight - clientHeight - scrollTop < AT_END) {
      this.atEnd = true;
    } else if (scrollTop < this.top - 1 && scrollHeight >= this.height) {
      this.atEnd = false;
    }
    this.top = scrollTop;
    this.height = scrollHeight;
  }

  private follow(): void {
    if (this.atEnd) {
      this.node.scrollTop = this.node.scrollHeight;
      this.top = this.node.scrollTop;
      this.height = this.node.scrollHeight;
    }
  }

  private shownPart: Look['show'] = 'all';
  private session: Session | undefined;
  private readonly entries = new Map<string, Entry>();
  private readonly near = new Set<Entry>();
  private readonly queue = new Set<Entry>();
  private observer: IntersectionObserver | undefined;
  private resized: ResizeObserver | undefined;
  private atEnd = true;
  private top = 0;
  private height = 0;
  private frame = 0;
}
