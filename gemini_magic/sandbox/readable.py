"""Which folders the code may read: the system's, the interpreter's, the installed packages'.

A list of what is shown, never of what is hidden: a secret in a place that nobody thought of stays
out of sight. Editable installs and packages that are links are followed to where they lie. Loaded
from its file in the child: standard library only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import all_suffixes
from typing import Any, Literal, NamedTuple

# What programs need of the system and what tells nothing of the user. Of /etc, /var and /sys only
# this: keys, mail and sockets lie there, too.
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"),
    *("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types"),
    *("/etc/nsswitch.conf", "/etc/os-release", "/etc/passwd", "/etc/group", "/etc/protocols"),
    *("/etc/services", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/timezone"),
    *("/var/cache/fontconfig", "/sys/devices/system/cpu"),
)
# Homes of the system's own users (games, bin, daemon): hiding them would break the programs.
_SHARED = frozenset(
    f"/usr{name}" for name in ("", "/bin", "/sbin", "/games", "/lib", "/lib64", "/share")
)
_OF_A_PREFIX = ("bin", "include", "lib", "lib32", "lib64", "libexec", "share", "etc/fonts")
_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
_MOST_LINKS = 40

Kind = Literal["shown", "empty"]


class View(NamedTuple):
    """What is to be seen: ``places``, an outer one before those inside it, and symbolic links.

    A place is shown as it is, or empty: a hidden folder inside a shown one. ``links``: path to
    target, for the links on the way to the places.
    """

    places: list[tuple[str, Kind]]
    links: dict[str, str]

    @property
    def shown(self) -> list[str]:
        return [path for path, kind in self.places if kind == "shown"]

    @property
    def covered(self) -> list[str]:
        return [path for path, kind in self.places if kind == "empty"]


def view(hidden: Iterable[str], libraries: Iterable[str], package: str) -> View:
    """Make the view for this interpreter, with its ``sys.path`` and finders as they are now.

    ``hidden``: folders of the user (home, working folder, temporary files) that stay out of sight
    also when they lie inside a shown one. ``libraries``: folders of shared libraries.
    ``package``: the folder of the sandbox's own files.
    """
    links: dict[str, str] = {}
    secret = [real for folder in hidden if (real := _real(folder, links)) != "/"]
    links.clear()  # the way to a hidden folder is none of the code's business
    executables = (sys.executable, getattr(sys, "_base_executable", ""))
    wanted = [*SYSTEM, *filter(None, executables), package]
    for prefix in dict.fromkeys((sys.prefix, sys.exec_prefix, sys.base_prefix)):
        wanted += _prefix(_real(prefix, links), secret)
    whole = tuple(wanted)
    for entry in filter(None, sys.path):
        wanted += _entry(_real(entry, links), whole, secret)
    wanted += _editable()
    for folder in filter(os.path.isabs, libraries):
        if not _holds(_real(folder, links), secret):
            wanted.append(folder)
    shown = {real for path in wanted if os.path.exists(real := _real(path, links))}
    shown.discard("/")
    covered = [folder for folder in secret if folder not in shown and _coverable(folder)]
    return View(_arranged(shown, covered), links)


def _prefix(prefix: str, secret: list[str]) -> list[str]:
    """An installation as a whole, or its parts when the user works inside of it."""
    if not _holds(prefix, secret):
        return [prefix]
    return [f"{prefix}/{name}" for name in (*_OF_A_PREFIX, "pyvenv.cfg")]


def _entry(entry: str, whole: tuple[str, ...], secret: list[str]) -> Iterator[str]:
    """What an entry of ``sys.path`` adds to what is shown as a whole.

    Of a project's folder (an editable install) only what can be imported.
    """
    if os.path.basename(entry) in ("site-packages", "dist-packages"):
        yield from (entry, *_linked(entry))
    elif not os.path.isdir(entry):
        yield entry
    elif not any(_within(entry, folder) for folder in whole):
        yield from _importable(entry, spread=not _holds(entry, secret) and not _project(entry))


def _importable(folder: str, *, spread: bool) -> Iterator[str]:
    """Modules, packages, their metadata; ``spread``: namespace packages (no __init__.py), too."""
    endings = (*all_suffixes(), ".dist-info", ".egg-info")
    for each in _entries(folder):
        named = each.name.endswith(endings) or os.path.exists(f"{each.path}/__init__.py")
        if named or (spread and each.name.isidentifier() and _holds_modules(each.path, 2)):
            yield each.path


def _holds_modules(folder: str, depth: int) -> bool:
    if _project(folder):  # one of several projects side by side, not a part of this one
        return False
    inner = _entries(folder)
    return any(each.name.endswith(".py") for each in inner) or any(
        _holds_modules(each.path, depth - 1) for each in inner if depth and each.is_dir()
    )


def _project(folder: str) -> bool:
    return any(os.path.exists(f"{folder}/{name}") for name in _PROJECT)


def _linked(folder: str) -> Iterator[str]:
    """Where packages lie that are links: each on its own, or all (``uv --link-mode=symlink``)."""
    looked_inside = False
    for each in _entries(folder):
        if each.is_symlink():
            yield each.path
        elif not looked_inside and each.name.endswith(".dist-info"):
            looked_inside = True
            metadata = f"{each.path}/METADATA"
            if os.path.islink(metadata):  # to STORE/HASH/NAME.dist-info/METADATA
                yield os.path.realpath(metadata).rsplit("/", 3)[0]


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:  # gone, or not for this user: then not for the code either
        return []


def _editable() -> Iterator[str]:
    """Packages that finders of editable installs map (setuptools, scikit-build-core)."""
    for finder in sys.meta_path:
        name = getattr(finder, "__module__", "")
        module: Any = sys.modules.get(name)
        if name.startswith("__editable__"):
            folders = [path for some in getattr(module, "NAMESPACES", {}).values() for path in some]
            for path in (*getattr(module, "MAPPING", {}).values(), *folders):
                yield path
                yield from (path + suffix for suffix in all_suffixes())
        for known in ("known_source_files", "known_wheel_files"):
            for path in getattr(finder, known, {}).values():
                if isinstance(path, str) and os.path.isabs(path):
                    yield os.path.dirname(path)


def _coverable(folder: str) -> bool:
    """Not when the user works in a folder of the system, or in a package that can be imported."""
    return folder not in _SHARED and not os.path.exists(f"{folder}/__init__.py")


def _arranged(shown: set[str], covered: list[str]) -> list[tuple[str, Kind]]:
    """Outer places first, and only those that change what is seen."""
    kinds: dict[str, Kind] = {path: "empty" for path in covered if os.path.isdir(path)}
    kinds.update((path, "shown") for path in shown)
    kept: list[tuple[str, Kind]] = []
    around: list[tuple[str, Kind]] = []
    for path in sorted(kinds, key=lambda path: path.split("/")):
        while around and not _within(path, around[-1][0]):
            around.pop()
        if kinds[path] != (around[-1][1] if around else "empty"):
            around.append((path, kinds[path]))
            kept.append(around[-1])
    return kept


def _real(path: str, links: dict[str, str]) -> str:
    """The path without symbolic links; those on the way are added to ``links``."""
    done = ""
    left = os.path.abspath(path).split("/")[::-1]
    followed = 0
    while left:
        name = left.pop()
        if name in ("", "."):
            continue
        if name == "..":
            done = done.rpartition("/")[0]
            continue
        here = f"{done}/{name}"
        try:
            target = os.readlink(here)
        except OSError:  # no link, or nothing at all
            done = here
            continue
        followed += 1
        if followed > _MOST_LINKS:
            return "/"  # in a circle
        links[here] = target
        done = "" if target.startswith("/") else done
        left += target.split("/")[::-1]
    return done or "/"


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def _holds(folder: str, secret: list[str]) -> bool:
    return any(_within(place, folder) for place in secret)
