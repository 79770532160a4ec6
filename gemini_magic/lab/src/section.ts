/** A folding section, and the memory of what the user has folded. */

import { PanelLayout, Widget } from '@lumino/widgets';

/** What the user folded and unfolded, by section; outlives the widgets of one turn. */
export type Folds = Map<string, boolean>;

/** `<details>` whose open state follows `suggest` until the user has decided otherwise. */
export class Section extends Widget {
  constructor(
    private readonly key: string,
    private readonly folds: Folds,
    className: string
  ) {
    super({ tag: 'details' });
    this.addClass('gm-Section');
    this.addClass(className);
    const layout = new PanelLayout();
    this.layout = layout;
    layout.addWidget(this.summary);
    this.summary.addClass('gm-Summary');
    this.summary.node.addEventListener('click', () => {
      // The element has not toggled yet when its summary is clicked (or gets Enter or Space).
      this.folds.set(this.key, !this.details.open);
    });
    const remembered = folds.get(key);
    if (remembered !== undefined) {
      this.details.open = remembered;
    }
  }

  readonly summary = new Widget({ tag: 'summary' });

  get details(): HTMLDetailsElement {
    return this.node as HTMLDetailsElement;
  }

  add(widget: Widget): void {
    (this.layout as PanelLayout).addWidget(widget);
  }

  /** Open or close the section, unless the user has; find-in-page may open it, and is left be. */
  suggest(open: boolean): void {
    if (open !== this.suggested && !this.folds.has(this.key)) {
      this.details.open = open;
    }
    this.suggested = open;
  }

  private suggested = false;
}

/** An element with text; the only way words get into the page here, so nothing is ever parsed. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = ''
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

export function button(action: string, label: string, act: () => void): HTMLButtonElement {
  const node = element('button', 'gm-Button', label);
  node.type = 'button';
  node.dataset.action = action;
  node.addEventListener('click', act);
  return node;
}
