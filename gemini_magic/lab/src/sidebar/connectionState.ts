/** The state of the connection between the sidebar and its notebook's kernel, and its words. */

import type { ISessionContext } from '@jupyterlab/apputils';

import type { KernelLink } from '../kernel/link';

/**
 * `none`: no kernel; `starting`: it is not known yet what the kernel has loaded; `foreign`: it is
 * no Python; `absent`: it has not loaded the extension; `loading`: it does; `lost`: the server does not
 * answer, and is tried again; `offline`: it is not tried any more; `dead`: the kernel has died.
 */
export type ConnectionState =
  | 'none'
  | 'starting'
  | 'foreign'
  | 'absent'
  | 'loading'
  | 'lost'
  | 'offline'
  | 'dead'
  | 'ready';

export function connectionStateOf(
  context: ISessionContext,
  link: KernelLink | undefined,
  loading: boolean
): ConnectionState {
  const kernel = context.session?.kernel;
  if (!kernel) {
    return isComing(context) ? 'starting' : 'none';
  }
  if (!link) {
    return 'starting';
  }
  if (kernel.status === 'dead') {
    return 'dead';
  }
  if (kernel.connectionStatus === 'disconnected') {
    return 'offline';
  }
  if (kernel.connectionStatus === 'connecting' && link.state === 'ready') {
    return 'lost';
  }
  if (link.state === 'ready') {
    return 'ready';
  }
  if (loading) {
    return 'loading';
  }
  return link.state === 'absent' || link.state === 'foreign' ? link.state : 'starting';
}

/**
 * Whether a kernel is on its way. A notebook whose kernel was shut down is not ready either, and so
 * is told by its status alone.
 */
function isComing({ kernelDisplayStatus }: ISessionContext): boolean {
  return /start|initializing/.test(kernelDisplayStatus);
}

/** What there is to say, and the label of the button that helps, if one does. */
export const WORDS: Record<Exclude<ConnectionState, 'ready'>, [string, string?]> = {
  none: ['This notebook has no kernel. Choose one, then talk with Gemini here.', 'Choose a kernel'],
  starting: [
    'Waiting for the kernel. One that cannot be asked while a cell runs answers when it has ended.'
  ],
  foreign: ['Gemini works in Python kernels, and this notebook has one of another language.'],
  absent: ['gemini_magic is not loaded in this kernel.', 'Load the extension'],
  loading: ['Loading the extension; while a cell runs, that waits for its end.'],
  lost: ['The connection with the server is lost. Trying again…'],
  offline: ['The server does not answer any more.', 'Connect again'],
  dead: ['The kernel has died, and this conversation with it.', 'Restart the kernel']
};
