/** The renderer of the turn MIME type: one output, drawn by a turn view. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { Cell } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { type INotebookModel, NotebookPanel } from '@jupyterlab/notebook';

import type { LiveTurns } from '../kernel/live';
import type { AnswerOutput, Turn } from '../model/generated';
import { storedTurn } from '../model/stored';
import { TURN_MIME } from '../model/turn';
import type { Ahead, Waiting } from './ahead';
import type { ButtonResults } from './buttonResults';
import { imagesOf } from './kernelRuns';
import { picture } from './partViews';
import { Prose } from './prose';
import type { Folds } from './section';
import type { Action } from './tools';
import { EVERYTHING, type Look, TurnView } from './turnView';

/** How long the end of an answer may follow its last delta, in milliseconds. */
const PATIENCE = 1000;

/** An answer with it is left out where the front end leaves out cells out of sight. */
const UNSEEN = 'gm-mod-waiting';

/** Carries out what a button says that stands under an answer in a notebook, in `cell`. */
export interface ButtonActions {
  act(action: Action, turn: Turn, cell: string): Promise<void>;
}

/** What the renderers of one application share. */
export interface Shared {
  live: LiveTurns;
  /** What the user has folded, by turn: kept when an output is drawn anew. */
  folds: Map<string, Folds>;
  buttonResults: ButtonResults;
  /** The answers that are left out until they are seen, or until there is nothing else to do. */
  ahead: Ahead;
  /** An answer as the kernel of an open notebook has it now; undefined when it does not know it. */
  answerOf?: (
    context: DocumentRegistry.IContext<INotebookModel>,
    turn: string
  ) => Promise<AnswerOutput | undefined>;
  /** The cells of an open notebook; undefined in an application without notebooks. */
  cellsOf?: (context: DocumentRegistry.IContext<INotebookModel>) => ButtonActions | undefined;
}

/** `elsewhere`: what the buttons do for an answer that stands in no notebook. */
export class TurnRenderer extends Panel implements IRenderMime.IRenderer, Waiting {
  constructor(
    private readonly options: IRenderMime.IRendererOptions,
    private readonly shared: Shared,
    private readonly elsewhere?: (action: Action, turn: Turn) => void
  ) {
    super();
    this.addClass('gm-Output-turn');
    this.node.addEventListener('contentvisibilityautostatechange', event => {
      if (!(event as ContentVisibilityAutoStateChangeEvent).skipped) {
        this.stopWaiting();
      }
    });
    shared.live.changed.connect(this.onLive, this);
    shared.live.questions.changed.connect(this.onLive, this);
    shared.buttonResults.changed.connect(this.onLive, this);
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = storedTurn(model.data);
    if (!data) {
      this.turn = undefined;
      this.clear();
      const plain: unknown = model.data['text/plain'];
      this.addWidget(unreadable(typeof plain === 'string' ? plain : ''));
      return Promise.resolve();
    }
    this.look = lookOf(model.metadata);
    const { form } = this.look;
    const said: unknown = form && model.data[form];
    if (form && typeof said === 'string') {
      this.turn = undefined;
      this.clear();
      this.addWidget(new FormView(this.options, data, this.look, said));
      return Promise.resolve();
    }
    if (!this.view || this.turn?.id !== data.id) {
      this.clear();
      this.view = new TurnView(this.options, this.foldsOf(data.id), action => {
        this.act(action);
      });
      this.addWidget(this.view);
      this.addClass(UNSEEN);
      this.shared.ahead.add(this);
    }
    if (this.turn?.id !== data.id || data.status !== 'streaming') {
      this.going = undefined;
    }
    this.turn = data;
    this.draw();
    return Promise.resolve();
  }

  /**
   * Have the browser work out how it looks before somebody scrolls to it.
   *
   * Not before its notebook is there, with all its cells: while the front end makes them, it
   * measures all that was worked out. Not while that is out of sight as a whole.
   */
  drawAhead(): boolean {
    const { notebook } = this.place();
    if (!notebook) {
      return this.isAttached; // Elsewhere nothing is left out.
    }
    if (!notebook.isVisible || notebook.content.widgets.some(cell => cell.isPlaceholder())) {
      return false;
    }
    this.removeClass(UNSEEN);
    // To ask is what has it worked out: its cell, out of sight, is left out by the front end.
    this.view?.node.getBoundingClientRect();
    return true;
  }

  private stopWaiting(): void {
    this.removeClass(UNSEEN);
    this.shared.ahead.delete(this);
  }

  override dispose(): void {
    this.shared.ahead.delete(this);
    this.shared.live.changed.disconnect(this.onLive, this);
    this.shared.live.questions.changed.disconnect(this.onLive, this);
    this.shared.buttonResults.changed.disconnect(this.onLive, this);
    cancelAnimationFrame(this.frame);
    window.clearTimeout(this.patience);
    super.dispose();
  }

  /** What a button says is done where the answer stands: in its notebook, for its cell. */
  private act(action: Action): void {
    const { turn } = this;
    if (turn && this.elsewhere) {
      this.elsewhere(action, turn);
      return;
    }
    const { cell, notebook } = this.place();
    const cells = notebook && this.shared.cellsOf?.(notebook.context);
    if (turn && cell && cells) {
      void cells.act(action, turn, cell);
    } else if (turn) {
      this.shared.buttonResults.set(turn.id, { note: 'This needs the notebook of the answer.' });
    }
  }

