"""Runs the fork server: it has imported what kernels need, and forks one when asked.

Run by `forking` as ``python -m gemini_magic.batch.kernels.forkserver FD [MODULE...]``.
FD is a socket on which each message is one file descriptor: a stream for one kernel. On it comes
one line of JSON, ``{argv, env, cwd}``; back go ``{"pid": N}`` or ``{"unsafe": why}``, and
``{"exit": code}`` when the kernel has ended. The server ends when FD is closed, and its kernels
notice that their parent is gone.

Only imports happen before the fork: no ZeroMQ context, no event loop, no thread, no connection. A
process that has threads is not forked: that is what "unsafe" means.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gemini_magic.magics.preloading import ASKING

# What a kernel would import in its first half second, each for itself; the debugger is most of it.
_KERNEL = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.inprocess"),
    "ipykernel.debugger",
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.core.logger"),
    *("IPython.core.oinspect", "IPython.extensions.storemagic"),
    *("faulthandler", "sqlite3", "tornado.platform.asyncio"),
    "psutil",  # with which ipykernel looks for children when it is shut down
)
_OURS = (
    *ASKING,
    "gemini_magic.extension",
    "gemini_magic.magics.commands.table",
    "gemini_magic.frontend.serving",
    "gemini_magic.render.live",
    "gemini_magic.transport.connections",
    "gemini_magic.transport.service_errors",
    "gemini_magic.session.pacing",
    "filelock",
    "gemini_magic.session.prices",
    "genai_prices.data",
    "gemini_magic.render.bundle",
    "pygments.lexers.python",
    "pygments.styles.default",
)


def preload(modules: Sequence[str]) -> None:
    """Import what kernels need, and build the SDK's schemas; sends nothing."""
    for name in (*_KERNEL, *_OURS):
        importlib.import_module(name)
    from gemini_magic.transport.backends import Backend
    from gemini_magic.transport.google import GoogleTransport

    transport = GoogleTransport(Backend("developer", "-", base_url="http://127.0.0.1:9/"))
    transport.warm()
    transport.close()
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - any import may fail in any way
            print(f"--preload {name}: {type(error).__name__}: {error}", file=sys.stderr)


def unsafe(native: bool) -> str:
    """Why this process must not be forked, empty when it may; ``native``: also by C threads.

    What the user names with --preload may start threads in C (OpenBLAS does, and handles forks);
    that is the user's word.
    """
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate()[1:])
        return f"a preloaded module has started threads: {names}"
    if native and len(list(Path("/proc/self/task").iterdir())) > 1:
        return "a preloaded module has started threads"
    return ""


class Server:
    """Forks one kernel per request; `serve` returns in a child, with what it is to become."""

    def __init__(self, control: socket.socket, reason: str) -> None:
        self._control = control
        self._reason = reason
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._children: dict[int, tuple[int, socket.socket]] = {}  # pidfd: (pid, stream)

    def serve(self) -> dict[str, Any] | None:
        """Serve until the control socket is closed (None), or the request, in a forked child."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._control:
                    self._reap(int(key.fd))
                    continue
                data, streams, _, _ = socket.recv_fds(self._control, 1, 1)
                if not data:
                    return None
                request = self._start(socket.socket(fileno=streams[0]))
                if request is not None:
                    return request

    def _start(self, stream: socket.socket) -> dict[str, Any] | None:
        with stream.makefile("rb") as lines:
            line = lines.readline()
        if not line:
            stream.close()
            return None
        if self._reason:
            _say(stream, {"unsafe": self._reason})
            stream.close()
            return None
        pid = os.fork()
        if pid == 0:
            self._leave(stream)
            request: dict[str, Any] = json.loads(line)
            return request
        handle = os.pidfd_open(pid)
        self._children[handle] = (pid, stream)
        self._selector.register(handle, selectors.EVENT_READ)
        _say(stream, {"pid": pid})
        return None

    def _leave(self, stream: socket.socket) -> None:
        """In the child: let go of everything that is the server's."""
        self._selector.close()
        self._control.close()
        stream.close()
        for handle, (_, other) in self._children.items():
            os.close(handle)
            other.close()

    def _reap(self, handle: int) -> None:
        pid, stream = self._children.pop(handle)
        self._selector.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(pid, 0)
        _say(stream, {"exit": os.waitstatus_to_exitcode(status)})
        stream.close()


def _say(stream: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # who asked is gone
        stream.sendall(json.dumps(message).encode() + b"\n")


def become(request: dict[str, Any], server: int) -> None:
    """Be the kernel that ``request`` describes: its session, environment, folder, chance."""
    os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    # random and tempfile see the fork themselves; numpy's global generator does not.
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    _end_quickly()
    # The trait's default was read from the environment when ipykernel was imported.
    sys.argv = [*request["argv"], f"--IPKernelApp.parent_handle={server}"]
    _application().launch_instance()


def _application() -> Any:
    """ipykernel's application, which here lets the control thread end before what it writes to.

    ipykernel (7.4) ends the thread of iopub first, in a handler of its own at exit. The control
    thread may just then, at the end of the shutdown request, hand it something: that waits 10 s for
    an answer, one kernel in sixty, and who asked terminates the kernel after 2.5 s.
    """
    from ipykernel.kernelapp import IPKernelApp

    class Application(IPKernelApp):
        def start(self) -> None:
            super().start()  # type: ignore[no-untyped-call]
            control = self.control_thread
            if control is not None and control.is_alive():
                control.stop()
                control.join()

    return Application


def _end_quickly() -> None:
    """Let the process end without taking its modules apart, once all exit handlers have run.

    The modules are the server's, a thousand of them: taking this process's copy apart takes half a
    second of processor time. Threads are joined before exit handlers run, and this one, being the
    first registered, runs last. A kernel's exit code is 0 unless a signal ended it.
    """

    def end() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    atexit.register(end)


def main() -> None:
    """Preload, serve, and in each child become a kernel."""
    # As ipykernel_launcher: the working directory is not where modules come from.
    if sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]
    control = socket.socket(fileno=int(sys.argv[1]))
    named = sys.argv[2:]
    preload(named)
    gc.collect()
    gc.freeze()  # what is shared stays shared: the collector does not touch it
    server = os.getpid()
    request = Server(control, unsafe(native=not named)).serve()
    if request is not None:
        become(request, server)


if __name__ == "__main__":
    main()
