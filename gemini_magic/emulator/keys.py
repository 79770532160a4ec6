"""The emulator's own key: made, read, compared, and kept in a file that only its user can read.

Whoever has the key gets Python run as this user. So it is in no repr, no option and no log; a
process's environment and a private file are the two places where other users cannot look.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

VARIABLE = "GEMINI_MAGIC_EMULATOR_KEY"
LEAST = 16  # characters
MOST = 4096
_RANDOM_BYTES = 32
# With a beginning of its own, so that no random key begins like the keys a test lets be refused.
_BEGINNING = "emulator-"
_OTHERS = 0o077
_MADE = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'


class Key:
    """A key that shows itself only when its ``text`` is asked for."""

    __slots__ = ("_text",)

    def __init__(self, text: str, source: str = "The emulator's key") -> None:
        """Take ``text``; ValueError, which names ``source`` and not the text, when it is weak."""
        problem = _problem(text)
        if problem:
            text = ""  # not for a traceback that shows variables
            raise ValueError(f"{source} {problem}.\n{_MADE}")
        self._text = text

    @property
    def text(self) -> str:
        return self._text

    def opens(self, given: str) -> bool:
        """Whether ``given`` is this key; takes the same time wherever they differ."""
        return hmac.compare_digest(given.encode(), self._text.encode())

    def hidden_in(self, text: str) -> str:
        """``text`` without this key."""
        return text.replace(self._text, "[hidden]")

    def __repr__(self) -> str:
        return "Key([hidden])"


def random_key() -> Key:
    """A new key of 256 random bits."""
    return Key(_BEGINNING + secrets.token_urlsafe(_RANDOM_BYTES))


def chosen_key(given: str | None) -> Key:
    """``given``, else that of GEMINI_MAGIC_EMULATOR_KEY, else a random one.

    ValueError when one is given that is too short or has other characters than visible ASCII.
    """
    if given is not None:
        return Key(given)
    if os.environ.get(VARIABLE):
        return Key(os.environ[VARIABLE].strip(), VARIABLE)
    return random_key()


def key_in(path: Path) -> str:
    """The key in the file at ``path``, one line; ValueError, in two lines, when it cannot be used.

    A file that others may read is refused, as ssh does with its keys: whoever reads it can have
    Python run as this user. Asked of the open file, so that none can be put in its place. A pipe
    serves too (``--key-file <(pass emulator)``).
    """
    try:
        with path.open("rb") as file:
            problem = _exposed(os.fstat(file.fileno()), path)
            if problem:
                raise ValueError(problem)
            data = file.read(MOST + 2)
    except OSError as error:
        raise ValueError(
            f"The key file {path} cannot be read: {error.strerror or error}.\n{_MADE}"
        ) from None
    text = data.decode("latin-1").rstrip("\n")
    return Key(text, f"The key in {path}").text


def _problem(text: str) -> str:
    if len(text) < LEAST:
        return f"has {len(text)} characters, and takes at least {LEAST}"
    if len(text) > MOST:
        return f"has more than {MOST} characters"
    # What a header can carry, and a shell's $(cat FILE) gives back.
    return "" if re.fullmatch(r"[!-~]+", text) else "has spaces, line ends or letters beyond ASCII"


def _exposed(found: os.stat_result, path: Path) -> str:
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode)):
        return f"The key file {path} is no file.\n{_MADE}"
    if os.name != "posix":
        return ""  # its permissions are not in the mode
    if found.st_uid not in {os.geteuid(), 0}:
        return f"The key file {path} belongs to another user, who knows the key.\n{_MADE}"
    if found.st_mode & _OTHERS:
        return f"The key file {path} can be read or changed by other users.\nRun: chmod 600 {path}"
    return ""


@contextmanager
def filed(key: str, name: str) -> Iterator[Path]:
    """Keep ``key`` in a new file of Jupyter's runtime folder while the block runs.

    The file is its user's alone (0600, in a folder with 0700) from its first byte on, and gone
    afterwards. ValueError, in two lines, when there is no such place.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir()) / "gemini_magic"
    path = folder / f"{name}-{secrets.token_hex(4)}.key"
    try:
        _make_private(folder)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(key.encode() + b"\n")
    except OSError as error:
        raise ValueError(
            f"The key cannot be kept in {folder}: {error.strerror or error}.\n"
            "Make that folder yours alone, set JUPYTER_RUNTIME_DIR, or use --key-file FILE."
        ) from None
    try:
        yield path
    finally:
        with suppress(FileNotFoundError):  # somebody tidied up
            path.unlink()


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name != "posix":
        return
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(0, "it is a link, or belongs to another user")
    if found.st_mode & _OTHERS:
        folder.chmod(0o700)
