"""The child process of a session: its folder, its pipes, its limits, its end."""

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
from typing import Any

from gemini_magic.sandbox import fonts
from gemini_magic.sandbox.result import Outcome, SandboxResult

FILE_BYTES = 256 << 20
IMAGE_BYTES = 32 << 20
_POLL = 0.05
_START_SECONDS = 60.0
_CHILD = Path(__file__).with_name("child.py")


class Cancelled(Exception):
    """The caller's ``cancelled`` said so while code was running; the child is gone."""


class Child:
    """A running child, its folder, and the thread that reads its replies.

    ``files`` are written into the folder first. Started by the constructor; `close` ends it.
    """

    def __init__(
        self, files: Mapping[str, bytes], memory_bytes: int, output_bytes: int, isolate: bool
    ) -> None:
        self._output_bytes = output_bytes
        self._folder = tempfile.TemporaryDirectory(
            prefix="gemini-sandbox-", ignore_cleanup_errors=True
        )
        self._lock = threading.Lock()
        self._closed = False
        root = Path(self._folder.name)
        self._control, scratch = root / "control", root / "work"
        for folder in (self._control, scratch, root / "config", root / "tmp"):
            folder.mkdir()
        for name, data in files.items():
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
                "memory_bytes": memory_bytes,
                "file_bytes": FILE_BYTES,
                "isolate": isolate,
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
            if not late and stop():  # it was ended on purpose, by another thread
                raise Cancelled
        stdout, cut = self._printed("stdout", before["stdout"])
        stderr, cut_too = self._printed("stderr", before["stderr"])
        if late:
            stderr += f"The code was stopped: it ran longer than {timeout:g} seconds.\n"
        elif reply is None:
            stderr += f"The process running the code ended: {self._how_it_ended()}.\n"
        images = self._images(reply.get("images", [])) if reply else ()
        fonts.keep(self._fonts)
        outcome: Outcome = "OUTCOME_OK" if reply and reply.get("ok") else "OUTCOME_FAILED"
        return SandboxResult(
            outcome="OUTCOME_DEADLINE_EXCEEDED" if late else outcome,
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
