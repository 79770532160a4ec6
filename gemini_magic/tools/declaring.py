"""A function to a declaration the model can read: name, docstring, type hints as JSON Schema.

pydantic (which google-genai brings) makes the schema of each parameter from its hint and checks
the arguments of a call against it, by the same rules: what is declared is what is checked.
"""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gemini_magic import catalog
from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.hints import Hint
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.kernel_runs import NAME
from gemini_magic.turn.parts import Json

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_HINTS = (
    "int, float, str, bool, list, dict, Literal, Optional, date, Enum, a dataclass or TypedDict"
)


@dataclass(frozen=True)
class Tool:
    """A function the model may call.

    ``declaration``: what the model is told. ``adapters``: one checker for each parameter
    (pydantic ``TypeAdapter``); ``required``: the parameters without a default.
    """

    name: str
    function: Callable[..., Any]
    declaration: Json
    adapters: Mapping[str, Any] = field(repr=False)
    required: frozenset[str]


def find(names: Sequence[str], namespace: Mapping[str, Any]) -> tuple[Tool, ...]:
    """The tools that ``--tool`` names; OptionError on a name that is no function, or twice."""
    tools: dict[str, Tool] = {}
    for name in names:
        if name not in namespace:
            known = [key for key, value in namespace.items() if callable(value)]
            raise OptionError(
                f"--tool {name}: there is no function of that name here.",
                did_you_mean(name, [key for key in known if not key.startswith("_")])
                or "Define it in a cell above.",
            )
        if name in tools:
            raise OptionError(f"--tool {name} is given twice.", "Leave one of them out.")
        tools[name] = declare(namespace[name], name)
    return tuple(tools.values())


def declare(function: Any, name: str | None = None) -> Tool:
    """The tool of a function; OptionError when it cannot be described to a model.

    Every parameter needs a type hint that JSON can carry; ``*args`` and ``**kwargs``, coroutines
    and classes are refused. The docstring becomes the description, whole.
    """
    name = name or getattr(function, "__name__", "") or type(function).__name__
    if not callable(function) or inspect.isclass(function):
        raise OptionError(
            f"{name} is {type(function).__name__}, not a function.", Hint.NAME_FUNCTION
        )
    if name == NAME:
        raise OptionError(
            f"{NAME} is the name of the function by which --here runs code.",
            "Give your function another name.",
        )
    if not _NAME.fullmatch(name):
        raise OptionError(
            f"{name!r} cannot name a function for Gemini.",
            "Use a function defined with def, called by letters, digits and _, at most 64.",
        )
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise OptionError(
            f"{name} is asynchronous; calls run one after the other in the kernel.",
            "Wrap it in a plain function that waits for its result.",
        )
    parameters = _parameters(function, name)
    adapters, schema = _schema(parameters, name)
    declaration: Json = {"name": name}
    described = inspect.getdoc(function)
    if described:
        declaration["description"] = described
    if parameters:
        declaration["parametersJsonSchema"] = schema
    required = frozenset(schema.get("required", ()))
    return Tool(name, function, declaration, adapters, required)


def _parameters(function: Any, name: str) -> dict[str, tuple[Any, Any]]:
    """Hint and default of each parameter."""
    try:
        signature = inspect.signature(function)
        hinted = function.func if isinstance(function, functools.partial) else function
        if not hasattr(hinted, "__annotations__"):
            hinted = type(hinted).__call__
        hints = typing.get_type_hints(hinted, include_extras=True)
    except (TypeError, ValueError, NameError, AttributeError) as error:
        raise OptionError(
            f"The signature of {name} cannot be read: {error}.",
            "Give it plain type hints that are defined here.",
        ) from None
    found = {}
    for parameter in signature.parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise OptionError(
                f"{name} takes {parameter}, which has no name in a call.",
                "Give it named parameters with type hints.",
            )
        if parameter.name not in hints:
            raise OptionError(
                f"The parameter {parameter.name!r} of {name} has no type hint.",
                f"Write one: def {name}({parameter.name}: int, ...). It takes {_HINTS}.",
            )
        found[parameter.name] = (hints[parameter.name], parameter.default)
    return found


def _schema(
    parameters: Mapping[str, tuple[Any, Any]], name: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError

    adapters: dict[str, Any] = {}
    for parameter, (hint, _) in parameters.items():
        try:
            adapters[parameter] = TypeAdapter(hint)
            adapters[parameter].json_schema()
        except (PydanticUserError, TypeError, NameError) as error:
            old = getattr(error, "code", None) == "typed-dict-version"
            raise OptionError(
                f"The parameter {parameter!r} of {name} is a {_hint_name(hint)}, which a model "
                f"cannot pass ({type(error).__name__}).",
                "Before Python 3.12 write: from typing_extensions import TypedDict."
                if old
                else f"It can be {_HINTS}; let the function look the rest up by name.",
            ) from None
    made, shared = TypeAdapter.json_schemas(
        [(key, "validation", adapter) for key, adapter in adapters.items()]
    )
    properties = {}
    for parameter, (_, default) in parameters.items():
        properties[parameter] = dict(made[(parameter, "validation")])
        if isinstance(default, bool | int | float | str) and default == default:
            properties[parameter]["default"] = default
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [
        key for key, (_, default) in parameters.items() if default is inspect.Parameter.empty
    ]
    if required:
        schema["required"] = required
    return adapters, {**schema, **shared}


def _hint_name(hint: Any) -> str:
    return str(getattr(hint, "__name__", hint))


def takes_pictures(model: str) -> bool:
    """Whether a model takes pictures in what a function returns: Gemini 3 and later, documented."""
    return catalog.of(model).generation >= 3


def refuse_combination(
    model: str, backend: str, config: Config, served: catalog.Model | None = None
) -> None:
    """Raise OptionError where functions and built-in tools cannot be in one request.

    By the documentation they can on Gemini 3 and later, not on 1.x and 2.x; on Vertex the SDK
    refuses the switch that combines them. ``served``: the model that answers for ``model``; None:
    by the table of models. Those whose name does not tell are let through.
    """
    others = {"code execution": config.code, "search": config.search, "URL context": config.urls}
    present = [name for name, wanted in others.items() if wanted]
    if not config.functions or not present:
        return
    options = [name for name in ("code", "search", "urls") if getattr(config, name)]
    served = served or catalog.of(model, vertex=backend == "vertex")
    if served.generation < 3:
        raise OptionError(
            f"{model} takes functions (--tool) or {' and '.join(present)}, not both.",
            Hint.LEAVE_OUT_OR_NEWER(options=options),
        )
    if backend == "vertex":
        raise OptionError(
            f"Vertex does not combine functions (--tool) with {' and '.join(present)}.",
            Hint.LEAVE_OUT_OR_DEVELOPER(options=options),
        )
