"""Preloading: what the first question needs, imported while the user writes it.

On a thread, from the end of the loading cell on: the SDK with its schemas (half a second), the
list of prices, the parsers of the views. Other cells run meanwhile and share the interpreter with
it: Python hands over every few milliseconds, except inside a full garbage collection.
"""

from __future__ import annotations

import gc
import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gemini_magic.errors import GeminiError
from gemini_magic.magics.situation import situation

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics

THREAD = "gemini-preload"
# What a question imports on its way: with the first one, that is several times its own work.
ASKING = (
    "gemini_magic.magics.asking",
    "gemini_magic.magics.answering",
    "gemini_magic.magics.costs",
    "gemini_magic.magics.length",
    "gemini_magic.magics.models",
    "gemini_magic.budget",
    "gemini_magic.engine",
    "gemini_magic.recall",
    "gemini_magic.tools.calling",
    "gemini_magic.transport.answers",
)
_YOUNG = 20_000  # new objects between two looks at the youngest
_NEVER = 1_000_000  # looks at the youngest between two at the older


def start(magics: GeminiMagics) -> None:
    """Preload in the background; nothing is said, whatever happens."""
    widgets = situation(magics.shell).front_end is not None
    args = (magics, widgets)
    threading.Thread(target=_preload, args=args, name=THREAD, daemon=True).start()


def _preload(magics: GeminiMagics, widgets: bool) -> None:
    with no_full_collections():
        try:
            magics.connect().transport.warm()
        except GeminiError:
            return  # told in full when something is asked; loading stays silent
        for name in ASKING:
            importlib.import_module(name)
        from gemini_magic.prices import price
        from gemini_magic.turn import Usage

        price(Usage(), magics.settings.model)  # the list of prices takes a quarter second to load
        # The views build their parsers with the first answer: a tenth of a second, better here.
        from gemini_magic.parts import Code, Text
        from gemini_magic.render.live import Look
        from gemini_magic.turn import Request, Turn

        parts = (Text("*x*"), Code("x = 1"))
        Look().bundle(Turn("warm", Request("", "", ""), status="complete", parts=parts))
        if widgets:
            importlib.import_module("gemini_magic.render.widgets")


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
    gc.set_threshold(*during)
    try:
        yield
    finally:
        if gc.get_threshold() == during:
            gc.set_threshold(*before)
        if not gc.get_freeze_count():  # frozen objects are somebody's (a forked kernel's)
            gc.freeze()
            gc.unfreeze()
