"""A type of the user's to a JSON Schema that Gemini reads, and to the rule for its answers.

pydantic (which google-genai brings) makes the schema of a type and validates by it; a dict holds a
JSON Schema already, is sent as it is, and is validated by jsonschema (which nbformat brings).
"""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import GenericAlias, ModuleType, UnionType
from typing import Any

from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.schemas.typed_dicts import readable
from gemini_magic.text import one_line, worded
from gemini_magic.turn.parts import Json
from gemini_magic.turn.typed import Misfit, plain

_MOST_FIELDS = 3  # that do not fit, named in one message
_KEYWORDS = frozenset({"type", "properties", "$ref", "anyOf", "oneOf", "allOf", "enum", "items"})
_ALIASES = (GenericAlias, UnionType, type(typing.List[int]), type(typing.Optional[int]))  # noqa: UP006, UP045


@dataclass(frozen=True)
class AnswerType:
    """What an answer is to be.

    ``schema``: the JSON Schema that is sent. ``kind``: the type or dict that it was made of.
    ``validated`` makes the object of a text, and raises `Misfit`. Pickled, it is declared anew.
    """

    name: str
    schema: Json
    kind: Any = field(repr=False)
    validated: Callable[[str], Any] = field(repr=False)

    def __reduce__(self) -> tuple[Callable[..., AnswerType], tuple[Any, str]]:
        return declare, (self.kind, self.name)

    def read(self, text: str) -> Any:
        """The validated object that ``text`` holds as JSON; raises `Misfit`, naming the field."""
        return self.validated(text)


