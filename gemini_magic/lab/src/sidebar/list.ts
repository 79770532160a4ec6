/**
 * The exchanges of a conversation, of which only those near the visible ones are in the page.
 *
 * A long conversation has a thousand of them: for those that are far there are gaps of their height.
 * And an answer with its code and pictures is hundreds of elements: each exchange in the page is a
 * prompt and an empty place of the height its answer had, until an observer says that it is near;
 * then it is drawn, one a frame, so that scrolling is never held up for long.
 */

import type { Message } from '@lumino/messaging';

import type { TurnRenderer } from '../answer/renderer';
import type { Action } from '../answer/tools';
import type { Look } from '../answer/turnView';
import type { Head, Turn } from '../model/generated';
import { Entry } from './entry';
import { GappedPanel } from './gap';
import { OneByOne } from './oneByOne';
import { watchScrolling } from './scrolling';
import type { Session } from './session';
import { Staying } from './staying';
import { MOST, type Seen, near } from './window';

/** How far from what is seen an answer is still drawn. */
const NEAR = '700px 0px';
/** How far from what is seen an exchange is still in the page, in pixels. */
const MARGIN = 1000;
/** The height of an exchange that was never in the page, in pixels. */
const GUESS = 240;

/** `make` makes the renderer of an answer whose buttons do what the function says. */
export type MakeRenderer = (act: (action: Action, turn: Turn) => void) => TurnRenderer;

