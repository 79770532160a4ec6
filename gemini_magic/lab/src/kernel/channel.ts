/**
 * A comm that reaches a kernel while a cell runs.
 *
 * The front end's own comms can use a subshell, but only once the kernel has answered an info
 * request on the shell channel: in a page that was reloaded while a cell runs, not before the cell
 * ends. Here the same requests go over the control channel, which is answered at any time.
 */

import { type CommsOverSubshells, type Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

// Not the enumeration itself: it is not there before JupyterLab 4.3.
const DISABLED = 'disabled' as CommsOverSubshells;

/** Milliseconds for a reply on its way, of which the kernel has said elsewhere that it is sent. */
const LOST = 1000;

/** How often a request is repeated over a new connection. */
const AGAIN = 3;

interface Info {
  language_info: { name: string };
  supported_features?: string[];
}

/** What the kernel says of itself, by whichever channel answers first. */
async function kernelInfo(kernel: Kernel.IKernelConnection): Promise<Info> {
  await connected(kernel);
  return Promise.race([
    kernel.info as Promise<Info>,
    control(kernel, 'kernel_info_request', {}).then(
      info => (info ?? kernel.info) as unknown as Promise<Info>
    )
  ]);
}

/** Whether it is a kernel that could have our extension. */
export async function isPython(kernel: Kernel.IKernelConnection): Promise<boolean> {
  return (await kernelInfo(kernel)).language_info.name === 'python';
}

/** For what was asked of a kernel that has ended meanwhile: nothing is lost, it is only noted. */
export function kernelGone(error: unknown): void {
  console.warn('gemini-magic: the kernel was gone before it could be asked', error);
}

/**
 * For a comm that the kernel opened: JupyterLab (4.6) starts a subshell for it and leaves unhandled
 * that a restart may cut this off, an error of the page that nobody can do anything about.
 */
export function ignoreItsSubshell(comm: Kernel.IComm): void {
  (comm as { subshellStarted?: Promise<void> }).subshellStarted?.catch(kernelGone);
}

/** Resolves when messages reach the kernel; an info request before that is refused, not queued. */
async function connected(kernel: Kernel.IKernelConnection): Promise<void> {
  if (kernel.connectionStatus === 'connected') {
    return;
  }
  await new Promise<void>(resolve => {
    const changed = (_: unknown, status: Kernel.ConnectionStatus): void => {
      if (status === 'connected') {
        kernel.connectionStatusChanged.disconnect(changed);
        resolve();
      }
    };
    kernel.connectionStatusChanged.connect(changed);
  });
}

/** A comm opened from here, over a subshell of its own where the kernel has subshells. */
export class Channel {
  private constructor(
    private readonly kernel: Kernel.IKernelConnection,
    private readonly comm: Kernel.IComm,
    private readonly subshell: string | undefined
  ) {}

  /** Open a comm to `target` with `data`; `closed` is called when the kernel closes it. */
  static async open(
    kernel: Kernel.IKernelConnection,
    target: string,
    data: JSONObject,
    received: (data: JSONObject) => void,
    closed: () => void
  ): Promise<Channel> {
    const subshell = await createSubshell(kernel);
    const comm = kernel.createComm(target);
    comm.commsOverSubshells = DISABLED; // It would start one of its own.
    const channel = new Channel(kernel, comm, subshell);
    comm.onMsg = message => {
      received(message.content.data);
    };
    comm.onClose = () => {
      channel.dispose();
      closed();
    };
    channel.post('comm_open', { comm_id: comm.commId, target_name: target, data });
    return channel;
  }

  /** The id by which the kernel knows this page. */
  get commId(): string {
    return this.comm.commId;
  }

  /** Whether the kernel answers while a cell runs. */
  get answersWhileBusy(): boolean {
    return this.subshell !== undefined;
  }

  send(data: JSONObject): void {
    if (!this.comm.isDisposed && !this.kernel.isDisposed) {
      this.post('comm_msg', { comm_id: this.comm.commId, data });
    }
  }

  /** Forget the comm, and end its subshell; `alive`: the kernel is still the one it was. */
  dispose(alive = true): void {
    if (this.comm.isDisposed) {
      return;
    }
    this.comm.dispose();
    if (alive && this.subshell !== undefined && !this.kernel.isDisposed) {
      const ended = { subshell_id: this.subshell };
      replyTo(this.kernel, 'delete_subshell_request', ended).catch(() => {
        // The kernel was restarted meanwhile, and the subshell ended with it.
      });
    }
  }

  private post(msgType: 'comm_open' | 'comm_msg', content: JSONObject): void {
    const subshellId = this.subshell ?? this.kernel.subshellId;
    const message = KernelMessage.createMessage({
      msgType,
      channel: 'shell',
      session: this.kernel.clientId,
      username: this.kernel.username,
      subshellId,
      content
    } as unknown as KernelMessage.IOptions<KernelMessage.ICommMsgMsg<'shell'>>);
    // JupyterLab 4.2 knows no subshells, and leaves it out.
    if (subshellId) {
      message.header.subshell_id = subshellId;
    }
    this.kernel.sendShellMessage(message, false, true);
  }
}

async function createSubshell(kernel: Kernel.IKernelConnection): Promise<string | undefined> {
  const { supported_features } = await kernelInfo(kernel);
  if (
    kernel.commsOverSubshells === DISABLED ||
    !supported_features?.includes('kernel subshells')
  ) {
    return undefined;
  }
  const made = await control(kernel, 'create_subshell_request', {});
  return typeof made?.subshell_id === 'string' ? made.subshell_id : undefined;
}

/** How often the connection with a kernel was made anew from here. */
const renewals = new WeakMap<Kernel.IKernelConnection, number>();

/**
 * Send a request on the control channel; resolves to the content of the reply, if one comes.
 *
 * A server may be deaf on a channel of a connection, for good: jupyter-server-documents (0.3.3)
 * sends past the event loop that waits for replies, and misses one that comes just then and all
 * after it. A new connection is heard.
 */
async function control(
  kernel: Kernel.IKernelConnection,
  msgType: string,
  content: JSONObject
): Promise<JSONObject | undefined> {
  for (let tries = 0; ; tries++) {
    const connection = renewals.get(kernel) ?? 0;
    const reply = await replyTo(kernel, msgType, content);
    if (reply || tries === AGAIN) {
      return reply;
    }
    if ((renewals.get(kernel) ?? 0) === connection) {
      renewals.set(kernel, connection + 1);
      console.warn('gemini-magic: the server has lost a reply of the kernel; connecting anew');
      await kernel.reconnect();
    }
    await connected(kernel);
  }
}

/** Resolves to the content of the reply, or to undefined when it was sent and is lost. */
function replyTo(
  kernel: Kernel.IKernelConnection,
  msgType: string,
  content: JSONObject
): Promise<JSONObject | undefined> {
  const message = KernelMessage.createMessage({
    msgType,
    channel: 'control',
    session: kernel.clientId,
    username: kernel.username,
    content
  } as unknown as KernelMessage.IOptions<KernelMessage.IDebugRequestMsg>);
  const future = kernel.sendControlMessage(message, true, true);
  return new Promise((resolve, reject) => {
    future.done.then(reply => {
      resolve(reply.content as unknown as JSONObject);
    }, reject);
    future.onIOPub = status => {
      if (KernelMessage.isStatusMsg(status) && status.content.execution_state === 'idle') {
        setTimeout(() => {
          resolve(undefined);
          future.dispose();
        }, LOST);
      }
    };
  });
}
