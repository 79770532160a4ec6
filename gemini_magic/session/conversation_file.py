"""Reads and writes files: whole or not at all, every damage told.

A conversation file is JSON with one exchange a line, so that it reads well in a diff:
``{"format": "gemini-magic.conversation", "version": 1, "name": ..., "exchanges": [...]}``. An
exchange holds the turn JSON and the wire Content that was sent, attachment bytes included.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemini_magic.errors import StorageError
from gemini_magic.hints import Hint
from gemini_magic.session.conversation import Conversation, Exchange
from gemini_magic.text import b64decode, decode, utf8
from gemini_magic.turn.parts import Json
from gemini_magic.turn.turn import Turn

FORMAT = "gemini-magic.conversation"
VERSION = 1
_FILES = {"inlineData": ("mimeType", "data"), "fileData": ("mimeType", "fileUri")}
MOST_BYTES = 1_000_000_000  # of a file that is read whole


def write_atomic(path: Path, data: bytes, *, follow: bool = True) -> None:
    """Write ``data`` to ``path`` through a temporary file beside it and one rename.

    Whoever reads the path sees the old file or the new one, never a half; on any failure the old
    file stays and StorageError says why. A device, FIFO or socket is not replaced.
    ``follow``: write to what a link points to; False puts the file in the place of the link.
    """
    temporary: str | None = None
    try:
        # Onto what a link points to: a rename would replace the link itself.
        target = path.resolve() if follow and path.is_symlink() else path
        if target.is_dir():
            raise StorageError(f"{path} is a folder.", "Write the name of a file in it.")
        if target.exists() and not target.is_file():
            raise OSError(errno.EINVAL, "It is no regular file")
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes a private file; a saved one gets what the umask gives any other.
        Path(temporary).chmod(_mode(target))
        Path(temporary).replace(target)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()
        raise StorageError(
            f"{path} could not be written: {getattr(error, 'strerror', None) or error}.",
            "Choose a folder that exists and that you may write to.",
        ) from None


def read_regular(path: Path, beginning: int | None = None) -> bytes:
    """The bytes of a regular file, or the first ``beginning`` of them.

    OSError with a reason for what is none, or too large. A FIFO would wait for a writer for ever, a
    device gives without end, a file of 40 GB fills the memory: names of files come from notebooks
    and folders of others. ValueError: a NUL in the name.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "It is no regular file")
        if beginning is not None:
            return file.read(beginning)
        if status.st_size > MOST_BYTES:
            raise OSError(errno.EFBIG, f"It is larger than {MOST_BYTES / 1e9:g} GB")
        return file.read(MOST_BYTES + 1)


def append_line(path: Path, line: str) -> None:
    """Append one short line, which no other writer splits, and see it to the disk.

    StorageError when it cannot be written; the next line then begins after what was cut.
    """
    try:
        with path.open("ab") as file:
            file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}.",
            "Make room on that disk, or choose another folder.",
        ) from None


