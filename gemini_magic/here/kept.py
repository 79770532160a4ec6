"""Gathers what asks, runs and carries: the names that `gemini_magic.here.seal` keeps as they are.

Names of modules and classes, of a shell, a kernel and their comms; code of functions; lists.
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from operator import attrgetter
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


class Space(NamedTuple):
    """Names that are kept: ``name`` of what has them, how they are read, set and deleted.

    ``absent``: those that are not there, and are not to be. ``whole``: all that is there is kept.
    ``kind``: the class whose names they are, None of what is no class.
    """

    name: str
    now: Mapping[str, Any]
    kept: Mapping[str, Any]
    absent: frozenset[str]
    put: Callable[[str, Any], object]
    drop: Callable[[str], object]
    whole: bool = False
    kind: type | None = None

    def anew(self) -> Space:
        """The same with what stands there now."""
        names = {*self.kept, *self.absent, *(self.now if self.whole else ())}
        kept, absent = found(self.now, names)
        return self._replace(kept=kept, absent=absent)


class Code(NamedTuple):
    """One of `_CODE`: what reads it, the functions that have use for it, and what they have."""

    part: str
    read: Callable[[Any], Any]
    functions: list[types.FunctionType]
    values: list[Any]

    @classmethod
    def of(cls, functions: list[types.FunctionType]) -> list[Code]:
        """Defaults of a function that takes nothing they could stand for tell nothing."""
        codes = [one.__code__ for one in functions]
        use = [
            functions,
            [one for one, code in zip(functions, codes, strict=True) if code.co_argcount],
            [one for one, code in zip(functions, codes, strict=True) if code.co_kwonlyargcount],
        ]
        return [
            cls(part, read := attrgetter(part), having, [*map(read, having)])
            for part, having in zip(_CODE, use, strict=True)
        ]


def modules(known: set[str]) -> dict[str, types.ModuleType]:
    """The modules that are kept and not ``known`` yet: they are then, and so are others."""
    loaded = sys.modules.keys() - known
    known |= loaded
    return {
        name: module
        for name in loaded
        if name.startswith(_ASKING) or name in _DISPLAY
        if type(module := sys.modules.get(name)) is types.ModuleType
    }


def of_module(name: str, module: types.ModuleType) -> Iterator[Space]:
    """All that is in a module and in its classes; and that it hides no built-in name."""
    kept = dict(vars(module))
    absent = frozenset(vars(builtins)) - kept.keys()
    yield of_mapping(name, vars(module), kept, absent)._replace(whole=True)
    for one in kept.values():
        if isinstance(one, type) and one.__module__ == name:
            yield _of_class(one)


def shells(shell: Any) -> Iterator[Space]:
    yield _of_object("shell", shell, (*_RUNNING, *_SHELL))
    yield _of_traits("shell", shell, _SHELL)
    for publisher in {id(one): one for one in (shell.display_pub, _publisher(shell))}.values():
        yield _of_object("display_pub", publisher, _PUBLISHING)


def _publisher(shell: Any) -> Any:
    """The shell's own publisher: while a run is caught, it stands behind another."""
    return getattr(shell.display_pub, "_around", shell.display_pub)


def carriers(shell: Any) -> Iterator[Any]:
    """Objects that keep their class and their names' dict, by which all the rest is found."""
    kernel = getattr(shell, "kernel", None)
    manager = getattr(kernel, "comm_manager", None)
    for one in (shell, _publisher(shell), kernel, getattr(kernel, "session", None), manager):
        if one is not None:
            yield one


def kernels(kernel: Any) -> Iterator[Space]:
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
    yield of_mapping("comm_manager.targets", manager.targets, targets)
    comms = {
        name: one
        for name, one in manager.comms.items()
        if str(getattr(one, "target_name", "")).startswith("gemini_")
    }
    yield of_mapping("comm_manager.comms", manager.comms, comms)
    for one in comms.values():
        yield _of_object("comm", one, _LISTENING)


