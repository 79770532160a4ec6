"""Runs something beside files: in a folder of its own, which is the working directory meanwhile.

For the model's code in this process: it finds its attachments there, and nothing of the working
folder is written over. What it wrote is moved to the working folder when it has ended, however it
ended. The working directory is the whole process's, so other threads see the folder, too.

The folder is not searched for modules: an attachment is data, and an import in the code that was
shown must not run code that nobody has been shown.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gemini_magic.sandbox.session import checked_name


@dataclass
class Written:
    """What was written: relative paths in the working folder, known when it has ended.

    ``renamed``: of those whose name was taken by a file that differs, the name they were to have.
    ``left``: what could not be moved, where it lies now.
    """

    moved: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """In words, a line each; empty when nothing was written."""
        said = []
        if self.moved:
            names = (
                f"{_said(name)} ({_said(self.renamed[name])} was there)"
                if name in self.renamed
                else _said(name)
                for name in self.moved
            )
            said.append(f"Written here: {', '.join(names)}")
        if self.left:
            left = ", ".join(map(_said, self.left))
            said.append(f"Not moved here, and left where it was written: {left}")
        return said


def _said(name: str) -> str:
    """A name that the code has chosen, without anything in it that acts on a terminal."""
    return "".join(char if char.isprintable() else "?" for char in name[:200])


@contextlib.contextmanager
def beside(files: Mapping[str, bytes]) -> Iterator[Written]:
    """Have ``files`` in the working directory while inside; without any nothing is changed.

    Afterwards, also after an exception or an interrupt, the working directory is the one it was,
    and what was written is in it: never over a file that differs, then with a number in its name.
    Raises ValueError on a name that is no file's in one folder, OSError when it cannot be written.
    """
    written = Written()
    if not files:
        yield written
        return
    working = Path.cwd()
    folder = Path(tempfile.mkdtemp(prefix="gemini-run-"))
    try:
        for name, data in files.items():
            (folder / checked_name(name)).write_bytes(data)
        os.chdir(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        with _modules_of(working):
            yield written
    finally:
        _back(working, folder, files, written)
        if not written.left:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _modules_of(working: Path) -> Iterator[None]:
    """While inside, what stands for the working directory in ``sys.path`` means ``working``."""
    here = str(working)
    sys.path[:] = [here if path in ("", ".") else path for path in sys.path]
    try:
        yield
    finally:
        sys.path[:] = ["" if path is here else path for path in sys.path]


def _back(working: Path, folder: Path, files: Mapping[str, bytes], written: Written) -> None:
    try:
        os.chdir(working)
    except OSError:  # the code has removed it
        written.left.append(str(folder))
        return
    _move(folder, working, files, written)


def _move(folder: Path, working: Path, files: Mapping[str, bytes], written: Written) -> None:
    for path in _found(folder):
        name = path.relative_to(folder)
        given = files.get(str(name))
        try:
            if given is not None and holds(path, given):
                continue
            target = _free(working / name, path)
            if target is None:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
        except OSError:
            written.left.append(str(path))
            continue
        moved = str(target.relative_to(working))
        written.moved.append(moved)
        if target != working / name:
            written.renamed[moved] = str(name)


def holds(path: Path, data: bytes) -> bool:
    """Whether a file, and no link, pipe or device in its place, holds just ``data``."""
    known = os.lstat(path)
    if not stat.S_ISREG(known.st_mode) or known.st_size != len(data):
        return False
    return path.read_bytes() == data


def _found(folder: Path) -> list[Path]:
    """Files and links below ``folder``; links are not followed."""
    found = []
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        found += [Path(parent, name) for name in (*names, *links)]
    return sorted(found)


def _free(wanted: Path, path: Path) -> Path | None:
    """Where to put ``path``: ``wanted``, or with a number; None where the same file is already."""
    target, number = wanted, 1
    while target.exists() or target.is_symlink():
        plain = target.is_file() and path.is_file()
        if plain and not path.is_symlink() and filecmp.cmp(path, target, shallow=False):
            return None
        number += 1
        target = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return target