def make_folder(folder: Path, what: str, hint: str, *, private: bool = False) -> Path:
    """Make ``folder`` where it is missing, and return it; ``private``: for this user alone then.

    StorageError when it cannot be made: "``what`` cannot be made: why.", then ``hint``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
    except OSError as error:
        raise StorageError(f"{what} cannot be made: {error.strerror or error}.", hint) from None
    return folder


def anybodys(path: Path) -> str | None:
    """Why others than its owner's people may have put ``path`` there, in words; None when not.

    Its folder is open to all users of the machine and the file is not this user's, or all may write
    to the file itself. What a group may write is the group's business. Where there are no such
    permissions (Windows) nothing is known and None returned.
    """
    if not hasattr(os, "getuid"):
        return None
    around, own = path.parent.stat().st_mode, path.lstat()
    if not stat.S_ISLNK(own.st_mode) and own.st_mode & stat.S_IWOTH:
        return "every user of this machine may write to it"
    if around & stat.S_IWOTH and not (around & stat.S_ISVTX and own.st_uid == os.getuid()):
        return "every user of this machine may put files into its folder"
    return None


def _mode(target: Path) -> int:
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def save_conversation(conversation: Conversation, path: Path, saved: str) -> int:
    """Write ``conversation`` to ``path`` and return the size in bytes; ``saved``: ISO date.

    It may take the place of a conversation, not of another file: StorageError then.
    """
    if _is_other(path):
        raise StorageError(
            f"{path} exists and is no saved conversation: it was not touched.",
            "Choose another name, such as chat.gemini.json.",
        )
    head = {"format": FORMAT, "version": VERSION, "name": conversation.name, "saved": saved}
    lines = [_line(_exchange_to_dict(exchange)) for exchange in conversation]
    body = ",\n".join(lines)
    text = f'{_line(head)[:-1]}, "exchanges": [\n{body}\n]}}\n'
    # A lone surrogate (a damaged clipboard, a lossy file name) is valid in JSON, not in UTF-8.
    data = utf8(text)
    write_atomic(path, data)
    return len(data)


def _is_other(path: Path) -> bool:
    """Whether ``path`` is a file with something else than a conversation, whole or damaged."""
    try:
        beginning = read_regular(path, 1000)
    except (OSError, ValueError):
        return False  # not there; or not to be read or written, which writing will tell
    return bool(beginning) and f'"{FORMAT}"'.encode() not in beginning


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def load_conversation(path: Path) -> Conversation:
    """Read a conversation file; StorageError names what is wrong with a damaged one."""
    try:
        data = decode(read_regular(path))
    except OSError as error:
        raise StorageError(
            f"{path} could not be read: {error.strerror or error}.",
            Hint.SAVE_WRITES,
        ) from None
    except ValueError as error:
        raise StorageError(
            f"{path} is not a conversation file: {_short(error)}.",
            Hint.SAVE_WRITES_JSON,
        ) from None
    try:
        return _conversation(data)
    except ValueError as error:
        raise StorageError(
            f"{path} cannot be used: {_short(error)}.",
            "Nothing was loaded; the current conversation is as it was.",
        ) from None


def _conversation(data: Any) -> Conversation:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"it does not say format {FORMAT!r}")
    if data.get("version") != VERSION:
        raise ValueError(f"version {data.get('version')!r} (this gemini_magic reads {VERSION})")
    name, exchanges = data.get("name"), data.get("exchanges")
    if not isinstance(name, str) or not name.strip() or not isinstance(exchanges, list):
        raise ValueError("'name' or 'exchanges' is missing")
    found = []
    for number, item in enumerate(exchanges, 1):
        try:
            found.append(_exchange(item))
        except ValueError as error:
            raise ValueError(f"exchange {number}: {error}") from None
    return Conversation(name.strip(), found)


def _exchange_to_dict(exchange: Exchange) -> Json:
    return {
        "turn": exchange.turn.to_dict(),
        "user": exchange.user,
        "call": exchange.call,
        "stale": exchange.stale,
        "good": None if exchange.good is None else _exchange_to_dict(exchange.good),
    }


def _exchange(data: Any) -> Exchange:
    if not isinstance(data, Mapping):
        raise ValueError("it is not an object")
    user, call, good = data.get("user"), data.get("call", 0), data.get("good")
    if (
        not isinstance(user, dict)
        or user.get("role") != "user"
        or not isinstance(user.get("parts"), list)
    ):
        raise ValueError("'user' is not a Content")
    for part in user["parts"]:
        _check_part(part)
    if not isinstance(call, int) or not isinstance(data.get("turn"), dict):
        raise ValueError("'turn' or 'call' is missing")
    return Exchange(
        turn=Turn.from_dict(data["turn"]),
        user=user,
        call=call,
        good=None if good is None else _exchange(good),
        stale=data.get("stale") is True,
    )


def _check_part(part: Any) -> None:
    """ValueError when ``part`` is no Part that could be sent, or whose bytes could be written."""
    if not isinstance(part, dict) or not isinstance(part.get("text", ""), str):
        raise ValueError("a part of 'user' is no Part")
    for kind, names in _FILES.items():
        file = part.get(kind, dict.fromkeys(names, ""))
        if not isinstance(file, dict) or not all(isinstance(file.get(name), str) for name in names):
            raise ValueError(f"an {kind} of 'user' is none")
        if not isinstance(file.get("displayName", ""), str):
            raise ValueError(f"the name of an {kind} of 'user' is no text")
        if kind == "inlineData":
            b64decode(file["data"])


def _short(error: Exception) -> str:
    return str(error).split("\n")[0][:200].rstrip(".")