def _asking(kernel: Any) -> list[str]:
    """Names of a kernel's methods; those of other kernels than ipykernel's are not known."""
    return [name for name in _INPUT if callable(getattr(type(kernel), name, None))]


def classes(shell: Any) -> Iterator[Space]:
    """Methods of the classes of what runs, shows, asks and carries, also those they inherit."""
    kernel = getattr(shell, "kernel", None)
    session = getattr(kernel, "session", None)
    having: dict[type, Collection[str]] = {
        **{type(shell): _RUNNING, type(_publisher(shell)): _PUBLISHING},
        **({} if kernel is None else {type(kernel): _asking(kernel)}),
        **({} if session is None else {type(session): _CARRYING}),
    }
    wanted: dict[type, set[str]] = {}
    for kind, names in having.items():
        for one in kind.__mro__[:-1]:
            wanted.setdefault(one, set()).update(names)
    yield from (_of_class(kind, names) for kind, names in wanted.items())


def found(now: Mapping[str, Any], names: Iterable[str]) -> tuple[dict[str, Any], frozenset[str]]:
    """Those of ``names`` that are there, with their values, and those that are not."""
    kept = {key: now[key] for key in names if key in now}
    return kept, frozenset(names) - kept.keys()


def of_mapping(
    name: str,
    now: MutableMapping[str, Any],
    kept: Mapping[str, Any],
    absent: frozenset[str] = frozenset(),
) -> Space:
    return Space(name, now, kept, absent, now.__setitem__, now.__delitem__)


def _of_object(name: str, one: Any, names: Collection[str]) -> Space:
    """What an object has itself under ``names``: where it has nothing, its class's counts."""
    now = getattr(one, "__dict__", {})  # kernels that are no ipykernel may be objects of C++
    return of_mapping(name, now, *found(now, names))


def _of_traits(name: str, one: Any, names: tuple[str, ...]) -> Space:
    now = getattr(one, "_trait_values", {})
    # Past the trait itself: setting one calls who observes it.
    return of_mapping(name, now, found(now, names)[0])


def _of_class(kind: type, names: Collection[str] = ()) -> Space:
    """What a class has under ``names``, by default all; and that it hides nothing it inherits."""
    now, whole = vars(kind), not names
    if whole:
        around = [vars(other) for other in kind.__mro__[1:-1]]
        methods = (key for each in around for key in each if isinstance(each[key], _METHODS))
        names = {*_HOOKS, *methods, *now}
    return Space(
        f"{kind.__module__}.{kind.__qualname__}",
        now,
        *found(now, names),
        lambda key, value: type.__setattr__(kind, key, value),
        lambda key: type.__delattr__(kind, key),
        whole,
        kind,
    )


def functions(spaces: list[Space]) -> list[types.FunctionType]:
    """Python functions among what is kept, each once, whose code could be exchanged."""
    found = {}
    for space in spaces:
        for one in space.kept.values():
            one = getattr(one, "__func__", one) if not isinstance(one, property) else one.fget
            if type(one) is types.FunctionType:
                found[id(one)] = one
    return list(found.values())


def containers(shell: Any) -> Iterator[tuple[str, Any]]:
    """Lists whose content is kept, since cells are read by them."""
    manager = shell.input_transformer_manager
    for name in _TRANSFORMERS:
        yield f"input_transformer_manager.{name}", getattr(manager, name)
    yield "ast_transformers", shell.ast_transformers
    if isinstance(getattr(shell, "input_transformers_post", None), list):
        yield "input_transformers_post", shell.input_transformers_post


def tables(modules: Mapping[str, types.ModuleType]) -> Iterator[tuple[str, Any]]:
    """Lists, dicts and sets of this folder's modules, whose content is kept."""
    for name, module in modules.items():
        if name.startswith("gemini_magic.here."):
            for key, one in vars(module).items():
                if type(one) in (dict, list, set) and not key.startswith("__"):
                    yield f"{name}.{key}", one
