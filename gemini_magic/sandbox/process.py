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
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from gemini_magic.sandbox import fonts
from gemini_magic.sandbox.result import DOORS, Outcome, SandboxResult

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

    _fonts_made = False  # in this process: code that plants the name of a list gets one try

    def __init__(
        self,
        files: Mapping[str, bytes],
        memory_bytes: int,
        output_bytes: int,
        isolate: bool,
        makes_fonts: bool = False,
    ) -> None:
        """``makes_fonts``: it will run `fonts.MAKE` alone, and its list of fonts is kept."""
        self._output_bytes = output_bytes
        self._memory_bytes = memory_bytes
        self._makes_fonts = makes_fonts
        self._folder = tempfile.TemporaryDirectory(
            prefix="gemini-sandbox-", ignore_cleanup_errors=True
        )
        self._lock = threading.Lock()
        self._streams_lock = threading.Lock()  # taken after no other, and takes none
        self._closed = False
        root = Path(self._folder.name).resolve()  # a link on the way would be one in the new root
        control, place = root / "control", root / "root"
        scratch, config, temporary = root / "work", root / "config", root / "tmp"
        for folder in (control, place, scratch, config, temporary):
            folder.mkdir()
        for name, data in files.items():
            (scratch / name).write_bytes(data)
        self._fonts = config
        fonts.bring(config)
        self._streams = {name: _stream(control / name) for name in ("stdout", "stderr", "images")}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=scratch,
            env=_environment(scratch, temporary, config),
            start_new_session=True,
        )
        self._replies: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="sandbox-reader", daemon=True)
        self._reader.start()
        self._started = False
        self.open_doors = DOORS
        self._send(
            {
                "scratch": str(scratch),
                "control": str(control),
                "place": str(place),
                "writable": [str(folder) for folder in (scratch, config, temporary)],
                "hidden": _hidden(),
                "libraries": os.environ.get("LD_LIBRARY_PATH", "").split(":"),
                "memory_bytes": memory_bytes,
                "file_bytes": FILE_BYTES,
                "isolate": isolate,
                "paths": _library_paths(),
            }
        )

    def _keep_fonts(self) -> None:
        """Have the list of fonts made that was missing, by a child that runs nothing else."""
        if self._makes_fonts:
            fonts.keep(self._fonts)
        elif not Child._fonts_made and fonts.wanted(self._fonts):
            Child._fonts_made = True
            maker = Child({}, self._memory_bytes, self._output_bytes, True, makes_fonts=True)
            try:
                maker.run(fonts.MAKE, _START_SECONDS, lambda: False)
            finally:
                maker.close()

    def alive(self) -> bool:
        return not self._closed and self._process.poll() is None

    def run(self, code: str, timeout: float, stop: Callable[[], bool]) -> SandboxResult:
        if not self._started:
            ready = self._wait(_START_SECONDS, stop)
            self._started = True
            told = (ready or {}).get("open_doors", DOORS)
            self.open_doors = tuple(door for door in DOORS if door in told)
        with self._reading():
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
        with self._reading():
            stdout, cut = self._printed("stdout", before["stdout"])
            stderr, cut_too = self._printed("stderr", before["stderr"])
            images = self._images(reply.get("images")) if reply else ()
        if late:
            stderr += f"The code was stopped: it ran longer than {timeout:g} seconds.\n"
        elif reply is None:
            stderr += f"The process running the code ended: {self._how_it_ended()}.\n"
        self._keep_fonts()
        outcome: Outcome = "OUTCOME_OK" if reply and reply.get("ok") else "OUTCOME_FAILED"
        return SandboxResult(
            outcome="OUTCOME_DEADLINE_EXCEEDED" if late else outcome,
            stdout=stdout,
            stderr=stderr,
            images=images,
            open_doors=self.open_doors,
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
        # Closed under us, or not JSON: the code can write to the pipe, too.
        with contextlib.suppress(ValueError, OSError, RecursionError):
            while line := replies.readline(1 << 20):
                reply = json.loads(line)
                self._replies.put(reply if isinstance(reply, dict) else {})
        self._replies.put(None)

    def _send(self, order: dict[str, Any]) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # `_wait` then tells it ended
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Keep the files of the child open; raises Cancelled when another thread closed them."""
        with self._streams_lock:
            if self._streams["stdout"].closed:
                raise Cancelled
            yield

    def _size(self, name: str) -> int:
        return os.fstat(self._streams[name].fileno()).st_size

    def _printed(self, name: str, start: int) -> tuple[str, int]:
        """What was printed since ``start``, cut to the limit, and how many bytes were cut."""
        file = self._streams[name]
        file.seek(start)
        kept = file.read(self._output_bytes)
        dropped = max(0, self._size(name) - start - len(kept))
        text = kept.decode("utf-8", "ignore" if dropped else "replace")
        if dropped:
            text += f"\n[{name} cut here: {dropped} more bytes]\n"
        return text, dropped

    def _images(self, sizes: Any) -> tuple[bytes, ...]:
        """The pictures of one snippet: their file holds them one after the other.

        ``sizes`` comes from a process in which unknown code ran: it may be anything.
        """
        found = []
        left = self._size("images")
        self._streams["images"].seek(0)
        for size in sizes if isinstance(sizes, list) else ():
            if not isinstance(size, int) or not 0 < size <= min(left, IMAGE_BYTES):
                break
            found.append(self._streams["images"].read(size))
            left -= size
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
        with self._streams_lock:
            for stream in self._streams.values():
                stream.close()
        self._folder.cleanup()


def _stream(path: Path) -> BinaryIO:
    """A new file that the child writes and this process reads, opened before any code runs.

    Never by its name again: code could have put a link to another file there.
    """
    path.touch(mode=0o600)
    return path.open("rb", buffering=0)


def _hidden() -> list[str]:
    """The user's folders, which the code is not to see even where they lie inside shown ones."""
    found = [tempfile.gettempdir()]
    with contextlib.suppress(RuntimeError):  # a user without a home
        found.append(str(Path.home()))
    with contextlib.suppress(OSError):  # the working folder was removed
        found.append(str(Path.cwd()))
    return found


def _environment(scratch: Path, temporary: Path, config: Path) -> dict[str, str]:
    """A clean environment: no keys, no ``PYTHON*``, nothing of the user's but what code needs."""
    kept = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
    return {
        "PATH": os.defpath if os.name != "posix" else "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(scratch),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://gemini_magic_figures",
        "MPLCONFIGDIR": str(config),
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
