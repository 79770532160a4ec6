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
