"""Files as items: looked at before they are opened, measured before they are read.

Only regular files are read, and never more than the limit: a directory, a device, a socket, a
FIFO (which would wait for ever), a link that leads in a circle, a file of 3 GB are refused with a
sentence each, and nothing is sent.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from gemini_magic.attach import media, names
from gemini_magic.attach.item import Item, too_large
from gemini_magic.errors import OptionError
from gemini_magic.hints import Hint
from gemini_magic.text import size_text

MOST_FILES = 100  # that one pattern may name

_KINDS = (
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def matches(word: str) -> list[Path]:
    """The files ``word`` names: one path, or what a glob matches, sorted; [] when there is none.

    ``~`` is the home directory; relative to the working directory. A pattern (``*``, ``?``,
    ``[``, ``**``) takes only files, and at most 100.
    """
    try:
        path = os.path.expanduser(word)  # noqa: PTH111 - the word may hold pattern characters
        if os.path.lexists(path):
            return [Path(path)]
        if not glob.has_magic(path):
            return []
        found = sorted(
            one
            for one in glob.glob(path, recursive=True)  # noqa: PTH207 - absolute patterns too
            if Path(one).is_file()
        )
    except ValueError:  # a NUL character: no file's name
        return []
    if len(found) > MOST_FILES:
        raise OptionError(
            f"{word} names {len(found):,} files; at most {MOST_FILES} can be attached at once.",
            "Write a narrower pattern.",
        )
    return [Path(one) for one in found]


def nearby(word: str) -> list[str]:
    """Names in the folder that ``word`` points into, for "did you mean"."""
    folder, _, _ = os.path.expanduser(word).rpartition("/")  # noqa: PTH111
    try:
        found = sorted(os.listdir(folder or "."))[:1000]  # noqa: PTH208
    except (OSError, ValueError):
        return []
    return [f"{folder}/{name}" if folder else name for name in found]


def read(path: Path, limit: int) -> Item:
    """The file as an item; OptionError when it cannot be attached.

    Its size is looked at before it is opened, and what is read is bounded: a file that grows
    meanwhile is refused too.
    """
    try:
        _regular(path, path.stat())
        # Not waiting: what became a FIFO since the look above would wait for a writer.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            _regular(path, status)
            if status.st_size > limit:
                raise _too_large(path, status.st_size, limit)
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if len(data) > limit:
        raise _too_large(path, len(data), limit)
    if not data:
        raise OptionError(f"{path} is empty: there is nothing to attach.", "Attach another file.")
    return _item(path, data)


def _regular(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise OptionError(f"{path} is a directory.", Hint.ATTACH_PATTERN(path=path))
    for test, kind in _KINDS:
        if test(status.st_mode):
            raise OptionError(f"{path} is {kind}, not a file.", "Attach a regular file.")


def _unreadable(path: Path, error: OSError | ValueError) -> OptionError:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ELOOP:
        return OptionError(
            f"{path} is a symbolic link that leads in a circle.", "Attach the file it should name."
        )
    if number == errno.ENOENT and path.is_symlink():
        return OptionError(
            f"{path} is a symbolic link to a file that is not there.", "Attach the file itself."
        )
    if number in (errno.EACCES, errno.EPERM):
        return OptionError(
            f"{path} cannot be read: permission denied.", "Change its permissions, or copy it."
        )
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return OptionError(f"{path} cannot be read: {said}.", "Attach another file, or a value.")


def _too_large(path: Path, size: int, limit: int) -> OptionError:
    return too_large(str(path), size_text(size), limit, "a part of it, read into a variable", size)


def _item(path: Path, data: bytes) -> Item:
    mime_type = media.by_name(path.name)
    about = ""
    if mime_type is not None and media.is_office(mime_type):
        mime_type = media.office(path.name, data)
    if mime_type is None:
        found = media.by_content(data)
        if found is None:
            raise _binary(path)
        mime_type = found[0]
    elif media.is_textual(mime_type) and not media.is_text(data):
        raise _binary(path)
    if media.is_textual(mime_type):
        about = "" if media.is_utf8(data) else "the text is not UTF-8"
    return Item(names.safe(path.name), mime_type, data, about)


_READERS = {
    ".xlsm": "pandas.read_excel",
    ".xlsb": "pandas.read_excel",
    ".xltx": "pandas.read_excel",
    ".parquet": "pandas.read_parquet",
    ".feather": "pandas.read_feather",
    ".pkl": "pandas.read_pickle",
    ".h5": "pandas.read_hdf",
    ".npy": "numpy.load",
    ".gif": "PIL.Image.open",
    ".bmp": "PIL.Image.open",
    ".tif": "PIL.Image.open",
    ".tiff": "PIL.Image.open",
}


def _binary(path: Path) -> OptionError:
    if path.suffix.lower() in media.OFFICE:
        return OptionError(
            f"{path} is not what its ending says, or it is locked by a password.",
            "Save it anew without a password, or as CSV or PDF, and attach that.",
        )
    reader = _READERS.get(path.suffix.lower())
    how = (
        f"Read it and attach the value: {reader}({str(path)!r})."
        if reader
        else "Turn it into one of these, or read it into a variable and attach that."
    )
    return OptionError(
        f"{path} is binary data of a kind that cannot be sent (Gemini takes {media.TAKEN}).", how
    )


def items(paths: Sequence[Path], limit: int) -> list[Item]:
    """The files as items, which may have ``limit`` bytes together; OptionError as `read`."""
    found: list[Item] = []
    for path in paths:
        found.append(read(path, limit))
        limit -= len(found[-1].data)
    return found
