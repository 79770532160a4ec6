"""Matplotlib's list of fonts, kept between sandboxes: building it takes seconds each time.

The child's home is empty, so matplotlib would search all fonts in every run. The list is taken
from the user's own matplotlib cache, else from a small one of ours that the first plot fills.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

_PATTERN = "fontlist-*.json"


def bring(folder: Path) -> None:
    """Copy the known font lists into the child's matplotlib folder."""
    for known in reversed([_ours(), *_theirs()]):
        with contextlib.suppress(OSError):
            for file in known.glob(_PATTERN):
                shutil.copyfile(file, folder / file.name)


def keep(folder: Path) -> None:
    """Keep a font list that the child built, unless one like it is already known."""
    for file in folder.glob(_PATTERN):
        known = [_ours(), *_theirs()]
        # An unwritable cache folder only means that the next plot is slow again.
        with contextlib.suppress(OSError):
            if any((place / file.name).exists() for place in known):
                continue
            _ours().mkdir(parents=True, exist_ok=True)
            partial = _ours() / f".{os.getpid()}-{file.name}"
            shutil.copyfile(file, partial)
            partial.replace(_ours() / file.name)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _ours() -> Path:
    return _cache() / "gemini_magic" / "matplotlib"


def _theirs() -> list[Path]:
    named = os.environ.get("MPLCONFIGDIR")
    return [*([Path(named)] if named else []), _cache() / "matplotlib", Path.home() / ".matplotlib"]
