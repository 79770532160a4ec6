/** Folding sections with the memory of what the user has folded, elements, buttons and their keys. */

import type { LabIcon } from '@jupyterlab/ui-components';
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
      if (!this.details.open) {
        this.opened(true);
      }
    });
    this.node.addEventListener('toggle', () => {
      if (this.details.open) {
        this.opened(false);
      }
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

  insert(at: number, widget: Widget): void {
    (this.layout as PanelLayout).insertWidget(at, widget);
  }

  /**
   * Have `made` called once, as soon as the section is open: for what nobody sees before.
   *
   * `byUser` is false where it is not known who has unfolded it: find-in-page does, too.
   */
  whenOpened(made: (byUser: boolean) => void): void {
    this.made = made;
    if (this.details.open) {
      this.opened(true);
    }
  }

  private opened(byUser: boolean): void {
    const { made } = this;
    this.made = undefined;
    made?.(byUser);
  }

  /** Open or close the section, unless the user has; find-in-page may open it, and is left be. */
  suggest(open: boolean): void {
    if (open !== this.suggested && !this.folds.has(this.key)) {
      this.details.open = open;
      if (open) {
        this.opened(true);
      }
    }
    this.suggested = open;
  }

  private suggested = false;
  private made: ((byUser: boolean) => void) | undefined;
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

export function button(
  action: string,
  label: string,
  act: (event: MouseEvent) => void
): HTMLButtonElement {
  const node = element('button', 'gm-Button', label);
  node.type = 'button';
  node.dataset.action = action;
  node.addEventListener('click', act);
  return node;
}

/**
 * A button of the application's toolbars: its icon, and its label for who cannot see it.
 *
 * The application's own component makes an element of another name than a button has.
 */
export function iconButton(
  action: string,
  label: string,
  icon: LabIcon,
  act: () => void
): HTMLButtonElement {
  const node = button(action, '', act);
  node.classList.add('gm-Tool', 'jp-Button', 'jp-mod-minimal', 'jp-ToolbarButtonComponent');
  node.title = label;
  node.append(element('span', 'gm-Label gm-mod-unseen', label));
  setIcon(node, icon);
  return node;
}

/** Draw `icon` in a button of `iconButton`. */
export function setIcon(node: HTMLButtonElement, icon: LabIcon): void {
  node.querySelector('.gm-Icon')?.remove();
  node.prepend(drawn(icon));
}

const DRAWN = new Map<LabIcon, HTMLElement>();

/** A copy of `icon`: a notebook has thousands of them, and to draw one anew parses it. */
function drawn(icon: LabIcon): Node {
  let made = DRAWN.get(icon);
  if (!made) {
    made = icon.element({ tag: 'span', className: 'gm-Icon', stylesheet: 'toolbarButton' });
    made.setAttribute('aria-hidden', 'true');
    DRAWN.set(icon, made);
  }
  return made.cloneNode(true);
}

/** Change the label of a button of `iconButton`. */
export function setLabel(node: HTMLButtonElement, label: string): void {
  const said = node.querySelector('.gm-Label');
  if (said) {
    said.textContent = label;
  }
}

const SUPPRESS = 'data-lm-suppress-shortcuts';

/**
 * In command mode the notebook takes Enter for itself (it edits the cell) before a focused summary
 * or button sees it. Only these two keys are held back, and only there: after a click on a summary
 * every other shortcut, such as saving, works as anywhere.
 */
export function keepKeys(): void {
  window.addEventListener(
    'keydown',
    event => {
      const target = event.target instanceof Element ? event.target : null;
      const control = target?.closest('.gm-Turn summary, .gm-Turn button');
      if (control) {
        const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
        control.toggleAttribute(SUPPRESS, plain && (event.key === 'Enter' || event.key === ' '));
      }
    },
    true
  );
}
