/** Executes a line for the kernel: its main thread is needed for a prompt of the sidebar. */

import { Dialog } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';

import { visible } from '../model/characters';
import { kernelGone } from './channel';

/** How often a line is sent again that the kernel has dropped, since a cell before it failed. */
const AGAIN = 10;

/** Execute `code` silently, behind the cells that run; resolves when it has ended. */
export async function execute(kernel: Kernel.IKernelConnection, code: string): Promise<void> {
  for (let tries = 0; tries < AGAIN && !kernel.isDisposed; tries++) {
    const asked = { code, silent: true, store_history: false, allow_stdin: true };
    const future = kernel.requestExecute({ ...asked, stop_on_error: false });
    future.onStdin = message => {
      // Not awaited: the connection would take no message, not even the end, before the answer.
      void answer(future, message as KernelMessage.IInputRequestMsg);
    };
    try {
      const { content } = await future.done;
      if ((content.status as string) !== 'aborted') {
        return;
      }
    } catch (error) {
      kernelGone(error);
      return;
    }
  }
}

/** Code that the user has approved asks for something, by `input()`. */
async function answer(
  future: ReturnType<Kernel.IKernelConnection['requestExecute']>,
  { content, header }: KernelMessage.IInputRequestMsg
): Promise<void> {
  const dialog = new Dialog({
    title: 'The code asks for input',
    body: new Input(content.prompt, content.password),
    focusNodeSelector: 'input',
    buttons: [Dialog.cancelButton(), Dialog.okButton()]
  });
  const run = { ended: false };
  const end = (): void => {
    run.ended = true; // An interrupt, or the kernel has gone: nobody waits for the answer.
    dialog.reject();
  };
  future.done.then(end, end);
  const { button, value } = await dialog.launch();
  if (!run.ended) {
    future.sendInputReply({ value: button.accept ? (value ?? '') : '', status: 'ok' }, header);
  }
}

/** What the code has printed and asks, as it is written, and a line to answer on. */
class Input extends Widget implements Dialog.IBodyWidget {
  constructor(prompt: string, password: boolean) {
    super({ node: document.createElement('label') });
    this.addClass('gm-Input');
    const asked = document.createElement('span');
    asked.textContent = visible(prompt);
    this.input.type = password ? 'password' : 'text';
    this.input.className = 'jp-mod-styled';
    this.node.append(asked, this.input);
  }

  getValue(): string {
    return this.input.value;
  }

  private readonly input = document.createElement('input');
}
