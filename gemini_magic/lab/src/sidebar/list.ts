/**
 * The exchanges of a conversation, of which only those near the visible ones are drawn.
 *
 * An answer with its code and pictures is hundreds of elements. So each exchange is a prompt and an
 * empty place of the height its answer had; an observer says which are near, and these are drawn
 * one a frame, so that scrolling is never held up for long.
 */

import type { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';

import type { TurnRenderer } from '../answer/renderer';
import type { Action } from '../answer/tools';
import type { Look } from '../answer/turnView';
import type { Turn } from '../model/generated';
import { Entry } from './entry';
import type { Session } from './session';
import { Staying } from './staying';

/** How far from what is seen an answer is still drawn. */
const NEAR = '700px 0px';

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
    this.listen();
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
    this.staying.toEnd();
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
    this.resized.observe(this.node); // What stands around it takes its place, too.
    for (const entry of this.entries.values()) {
      this.observe(entry);
    }
  }

  /** What is hidden has no height: places are kept while there is one. */
  protected override onBeforeHide(_message: Message): void {
    this.near.clear();
    this.queue.clear();
    for (const entry of this.entries.values()) {
      this.observer?.unobserve(entry.node);
      entry.rest();
    }
  }

  protected override onAfterShow(_message: Message): void {
    for (const entry of this.entries.values()) {
      this.observer?.observe(entry.node);
    }
    this.follow();
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
    this.staying.toEnd();
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
      const answer = this.session?.answer(entry.turn);
      if (answer) {
        entry.fill(answer, this.shownPart);
        break;
      }
    }
    if (this.queue.size) {
      this.frame = requestAnimationFrame(() => {
        this.drawNext();
      });
    }
  }

  private listen(): void {
    const { node, staying } = this;
    const moves = (): void => {
      staying.moves(performance.now());
    };
    node.addEventListener('scroll', () => {
      staying.moved(node, performance.now());
    });
    node.addEventListener('keydown', moves);
    node.addEventListener('touchmove', moves, { passive: true });
    node.addEventListener(
      'wheel',
      ({ deltaY }) => {
        if (deltaY < 0) {
          moves();
        }
      },
      { passive: true }
    );
    // While the scrollbar is held, the pointer tells nothing.
    node.addEventListener('pointerdown', ({ target }) => {
      staying.holds(target === node);
    });
    node.addEventListener('pointermove', () => {
      staying.holds(false);
    });
  }

  private follow(): void {
    if (this.staying.atEnd) {
      this.node.scrollTop = this.node.scrollHeight;
      this.staying.put(this.node);
    }
  }

  private shownPart: Look['show'] = 'all';
  private session: Session | undefined;
  private readonly entries = new Map<string, Entry>();
  private readonly near = new Set<Entry>();
  private readonly queue = new Set<Entry>();
  private observer: IntersectionObserver | undefined;
  private resized: ResizeObserver | undefined;
  private readonly staying = new Staying();
  private frame = 0;
}
