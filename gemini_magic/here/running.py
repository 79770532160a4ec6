"""Runs code as a cell of the user's, and catches what it prints, shows and raises.

By IPython's ``run_cell`` in the user's namespace, so magics, ``!shell`` and ``input()`` work as in
any cell. What is caught is caught in this thread for displays and in all threads for text; when the
run is over, everything goes where it went before. Views draw from threads of their own, and their
displays pass. Code that forks comes back twice: the child ends here (`_leave`), since all that
follows, the next request and the next question, is the parent's.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import io
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gemini_magic.here.awaiting import nested
from gemini_magic.here.bounded import Bounded
from gemini_magic.here.seal import Seal
from gemini_magic.text import visible

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
SEALED = 5  # names of what was put back that are told
LONGEST = 100_000  # characters of a value or a traceback that are looked at
UNSEEN = 4_000  # characters of what was written that are shown before the code asks
TRACEBACK = 40  # lines of a traceback that are kept, its last ones
MOST_DISPLAYS = 20  # of one run; what comes after is only counted


@dataclass
class Ran:
    """What came of one run. ``bundles``: MIME bundles that it showed, the value's own among them.

    ``more``: how many it showed beyond `MOST_DISPLAYS`. ``error``: the exception, None without one.
    """

    stdout: Bounded = field(default_factory=Bounded)
    stderr: Bounded = field(default_factory=Bounded)
    value: str = ""
    traceback: str = ""
    error: BaseException | None = None
    bundles: list[dict[str, Any]] = field(default_factory=list)
    more: int = 0

    def show(self, data: Any) -> None:
        """Take in a MIME bundle; what is no picture is read where it stands in the output."""
        text = data.get("text/plain")
        if not any(str(kind).startswith("image/") for kind in data) and isinstance(text, str):
            self.stdout.add(f"{text}\n")
        self.keep(data)

    def keep(self, data: Any) -> None:
        if len(self.bundles) < MOST_DISPLAYS:
            self.bundles.append(dict(data))
        else:
            self.more += 1


def run(shell: Any, code: str, ran: Ran, seal: Seal, *, unwatched: bool = False) -> None:
    """Run ``code`` as a cell of ``shell``, and put what it makes into ``ran`` as it comes.

    The empty line behind it keeps IPython from taking a single line for a magic that it has. An
    exception is caught, KeyboardInterrupt too, wherever it strikes. ``seal`` puts back afterwards
    what the code changed of us, and that is said among what it wrote to stderr. ``unwatched``: no
    front end shows what the cell prints, only the prompts of what it asks.
    """
    process, own, leave = os.getpid(), os.getpid, _leave
    back: list[str] = []
    try:
        with _caught(shell, code, ran, unwatched), _awaited(shell, ran):
            restore = seal.close()
            figures = _figures()
            try:
                result = shell.run_cell(f"{code}\n\n", store_history=False)
                ran.error = result.error_before_exec or result.error_in_exec
                if getattr(shell, "kernel", None) is None:
                    _draw(ran, figures)
            finally:
                if own() != process:
                    leave(ran)
                try:
                    back += restore()
                except RuntimeError:  # another thread has imported meanwhile
                    back += restore()
    except BaseException as error:  # noqa: BLE001 - code that broke what IPython runs it by
        ran.error = ran.error or error
    if back:
        more = f" and {len(back) - SEALED:,} more" if len(back) > SEALED else ""
        ran.stderr.add(f"Changed by this code, and put back: {', '.join(back[:SEALED])}{more}\n")


def _leave(ran: Ran) -> None:
    """End this process, a forked child whose code is done, and nothing else of it."""
    status = 0 if ran.error is None else 1
    if isinstance(ran.error, SystemExit) and isinstance(ran.error.code, int):
        status = ran.error.code & 0xFF
    with contextlib.suppress(BaseException):  # whatever a stream of the parent's does here
        sys.stdout.flush()
    os._exit(status)


def _figures() -> list[Any]:
    """The open figures of matplotlib, where it was imported."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return [] if helpers is None else list(helpers.Gcf.figs.values())


def _draw(ran: Ran, before: list[Any]) -> None:
    """Keep the figures that are new since ``before``: a terminal displays none of them itself."""
    for manager in _figures():
        if manager not in before:
            written = io.BytesIO()
            manager.canvas.figure.savefig(written, format="png")
            ran.keep({"image/png": written.getvalue()})


