"""Puts back what a run changed of the machinery that asks before the next one.

Approved code has the user's rights and can reach everything in its process: this is no boundary. It
takes back what can be done by plain assignment, deletion and monkeypatching, so that such code, by
design or by accident, neither answers nor hides the next question, and the next cell works. Threads
that outlive the run, frames, the garbage collector and ctypes reach further (SECURITY.md).
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from enum import Enum
from itertools import chain
from operator import attrgetter, call, is_, itemgetter
from typing import Any, NamedTuple

# What asks, and draws the code that is asked about. What carries the question is among the classes
# of shell and kernel.
_ASKING = (
    "gemini_magic.errors",
    "gemini_magic.frontend",
    "gemini_magic.here",
    "gemini_magic.magics",
    "gemini_magic.render.highlight",
    "gemini_magic.session",
    "gemini_magic.text",
    "gemini_magic.tools",
    "gemini_magic.turn.kernel_runs",
    "markupsafe",
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
_DISPLAY = ("IPython.display", "IPython.core.display_functions", "IPython.core.displaypub")
# What a shell runs a cell by; the rest of a shell is the user's to change.
_RUNNING = (
    "_instance",
    "_run_cell",
    "run_ast_nodes",
    "run_cell",
    "run_cell_async",
    "run_code",
    "should_run_async",
    "transform_ast",
    "transform_cell",
)
_SHELL = (
    "ast_transformers",
    "display_formatter",
    "display_pub",
    "displayhook",
    "events",
    "input_transformer_manager",
    "kernel",
)
_KERNEL = ("_allow_stdin", "comm_manager", "iopub_socket", "session", "shell", "stdin_socket")
_PUBLISHING = ("clear_output", "publish", "register_hook", "_hooks")
_CARRYING = ("deserialize", "feed_identities", "msg", "recv", "send", "send_raw", "serialize")
_LISTENING = ("_close_callback", "_msg_callback", "close", "handle_close", "handle_msg", "send")
_INPUT = (
    "_input_request",
    "_publish_status",
    "_restore_input",
    "_forward_input",
    "do_execute",
    "execute_request",
    "get_parent",
    "getpass",
    "raw_input",
    "set_parent",
)
_TRANSFORMERS = ("cleanup_transforms", "line_transforms", "token_transformers")
# Of IPython's among the user's variables: a cell fails where they are gone.
_NAMES = ("__name__", "_dh", "_ih", "_oh", "In", "Out", "exit", "get_ipython", "quit")
_HOOKS = ("__call__", "__eq__", "__getattr__", "__getattribute__", "__new__", "__setattr__")
_CODE = ("__code__", "__defaults__", "__kwdefaults__")
_KEPT = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    classmethod,
    staticmethod,
    property,
)
_ABSENT = object()  # the value of a name that is not there, and is not to be


class _Space(NamedTuple):
    """Names that are kept: ``name`` of what has them, how they are read, set and deleted."""

    name: str
    now: Mapping[str, Any]
    kept: Mapping[str, Any]
    put: Callable[[str, Any], object]
    drop: Callable[[str], object]


class _Code(NamedTuple):
    """Functions, what reads each of `_CODE` of one, and the values of all."""

    functions: list[types.FunctionType]
    reading: list[Callable[[Any], Any]]
    values: list[list[Any]]

    @classmethod
    def of(cls, functions: list[types.FunctionType]) -> _Code:
        reading: list[Callable[[Any], Any]] = [attrgetter(part) for part in _CODE]
        return cls(functions, reading, [list(map(read, functions)) for read in reading])


class Seal:
    """Puts back, run by run, what the runs of one answer change."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._spaces: list[_Space] = []
        self._same: Callable[[], bool] = _comparing(())
        self._code = _Code.of([])
        self._known: set[str] = set()
        self._tables: list[tuple[str, Any]] = []

    def look(self) -> None:
        """Take things as they stand now, before the first run of an answer.

        There are thousands of names, which have mostly not changed since the last answer.
        """
        changed = not self._same()
        if changed:
            self._spaces = [
                space._replace(kept={key: space.now.get(key, _ABSENT) for key in space.kept})
                for space in self._spaces
            ]
        loaded = [*_modules(self._known)]
        if not self._spaces:
            loaded += _classes(self._shell)
        self._spaces += loaded
        self._tables = [*_tables(self._spaces)]
        if loaded:
            self._code = _Code.of(_functions(self._spaces))
        if loaded or changed:
            self._same = _comparing(self._spaces)

    def close(self) -> Callable[[], list[str]]:
        """Note how things stand. What is returned puts them back, and names what it has put back.

        That holds all that it needs, so that it works where this module's own names were replaced.
        """
        shell, lasting, same = self._shell, self._spaces, self._same
        code = self._code
        builtin = _of_mapping("builtins", vars(builtins), dict(vars(builtins)))
        moving = [*_shells(shell), *_kernels(getattr(shell, "kernel", None))]
        contents = [(name, one, _copy(one)) for name, one in (*self._tables, *_containers(shell))]
        settings: list[tuple[str, Any, Any, Any]] = [
            (name, read, write, read())
            for name, read, write in (
                ("sys.settrace", sys.gettrace, sys.settrace),
                ("sys.setprofile", sys.getprofile, sys.setprofile),
                ("sys.setrecursionlimit", sys.getrecursionlimit, sys.setrecursionlimit),
            )
        ]
        importers: list[tuple[list[Any], list[Any]]] = [
            (one, list(one)) for one in (sys.meta_path, sys.path_hooks)
        ]
        modules, loaded_now = sys.modules, dict(sys.modules)
        variables = shell.user_ns
        names = {name: variables[name] for name in _NAMES if name in variables}
        absent, parts, copy, fill, standard = _ABSENT, _CODE, _copy, _fill, _BELOW
        every, each, identical = all, map, is_

        def restore() -> list[str]:
            back = []
            # All that follows needs the built-in names, and may find none of them.
            for name in builtin.kept.keys() - builtin.now.keys():
                builtin.put(name, builtin.kept[name])
                back.append(f"builtins.{name}")
            for name, read, write, value in settings:
                if read() != value:
                    write(value)
                    back.append(name)
            gone = () if loaded_now.keys() <= modules.keys() else loaded_now.keys() - modules.keys()
            for name in gone:  # one or a few of the user's may be meant to be imported anew
                if len(gone) > 100 or name.partition(".")[0] in standard:
                    modules[name] = loaded_now[name]
                    back.append(f"sys.modules.{name}")
            for space in (builtin, *(() if same() else lasting), *moving):
                now = space.now
                for key, value in space.kept.items():
                    if now.get(key, absent) is not value:
                        if value is absent:
                            space.drop(key)
                        else:
                            space.put(key, value)
                        back.append(f"{space.name}.{key}")
            for part, read, before in zip(parts, code.reading, code.values, strict=True):
                if every(each(identical, each(read, code.functions), before)):
                    continue
                for one, value in zip(code.functions, before, strict=True):
                    if read(one) is not value:
                        setattr(one, part, value)
                        back.append(f"{one.__module__}.{one.__qualname__}.{part}")
            for name, container, kept in contents:
                held = copy(container)
                if len(held) != len(kept) or not every(each(identical, held, kept)):
                    fill(container, kept)
                    back.append(name)
            for finders, kept in importers:  # there may be more, but none is to be gone
                lost = [one for one in kept if one not in finders]
                if lost:
                    finders.extend(lost)
                    back.append("sys.meta_path or sys.path_hooks")
            for name, value in names.items():  # the user may give them another value
                if name not in variables:
                    variables[name] = value
            return back

        return restore


