"""Puts back what a run changed of the machinery that asks before the next one.

Approved code has the user's rights and can reach everything in its process: this is no boundary. It
takes back what can be done by plain assignment, deletion and monkeypatching, so that such code, by
design or by accident, neither answers nor hides the next question, and the next cell works. Threads
that outlive the run, frames, the garbage collector and ctypes reach further (SECURITY.md).
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Collection
from itertools import chain, islice, repeat
from operator import call, eq, is_
from types import ModuleType
from typing import Any

# By name: what a module is asked for, its class may answer as it likes.
from gemini_magic.here.kept import (
    Code,
    Space,
    carriers,
    classes,
    containers,
    functions,
    kernels,
    modules,
    of_mapping,
    of_module,
    shells,
    tables,
)

# What is not to be forgotten by ``sys.modules``: what they stand on, and the standard library.
_BELOW = sys.stdlib_module_names | {
    "IPython",
    "gemini_magic",
    "google",
    "httpcore",
    "httpx",
    "pydantic",
    "tornado",
    "traitlets",
    "zmq",
}
# Past what a class makes of them.
_READ, _ASSIGN, _BASES = object.__getattribute__, object.__setattr__, type.__dict__["__bases__"]
# Of IPython's among the user's variables: a cell fails where they are gone.
_NAMES = ("__name__", "_dh", "_ih", "_oh", "In", "Out", "exit", "get_ipython", "quit")


class Seal:
    """Puts back, run by run, what the runs of one answer change."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._spaces: list[Space] = []
        self._same = _comparing(())
        self._ours: dict[str, ModuleType] = {}
        self._codes: list[Code] = []
        self._known: set[str] = set()
        self._tables: list[tuple[str, Any]] = []
        self._bases: list[tuple[type, tuple[type, ...]]] = []
        # What runs had put there. With its last reference it could act, in a ``__del__``.
        self._replaced: list[Any] = []

    def look(self) -> None:
        """Take things as they stand now, before the first run of an answer.

        There are thousands of names, which have mostly not changed since the last answer.
        """
        changed = not self._same()
        if changed:
            self._spaces = [space.anew() for space in self._spaces]
        there = sys.modules
        anew = {name for name, one in self._ours.items() if there.get(name) is not one}
        self._known -= anew  # as after the user has deleted and imported them
        ours = modules(self._known)
        self._ours |= ours
        loaded = [space for name in sorted(ours) for space in of_module(name, ours[name])]
        if not self._spaces:
            loaded += classes(self._shell)
        self._spaces = [*self._spaces, *loaded]
        self._tables = [*tables(self._ours)]
        if loaded:
            self._codes = Code.of(functions(self._spaces))
        if loaded or changed:
            self._same = _comparing(self._spaces)
        kinds = [space.kind for space in self._spaces if space.kind is not None]
        self._bases = [(kind, _BASES.__get__(kind)) for kind in kinds]

    def close(self) -> Callable[[], list[str]]:
        """Note how things stand. What is returned puts them back, and names what it has put back.

        That holds all that it needs, so that it works where this module's own names were replaced.
        """
        shell, lasting, same, codes = self._shell, self._spaces, self._same, self._codes
        replaced = self._replaced
        builtin = of_mapping("builtins", vars(builtins), dict(vars(builtins)))
        moving = [
            of_mapping("sys.modules", sys.modules, dict(self._ours)),
            *shells(shell),
            *kernels(getattr(shell, "kernel", None)),
        ]
        contents = [(name, one, _copy(one)) for name, one in (*self._tables, *containers(shell))]
        settings: list[tuple[str, Any, Any, Any, Any]] = [
            (name, read, write, read(), equal)
            for name, read, write, equal in (
                ("sys.settrace", sys.gettrace, sys.settrace, is_),
                ("sys.setprofile", sys.getprofile, sys.setprofile, is_),
                ("sys.setrecursionlimit", sys.getrecursionlimit, sys.setrecursionlimit, eq),
            )
        ]
        importers: list[tuple[list[Any], list[Any]]] = [
            (one, list(one)) for one in (sys.meta_path, sys.path_hooks)
        ]
        imported, loaded = sys.modules, dict(sys.modules)
        carrying = [*carriers(shell)]
        ones = [*self._ours.values(), *carrying]
        kinds = [*map(type, ones)]
        dicts = [(one, vars(one)) for one in carrying if hasattr(one, "__dict__")]
        bases, bases_of, read, assign = self._bases, _BASES, _READ, _ASSIGN
        variables = shell.user_ns
        own = {name: variables[name] for name in _NAMES if name in variables}
        copy, fill, standard, nothing = _copy, _fill, _BELOW, object()
        every, some, each, identical, again = all, any, map, is_, repeat
        kind, table, plain, size, after, pair = type, dict, str, len, islice, zip

        def restore() -> list[str]:
            back = []
            spaces = (builtin, *(() if same() else lasting), *moving)
            # Mostly none of the many modules is gone, and new ones stand behind them.
            there = size(imported) >= size(loaded) and every(each(identical, imported, loaded))
            # A name that is no plain str compares as it likes, and stands in for another.
            for now in [space.now for space in spaces if kind(space.now) is table]:
                names = after(now, size(loaded), None) if there and now is imported else now
                if not every(each(identical, each(kind, names), again(plain))):
                    held = [*now.items()]  # at once: other threads may import meanwhile
                    known = {key: value for key, value in held if kind(key) is plain}
                    replaced.extend(held)
                    now.clear()
                    now.update(known)
                    back.append("names that are no str")
            # All that follows needs the built-in names, and may find none of them.
            for name in builtin.kept.keys() - builtin.now.keys():
                builtin.put(name, builtin.kept[name])
                back.append(f"builtins.{name}")
            for one, was in pair(ones, kinds):
                if kind(one) is not was:
                    replaced.append(kind(one))
                    assign(one, "__class__", was)
                    back.append(f"the class of {was.__module__}.{was.__qualname__}")
            for one, was in dicts:
                if read(one, "__dict__") is not was:
                    replaced.append(read(one, "__dict__"))
                    assign(one, "__dict__", was)
                    back.append(f"{kind(one).__qualname__}.__dict__")
            for one, above in bases:
                if bases_of.__get__(one) is not above:
                    replaced.append(bases_of.__get__(one))
                    bases_of.__set__(one, above)
                    back.append(f"{one.__qualname__}.__bases__")
            for name, get, put, value, equal in settings:
                if not equal(get(), value):
                    replaced.append(get())
                    put(value)
                    back.append(name)
            gone = () if there else loaded.keys() - imported.keys()
            for name in gone:  # one or a few of the user's may be meant to be imported anew
                if len(gone) > 100 or name.partition(".")[0] in standard:
                    imported[name] = loaded[name]
                    back.append(f"sys.modules.{name}")
            for space in spaces:
                now = space.now
                for key, value in space.kept.items():
                    found = now.get(key, nothing)
                    if found is not value:
                        replaced.append(found)
                        space.put(key, value)
                        back.append(f"{space.name}.{key}")
                for key in space.absent:
                    if key in now:
                        replaced.append(now[key])
                        space.drop(key)
                        back.append(f"{space.name}.{key}")
            for part, code, having, before in codes:
                if every(each(identical, each(code, having), before)):
                    continue
                for one, value in zip(having, before, strict=True):
                    if code(one) is not value:
                        replaced.append(code(one))
                        setattr(one, part, value)
                        back.append(f"{one.__module__}.{one.__qualname__}.{part}")
            for name, container, kept in contents:
                held = copy(container)
                if len(held) != len(kept) or not every(each(identical, held, kept)):
                    replaced.append(held)
                    fill(container, kept)
                    back.append(name)
            for finders, kept in importers:  # there may be more, but none is to be gone
                lost = [one for one in kept if not some(each(identical, again(one), finders))]
                if lost:
                    finders.extend(lost)
                    back.append("sys.meta_path or sys.path_hooks")
            for name, value in own.items():  # the user may give them another value
                if name not in variables:
                    variables[name] = value
            return back

        return restore