@contextmanager
def _awaited(shell: Any, ran: Ran) -> Iterator[None]:
    """Code with a top-level ``await`` runs on the loop that is running."""
    runner = nested(shell)
    if runner is None:
        yield
        return
    before = shell.loop_runner
    _set(shell, loop_runner=runner)
    try:
        yield
    finally:
        if shell.loop_runner is runner:
            _set(shell, loop_runner=before)
    if runner.interrupted and isinstance(ran.error, asyncio.CancelledError):
        ran.error = KeyboardInterrupt()


@contextmanager
def _caught(shell: Any, code: str, ran: Ran, unwatched: bool) -> Iterator[None]:
    out, err = sys.stdout, sys.stderr
    publisher, hook, trap = shell.display_pub, sys.displayhook, shell.display_trap
    trapped = trap.hook
    caught_out, caught_err = _Stream(out, ran.stdout), _Stream(err, ran.stderr)
    quiet = code.rstrip().endswith(";")

    def value(result: object) -> None:
        if result is None or quiet:
            return
        data, _ = shell.display_formatter.format(result)
        ran.value = str(data.get("text/plain", ""))[:LONGEST]
        if data.keys() - {"text/plain"}:
            ran.keep(data)

    def traceback(kind: Any, error: Any, lines: Any) -> None:
        text = "\n".join([str(line)[-LONGEST:] for line in lines[-TRACEBACK:]])[-LONGEST:]
        kept = visible(_ESCAPE.sub("", text)).split("\n")[-TRACEBACK:]
        ran.traceback = "\n".join(kept)

    read, process = builtins.input, os.getpid()

    def ask(prompt: object = "", /) -> str:
        """Ask the user, who has seen nothing yet of what the code has written before."""
        if os.getpid() != process:  # its sockets are the parent's, and so is the user's answer
            raise EOFError("a forked child cannot ask the user")
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = out, err
        try:
            unseen = visible(caught_out.unseen())
            if unwatched:
                prompt = f"{unseen}{prompt}"
            elif unseen:
                out.write(unseen)
                out.flush()
            return read(prompt)
        finally:
            sys.stdout, sys.stderr = before

    sys.stdout, sys.stderr = caught_out, caught_err
    builtins.input = ask
    shell.display_pub = _Publisher(publisher, ran.show)
    _set(trap, hook=value)
    sys.displayhook = value
    shell._showtraceback = traceback
    try:
        yield
    finally:
        shell.__dict__.pop("_showtraceback", None)
        _set(trap, hook=trapped)
        shell.display_pub = publisher
        sys.displayhook = hook
        builtins.input = read
        sys.stdout, sys.stderr = out, err
        caught_out.over, caught_err.over = True, True


def _set(one: Any, **traits: Any) -> None:
    """Set traits past who observes them: that may be code of a run before, after its seal."""
    one._trait_values.update(traits)


class _Stream(io.TextIOBase):
    """Takes what is written until the run is over; later, what holds on to it writes through."""

    def __init__(self, around: Any, kept: Bounded) -> None:
        self._around, self._kept = around, kept
        self._process = os.getpid()
        self._unseen = Bounded(UNSEEN)
        self.over = False

    def unseen(self) -> str:
        """The end of what was written since this was asked for last."""
        text, self._unseen = self._unseen.text, Bounded(UNSEEN)
        return text

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.over or os.getpid() != self._process:  # what a child keeps, nobody reads
            self._around.write(text)
        else:
            self._kept.add(text)
            self._unseen.add(text)
        return len(text)

    def flush(self) -> None:
        if self.over or os.getpid() != self._process:
            self._around.flush()

    def fileno(self) -> int:
        return int(self._around.fileno())

    def isatty(self) -> bool:
        return False

    def __del__(self) -> None:
        """Close nothing: that would flush what is around, in whatever thread collects garbage."""


class _Publisher:
    """Takes what the run displays in its own thread; all else goes to the shell's publisher."""

    # IPython's own record of outputs (9.1 and later) takes in no text while this says so: it would
    # keep all that a run prints.
    is_publishing = True

    def __init__(self, around: Any, show: Callable[[Any], None]) -> None:
        self._around, self._show = around, show
        self._thread = threading.get_ident()

    def publish(self, data: Any, metadata: Any = None, **more: Any) -> Any:
        if threading.get_ident() != self._thread:
            return self._around.publish(data, metadata, **more)
        if not more.get("update"):
            self._show(data)
        return None

    def clear_output(self, wait: bool = False) -> None:
        if threading.get_ident() != self._thread:
            self._around.clear_output(wait)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._around, name)
