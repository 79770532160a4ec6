/** Enter and Space on our own controls are theirs, not the notebook's. */

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
