/** The copy button. */

import { Clipboard } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

import { button } from './section';

/** How long the button says that it has copied, in milliseconds. */
const SAID = 1500;

/** A button that copies what `text` returns when it is pressed, and says so. */
export function copyButton(label: string, text: () => string): Widget {
  const node = button('copy', label, () => {
    Clipboard.copyToSystem(text());
    node.textContent = 'Copied';
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      node.textContent = label;
    }, SAID);
  });
  node.setAttribute('aria-live', 'polite');
  let timer = 0;
  const widget = new Widget();
  widget.addClass('gm-Tools');
  widget.node.append(node);
  return widget;
}