def find(word: str, namespace: Mapping[str, Any]) -> AnswerType:
    """The type that ``--schema`` says: a name, or an expression of names (``list[City]``).

    Only the user's own words are evaluated. OptionError on what is not there or is no type.
    """
    try:
        found = eval(word.strip(), dict(namespace))
    except NameError as error:
        missing = getattr(error, "name", None) or word
        near = did_you_mean(missing, [name for name, one in namespace.items() if usable(one)])
        raise OptionError(
            f"--schema {word}: there is nothing called {missing!r} here.",
            near or "Define it in a cell above: a pydantic model, dataclass, TypedDict or dict.",
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever the user's expression raises
        raise OptionError(
            f"--schema {word} raised {type(error).__name__}: {one_line(worded(error), 120)}",
            "Name a type of the notebook, or list[...] of one, without spaces.",
        ) from None
    return declare(found, word)


def usable(value: Any) -> bool:
    """Whether ``value`` looks like a type or schema that an answer may have; imports nothing."""
    if isinstance(value, ModuleType):
        return False
    if isinstance(value, dict):
        return bool(value) and all(isinstance(key, str) for key in value) and _says_kind(value)
    if isinstance(value, type):
        pydantic = sys.modules.get("pydantic")
        model = getattr(pydantic, "BaseModel", None)
        return (
            (isinstance(model, type) and issubclass(value, model) and value is not model)
            or dataclasses.is_dataclass(value)
            or _is_typed_dict(value)
        )
    return isinstance(value, _ALIASES) and any(usable(one) for one in typing.get_args(value))


def _says_kind(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type", "object")
    return isinstance(kind, str | list) and not _KEYWORDS.isdisjoint(schema)


def _is_typed_dict(value: type) -> bool:
    return issubclass(value, dict) and hasattr(value, "__total__")


def declare(kind: Any, name: str | None = None) -> AnswerType:
    """The answer type of a Python type, or of a dict that holds a JSON Schema.

    Raises OptionError when it is neither, or cannot be said in JSON Schema.
    """
    if isinstance(kind, dict):
        return _of_schema(kind, name or str(kind.get("title") or "the schema"))
    name = name or _name(kind)
    if not _is_type(kind):
        raise OptionError(
            f"{name} is {type(kind).__name__}, not a type that an answer may have.",
            "It takes a pydantic model, a dataclass, a TypedDict, list[...] of one, or a dict that "
            "holds a JSON Schema.",
        )
    return _of_type(kind, name)


def _name(kind: Any) -> str:
    """``City``, ``list[City]``."""
    own = getattr(kind, "__name__", None) or str(kind)
    inner = ", ".join(map(_name, typing.get_args(kind)))
    return f"{own}[{inner}]" if inner else str(own)


def _is_type(kind: Any) -> bool:
    named = hasattr(kind, "__value__")  # type X = ..., of Python 3.12
    return isinstance(kind, type) or typing.get_origin(kind) is not None or named


def _of_type(kind: Any, name: str) -> AnswerType:
    from pydantic import TypeAdapter, ValidationError
    from pydantic.errors import PydanticUserError

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(readable(kind))
        schema = adapter.json_schema()
    except (
        PydanticUserError,
        TypeError,
        NameError,
        AttributeError,
        RecursionError,
    ) as error:
        # One inside of a dataclass, or one that holds itself.
        old = getattr(error, "code", None) == "typed-dict-version" or (
            isinstance(error, RecursionError)
        )
        raise OptionError(
            f"{name} cannot be said in JSON Schema: {one_line(_first_line(error), 160)}",
            "Before Python 3.12 write: from typing_extensions import TypedDict."
            if old
            else "Give its fields types that JSON can carry (numbers, texts, dates, lists, other "
            "models).",
        ) from None
    if not set(schema) - {"title", "description"}:
        raise OptionError(
            f"{name} says nothing of the answer: any value would fit.", "Name a narrower type."
        )

    def validated(text: str) -> Any:
        plain(text)  # says better what is no JSON, and refuses NaN
        try:
            return adapter.validate_json(text)
        except ValidationError as error:
            raise Misfit(
                _told((_path(one["loc"]), one["msg"]) for one in error.errors(include_url=False))
            ) from None
        except Exception as error:  # noqa: BLE001 - whatever a validator of the user's own raises
            raise Misfit(f"{type(error).__name__}: {one_line(str(error), 120)}") from None

    return AnswerType(name, _in_words_of_the_service(schema), kind, validated)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _in_words_of_the_service(schema: Any) -> Any:
    """The schema in the words that Gemini reads.

    By the published field's description a ``$ref`` stands alone, but for names that begin with $;
    ``const`` is not among what is read, an ``enum`` of one is.
    """
    if isinstance(schema, list):
        return [_in_words_of_the_service(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _inside(name, value) for name, value in schema.items()}
    constant = found.get("const")
    if isinstance(constant, str | int | float) and not isinstance(constant, bool):
        found["enum"] = [found.pop("const")]
    beside = {name for name in found if not name.startswith("$")}
    if "$ref" in found and beside:
        found = {"anyOf": [{"$ref": found.pop("$ref")}], **found}
    return found


def _inside(name: str, value: Any) -> Any:
    if name in ("default", "const", "enum", "examples", "required"):
        return value  # data, which may look like a schema
    if name in ("properties", "$defs", "patternProperties") and isinstance(value, dict):
        return {key: _in_words_of_the_service(one) for key, one in value.items()}
    return _in_words_of_the_service(value)


def _of_schema(schema: Json, name: str) -> AnswerType:
    import json

    from jsonschema.exceptions import SchemaError, best_match
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        kept: Json = json.loads(json.dumps(schema, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(
            f"{name} cannot be written as JSON: {one_line(str(error), 120)}.",
            "Write the JSON Schema in plain values.",
        ) from None
    if not _says_kind(kept):
        raise OptionError(
            f"{name} is a dict, but no JSON Schema: it says neither type nor properties.",
            'Write {"type": "object", "properties": {...}, "required": [...]}.',
        )
    checker = validator_for(kept, default=Draft202012Validator)
    try:
        checker.check_schema(kept)
    except SchemaError as error:
        raise OptionError(
            f"{name} is no JSON Schema: {error.json_path}: {one_line(error.message, 160)}.",
            "Correct it there.",
        ) from None
    # An empty registry: what lies at an address is never fetched.
    validator = checker(kept, registry=Registry(), format_checker=checker.FORMAT_CHECKER)

    def validated(text: str) -> Any:
        value = plain(text)
        try:
            error = best_match(validator.iter_errors(value))
        except Unresolvable as lost:
            raise Misfit(f"the schema refers to what it does not hold ({lost.ref})") from None
        except RecursionError:
            raise Misfit("it is nested too deep") from None
        if error is not None:
            raise Misfit(_told([(_path(error.absolute_path), error.message)]))
        return value

    _check_references(kept, name)
    return AnswerType(name, kept, schema, validated)


def _check_references(schema: Json, name: str) -> None:
    """Raise OptionError on a ``$ref`` that leads nowhere: an address is never fetched."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(schema)
    own = resource.id() or ""
    registry: Registry[Any] = Registry().with_resource(own, resource)
    resolver = registry.resolver(base_uri=own)
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            raise OptionError(
                f"{name} refers to {one_line(reference, 80)!r}, which it does not hold.",
                "Put what it refers to under $defs; addresses are not fetched.",
            ) from None


def _references(schema: Any) -> Iterable[str]:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield reference
        for name, value in schema.items():
            if name not in ("enum", "const", "default", "examples"):
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _path(steps: Iterable[str | int]) -> str:
    """``cities[3].population``."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".")


def _told(found: Iterable[tuple[str, str]]) -> str:
    """The first fields that do not fit, each with the reason; the rest are counted."""
    lines = [
        f"{one_line(path, 100)}: {one_line(why, 160)}" if path else one_line(why, 200)
        for path, why in found
    ]
    more = len(lines) - _MOST_FIELDS
    return "; ".join(lines[:_MOST_FIELDS]) + (f"; and {more} more" if more > 0 else "")
