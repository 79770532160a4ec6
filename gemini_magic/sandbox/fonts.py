"""Matplotlib's list of fonts, kept between sandboxes: building it takes seconds each time.

The child's home is empty, so matplotlib would search all fonts in every run. The list is taken
from the user's own matplotlib cache, else from a small one of ours. What a child leaves is the work
of unknown code and is never taken over: that it made a list only tells that one is wanted, which a
child that runs nothing but matplotlib then makes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import stat
from pathlib import Path

MAKE = "import matplotlib.font_manager"
_PATTERN = "fontlist-*.json"
_NAME = re.compile(r"fontlist-v[\w.]{1,20}\.json")
_MOST_BYTES = 8 << 20  # a machine with thousands of fonts has one of 2 MB


def bring(folder: Path) -> None:
    """Copy the known font lists into the child's matplotlib folder."""
    for known in reversed([_ours(), *_theirs()]):
        with contextlib.suppress(OSError):
            for file in known.glob(_PATTERN):
                shutil.copyfile(file, folder / file.name)


def wanted(folder: Path) -> bool:
    """Whether a child has built a font list and none like it is known; nothing in it is read."""
    known = [_ours(), *_theirs()]
    with contextlib.suppress(OSError):
        made = [path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)]
        return any(all(not (place / name).exists() for place in known) for name in made)
    return False


def keep(folder: Path) -> None:
    """Keep the font list of a child that has run `MAKE` alone, unless one like it is known."""
    for file in (one for one in folder.glob(_PATTERN) if _NAME.fullmatch(one.name)):
        known = [_ours(), *_theirs()]
        # An unwritable cache folder only means that the next plot is slow again.
        with contextlib.suppress(OSError):
            if any((place / file.name).exists() for place in known):
                continue
            found = _read(file)
            if found is None:
                continue
            _ours().mkdir(parents=True, exist_ok=True)
            partial = _ours() / f".{os.getpid()}-{file.name}"
            partial.write_bytes(found)
            partial.replace(_ours() / file.name)


def _read(file: Path) -> bytes | None:
    """The file, if it is one (no link, no pipe: the code may have made it) and lists fonts."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    opened = os.open(file, flags)
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            return None
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        return None
    try:
        fonts = json.loads(data)["ttflist"]
        names = [font["fname"] for font in fonts]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return data if names and all(isinstance(name, str) for name in names) else None


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _ours() -> Path:
    return _cache() / "gemini_magic" / "matplotlib"


def _theirs() -> list[Path]:
    named = os.environ.get("MPLCONFIGDIR")
    return [*([Path(named)] if named else []), _cache() / "matplotlib", Path.home() / ".matplotlib"]
