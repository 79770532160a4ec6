"""Types of the user's as schemas: what is sent, what is refused, what is said of a misfit."""

from __future__ import annotations

import dataclasses
import enum
import json
import sys
import typing
from datetime import date
from typing import Annotated, Any, Literal, Optional

import pytest
import typing_extensions
from pydantic import BaseModel, Field, field_validator

from gemini_magic import catalog
from gemini_magic.errors import OptionError
from gemini_magic.schemas import declare, find, refuse_schema, usable
from gemini_magic.transport.generation import generation
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.typed import Misfit

pytestmark = pytest.mark.usefixtures("in_a_cell")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class City(BaseModel):
    name: str = Field(description="in English")
    population: int
    founded: Optional[date] = None  # noqa: UP045 - as users write it
    flag: Colour = Field(Colour.RED, description="the main colour")
    kind: Literal["city"] = "city"
    districts: list[City] = []

    @field_validator("population")
    @classmethod
    def positive(cls, count: int) -> int:
        if count == 13:
            raise ZeroDivisionError("a slip of the user's own")
        assert count > 0, "nobody lives there"
        return count


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


class Row(typing_extensions.TypedDict):
    a: int


SCHEMA = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}
NAMESPACE = {"City": City, "Point": Point, "SCHEMA": SCHEMA, "n": 3, "math": json}


def inner(schema: Any) -> list[Any]:
    """The schema and all that it holds."""
    if isinstance(schema, dict):
        return [schema, *(one for value in schema.values() for one in inner(value))]
    return [one for value in schema for one in inner(value)] if isinstance(schema, list) else []


def test_a_type_is_sent_in_the_words_that_the_service_reads():
    schema = declare(list[City]).schema
    assert json.loads(json.dumps(schema)) == schema
    for one in inner(schema):
        assert "const" not in one
        if "$ref" in one:
            assert all(name.startswith("$") for name in one), "a reference stands alone"
    city = schema["$defs"]["City"]["properties"]
    assert city["kind"]["enum"] == ["city"]
    assert city["name"]["description"] == "in English"
    assert city["flag"] == {
        "anyOf": [{"$ref": "#/$defs/Colour"}],
        "default": "red",
        "description": "the main colour",
    }


def test_a_dict_is_sent_as_it_is():
    assert declare(SCHEMA).schema == SCHEMA
    sent = generation(
        catalog.own("gemini-3.8-flash"), Config(schema=declare(SCHEMA).schema), thoughts=False
    )
    assert sent["response_json_schema"] == SCHEMA
    assert sent["response_mime_type"] == "application/json"
    assert {"code_execution": {}} in sent["tools"]
    assert "response_mime_type" not in generation(
        catalog.own("gemini-3.8-flash"), Config(), thoughts=False
    )


@pytest.mark.parametrize(
    ("word", "name"),
    [("City", "City"), ("list[City]", "list[City]"), ("Optional[Point]", None), ("SCHEMA", None)],
)
def test_a_name_or_an_expression_of_names_is_found(word: str, name: str | None):
    found = find(word, {**NAMESPACE, "Optional": Optional})
    assert found.name == (name or word)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Cty", "nothing called 'Cty' here.\nDid you mean City?"),
        ("nothing_near", "Define it in a cell above"),
        ("list[", "raised SyntaxError"),
        ("n", "n is int, not a type"),
        ("math", "math is module, not a type"),
        ("City.nothing", "raised AttributeError"),
    ],
)
def test_what_is_no_type_is_refused_by_name(word: str, said: str):
    with pytest.raises(OptionError) as refused:
        find(word, NAMESPACE)
    assert said in str(refused.value)


class Plain:
    pass


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("City", "is str, not a type"),
        (Plain, "Plain cannot be said in JSON Schema"),
        (list[Plain], "list[Plain] cannot be said in JSON Schema"),
        (Any, "Any"),
        (Annotated[Any, "x"], "says nothing of the answer"),
        ({}, "is a dict, but no JSON Schema"),
        ({"a": 1}, "is a dict, but no JSON Schema"),
        ({"title": "T", "type": "integr"}, "T is no JSON Schema: $.type: 'integr'"),
        ({"$ref": "https://example.org/x"}, "addresses are not fetched"),
        ({"$ref": "#/$defs/Lost", "$defs": {}}, "'#/$defs/Lost', which it does not hold"),
        ({"type": "object", "properties": {"a": {1, 2}}}, "cannot be written as JSON"),
    ],
)
def test_what_cannot_be_said_in_json_schema_is_refused(kind: Any, said: str):
    with pytest.raises(OptionError) as refused:
        declare(kind)
    assert said in str(refused.value)
    assert refused.value.hint