  /** Where the answer stands: its cell, and that one's notebook. */
  private place(): { cell?: string; notebook?: NotebookPanel } {
    let cell: string | undefined;
    let above: Widget | null = this.parent;
    while (above && !(above instanceof NotebookPanel)) {
      if (above instanceof Cell) {
        cell = (above as Cell).model.id;
      }
      above = above.parent;
    }
    return { cell, notebook: above ?? undefined };
  }

  /**
   * Ask the kernel for an answer of which nothing comes any more: not everything that shows an
   * output carries out its updates (an Output widget of ipywidgets, a server that executes).
   */
  private async askForRest(turn: string): Promise<void> {
    const { notebook } = this.place();
    const answer = notebook && (await this.shared.answerOf?.(notebook.context, turn));
    const whole = answer && storedTurn(answer.data);
    const waits = this.turn?.id === turn && this.turn.status === 'streaming';
    if (answer && whole && whole.status !== 'streaming' && waits && !this.isDisposed) {
      this.look = lookOf(answer.metadata);
      this.turn = whole;
      this.draw();
    }
  }

  private onLive(_source: unknown, turn: string): void {
    if (turn === this.turn?.id) {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => {
        this.draw();
      });
    }
  }

  private draw(): void {
    const { turn, view } = this;
    if (!turn || !view || this.isDisposed) {
      return;
    }
    // An answer that has ended streams again while it is continued.
    const live = this.shared.live.get(turn.id);
    if (live?.parts) {
      this.going = { ...turn, status: 'streaming', parts: [...live.parts] };
    } else if (!live && turn.status !== 'streaming') {
      this.going = undefined;
    }
    const now = this.going ?? turn;
    view.draw(now, this.look, live, this.shared.buttonResults.get(turn.id));
    if (now.status === 'streaming') {
      this.stopWaiting();
    }
    view.ask(this.shared.live.questions.get(turn.id));
    window.clearTimeout(this.patience);
    if (turn.status === 'streaming' && !live) {
      this.patience = window.setTimeout(() => {
        void this.askForRest(turn.id);
      }, PATIENCE);
    }
  }

  private clear(): void {
    this.view = undefined;
    for (const widget of [...this.widgets]) {
      widget.dispose();
    }
  }

  private foldsOf(turn: string): Folds {
    const folds = this.shared.folds.get(turn) ?? new Map<string, boolean>();
    this.shared.folds.set(turn, folds);
    return folds;
  }

  private turn: Turn | undefined;
  /** The turn as far as it has come, while it streams. */
  private going: Turn | undefined;
  private view: TurnView | undefined;
  private look: Look = EVERYTHING;
  private frame = 0;
  private patience: number | undefined;
}

const FORMS: Record<string, Look['form']> = { markdown: 'text/markdown', plain: 'text/plain' };
const SHOWS = ['all', 'answer', 'code', 'results'] as const;

/** How the answer is to look, from the metadata of the turn's MIME type. */
function lookOf(metadata: Readonly<Record<string, unknown>>): Look {
  const ours = metadata[TURN_MIME] as Record<string, unknown> | null | undefined;
  if (typeof ours !== 'object' || ours === null) {
    return EVERYTHING;
  }
  return {
    show: SHOWS.find(show => show === ours.show) ?? 'all',
    form: typeof ours.view === 'string' ? FORMS[ours.view] : undefined,
    thoughts: ours.thoughts !== false,
    notice: typeof ours.notice === 'string' ? ours.notice : undefined,
    cost: typeof ours.cost === 'string' ? ours.cost : undefined
  };
}

/** An answer as its asker wanted it (`--view markdown` or `plain`): one form of the bundle, whole. */
class FormView extends Panel {
  /** `said`: the text of that form; Markdown only names its pictures, so they follow it. */
  constructor(options: IRenderMime.IRendererOptions, turn: Turn, look: Look, said: string) {
    super();
    this.addClass('gm-Turn');
    this.addClass('gm-Form');
    this.node.dataset.turn = turn.id;
    this.node.dataset.status = turn.status;
    if (look.form === 'text/plain') {
      const plain = new Widget({ tag: 'pre' });
      plain.node.textContent = said;
      this.addWidget(plain);
      return;
    }
    const prose = new Prose(options);
    void prose.setText(said, true);
    this.addWidget(prose);
    if (look.show === 'all' || look.show === 'results') {
      const images = turn.parts.flatMap(part => (part.kind === 'image' ? [part] : imagesOf(part)));
      images.forEach(image => {
        this.addWidget(picture(image, 1));
      });
    }
  }
}

/** An answer of another version of the format: its plain text, and what is the matter. */
function unreadable(plain: string): Widget {
  const widget = new Widget({ tag: 'pre' });
  widget.addClass('gm-Output');
  widget.node.textContent =
    `${plain}\n\n[This answer was stored in a form that this version of gemini-magic ` +
    'cannot draw; above is its plain text.]';
  return widget;
}
