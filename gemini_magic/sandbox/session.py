"""The parent's side of the sandbox: start the child, feed it code, hold it to its limits."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import site
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from gemini_magic.sandbox import fonts
from gemini_magic.sandbox.result import SandboxResult

TIMEOUT = 30.0
MEMORY_BYTES = 3 << 30
OUTPUT_BYTES = 1 << 20
FILE_BYTES = 256 << 20
IMAGE_BYTES = 32 << 20
_POLL = 0.05
_START_SECONDS = 60.0
_CHILD = Path(__file__).with_name("child.py")


class Cancelled(Exception):
    """The caller's ``cancelled`` said so while code was running; the child is gone."""


class Session:
    """One child process that runs snippet after snippet in one namespace; a context manager.

    ``files`` (name to bytes) are put into the scratch folder, which is the working directory and
    ``HOME`` of the code; a name with a folder in it raises ValueError. ``timeout`` is in seconds
    for each snippet, ``memory_bytes`` bounds the address space (where the OS can), ``output_bytes``
    what is kept of each stream. The child starts with the first snippet. A snippet that times out
    or kills its process takes the namespace with it: the next one starts afresh, with the files
    again. ``isolate=False`` leaves the network on.

    Not a security boundary: see the package's docstring. One thread at a time, except `close`,
    which any thread may call.
    """

    def __init__(
        self,
        *,
        files: Mapping[str, bytes] | None = None,
        timeout: float = TIMEOUT,
        memory_bytes: int = MEMORY_BYTES,
        output_bytes: int = OUTPUT_BYTES,
        isolate: bool = True,
    ) -> None:
        self._files = {checked_name(name): data for name, data in (files or {}).items()}
        self.timeout = timeout
        self.memory_bytes = memory_bytes
        self.output_bytes = output_bytes
        self.isolate = isolate
        self._child: _Child | None = None
        self._closed = threading.Event()

    def run(
        self,
        code: str,
        *,
        timeout: float | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> SandboxResult:
        """Run one snippet and wait for its end.

        ``cancelled`` is asked about twenty times a second; when it says yes the child is killed
        and `Cancelled` is raised, as it is when the session is closed meanwhile.
        """
        if self._child is None or not self._child.alive():
            self._drop_child()
            self._child = _Child(self)
        allowed = self.timeout if timeout is None else timeout

        def stop() -> bool:
            return self._closed.is_set() or cancelled()

        try:
            return self._child.run(code, allowed, stop)
        finally:
            if not self._child.alive():
                self._drop_child()

    def _drop_child(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None

    def close(self) -> None:
        """Kill the child with all it started, and remove its folder."""
        self._closed.set()
        child = self._child
        if child is not None:
            child.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def run(
    code: str,
    *,
    files: Mapping[str, bytes] | None = None,
    timeout: float = TIMEOUT,
    memory_bytes: int = MEMORY_BYTES,
    output_bytes: int = OUTPUT_BYTES,
    isolate: bool = True,
    cancelled: Callable[[], bool] = lambda: False,
) -> SandboxResult:
    """Run one snippet in a fresh process; the options are those of `Session`."""
    with Session(
        files=files,
        timeout=timeout,
        memory_bytes=memory_bytes,
        output_bytes=output_bytes,
        isolate=isolate,
    ) as session:
        return session.run(code, cancelled=cancelled)


def checked_name(name: str) -> str:
    """The name, if it names a file directly inside a folder; raises ValueError otherwise."""
    if (
        not name
        or name in {".", ".."}
        or any(bad in name for bad in "/\\:\0")
        or len(name.encode()) > 200
    ):
        raise ValueError(f"{name!r} is not the name of a file in the sandbox's folder")
    return name


class _Child:
    """A running child: its folder, its pipes, and the thread that reads its replies."""

    def __init__(self, session: Session) -> None:
        self._output_bytes = session.output_bytes
        self._folder = tempfile.TemporaryDirectory(
            prefix="gemini-sandbox-", ignore_cleanup_errors=True
        )
        self._lock = threading.Lock()
        self._closed = False
        root = Path(self._folder.name)
        self._control, scratch = root / "control", root / "work"
        for folder in (self._control, scratch, root / "config", root / "tmp"):
            folder.mkdir()
        for name, data in session._files.items():
            (scratch / name).write_bytes(data)
        self._fonts = root / "config"
        fonts.bring(self._fonts)
        for name in ("stdout", "stderr"):
            (self._control / name).touch(mode=0o600)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=scratch,
            env=_environment(scratch, root),
            start_new_session=True,
        )
        self._replies: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="sandbox-reader", daemon=True)
        self._reader.start()
        self._started = False
        self.network_cut = False
        self._send(
            {
                "scratch": str(scratch),
                "control": str(self._control),
                "memory_bytes": session.memory_bytes,
                "file_bytes": FILE_BYTES,
                "isolate": session.isolate,
                "paths": _library_paths(),
            }
        )

    def alive(self) -> bool:
        return not self._closed and self._process.poll() is None

    def run(self, code: str, timeout: float, stop: Callable[[], bool]) -> SandboxResult:
        if not self._started:
            ready = self._wait(_START_SECONDS, stop)
            self._started = True
            self.network_cut = bool(ready and ready.get("network_cut"))
        before = {name: self._size(name) for name in ("stdout", "stderr")}
        began = time.monotonic()
        self._send({"code": code})
        late = False
        try:
            reply = self._wait(timeout, stop)
        except TimeoutError:
            late, reply = True, None
        if reply is None:
            self._kill()
        stdout, cut = self._printed("stdout", before["stdout"])
        stderr, cut_too = self._printed("stderr", before["stderr"])
        if late:
            stderr += f"The code was stopped: it ran longer than {timeout:g} seconds.\n"
        elif reply is None:
            stderr += f"The process running the code ended: {self._how_it_ended()}.\n"
        images = self._images(reply.get("images", [])) if reply else ()
        fonts.keep(self._fonts)
        return SandboxResult(
            outcome="OUTCOME_DEADLINE_EXCEEDED"
            if late
            else "OUTCOME_OK"
            if reply and reply.get("ok")
            else "OUTCOME_FAILED",
            stdout=stdout,
            stderr=stderr,
            images=images,
            network_cut=self.network_cut,
            elapsed=time.monotonic() - began,
            dropped=cut + cut_too,
        )

    def _wait(self, timeout: float, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """The next reply; None when the child ended; TimeoutError, or Cancelled by ``stop``."""
        until = time.monotonic() + timeout
        while True:
            if stop():
                self._kill()
                raise Cancelled
            left = until - time.monotonic()
            if left <= 0:
                self._kill()
                raise TimeoutError
            try:
                return self._replies.get(timeout=min(_POLL, left))
            except queue.Empty:
                if self._process.poll() is not None:
                    # A grandchild may hold the pipe open: the reader sees no end of file then.
                    with contextlib.suppress(queue.Empty):
                        return self._replies.get(timeout=_POLL)
                    return None

    def _read(self) -> None:
        replies = self._process.stdout
        assert replies is not None
        with contextlib.suppress(ValueError, OSError):  # closed under us, or not JSON
            while line := replies.readline(1 << 20):
                self._replies.put(json.loads(line))
        self._replies.put(None)

    def _send(self, order: dict[str, Any]) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # `_wait` then tells it ended
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()

    def _size(self, name: str) -> int:
        with contextlib.suppress(OSError):
            return (self._control / name).stat().st_size
        return 0

    def _printed(self, name: str, start: int) -> tuple[str, int]:
        """What was printed since ``start``, cut to the limit, and how many bytes were cut."""
        try:
            with (self._control / name).open("rb") as file:
                file.seek(start)
                kept = file.read(self._output_bytes)
                dropped = max(0, os.fstat(file.fileno()).st_size - start - len(kept))
        except OSError:  # the code removed it
            return "", 0
        text = kept.decode("utf-8", "ignore" if dropped else "replace")
        if dropped:
            text += f"\n[{name} cut here: {dropped} more bytes]\n"
        return text, dropped

    def _images(self, names: Any) -> tuple[bytes, ...]:
        found = []
        for name in names:
            path = self._control / Path(str(name)).name
            with contextlib.suppress(OSError):
                if path.stat().st_size <= IMAGE_BYTES:
                    found.append(path.read_bytes())
                path.unlink()
        return tuple(found)

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        number = -code if code < 0 else code - 128
        if number > 0:
            with contextlib.suppress(ValueError):
                return f"signal {signal.Signals(number).name}"
        return f"exit code {code}"

    def _kill(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._kill()
        self._reader.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._folder.cleanup()


def _environment(scratch: Path, root: Path) -> dict[str, str]:
    """A clean environment: no keys, no ``PYTHON*``, nothing of the user's but what code needs."""
    kept = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
    return {
        "PATH": os.defpath if os.name != "posix" else "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(scratch),
        "TMPDIR": str(root / "tmp"),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://gemini_magic_figures",
        "MPLCONFIGDIR": str(root / "config"),
        # One thread each: BLAS reserves address space for every thread it may start.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        **{name: os.environ[name] for name in kept if name in os.environ},
    }


def _library_paths() -> list[str]:
    """Where installed packages lie for this process, its user's own folder included."""
    folders = {*site.getsitepackages(), site.getusersitepackages()}
    return [path for path in sys.path if path in folders]
