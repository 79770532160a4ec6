"""Handles forked kernels and the server they are forked from, for the process that uses them.

Light on purpose: a run starts its server before it has imported anything else.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

# Read when Python, the loader or the C library start: a fork cannot change them any more.
_FIXED = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "OPENSSL_", "SSL_")
# macOS has fork, and system libraries that do not survive it.
SUPPORTED = sys.platform == "linux" and hasattr(os, "pidfd_open")
_KEPT = {"PYTHONUNBUFFERED", "PYTHONWARNINGS"}


class Forked:
    """A forked kernel, with as much of `subprocess.Popen` as a provisioner uses."""

    stdin = stdout = stderr = None

    def __init__(self, stream: socket.socket, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._stream = stream
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        with self._lock:
            if self.returncode is None:
                self._stream.settimeout(timeout)
                try:
                    line = self._stream.recv(200)
                except (BlockingIOError, TimeoutError):
                    return None
                # Without a word the server is gone, and its kernels end with it.
                self.returncode = json.loads(line)["exit"] if line else -signal.SIGKILL
                self._stream.close()
            return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkServer:
    """The server's other end: started with this process's environment, stopped with it."""

    def __init__(self, preload: Sequence[str]) -> None:
        self.preload = tuple(preload)
        self.environment = dict(os.environ)
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        command = [
            sys.executable,
            "-m",
            "gemini_magic.batch.kernels.forkserver",
            str(theirs.fileno()),
        ]
        with theirs:
            self._process = subprocess.Popen(
                [*command, *preload],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a kernel prints past its own streams is no result of a run
                start_new_session=True,  # Ctrl-C is the runner's, which interrupts the kernels
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def start(self, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> Forked | None:
        """A kernel with ``ipykernel_launcher``'s ``argv``; None when it cannot be forked."""
        ours, theirs = socket.socketpair()
        request = json.dumps({"argv": list(argv), "env": dict(env), "cwd": cwd}).encode() + b"\n"
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            ours.sendall(request)
            line = b""
            while not line.endswith(b"\n"):
                # One byte at a time: the exit code may follow at once, and is read by `Forked`.
                byte = ours.recv(1)
                if not byte:
                    raise ConnectionError("the fork server has ended")
                line += byte
            answer = json.loads(line)
        except OSError:
            ours.close()
            return None
        if "pid" in answer:
            return Forked(ours, answer["pid"])
        ours.close()
        return None

    def close(self) -> None:
        """End the server; kernels that still run notice that it is gone."""
        self._control.close()
        self._process.terminate()  # it may still be importing, and then does not listen
        self._process.wait()


_servers: list[ForkServer] = []
_servers_lock = threading.Lock()


def server(preload: Sequence[str]) -> ForkServer:
    """The fork server of this process for these modules, started when first needed."""
    with _servers_lock:
        for known in list(_servers):
            if not known.alive:
                _servers.remove(known)
            elif known.preload == tuple(preload):
                return known
        made = ForkServer(preload)
        _servers.append(made)
        atexit.register(made.close)
        return made


def forkable(cmd: Sequence[str]) -> list[str] | None:
    """The arguments of ``ipykernel_launcher`` in ``cmd`` (itself first), None for other commands.

    Only for this interpreter, with no option but the one in ipykernel's own kernelspec.
    """
    if not SUPPORTED:
        return None
    words = list(cmd)
    if not words or not _same_interpreter(words.pop(0)):
        return None
    if words and words[0] == "-Xfrozen_modules=off":
        words.pop(0)  # for debuggers
    if words[:2] != ["-m", "ipykernel_launcher"]:
        return None
    return ["ipykernel_launcher", *words[2:]]


def _same_interpreter(program: str) -> bool:
    # Not resolved: a virtual environment's python is a link to another one's.
    return os.path.abspath(program) == os.path.abspath(sys.executable)  # noqa: PTH100


def same_start(env: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether a process started with either environment starts the same way."""

    def fixed(values: Mapping[str, str]) -> dict[str, str]:
        return {
            name: value
            for name, value in values.items()
            if name.startswith(_FIXED) and name not in _KEPT
        }

    return fixed(env) == fixed(other)
