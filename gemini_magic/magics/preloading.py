"""Imports what the first question needs, while the user writes it.

On a thread, from the end of the loading cell on: the SDK with its schemas (half a second), the
list of prices, the parsers of the views; at last the connection to the service is opened, on which
nothing is sent. Other cells run meanwhile and share the interpreter with
it: Python hands over every few milliseconds, except inside a full garbage collection. In steps: a
cell that forks (a pool of workers) waits for the end of one.
"""

from __future__ import annotations

import gc
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from gemini_magic.errors import GeminiError
from gemini_magic.session import forking

if TYPE_CHECKING:
    from gemini_magic.session.session import Session

THREAD = "gemini-preload"
# What a question imports on its way: with the first one, that is several times its own work.
ASKING = (
    "gemini_magic.attach.taken",
    "gemini_magic.magics.ask_cell",
    "gemini_magic.magics.completion",  # JupyterLab drops what comes after a second
    "gemini_magic.magics.displays",
    "gemini_magic.magics.here",
    "gemini_magic.render.extension",
    "gemini_magic.render.joining",
    "gemini_magic.session.asking",
    "gemini_magic.session.models",
    "gemini_magic.session.spending",
    "gemini_magic.session.store",
    "gemini_magic.tools.calling",
)
_YOUNG = 20_000  # new objects between two looks at the youngest
_NEVER = 1_000_000  # looks at the youngest between two at the older
_restored: list[Callable[[], None]] = []  # what ends `no_full_collections`, for a forked process


@forking.in_child.append
def _forked() -> None:
    for restore in _restored:
        restore()
    _restored.clear()


def start(session: Session, *, widgets: bool) -> None:
    """Preload in the background, the widgets too where they are shown; nothing is said."""
    args = (session, widgets)
    threading.Thread(target=_preload, args=args, name=THREAD, daemon=True).start()


def _preload(session: Session, widgets: bool) -> None:
    with no_full_collections():
        for step in _steps(session, widgets):
            with forking.importing():  # a fork waits for the step, not for all
                try:
                    step()
                except GeminiError:
                    return  # told in full when something is asked; loading stays silent
    with suppress(GeminiError):  # no name, no network: so is this
        session.connect().transport.open_ahead()


def _steps(session: Session, widgets: bool) -> Iterator[Callable[[], object]]:
    yield lambda: session.connect().transport.warm()
    for name in ASKING:
        yield partial(importlib.import_module, name)
    yield partial(_price, session)
    yield _draw
    if widgets:
        yield partial(importlib.import_module, "gemini_magic.render.widgets")


def _price(session: Session) -> None:
    from gemini_magic.session.prices import price
    from gemini_magic.turn.usage import Usage

    price(Usage(), session.settings.model)  # the list of prices takes a quarter second to load


def _draw() -> None:
    # The views build their parsers with the first answer: a tenth of a second, better here.
    from gemini_magic.render.live import Look
    from gemini_magic.turn.parts import Code, Text
    from gemini_magic.turn.request import Request
    from gemini_magic.turn.turn import Turn

    parts = (Text("*x*"), Code("x = 1"))
    Look().bundle(Turn("warm", Request("", "", ""), status="complete", parts=parts))


@contextmanager
def no_full_collections() -> Iterator[None]:
    """While inside, the garbage collector looks at new objects only.

    An import makes a quarter of a million objects that stay. They set off full collections, each
    of which goes through every object of the kernel, 60 ms and more in one piece (CPython; a fifth
    of the SDK's import). Afterwards the new objects count as old at once, so that no later cell
    pays either. A collector that is off, or that somebody sets meanwhile, is left alone; garbage is
    collected as ever once this is over.
    """
    before = gc.get_threshold()
    during = (max(before[0], _YOUNG), _NEVER, _NEVER)
    if not before[0]:
        yield
        return

    def restore() -> None:
        if gc.get_threshold() == during:
            gc.set_threshold(*before)

    gc.set_threshold(*during)
    _restored.append(restore)
    try:
        yield
    finally:
        restore()
        _restored.remove(restore)
        if not gc.get_freeze_count():  # frozen objects are somebody's (a forked kernel's)
            gc.freeze()
            gc.unfreeze()
