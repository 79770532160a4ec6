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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from itertools import chain, repeat
from operator import attrgetter, call, eq, is_
from typing import Any, NamedTuple

# What asks, draws the code that is asked about, and goes on with the answer; the rest takes no part
# in it. What carries the question is among the classes of shell and kernel.
_ASKING = (
    "gemini_magic.errors",
    "gemini_magic.frontend",
    "gemini_magic.here",
    "gemini_magic.magics.ask",
    "gemini_magic.magics.displays",
    "gemini_magic.magics.executions",
    "gemini_magic.magics.front_ends",
    "gemini_magic.magics.here",
    "gemini_magic.magics.kernel_state",
    "gemini_magic.magics.magic",
    "gemini_magic.magics.running",
    "gemini_magic.magics.situation",
    "gemini_magic.render.highlight",
    "gemini_magic.session.asking",
    "gemini_magic.session.engine",
    "gemini_magic.session.question",
    "gemini_magic.session.rounds",
    "gemini_magic.session.session",
    "gemini_magic.session.view",
    "gemini_magic.text",
    "gemini_magic.tools.calling",
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
_METHODS = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    classmethod,
    staticmethod,
    property,
)


class _Space(NamedTuple):
    """Names that are kept: ``name`` of what has them, how they are read, set and deleted.

    ``absent``: those that are not there, and are not to be.
    """

    name: str
    now: Mapping[str, Any]
    kept: Mapping[str, Any]
    absent: frozenset[str]
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
        self._same = _comparing(())
        self._ours: dict[str, types.ModuleType] = {}
        self._code = _Code.of([])
        self._known: set[str] = set()
        self._tables: list[tuple[str, Any]] = []
        # What runs had put there. With its last reference it could act, in a ``__del__``.
        self._replaced: list[Any] = []

    def look(self) -> None:
        """Take things as they stand now, before the first run of an answer.

        There are thousands of names, which have mostly not changed since the last answer.
        """
        changed = not self._same()
        if changed:
            for at, space in enumerate(self._spaces):
                kept, absent = _found(space.now, space.kept.keys() | space.absent)
                self._spaces[at] = space._replace(kept=kept, absent=absent)
        modules = sys.modules
        anew = {name for name, one in self._ours.items() if modules.get(name) is not one}
        self._known -= anew  # as after the user has deleted and imported them
        ours = _modules(self._known)
        self._ours |= ours
        loaded = [space for name in sorted(ours) for space in _of_module(name, ours[name])]
        if not self._spaces:
            loaded += _classes(self._shell)
        self._spaces += loaded
        self._tables = [*_tables(self._ours)]
        if loaded:
            self._code = _Code.of(_functions(self._spaces))
        if loaded or changed:
            self._same = _comparing(self._spaces)

    def close(self) -> Callable[[], list[str]]:
        """Note how things stand. What is returned puts them back, and names what it has put back.

        That holds all that it needs, so that it works where this module's own names were replaced.
        """
        shell, lasting, same, code = self._shell, self._spaces, self._same, self._code
        replaced = self._replaced
        builtin = _of_mapping("builtins", vars(builtins), dict(vars(builtins)))
        moving = [
            _of_mapping("sys.modules", sys.modules, dict(self._ours)),
            *_shells(shell),
            *_kernels(getattr(shell, "kernel", None)),
        ]
        contents = [(name, one, _copy(one)) for name, one in (*self._tables, *_containers(shell))]
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
        modules, loaded_now = sys.modules, dict(sys.modules)
        variables = shell.user_ns
        names = {name: variables[name] for name in _NAMES if name in variables}
        parts, copy, fill, standard, nothing = _CODE, _copy, _fill, _BELOW, object()
        every, some, each, identical, again = all, any, map, is_, repeat
        kind, table, plain = type, dict, str

        def restore() -> list[str]:
            back = []
            spaces = (builtin, *(() if same() else lasting), *moving)
            # A name that is no plain str compares as it likes, and stands in for another.
            for now in [space.now for space in spaces if kind(space.now) is table]:
                if not every(each(identical, each(kind, now), again(plain))):
                    known = {key: value for key, value in now.items() if kind(key) is plain}
                    replaced.extend(now.items())
                    now.clear()
                    now.update(known)
                    back.append("names that are no str")
            # All that follows needs the built-in names, and may find none of them.
            for name in builtin.kept.keys() - builtin.now.keys():
                builtin.put(name, builtin.kept[name])
                back.append(f"builtins.{name}")
            for name, read, write, value, equal in settings:
                if not equal(read(), value):
                    replaced.append(read())
                    write(value)
                    back.append(name)
            gone = () if loaded_now.keys() <= modules.keys() else loaded_now.keys() - modules.keys()
            for name in gone:  # one or a few of the user's may be meant to be imported anew
                if len(gone) > 100 or name.partition(".")[0] in standard:
                    modules[name] = loaded_now[name]
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
            for part, read, before in zip(parts, code.reading, code.values, strict=True):
                if every(each(identical, each(read, code.functions), before)):
                    continue
                for one, value in zip(code.functions, before, strict=True):
                    if read(one) is not value:
                        replaced.append(read(one))
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
            for name, value in names.items():  # the user may give them another value
                if name not in variables:
                    variables[name] = value
            return back

        return restore


