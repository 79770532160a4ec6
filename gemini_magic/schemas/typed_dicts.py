"""Makes TypedDicts readable for pydantic: before Python 3.12 it takes typing_extensions' only."""

from __future__ import annotations

import sys
import typing
from types import UnionType
from typing import Annotated, Any, Literal, NotRequired, Required, Union

OF_TYPING = type(typing.TypedDict("_", {})) if sys.version_info < (3, 12) else ()  # type: ignore[operator]


def readable(kind: Any) -> Any:
    """``kind`` with each `typing.TypedDict` in it as one of typing_extensions.

    One that holds itself raises RecursionError.
    """
    if isinstance(kind, OF_TYPING):
        return _converted(kind)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (None, Literal):
        return kind
    if origin is Annotated:
        converted = (readable(inner[0]), *inner[1:])
    else:
        converted = tuple(map(readable, inner))
    if all(one is other for one, other in zip(inner, converted, strict=True)):
        return kind
    if origin in (Union, UnionType):
        return Union[converted]  # noqa: UP007 - made at run time
    return Annotated[converted] if origin is Annotated else origin[converted]


def _converted(kind: Any) -> Any:
    import typing_extensions

    fields = {}
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        # The hint goes before the keys: those of annotations that are texts do not know it.
        said = typing.get_origin(hint)
        if said in (Required, NotRequired):
            (hint,) = typing.get_args(hint)
        needed = said is Required or (said is not NotRequired and name in kind.__required_keys__)
        field = readable(hint)
        fields[name] = field if needed else NotRequired[field]
    make: Any = typing_extensions.TypedDict
    made = make(kind.__name__, fields)
    made.__doc__ = kind.__doc__
    return made
