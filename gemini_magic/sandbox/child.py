"""The sandbox's own process: reads code on its first stdin, runs it, tells how it went.

Started by `session` as ``python -I child.py`` from its file, with a clean environment. One JSON
line in, one out; what the code prints goes to two files the parent reads. Standard library only:
nothing of the package is imported here.
"""

from __future__ import annotations

import importlib.util
import json
import linecache
import os
import sys
import textwrap
import traceback
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
FIGURES = "gemini_magic_figures"


def main() -> None:
    """Take the control pipes away from the code's reach, isolate, then serve until they close."""
    orders = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    start = json.loads(orders.readline())
    # Before the view changes: neither they nor their folder are in it, so that the code cannot
    # put anything else (a link) where the parent reads.
    opened = [_opened(start["control"], name) for name in ("stdout", "stderr", "images")]
    sys.path[:] = [*sys.path, *(path for path in start["paths"] if path not in sys.path)]
    isolation = _load("isolation", HERE / "isolation.py")
    open_doors = list(isolation.DOORS)

    def work() -> None:
        _settle(start, opened)
        _reply(replies, {"open_doors": open_doors})
        _serve(orders, replies, opened[2])

    if start["isolate"] and sys.platform.startswith("linux"):
        spaces = isolation.unshare()

        def confine() -> None:
            open_doors[:] = _confined(start, isolation, spaces)

        if spaces.processes:
            isolation.guarded(confine, work)
        confine()
    work()


def _confined(start: dict[str, Any], isolation: Any, spaces: Any) -> list[str]:
    readable, root, landlock = (
        _load(name, HERE / f"{name}.py") for name in ("readable", "root", "landlock")
    )
    view = readable.view(start["hidden"], start["libraries"], str(HERE))
    doors: list[str] = isolation.confine(
        spaces, view, start["place"], start["writable"], root, landlock
    )
    return doors


def _opened(control: str, name: str) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    return os.open(Path(control) / name, flags, 0o600)


def _settle(start: dict[str, Any], opened: list[int]) -> None:
    """Folder, streams, limits and import paths of the code to come."""
    os.chdir(start["scratch"])
    for target, stream in zip((1, 2), opened, strict=False):
        os.dup2(stream, target)
        os.close(stream)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    streams: Any = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    _limit(start["memory_bytes"], start["file_bytes"])
    sys.path.insert(0, start["scratch"])
    sys.meta_path.append(_FiguresFinder())
    sys.argv = [""]


def _limit(memory_bytes: int, file_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none of these limits
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, ceiling = resource.getrlimit(kind)
        if ceiling != resource.RLIM_INFINITY:
            most = min(most, ceiling)
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):  # macOS refuses a limit on the address space
            continue


class _FiguresFinder:
    """Finds the figure backend by its name, wherever the package lies."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != FIGURES:
            return None
        return importlib.util.spec_from_file_location(name, HERE / "figures.py")


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _serve(orders: Any, replies: Any, drawings: int) -> None:
    # ``__name__`` is "__main__" so that guarded scripts run; the module is in ``sys.modules``
    # because pickle and dataclasses look names up there.
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    for line in orders:
        ok = _execute(json.loads(line)["code"], module.__dict__)
        images, drawn = _figures(drawings)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):  # the code closed it, or filled its file
                ok = False
        _reply(replies, {"ok": ok and drawn, "images": images})


def _execute(code: str, namespace: dict[str, Any]) -> bool:
    """Run the code; a failure prints its traceback as Gemini's sandbox does (``<string>``)."""
    linecache.clearcache()
    try:
        # Gemini runs code that it wrote with a common indentation (seen on 2.5-pro).
        exec(compile(textwrap.dedent(code), "<string>", "exec"), namespace)
    except SystemExit as ended:
        if ended.code is None or ended.code == 0:
            return True
        _complain(
            f"{ended.code}\n" if isinstance(ended.code, str) else f"SystemExit: {ended.code}\n"
        )
        return False
    except BaseException as error:  # noqa: BLE001  # whatever the code raised is its result
        shown = error.__traceback__.tb_next if error.__traceback__ else None
        _complain("".join(traceback.format_exception(type(error), error, shown)))
        return False
    return True


def _complain(text: str) -> None:
    # Straight to the file: the code may have replaced or closed ``sys.stderr``.
    os.write(2, text.encode("utf-8", "replace"))


def _figures(drawings: int) -> tuple[list[int], bool]:
    """Write what was drawn to the file that the parent reads; the sizes, and whether all worked."""
    module = sys.modules.get(FIGURES)
    if module is None:
        return [], True
    sizes: list[int] = []
    try:
        os.ftruncate(drawings, 0)
        with os.fdopen(os.dup(drawings), "wb") as file:
            for png in module.take():
                sizes.append(file.write(png))
    except BaseException:  # noqa: BLE001  # drawing runs the code's own callbacks and mathtext
        _complain(traceback.format_exc())
        return sizes, False
    return sizes, True


def _reply(replies: Any, answer: dict[str, Any]) -> None:
    replies.write(json.dumps(answer).encode() + b"\n")
    replies.flush()


if __name__ == "__main__":
    main()