def _modules(known: set[str]) -> dict[str, types.ModuleType]:
    """The modules that are kept and not ``known`` yet: they are then, and so are others."""
    loaded = sys.modules.keys() - known
    known |= loaded
    return {
        name: module
        for name in loaded
        if name.startswith(_ASKING) or name in _DISPLAY
        if type(module := sys.modules.get(name)) is types.ModuleType
    }


def _of_module(name: str, module: types.ModuleType) -> Iterator[_Space]:
    """All that is in a module and in its classes."""
    kept = dict(vars(module))
    yield _of_mapping(name, vars(module), kept)
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


def _found(now: Mapping[str, Any], names: Iterable[str]) -> tuple[dict[str, Any], frozenset[str]]:
    """Those of ``names`` that are there, with their values, and those that are not."""
    kept = {key: now[key] for key in names if key in now}
    return kept, frozenset(names) - kept.keys()


def _of_mapping(
    name: str,
    now: MutableMapping[str, Any],
    kept: Mapping[str, Any],
    absent: frozenset[str] = frozenset(),
) -> _Space:
    return _Space(name, now, kept, absent, now.__setitem__, now.__delitem__)


def _of_object(name: str, one: Any, names: Collection[str]) -> _Space:
    """What an object has itself under ``names``: where it has nothing, its class's counts."""
    now = getattr(one, "__dict__", {})  # kernels that are no ipykernel may be objects of C++
    return _of_mapping(name, now, *_found(now, names))


def _of_traits(name: str, one: Any, names: tuple[str, ...]) -> _Space:
    now = getattr(one, "_trait_values", {})
    kept = {key: now[key] for key in names if key in now}
    return _Space(
        name,
        now,
        kept,
        frozenset(),
        lambda key, value: setattr(one, key, value),
        lambda key: now.pop(key, None),
    )


def _of_classes(one: Any, names: Collection[str]) -> Iterator[_Space]:
    """What each class of an object has itself under ``names``, and what it inherits."""
    for kind in type(one).__mro__[:-1]:
        yield _of_class(kind, names)


def _of_class(kind: type, names: Collection[str] = ()) -> _Space:
    """What a class has under ``names``, by default all; and that it hides nothing it inherits."""
    now = vars(kind)
    if not names:
        around = [vars(other) for other in kind.__mro__[1:-1]]
        methods = (key for each in around for key in each if isinstance(each[key], _METHODS))
        names = {*_HOOKS, *methods, *now}
    return _Space(
        f"{kind.__module__}.{kind.__qualname__}",
        now,
        *_found(now, names),
        lambda key, value: type.__setattr__(kind, key, value),
        lambda key: type.__delattr__(kind, key),
    )


def _comparing(spaces: Collection[_Space]) -> Callable[[], bool]:
    """What tells whether all names there, and they alone, have the values that they have now.

    As they mostly do: it goes by identity, along each dict, without a look-up or a step of Python
    for each of the thousands of names. It holds the functions that it needs: a run may replace
    those names, the built-in ones too.
    """
    every, each, identical, flat, of, size = all, map, is_, chain.from_iterable, call, len
    nows = [space.now for space in spaces]
    reading = [now.values for now in nows]
    sizes, keys, values = [*map(len, nows)], [*flat(nows)], [*flat(map(call, reading))]

    def same() -> bool:
        return (
            [*each(size, nows)] == sizes
            and every(each(identical, flat(nows), keys))
            and every(each(identical, flat(each(of, reading)), values))
        )

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


def _tables(modules: Mapping[str, types.ModuleType]) -> Iterator[tuple[str, Any]]:
    """Lists, dicts and sets of this folder's modules, whose content is kept."""
    for name, module in modules.items():
        if name.startswith("gemini_magic.here."):
            for key, one in vars(module).items():
                if type(one) in (dict, list, set) and not key.startswith("__"):
                    yield f"{name}.{key}", one


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
