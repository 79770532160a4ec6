"""Stores answers by their request, to show them again without calling anybody.

A folder with one JSON file per request, named by the SHA-256 of model, options and contents
(history, prompt, attachments). Each file is written whole by one rename, so many processes (and a
shared file system) may use the folder at once; indented, it reads well in a diff. The emulator's
answers stand in files of their own and are shown by the emulator alone: a real answer is never
replaced by a scripted one.

The key holds what decides the answer. Not in it: streaming or not, timeouts, retries, and who
answered (developer or vertex).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gemini_magic.errors import AnswerInterrupted, OptionError, StorageError
from gemini_magic.hints import Hint
from gemini_magic.session.batch_run import BatchRun
from gemini_magic.session.conversation_file import (
    anybodys,
    make_folder,
    read_regular,
    write_atomic,
)
from gemini_magic.session.options import Place
from gemini_magic.settings import Settings
from gemini_magic.text import decode, utf8
from gemini_magic.transport.protocol import Outgoing, Stop
from gemini_magic.turn.turn import SENDABLE, Turn

FORMAT = "gemini-magic.answer"
VERSION = 1
EMULATOR = "emulator"


def key(outgoing: Outgoing) -> str:
    """The SHA-256 (hex) of what decides the answer: model, options, contents."""
    request = {
        "model": outgoing.model,
        "config": outgoing.config.to_dict(),
        "contents": list(outgoing.contents),
    }
    text = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Answers:
    """A folder of answers. ``since``: what was stored before this time is not found."""

    def __init__(self, folder: Path, since: datetime | None = None) -> None:
        self.folder = folder
        self._since = since

    def find(self, outgoing: Outgoing, *, emulator: bool = False) -> Turn | None:
        """The stored turn for the same request, labelled with its date; None when there is none.

        ``emulator``: whether the emulator would answer; only then are its answers found. Raises
        StorageError on a damaged file: calling instead would cost money without a word.
        """
        name = key(outgoing)
        for path in [self._path(name, emulated=True)] if emulator else []:
            turn = self._read(path, emulator=True)
            if turn is not None:
                return turn
        return self._read(self._path(name, emulated=False), emulator=emulator)

    def put(self, outgoing: Outgoing, turn: Turn) -> Path | None:
        """Keep ``turn`` as the answer to ``outgoing``; returns the file, None when not kept.

        Kept is what ended well: complete, or truncated by the service for a reason it gave. A
        failed, blocked or interrupted answer is to be asked again, and a reused one is kept
        already.
        """
        well = turn.status == "complete" or (turn.status in SENDABLE and turn.finish_reason)
        if not well or turn.reused is not None:
            return None
        name = key(outgoing)
        entry = {
            "format": FORMAT,
            "version": VERSION,
            "key": name,
            "stored": datetime.now().astimezone().isoformat(timespec="milliseconds"),
            "backend": turn.request.backend,
            "turn": turn.to_dict(),
        }
        text = json.dumps(entry, indent=1, ensure_ascii=False) + "\n"
        path = self._path(name, emulated=turn.request.backend == EMULATOR)
        self._make_folder()
        write_atomic(path, utf8(text), follow=False)
        return path

    @contextlib.contextmanager
    def lock(self, outgoing: Outgoing, stop: Stop) -> Iterator[None]:
        """While inside, no other process of this machine asks the same; the others wait.

        So that two notebooks with the same question, run side by side, pay for one answer and show
        the same. Raises AnswerInterrupted when ``stop`` is pressed while waiting.
        """
        from filelock import FileLock, Timeout

        locks = _locks()
        name = hashlib.sha256(f"{self.folder.resolve()}\n{key(outgoing)}".encode()).hexdigest()
        lock = FileLock(locks / f"{name[:32]}.lock")
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                if stop.wait(0.05):
                    raise AnswerInterrupted(
                        "Stopped while another notebook asked the same.", "Nothing was sent."
                    ) from None
        try:
            yield
        finally:
            lock.release()

    def _path(self, name: str, *, emulated: bool) -> Path:
        return self.folder / (f"{name}.{EMULATOR}.json" if emulated else f"{name}.json")

    def _make_folder(self) -> None:
        make_folder(
            self.folder,
            f"The answer store {self.folder}",
            "Choose another folder (trait answers_dir, GEMINI_MAGIC_ANSWERS, --answers).",
            private=True,
        )

    def _read(self, path: Path, *, emulator: bool) -> Turn | None:
        try:
            data = decode(read_regular(path))
            doubt = anybodys(path)
            backend, stored, turn = _entry(data)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(
                f"The stored answer {path} cannot be read: {error.strerror or error}.",
                Hint.FRESH(instead="does not need it"),
            ) from None
        except ValueError as error:
            raise StorageError(
                f"The stored answer {path} is damaged: {str(error).splitlines()[0][:200]}.",
                Hint.FRESH(instead="writes it anew"),
            ) from None
        if doubt is not None:
            raise StorageError(
                f"The stored answer {path} is not shown: {doubt}.",
                Hint.CLOSE_FOLDER(folder=self.folder),
            )
        if backend == EMULATOR and not emulator:
            return None
        if self._since is not None and datetime.fromisoformat(stored) < self._since:
            return None
        return replace(turn, reused={"stored": stored})


class Recall:
    """The answer store as one kernel uses it, by the settings of each call."""

    def __init__(self, run: BatchRun | None = None) -> None:
        self._run = run
        self._owners: dict[str, list[object]] = {}

    def store(self, settings: Settings, *, needed: bool) -> Answers | None:
        """The store that the settings name; OptionError when one is ``needed`` and none named."""
        folder = settings.answers_dir
        if folder:
            run = self._run
            since = run.stored_since if run is not None and folder == run.answers_dir else None
            return Answers(Path(folder).expanduser(), since)
        if needed:
            raise OptionError(
                "There is no answer store to reuse from.",
                "Name a folder: %config GeminiMagics.answers_dir = 'answers' "
                "(or GEMINI_MAGIC_ANSWERS in the environment).",
            )
        return None

    @contextlib.contextmanager
    def asking(self, store: Answers | None, outgoing: Outgoing, reuse: bool) -> Iterator[None]:
        """While inside, no other notebook of the same run asks the same."""
        if store is not None and reuse and self._run is not None:
            with store.lock(outgoing, outgoing.stop):
                yield
        else:
            yield

    def own(self, place: Place, turn: Turn) -> Turn:
        """``turn`` with an id that no other place in this kernel has.

        A stored answer may be shown at several places, whose inserted cells must not be taken for
        one another's. The first place has the turn's own id; the others' derive from it, so that
        the same notebook gets the same ids each time.
        """
        owners = self._owners.setdefault(turn.id, [])
        # Without a cell's id every call is a place of its own.
        owner = object() if place.cell is None else place
        if owner not in owners:
            owners.append(owner)
        number = owners.index(owner)
        if number == 0:
            return turn
        return replace(turn, id=hashlib.sha256(f"{turn.id} {number}".encode()).hexdigest()[:16])


def _entry(data: Any) -> tuple[str, str, Turn]:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"it does not say format {FORMAT!r}")
    if data.get("version") != VERSION:
        raise ValueError(f"version {data.get('version')!r} (this gemini_magic reads {VERSION})")
    backend, stored, turn = data.get("backend"), data.get("stored"), data.get("turn")
    if not isinstance(backend, str) or not isinstance(stored, str) or not isinstance(turn, dict):
        raise ValueError("'backend', 'stored' or 'turn' is missing")
    datetime.fromisoformat(stored)
    return backend, stored, Turn.from_dict(turn)


def _locks() -> Path:
    """A folder for locks that is this user's alone; StorageError where another has taken its name.

    Beside the store, not in it: a store is put under version control.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"gemini-magic-locks-{user}"
    make_folder(folder, str(folder), "Set TMPDIR to a folder of your own.", private=True)
    found = folder.lstat()
    # The name is known to all, and a folder for temporary files is open to all.
    if not stat.S_ISDIR(found.st_mode) or (
        hasattr(os, "getuid") and (found.st_uid != user or found.st_mode & 0o022)
    ):
        raise StorageError(
            f"{folder} is not this user's alone: another may have put it there.",
            "Remove it, or set TMPDIR to a folder of your own.",
        )
    return folder