def _modules(known: set[str]) -> Iterator[_Space]:
    """Functions, classes and modules by their names, with their methods.

    Of modules that are not ``known`` yet; they are then, and so are those of others.
    """
    loaded = sys.modules.keys() - known
    named = {name for name in loaded if name.startswith(_ASKING) or name in _DISPLAY}
    known |= loaded - named
    ours = {
        name: module
        for name in sorted(named)
        if type(module := sys.modules.get(name)) is types.ModuleType
    }
    if not ours:
        return
    modules: Any = sys.modules
    yield _of_mapping("sys.modules", modules, ours)
    known.update(ours)
    for name, module in ours.items():
        entries = vars(module)
        kept = {key: one for key, one in entries.items() if isinstance(one, _KEPT)}
        yield _of_mapping(name, entries, kept)
        for one in kept.values():
            if isinstance(one, type) and one.__module__ == name:
                yield _of_class(one)


def _shells(shell: Any) -> Iterator[_Space]:
    yield _of_object("shell", shell, (*_RUNNING, *_SHELL))
    yield _of_traits("shell", shell, _SHELL)
    # While a run is caught, the shell's own publisher stands behind another.
    for publisher in (shell.display_pub, getattr(shell.display_pub, "_around", None)):
        if publisher is not None:
            yield _of_object("display_pub", publisher, _PUBLISHING)


def _kernels(kernel: Any) -> Iterator[_Space]:
    if kernel is None:
        return
    yield _of_object("kernel", kernel, _asking(kernel))
    yield _of_traits("kernel", kernel, _KERNEL)
    session = getattr(kernel, "session", None)
    if session is not None:
        yield _of_object("kernel.session", session, _CARRYING)
    manager: Any = getattr(kernel, "comm_manager", None)
    if not hasattr(manager, "targets") or not hasattr(manager, "comms"):
        return
    targets = {name: one for name, one in manager.targets.items() if name.startswith("gemini_")}
    yield _of_mapping("comm_manager.targets", manager.targets, targets)
    comms = {
        name: one
        for name, one in manager.comms.items()
        if str(getattr(one, "target_name", "")).startswith("gemini_")
    }
    yield _of_mapping("comm_manager.comms", manager.comms, comms)
    for one in comms.values():
        yield _of_object("comm", one, _LISTENING)


