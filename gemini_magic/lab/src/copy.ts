/** Copying, said to the reader and to a screen reader. */

import { Clipboard } from '@jupyterlab/apputils';

/** Copy `text`; the pressed button in `host` says so for a moment. */
export function copy(text: string, host: HTMLElement): void {
  Clipboard.copyToSystem(text);
  const pressed = host.querySelector<HTMLButtonElement>('button[data-action="copy"]');
  if (!pressed || pressed.dataset.label) {
    return;
  }
  pressed.dataset.label = pressed.textContent ?? '';
  pressed.textContent = 'Copied';
  setTimeout(() => {
    pressed.textContent = pressed.dataset.label ?? '';
    delete pressed.dataset.label;
  }, 1500);
}
