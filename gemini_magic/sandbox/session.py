"""The sandbox as its users see it: a session of snippets, or one snippet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from gemini_magic.sandbox.process import Child
from gemini_magic.sandbox.result import SandboxResult

TIMEOUT = 30.0
MEMORY_BYTES = 3 << 30
OUTPUT_BYTES = 1 << 20


class SandboxProcess:
    """One child process that runs snippet after snippet in one namespace; a context manager.

    ``files`` (name to bytes) are put into the scratch folder, which is the working directory and
    ``HOME`` of the code; a name with a folder in it raises ValueError. ``timeout`` is in seconds
    for each snippet, ``memory_bytes`` bounds the address space (where the OS can), ``output_bytes``
    what is kept of each stream. The child starts with the first snippet. A snippet that times out
    or kills its process takes the namespace with it: the next one starts afresh, with the files
    again. ``isolate=False`` closes no door: the code reaches what the user does.

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
        self._child: Child | None = None
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
            self._child = Child(self._files, self.memory_bytes, self.output_bytes, self.isolate)
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

    def __enter__(self) -> SandboxProcess:
        return self

    def __exit__(self, *_: object) -> None:
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
    """Run one snippet in a fresh process; the options are those of `SandboxProcess`."""
    with SandboxProcess(
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
