/** Where the keyboard goes when what it was on has gone, and when somebody leaves the sidebar. */

const ATTRIBUTES = ['disabled', 'hidden', 'class'];

/**
 * Whenever the element of `node` with the focus is taken away, hidden or disabled, `otherwise` is
 * called to give it to another. A focus that somebody has moved elsewhere is left alone.
 */
export function keepFocus(node: HTMLElement, otherwise: () => void): void {
  let last: Element | undefined;
  const check = (): void => {
    const now = document.activeElement;
    if (!last || (now === last && takesKeys(last))) {
      return;
    }
    // One that was hidden or disabled has the focus until the browser paints.
    const lost = !takesKeys(last) && (now === last || now === document.body);
    last = undefined;
    if (lost) {
      otherwise();
    }
  };
  node.addEventListener('focusin', ({ target }) => {
    last = target instanceof Element ? target : undefined;
  });
  // Some browsers say this of an element that is just being removed: it is judged afterwards.
  node.addEventListener('focusout', () => {
    queueMicrotask(check);
  });
  new MutationObserver(check).observe(node, {
    subtree: true,
    childList: true,
    attributeFilter: ATTRIBUTES
  });
}

function takesKeys(element: Element): boolean {
  return (
    element.isConnected &&
    !element.matches(':disabled') &&
    !element.closest('[hidden], .lm-mod-hidden')
  );
}

/** Have Escape in the text field of `node` call `leave`, unless the key has done something else. */
export function onEscape(node: HTMLElement, leave: () => void): void {
  node.addEventListener('keydown', event => {
    const typing = event.target instanceof HTMLTextAreaElement && !event.isComposing;
    if (event.key === 'Escape' && typing && !event.defaultPrevented) {
      event.preventDefault();
      leave();
    }
  });
}
