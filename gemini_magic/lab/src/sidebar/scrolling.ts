/** Tells what its user does to a list that scrolls. */

import type { Staying } from './staying';

/** Tell `staying` of it, and `moved` whenever the list has been moved. */
export function watchScrolling(node: HTMLElement, staying: Staying, moved: () => void): void {
  const moves = (): void => {
    staying.moves(performance.now());
  };
  node.addEventListener('scroll', () => {
    staying.moved(node, performance.now());
    moved();
  });
  node.addEventListener('keydown', event => {
    moves();
    // The browser's own way to an edge takes a while, and what is drawn meanwhile ends it.
    const edge = edgeOf(node, event);
    if (edge !== undefined) {
      event.preventDefault();
      node.scrollTop = edge;
    }
  });
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

/** Where a key leads at once: to the beginning or the end of the list. */
function edgeOf(node: HTMLElement, event: KeyboardEvent): number | undefined {
  const { key, target, altKey, ctrlKey, metaKey, shiftKey } = event;
  const typing = target instanceof Element && target.closest('input, textarea, select');
  if (typing || altKey || ctrlKey || metaKey || shiftKey) {
    return undefined;
  }
  return key === 'Home' ? 0 : key === 'End' ? node.scrollHeight : undefined;
}