def _comparing(spaces: Collection[Space]) -> Callable[[], bool]:
    """What tells whether all names there, and they alone, have the values that they have now.

    As they mostly do: it goes by identity, along each dict that is kept whole, without a step of
    Python for each of the thousands of names; of the others, foreign classes, the few that are kept
    are looked up. It holds the functions that it needs: a run may replace those names, the built-in
    ones too.
    """
    every, each, identical, flat, of, size = all, map, is_, chain.from_iterable, call, len
    again, nothing = repeat, object()
    nows = [space.now for space in spaces if space.whole]
    part = [space for space in spaces if not space.whole]
    reading = [now.values for now in nows]
    sizes, keys, values = [*map(len, nows)], [*flat(nows)], [*flat(map(call, reading))]
    wanted = [(space.now, name) for space in part for name in (*space.kept, *space.absent)]
    looking: list[Callable[..., Any]] = [now.get for now, _ in wanted]
    names = [name for _, name in wanted]
    found = [now.get(name, nothing) for now, name in wanted]

    def same() -> bool:
        return (
            [*each(size, nows)] == sizes
            and every(each(identical, flat(nows), keys))
            and every(each(identical, flat(each(of, reading)), values))
            and every(each(identical, each(of, looking, names, again(nothing)), found))
        )

    return same


def _copy(container: Any) -> list[Any]:
    if type(container) is dict:
        return [one for pair in container.items() for one in pair]
    return list(container)


def _fill(container: Any, kept: list[Any]) -> None:
    container.clear()
    if type(container) is dict:
        container.update(zip(kept[::2], kept[1::2], strict=True))
    elif type(container) is set:
        container.update(kept)
    else:
        container.extend(kept)
