/** Executes a line for the kernel: its main thread is needed for a prompt of the sidebar. */

import { InputDialog } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { kernelGone } from './channel';

/** How often a line is sent again that the kernel has dropped, since a cell before it failed. */
const AGAIN = 10;

/** Execute `code` silently, behind the cells that run; resolves when it has ended. */
export async function execute(kernel: Kernel.IKernelConnection, code: string): Promise<void> {
  for (let tries = 0; tries < AGAIN && !kernel.isDisposed; tries++) {
    const asked = { code, silent: true, store_history: false, allow_stdin: true };
    const future = kernel.requestExecute({ ...asked, stop_on_error: false });
    future.onStdin = message => answer(future, message as KernelMessage.IInputRequestMsg);
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
  const asked = { title: 'The code asks for input', label: content.prompt };
  const { value } = await (content.password ? InputDialog.getPassword(asked) : InputDialog.getText(asked));
  future.sendInputReply({ value: value ?? '', status: 'ok' }, header);
}
