"""Reads the value of a typed answer: the JSON in the text after the last result.

The turn of the kernel that asked knows its type (`Typed`), and its value is the validated object.
A turn that was restored knows the schema alone, and its value is the plain JSON value. Rows become
a DataFrame by JSON and schema, so that a restored answer gives the same frame.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from gemini_magic.errors import MissingExtra, OptionError
from gemini_magic.text import encodable, one_line
from gemini_magic.turn.parts import Call, Code, Json, Opaque, Part, Response, Result, Text

if TYPE_CHECKING:
    from gemini_magic.turn.turn import Turn

_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)
_NO_SCHEMA = "This answer has no value: no schema was asked for."


class Misfit(ValueError):
    """A text that is not what its schema says; the message names the field."""


class Typed(Protocol):
    """The type of an answer: its ``name``, and how its text is read."""

    @property
    def name(self) -> str: ...

    def read(self, text: str) -> Any:
        """The validated object that ``text`` holds as JSON; raises `Misfit`."""
        ...


def said(parts: Sequence[Part]) -> str:
    """The text after the last result, or after what stands in a result's place.

    What a built-in search did counts as one as long as text comes after it: the service may name
    its steps behind the text that they served.
    """
    last = max(
        (at for at, part in enumerate(parts) if isinstance(part, Code | Result | Call | Response)),
        default=-1,
    )
    pieces = [""]
    for part in parts[last + 1 :]:
        if isinstance(part, Text) and not part.thought:
            pieces[-1] += part.text
        elif isinstance(part, Opaque) and not part.signature_alone:
            pieces.append("")
    text = next((piece for piece in reversed(pieces) if piece.strip()), "").strip()
    fenced = _FENCED.fullmatch(text)
    return fenced[1] if fenced else text


def plain(text: str) -> Any:
    """The JSON value of ``text``; raises `Misfit` when it is none."""
    if not text:
        raise Misfit("there is no text after the last result")
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Misfit(f"it is not JSON ({error.msg}: {where})") from None
    except (ValueError, RecursionError) as error:
        raise Misfit(f"it is not JSON that can be read ({one_line(str(error), 80)})") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def value(turn: Turn) -> Any:
    """The value of a typed answer; OptionError when it has none."""
    if turn.typed is None and "schema" not in turn.request.config:
        raise OptionError(_NO_SCHEMA, "Ask with a type (--schema NAME, ask(schema=...)).")
    text = said(turn.parts)
    try:
        return plain(text) if turn.typed is None else turn.typed.read(text)
    except Misfit as misfit:
        raise _no_value(turn, misfit) from None


def misfit(turn: Turn) -> str | None:
    """What of a complete typed answer does not fit its type, in a sentence; None when it fits."""
    if turn.typed is None:
        return None
    try:
        turn.typed.read(said(turn.parts))
    except Misfit as error:
        return f"The answer does not fit {turn.typed.name}: {error}."
    return None


def _no_value(turn: Turn, misfit: Misfit) -> OptionError:
    how = "" if turn.status == "complete" else f"; the answer was {turn.status}"
    return OptionError(
        f"This answer has no value: {misfit}{how}.", "Its words are in .text; ask again."
    )


def frame(turn: Turn) -> Any:
    """The objects of a typed answer as a pandas DataFrame, one a row.

    Raises OptionError when the value is no list of objects, MissingExtra without pandas.
    """
    schema = turn.request.config.get("schema")
    if not isinstance(schema, Mapping):
        raise OptionError(_NO_SCHEMA, "Ask with a type (--schema NAME, ask(schema=...)).")
    try:
        rows = plain(said(turn.parts))
    except Misfit as misfit:
        raise _no_value(turn, misfit) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        kind = "a list of other values" if isinstance(rows, list) else f"a {type(rows).__name__}"
        raise OptionError(
            f"The value of this answer is {kind}, not a list of objects.",
            "Ask with list[...] of a type (--schema list[NAME]), or use .value.",
        )
    try:
        import pandas  # noqa: F401
    except ImportError:
        raise MissingExtra("turn.frame()", "pandas", "batch") from None
    return _frame(rows, schema)


def _frame(rows: Sequence[Json], schema: Mapping[str, Any]) -> Any:
    import pandas as pd

    item, _ = _resolved(_resolved(schema, schema)[0].get("items", {}), schema)
    known = _mapping(item.get("properties"))
    names = dict.fromkeys([*known, *(name for row in rows for name in row)])
    columns = {}
    for name in names:
        about, nullable = _resolved(known.get(name), schema)
        default = _mapping(known.get(name)).get("default")
        values = [_text(row.get(name, default)) for row in rows]
        columns[_text(name)] = _column(pd.Series(values, dtype=object), about, nullable)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def _text(value: Any) -> Any:
    """``value``, a text of it without lone surrogates: those of pandas take none."""
    return encodable(value) if isinstance(value, str) else value


def _mapping(value: Any) -> Mapping[str, Any]:
    """``value``, or nothing: a notebook may hold any JSON where a schema was."""
    return value if isinstance(value, Mapping) else {}


def _resolved(schema: Any, root: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """A schema without its references, and whether null fits it beside one kind of value."""
    nullable = False
    for _ in range(20):  # a reference may lead to the next, and in a circle
        if not isinstance(schema, Mapping):
            return {}, nullable
        choices = schema.get("anyOf") or schema.get("oneOf")
        if isinstance(schema.get("$ref"), str):
            schema = _referred(schema["$ref"], root)
        elif isinstance(choices, list):
            others = [one for one in choices if one != {"type": "null"}]
            nullable = nullable or len(others) < len(choices)
            if len(others) != 1:
                return {}, nullable
            schema = others[0]
        else:
            break
    kinds = schema.get("type")
    if isinstance(kinds, list):
        others = [kind for kind in kinds if kind != "null"]
        nullable = nullable or len(others) < len(kinds)
        schema = {**schema, "type": others[0] if len(others) == 1 else None}
    return schema, nullable


def _referred(reference: str, root: Any) -> Any:
    found = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _column(values: Any, schema: Mapping[str, Any], nullable: bool) -> Any:
    """The values with the type of their schema; as pandas infers it where they have another."""
    import pandas as pd

    missing = nullable or bool(values.isna().any())
    kind, form, choices = schema.get("type"), schema.get("format"), schema.get("enum")
    try:
        if choices and all(isinstance(choice, str) for choice in choices):
            if not values.dropna().isin(choices).all():  # an answer that does not fit
                return values.infer_objects()
            return values.astype(pd.CategoricalDtype(list(dict.fromkeys(choices))))
        match kind, form:
            case "integer", _:
                numbers = pd.to_numeric(values)
                return numbers.astype("Int64" if missing else "int64")
            case "number", _:
                return pd.to_numeric(values).astype("float64")
            case "boolean", _:
                return values.astype("boolean" if missing else "bool")
            case "string", "date":
                return pd.to_datetime(values, format="ISO8601")
            case "string", "date-time":
                return _times(values)
            case "string", "duration":
                return pd.to_timedelta(values)
            case "string", _:
                return values.infer_objects() if len(values) else values.astype("str")
    except (ValueError, TypeError, OverflowError):
        return values.infer_objects()  # a year that no timestamp holds, say
    return values.infer_objects()


def _times(values: Any) -> Any:
    import pandas as pd

    try:
        return pd.to_datetime(values, format="ISO8601")
    except ValueError:  # of several offsets
        return pd.to_datetime(values, format="ISO8601", utc=True)
