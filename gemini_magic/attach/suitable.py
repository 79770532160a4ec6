"""What there is to attach: the variables and files a picker can offer, each in a few words.

Nothing of a value is called but its shape: a picker that is only looked at runs no user's code.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from gemini_magic.attach.arrays import is_array
from gemini_magic.attach.pictures import is_image_array
from gemini_magic.attach.tables import of_module
from gemini_magic.text import size_text

MOST_ENTRIES = 500  # of a folder; more than anyone reads


def variables(namespace: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and description of each variable worth offering, in the order they were made."""
    for name, value in list(namespace.items()):
        if not name.startswith("_"):
            what = described(value)
            if what is not None:
                yield name, what


def described(value: Any) -> str | None:
    """The value in words ("DataFrame, 5,000 × 6"), None when a picker should not offer it.

    Frames and series of any library, arrays, figures and pictures, bytes, and lists and dicts
    with something in them.
    """
    kind = type(value)
    if isinstance(value, type | ModuleType):
        return None
    if _is_frame(kind, value):
        return f"{kind.__name__}{_shape(value)}"
    if is_array(value):
        return f"{'picture' if is_image_array(value) else 'array'} of {value.dtype}{_shape(value)}"
    if of_module(value, "matplotlib.figure", "Figure") or kind.__module__.startswith("plotly."):
        return "figure" if "Figure" in kind.__name__ else None
    if of_module(value, "PIL.Image", "Image"):
        return f"picture, {value.width:,} × {value.height:,}"
    if kind in (bytes, bytearray) and value:
        return f"{kind.__name__}, {size_text(len(value))}"
    if kind in (dict, list) and value:
        return f"{kind.__name__}, {len(value):,} {'entries' if len(value) > 1 else 'entry'}"
    return None


def _is_frame(kind: type, value: Any) -> bool:
    return (
        of_module(value, "pandas", "DataFrame")
        or of_module(value, "pandas", "Series")
        or hasattr(kind, "__arrow_c_stream__")
        or hasattr(kind, "__dataframe__")
    )


def _shape(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or not shape:
        return ""
    return ", " + " × ".join(f"{length:,}" for length in shape)


def files(folder: str) -> Iterator[tuple[str, str]]:
    """Path and size of each file of ``folder`` ("" for the working directory), by name.

    Folders end in ``/`` and stand first; hidden entries are left out; nothing where there is no
    such folder.
    """
    prefix = f"{folder.rstrip('/')}/" if folder.strip("/") else folder
    try:
        base = Path(folder or ".").expanduser()
        entries = [entry for entry in base.iterdir() if not entry.name.startswith(".")]
        told = sorted((not entry.is_dir(), entry.name, entry) for entry in entries)
    except (OSError, ValueError, RuntimeError):  # not there, a NUL in it, ~ of nobody
        return
    for is_file, name, entry in told[:MOST_ENTRIES]:
        try:
            status = entry.stat()
            if is_file and not stat.S_ISREG(status.st_mode):
                continue  # a FIFO or a device: it cannot be attached
            what = size_text(status.st_size) if is_file else "folder"
        except OSError:
            continue  # a link to nowhere, or gone meanwhile
        yield prefix + name + ("" if is_file else "/"), what
