/** A list of which only some entries are in the page, with gaps of their height for the others. */

import { Panel, Widget } from '@lumino/widgets';

class Gap extends Widget {
  constructor() {
    super();
    this.addClass('gm-Gap');
    this.node.setAttribute('aria-hidden', 'true');
  }
}

export class GappedPanel extends Panel {
  /**
   * Have exactly these stand here, in this order; a number is a gap of so many pixels. What stays is
   * not moved: a frame in it would load again, and the browser holds what is seen in place by it.
   */
  protected arrange(pieces: readonly (Widget | number)[]): void {
    let gaps = 0;
    const wanted = pieces.map(piece => {
      if (piece instanceof Widget) {
        return piece;
      }
      const gap = (this.gaps[gaps++] ??= new Gap());
      gap.node.style.height = `${piece}px`;
      return gap;
    });
    const kept = new Set(wanted);
    for (const widget of [...this.widgets]) {
      if (!kept.has(widget)) {
        widget.parent = null;
      }
    }
    wanted.forEach((widget, at) => {
      for (let there = this.widgets[at]; there instanceof Gap && there !== widget;) {
        there.parent = null;
        there = this.widgets[at];
      }
      if (this.widgets[at] !== widget) {
        this.insertWidget(at, widget);
      }
    });
  }

  override dispose(): void {
    this.gaps.forEach(gap => {
      gap.dispose(); // It may stand nowhere.
    });
    super.dispose();
  }

  private readonly gaps: Gap[] = [];
}
