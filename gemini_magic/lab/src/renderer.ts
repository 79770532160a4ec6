/** The renderer of the turn MIME type: one output, drawn by a turn view. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { Cell } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { type INotebookModel, NotebookPanel } from '@jupyterlab/notebook';

import type { NotebookCells } from './cells';
import type { Deeds } from './deeds';
import { FormView } from './formview';
import type { LiveTurns } from './live';
import type { Folds } from './section';
import type { Action } from './tools';
import { TURN_MIME, type Turn, isTurn } from './turn';
import { EVERYTHING, type Look, TurnView } from './turnview';

/** What the renderers of one application share. */
export interface Shared {
  live: LiveTurns;
  /** What the user has folded, by turn: kept when an output is drawn anew. */
  folds: Map<string, Folds>;
  deeds: Deeds;
  /** The cells of an open notebook; undefined in an application without notebooks. */
  cellsOf?: (context: DocumentRegistry.IContext<INotebookModel>) => NotebookCells | undefined;
}

/** `elsewhere`: what the buttons do for an answer that stands in no notebook. */
export class TurnRenderer extends Panel implements IRenderMime.IRenderer {
  constructor(
    private readonly options: IRenderMime.IRendererOptions,
    private readonly shared: Shared,
    private readonly elsewhere?: (action: Action, turn: Turn) => void
  ) {
    super();
    this.addClass('gm-Output-turn');
    shared.live.changed.connect(this.onLive, this);
    shared.deeds.changed.connect(this.onLive, this);
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data: unknown = model.data[TURN_MIME];
    if (!isTurn(data)) {
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
    }
    this.turn = data;
    this.draw();
    return Promise.resolve();
  }

  override dispose(): void {
    this.shared.live.changed.disconnect(this.onLive, this);
    this.shared.deeds.changed.disconnect(this.onLive, this);
    cancelAnimationFrame(this.frame);
    super.dispose();
  }

  /** What a button says is done where the answer stands: in its notebook, for its cell. */
  private act(action: Action): void {
    const { turn } = this;
    if (turn && this.elsewhere) {
      this.elsewhere(action, turn);
      return;
    }
    let cell: string | undefined;
    let above: Widget | null = this.parent;
    while (above && !(above instanceof NotebookPanel)) {
      if (above instanceof Cell) {
        cell = (above as Cell).model.id;
      }
      above = above.parent;
    }
    const cells = above instanceof NotebookPanel ? this.shared.cellsOf?.(above.context) : undefined;
    if (turn && cell && cells) {
      void cells.act(action, turn, cell);
    } else if (turn) {
      this.shared.deeds.set(turn.id, { note: 'This needs the notebook of the answer.' });
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
    const live = turn.status === 'streaming' ? this.shared.live.get(turn.id) : undefined;
    if (live?.parts) {
      this.turn = { ...turn, parts: [...live.parts] };
    }
    view.draw(this.turn ?? turn, this.look, live, this.shared.deeds.get(turn.id));
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
  private view: TurnView | undefined;
  private look: Look = EVERYTHING;
  private frame = 0;
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

/** An answer of another version of the format: its plain text, and what is the matter. */
function unreadable(plain: string): Widget {
  const widget = new Widget({ tag: 'pre' });
  widget.addClass('gm-Output');
  widget.node.textContent =
    `${plain}\n\n[This answer was stored in a form that this version of gemini-magic ` +
    'cannot draw; above is its plain text.]';
  return widget;
}