def _asking(kernel: Any) -> list[str]:
    """Names of a kernel's methods; those of other kernels than ipykernel's are not known."""
    return [name for name in _INPUT if callable(getattr(type(kernel), name, None))]


def _classes(shell: Any) -> Iterator[_Space]:
    """Methods of the classes of what runs, shows, asks and carries, also those they inherit."""
    yield from _of_classes(shell, _RUNNING)
    # While a run is caught, the shell's own publisher stands behind another.
    publisher = getattr(shell.display_pub, "_around", shell.display_pub)
    yield from _of_classes(publisher, _PUBLISHING)
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return
    yield from _of_classes(kernel, _asking(kernel))
    session = getattr(kernel, "session", None)
    if session is not None:
        yield from _of_classes(session, _CARRYING)


def _of_mapping(name: str, now: MutableMapping[str, Any], kept: Mapping[str, Any]) -> _Space:
    return _Space(name, now, kept, now.__setitem__, now.__delitem__)


def _of_object(name: str, one: Any, names: Any) -> _Space:
    """What an object has itself under ``names``: where it has nothing, its class's counts."""
    now = getattr(one, "__dict__", {})  # kernels that are no ipykernel may be objects of C++
    return _of_mapping(name, now, {key: now.get(key, _ABSENT) for key in names})


def _of_traits(name: str, one: Any, names: tuple[str, ...]) -> _Space:
    now = getattr(one, "_trait_values", {})
    kept = {key: now[key] for key in names if key in now}
    return _Space(
        name,
        now,
        kept,
        lambda key, value: setattr(one, key, value),
        lambda key: now.pop(key, None),
    )


def _of_classes(one: Any, names: Iterable[str]) -> Iterator[_Space]:
    """What each class of an object has itself under ``names``, and what it inherits."""
    for kind in type(one).__mro__[:-1]:
        now = vars(kind)
        yield _of_class(kind, {name: now.get(name, _ABSENT) for name in names})


def _of_class(kind: type, kept: Mapping[str, Any] | None = None) -> _Space:
    now = vars(kind)
    if kept is None:
        kept = dict.fromkeys(_HOOKS, _ABSENT)
        for around in reversed(kind.__mro__[:-1]):
            for key, one in vars(around).items():
                if isinstance(one, _KEPT) or (isinstance(one, Enum) and isinstance(one, kind)):
                    kept[key] = one if around is kind else _ABSENT
    return _Space(
        f"{kind.__module__}.{kind.__qualname__}",
        now,
        kept,
        lambda key, value: type.__setattr__(kind, key, value),
        lambda key: type.__delattr__(kind, key),
    )


def _comparing(spaces: Iterable[_Space]) -> Callable[[], bool]:
    """What tells whether all is as it was, as it mostly is, by identity and without a step of
    Python for each of the thousands of names.

    It holds the functions that it needs: a run may replace those names, the built-in ones too.
    """
    nows, reading, values, apart, names = [], [], [], [], []
    for space in spaces:
        there = {key: value for key, value in space.kept.items() if value is not _ABSENT}
        if there:
            nows.append(space.now)
            # Of one key alone it would give the value, and not a tuple.
            reading.append(itemgetter(*there, *(there if len(there) == 1 else ())))
            values += [*there.values()] * (2 if len(there) == 1 else 1)
        if len(there) < len(space.kept):
            apart.append(space.now.keys().isdisjoint)
            names.append(frozenset(space.kept.keys() - there.keys()))
    every, each, identical, flat, of, missing = all, map, is_, chain.from_iterable, call, KeyError

    def same() -> bool:
        try:
            return every(each(identical, flat(each(of, reading, nows)), values)) and every(
                each(of, apart, names)
            )
        except missing:
            return False

    return same


def _functions(spaces: list[_Space]) -> list[types.FunctionType]:
    """Python functions among what is kept, each once, whose code could be exchanged."""
    found = {}
    for space in spaces:
        for one in space.kept.values():
            one = getattr(one, "__func__", one) if not isinstance(one, property) else one.fget
            if type(one) is types.FunctionType:
                found[id(one)] = one
    return list(found.values())


def _containers(shell: Any) -> Iterator[tuple[str, Any]]:
    """Lists whose content is kept, since cells are read by them."""
    manager = shell.input_transformer_manager
    for name in _TRANSFORMERS:
        yield f"input_transformer_manager.{name}", getattr(manager, name)
    yield "ast_transformers", shell.ast_transformers
    if isinstance(getattr(shell, "input_transformers_post", None), list):
        yield "input_transformers_post", shell.input_transformers_post


def _tables(spaces: Iterable[_Space]) -> Iterator[tuple[str, Any]]:
    """Lists, dicts and sets of this folder's modules, whose content is kept."""
    for space in spaces:
        if space.name.startswith("gemini_magic.here.") and space.name in sys.modules:
            for key, one in space.now.items():
                if type(one) in (dict, list, set) and not key.startswith("__"):
                    yield f"{space.name}.{key}", one


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
