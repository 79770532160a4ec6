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
    isolation = _load("isolation", HERE / "isolation.py")
    network_cut, own_processes = isolation.unshare() if start["isolate"] else (False, False)

    def work() -> None:
        _settle(start)
        _reply(replies, {"network_cut": network_cut, "own_processes": own_processes})
        _serve(orders, replies, Path(start["control"]))

    if own_processes:
        isolation.guarded(work)
    work()


def _settle(start: dict[str, Any]) -> None:
    """Folder, streams, limits and import paths of the code to come."""
    os.chdir(start["scratch"])
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    for target, name in ((1, "stdout"), (2, "stderr")):
        opened = os.open(Path(start["control"]) / name, flags, 0o600)
        os.dup2(opened, target)
        os.close(opened)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    streams: Any = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    _limit(start["memory_bytes"], start["file_bytes"])
    sys.path[:] = [*sys.path, *(path for path in start["paths"] if path not in sys.path)]
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


def _serve(orders: Any, replies: Any, control: Path) -> None:
    # ``__name__`` is "__main__" so that guarded scripts run; the module is in ``sys.modules``
    # because pickle and dataclasses look names up there.
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    for number, line in enumerate(orders):
        ok = _execute(json.loads(line)["code"], module.__dict__)
        images, drawn = _figures(control, number)
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


def _figures(control: Path, number: int) -> tuple[list[str], bool]:
    module = sys.modules.get(FIGURES)
    if module is None:
        return [], True
    names = []
    try:
        for index, png in enumerate(module.take()):
            name = f"{number}-{index}.png"
            (control / name).write_bytes(png)
            names.append(name)
    except BaseException:  # noqa: BLE001  # drawing runs the code's own callbacks and mathtext
        _complain(traceback.format_exc())
        return names, False
    return names, True


def _reply(replies: Any, answer: dict[str, Any]) -> None:
    replies.write(json.dumps(answer).encode() + b"\n")
    replies.flush()


if __name__ == "__main__":
    main()