WHOLE = '{"name": "A", "population": 5, "founded": "1200-03-01", "districts": [{"name": "B"'


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (City, '{"name": "A"}', "population: Field required"),
        (City, '{"name": "A", "population": "many"}', "population: Input should be a valid int"),
        (City, f'{WHOLE}, "population": 0}}]}}', "districts[0].population: Assertion failed, no"),
        (City, '{"name": "A", "population": 13}', "ZeroDivisionError: a slip"),
        (City, '{"name": "A", "population": 5, "founded": "soon"}', "founded: Input should be"),
        (City, '{"name": "A", "population": 5, "flag": "green"}', "flag: Input should be 'red'"),
        (list[Point], '[{"x": 1}, {}]', "[1].x: Field required"),
        (dict[str, Row], '{"k": {"a": null}}', "k.a: Input should be a valid integer"),
        (SCHEMA, '{"total": "28"}', "total: '28' is not of type 'integer'"),
        (SCHEMA, "{}", "'total' is a required property"),
        (SCHEMA, '{"total": NaN}', "NaN is no JSON"),
        (City, "", "there is no text after the last result"),
        (City, "The answer is 42.", "it is not JSON (Expecting value: line 1, column 1)"),
        (SCHEMA, "[" * 100_000, "it is not JSON that can be read"),
    ],
)
def test_a_misfit_names_the_field(kind: Any, text: str, said: str):
    with pytest.raises(Misfit) as misfit:
        declare(kind).read(text)
    assert said in str(misfit.value)


def test_of_many_misfits_the_first_are_named_and_the_rest_counted():
    with pytest.raises(Misfit, match=r"\[2\]\.x: Field required; and 97 more$"):
        declare(list[Point]).read(json.dumps([{}] * 100))


def test_a_fitting_text_is_the_object():
    made = declare(City).read(f'{WHOLE}, "population": 1}}]}}')
    assert made == City(
        name="A", population=5, founded=date(1200, 3, 1), districts=[City(name="B", population=1)]
    )
    assert declare(Point).read('{"x": 2}') == Point(2.0)
    assert declare(SCHEMA).read('{"total": 28}') == {"total": 28}


class OldInner(typing.TypedDict):
    """Where it is."""

    x: float


class Old(typing.TypedDict, total=False):
    a: typing.Required[int]
    where: OldInner | None
    more: Annotated[list[OldInner], "as many as there are"]


class OldLoop(typing.TypedDict):
    next: "list[OldLoop]"  # noqa: UP037 - as it has to be written


def test_a_typed_dict_of_typing_is_taken_on_every_python():
    made = declare(list[Old])
    assert made.schema["$defs"]["Old"]["required"] == ["a"]
    assert made.schema["$defs"]["OldInner"]["description"] == "Where it is."
    value = [{"a": 1, "where": {"x": 2.5}}]
    assert made.read(json.dumps(value)) == value
    with pytest.raises(Misfit, match=r"\[0\]\.where\.x: Field required"):
        made.read('[{"a": 1, "where": {}}]')
    if sys.version_info < (3, 12):
        with pytest.raises(OptionError, match="OldLoop cannot be said") as refused:
            declare(OldLoop)
        assert "typing_extensions" in refused.value.hint


def test_what_may_be_a_schema_is_offered_and_nothing_else():
    assert all(map(usable, (City, list[City], Point, Row, SCHEMA, Optional[City])))  # noqa: UP045
    for value in (3, "City", json, Plain, Colour, BaseModel, {}, {"a": 1}, [City], City.__init__):
        assert not usable(value), value


@pytest.mark.parametrize("option", ["code", "search", "urls"])
def test_tools_beside_a_schema_are_refused_where_the_model_takes_none(option: str):
    config = Config(**{"code": False, option: True}, schema=SCHEMA)  # type: ignore[arg-type]
    for name in ("gemini-3.8-flash", "gemini-4-neon", "a-tuned-model"):
        refuse_schema(catalog.own(name), config)
    refuse_schema(catalog.own("gemini-2.5-flash"), Config(code=False, schema=SCHEMA))
    with pytest.raises(OptionError, match="takes no tools beside a schema") as refused:
        refuse_schema(catalog.own("gemini-2.5-flash"), config)
    if option == "code":
        assert "--no-code" in refused.value.hint


def test_an_expression_whose_exception_has_no_text_is_told() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    def fail() -> None:
        raise Mute

    with pytest.raises(OptionError, match=r"raised Mute: .a Mute, whose text raises RuntimeError"):
        find("fail()", {"fail": fail})