export class ExchangeList extends GappedPanel {
  constructor(
    private readonly make: MakeRenderer,
    private readonly jump: (session: Session, cell: string) => void
  ) {
    super();
    this.addClass('gm-Exchanges');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Conversation');
    this.node.tabIndex = 0; // What scrolls must be reachable from the keyboard.
    watchScrolling(this.node, this.staying, () => {
      this.place();
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
    this.heads = this.session?.state?.exchanges ?? [];
    const wanted = new Set(this.heads.map(({ turn }) => turn));
    for (const [turn, entry] of this.entries) {
      if (!wanted.has(turn)) {
        this.forget(entry);
      }
    }
    this.place();
    this.follow();
  }

  /** Show this part of each answer. */
  set part(show: Look['show']) {
    this.shownPart = show;
    this.near.forEach(entry => {
      this.drawing.add(entry);
    });
  }

  /** An answer has arrived. */
  answered(turn: string): void {
    const entry = this.entries.get(turn);
    if (entry && this.near.has(entry)) {
      this.drawing.add(entry);
    }
  }

  /** Go to the end, where the next answer comes. */
  toEnd(): void {
    this.staying.toEnd();
    this.place();
    this.follow();
  }

  protected override onAfterAttach(_message: Message): void {
    this.observer ??= new IntersectionObserver(
      changes => {
        this.observed(changes);
      },
      { root: this.node, rootMargin: NEAR }
    );
    this.resized ??= new ResizeObserver(changes => {
      this.measured(changes);
      this.follow();
    });
    this.resized.observe(this.node); // What stands around it takes its place, too.
    this.shown.forEach(entry => {
      this.observe(entry);
    });
  }

  /** What is hidden has no height: places are kept while there is one. */
  protected override onBeforeHide(_message: Message): void {
    this.near.clear();
    this.drawing.clear();
    this.shown.forEach(entry => {
      this.observer?.unobserve(entry.node);
      entry.rest();
    });
  }

  protected override onAfterShow(_message: Message): void {
    this.shown.forEach(entry => {
      this.observer?.observe(entry.node);
    });
    this.place();
    this.follow();
  }

  override dispose(): void {
    this.observer?.disconnect();
    this.resized?.disconnect();
    this.drawing.dispose();
    cancelAnimationFrame(this.placing);
    this.entries.forEach(entry => {
      entry.dispose(); // Most of them stand nowhere.
    });
    super.dispose();
  }

  /** Have those exchanges in the page that are near what is seen, and the one with the keyboard. */
  private place(): void {
    const { heads } = this;
    const heights = heads.map(({ turn }) => this.heights.get(turn) ?? GUESS);
    const focused = this.focused();
    const held = focused ? heads.findIndex(({ turn }) => turn === focused.turn) : -1;
    const { from, to } = near(heights, this.seen(heights), MARGIN, held < 0 ? MOST : MOST - 1);
    const shown = new Set<Entry>();
    const pieces: (Entry | number)[] = [];
    heads.forEach((head, at) => {
      if ((at < from || at >= to) && at !== held) {
        const before = pieces.at(-1);
        const apart = typeof before === 'number' ? (pieces.pop(), before) : 0;
        pieces.push(apart + (heights[at] ?? GUESS));
        return;
      }
      const entry = this.entries.get(head.turn) ?? this.add(head.turn);
      entry.draw(head);
      entry.stands(at, heads.length);
      shown.add(entry);
      pieces.push(entry);
    });
    for (const entry of this.shown) {
      if (!shown.has(entry)) {
        this.leave(entry);
      }
    }
    this.arrange(pieces);
    for (const entry of shown) {
      if (!this.shown.has(entry)) {
        this.observe(entry);
      }
    }
    this.shown = shown;
  }

  /** What is seen of the list, or was before it was hidden, or will be at its end. */
  private seen(heights: readonly number[]): Seen {
    const { scrollTop, clientHeight } = this.node;
    if (clientHeight) {
      this.last = { top: scrollTop, height: clientHeight };
    }
    const { height } = this.last;
    const end = heights.reduce((sum, one) => sum + one, 0) - height;
    return this.staying.atEnd ? { top: Math.max(0, end), height } : this.last;
  }

  /** The exchange with the keyboard. */
  private focused(): Entry | undefined {
    const active = this.isAttached ? document.activeElement : null;
    const node = active && this.node.contains(active) ? active.closest('.gm-Exchange') : null;
    return this.entryOf(node);
  }

  private entryOf(node: Element | null): Entry | undefined {
    const { exchange = '' } = node instanceof HTMLElement ? node.dataset : {};
    return this.entries.get(exchange);
  }

  private measured(changes: readonly ResizeObserverEntry[]): void {
    for (const { target, borderBoxSize } of changes) {
      const entry = this.entryOf(target);
      const height = borderBoxSize[0]?.blockSize;
      if (entry && height) {
        this.heights.set(entry.turn, height);
      }
    }
    // In a frame of its own: an observer of sizes is not to change them.
    this.placing ||= requestAnimationFrame(() => {
      this.placing = 0;
      this.place();
    });
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
    return entry;
  }

  private observe(entry: Entry): void {
    this.observer?.observe(entry.node);
    this.resized?.observe(entry.node);
  }

  /** The exchange goes out of the page, and may come again. */
  private leave(entry: Entry): void {
    this.observer?.unobserve(entry.node);
    this.resized?.unobserve(entry.node);
    this.shown.delete(entry);
    this.near.delete(entry);
    this.drawing.delete(entry);
    entry.rest();
  }

  private forget(entry: Entry): void {
    this.leave(entry);
    this.entries.delete(entry.turn);
    this.heights.delete(entry.turn);
    entry.dispose();
  }

  private clear(): void {
    for (const entry of [...this.entries.values()]) {
      this.forget(entry);
    }
    this.staying.toEnd();
  }

  private observed(changes: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of changes) {
      const entry = this.entryOf(target);
      if (!entry || !this.shown.has(entry)) {
        continue; // It has left meanwhile.
      }
      if (isIntersecting) {
        this.near.add(entry);
        this.drawing.add(entry);
      } else if (entry !== this.focused()) {
        this.near.delete(entry);
        this.drawing.delete(entry);
        entry.rest();
      }
    }
  }

  private follow(): void {
    if (this.staying.atEnd) {
      this.node.scrollTop = this.node.scrollHeight;
      this.staying.put(this.node);
    }
  }

  private shownPart: Look['show'] = 'all';
  private session: Session | undefined;
  private heads: readonly Head[] = [];
  /** Those that were ever in the page, by turn, and those that are. */
  private readonly entries = new Map<string, Entry>();
  private shown = new Set<Entry>();
  private readonly heights = new Map<string, number>();
  private last: Seen = { top: 0, height: 1000 };
  private readonly near = new Set<Entry>();
  private readonly drawing = new OneByOne<Entry>(entry => {
    const answer = this.session?.answer(entry.turn);
    if (answer) {
      entry.fill(answer, this.shownPart);
    }
    return answer !== undefined;
  });
  private observer: IntersectionObserver | undefined;
  private resized: ResizeObserver | undefined;
  private readonly staying = new Staying();
  private placing = 0;
}
