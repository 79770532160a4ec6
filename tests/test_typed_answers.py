"""Typed answers go round: a schema to the emulator, values of code that ran, the object back."""

from __future__ import annotations

import dataclasses
import enum
import json
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Optional, Union

import pandas as pd
import pytest
import typing_extensions
from pydantic import BaseModel, Field, TypeAdapter

from gemini_magic import Turn, ask
from gemini_magic.emulator import Emulator
from gemini_magic.errors import AnswerFailed, OptionError
from gemini_magic.schemas import declare
from gemini_magic.session.options import AskOptions, Place
from gemini_magic.session.session import Session
from gemini_magic.session.view import Silent

from .kernel import CLEARED
from .published import problems


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    number: int = Field(ge=1, le=99)


class Person(BaseModel):
    name: str
    address: Address
    friends: list[Address]


class Optionals(BaseModel):
    index: int
    note: Optional[str] = None  # noqa: UP045 - as users write it
    score: Optional[float] = None  # noqa: UP045


class Painted(BaseModel):
    colour: Colour
    kind: Literal["wall", "door"]


class Dated(BaseModel):
    day: date
    at: datetime
    id: uuid.UUID
    price: Decimal


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


class Pair(typing_extensions.TypedDict):
    first: int
    second: typing_extensions.NotRequired[bool]


class Square(BaseModel):
    n: int
    square: int
    root: float
    day: date
    even: bool
    colour: Colour
    note: Optional[str] = None  # noqa: UP045


class Cat(BaseModel):
    sort: Literal["cat"]
    lives: int


class Dog(BaseModel):
    sort: Literal["dog"]
    tricks: list[str]


DICT = {
    "type": "object",
    "properties": {
        "total": {"type": "integer"},
        "parts": {"type": "array", "items": {"type": "integer"}, "minItems": 2},
    },
    "required": ["total", "parts"],
}
KINDS: dict[str, Any] = {
    "nested": Person,
    "optional": Optionals,
    "enum": Painted,
    "list": list[Square],
    "date": Dated,
    "recursive": Tree,
    "dict schema": DICT,
    "dataclass": list[Point],
    "TypedDict": Pair,
    "union": list[Union[Cat, Dog]],  # noqa: UP007
    "tuple and dict": dict[str, tuple[int, str]],
    "number": int,
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with pytest.MonkeyPatch.context() as patch, Emulator() as server:
        for name in CLEARED:
            patch.delenv(name, raising=False)
        patch.setenv("GEMINI_API_KEY", server.key)
        patch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        yield server


@pytest.mark.parametrize("name", KINDS)
def test_a_schema_goes_round(emulator: Emulator, name: str):
    kind = KINDS[name]
    turn = ask("Compute the first four.", schema=kind)
    assert turn.results[-1].output is not None
    assert json.loads(turn.results[-1].output) == json.loads(turn.text), "code made the value"
    if isinstance(kind, dict):
        assert turn.value == json.loads(turn.text)
    else:
        assert turn.value == TypeAdapter(kind).validate_json(turn.text)
    sent = emulator.generate_requests[-1].body
    assert not problems(sent, api="developer", message="request")
    assert sent["generationConfig"]["responseJsonSchema"] == turn.request.config["schema"]
    assert {"codeExecution": {}} in sent["tools"]
    restored = Turn.from_dict(json.loads(json.dumps(turn.to_dict())))
    assert restored.value == json.loads(turn.text)


@pytest.mark.parametrize("model", ["gemini-2.5-flash-lite", "gemini-3.8-flash"])
@pytest.mark.parametrize("stream", [True, False])
def test_without_code_every_model_takes_a_schema(emulator: Emulator, model: str, stream: bool):
    turn = ask("Compute five.", schema=Person, code=False, model=model, stream=stream)
    assert isinstance(turn.value, Person)
    assert not turn.code


@pytest.mark.parametrize(
    ("answer", "kind", "field"),
    [
        ('{"name": "A", "address": {"street": "B", "number": 100}, "friends": []}', Person, "num"),
        ('[{"n": 1}]', list[Square], "[0].square: Field required"),
        ('{"total": "28", "parts": [1, 2]}', DICT, "total: '28' is not of type 'integer'"),
        ('{"colour": "green", "kind": "wall"}', Painted, "colour: Input should be 'red' or 'blue'"),
        ("It is 28.", DICT, "it is not JSON"),
    ],
)
def test_what_does_not_fit_has_failed_and_names_the_field(
    emulator: Emulator, answer: str, kind: Any, field: str
):
    with pytest.raises(AnswerFailed, match="does not fit") as failed:
        ask(f"Answer this:\n```json\n{answer}\n```", schema=kind)
    assert field in failed.value.what
    turn = failed.value.turn
    assert turn is not None and turn.text == answer, "its text is kept"
    assert turn.status == "failed" and turn.message == failed.value.what
    assert turn.usage.total_tokens > 0


def test_numbers_come_from_the_code_that_the_prompt_gets_anyway(emulator: Emulator):
    total = ask("What is the sum of the first 50 prime numbers?", schema=DICT).value["total"]
    assert total == 5117


def test_a_frame_of_twenty_objects_has_its_types(emulator: Emulator):
    frame = ask("The first twenty squares", schema=list[Square]).frame()
    assert len(frame) == 20
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert (kinds["n"], kinds["square"], kinds["root"]) == ("int64", "int64", "float64")
    assert (kinds["even"], kinds["colour"]) == ("bool", "category")
    assert kinds["day"].startswith("datetime64")
    assert list(frame.square) == [n * n for n in range(1, 21)]


def test_rows_of_an_attached_table_fill_a_list_of_its_type(emulator: Emulator):
    class Sale(BaseModel):
        region: str
        amount: float

    table = pd.DataFrame({"region": ["North", "South"], "amount": [1.5, 2.5]})
    turn = ask("Give me the rows.", attach={"sales": table}, schema=list[Sale])
    assert turn.value == [Sale(region="North", amount=1.5), Sale(region="South", amount=2.5)]


def test_a_model_that_takes_no_tools_beside_a_schema_is_sent_nothing(emulator: Emulator):
    before = len(emulator.generate_requests)
    with pytest.raises(OptionError, match="nothing was sent") as refused:
        ask("Compute.", schema=DICT, model="gemini-2.5-flash-lite")
    assert "code=False" in refused.value.hint
    assert len(emulator.generate_requests) == before


def test_a_stored_answer_has_its_value_and_a_misfit_is_not_stored(
    emulator: Emulator, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GEMINI_MAGIC_ANSWERS", str(tmp_path))
    session = Session()
    options = AskOptions(stateless=True, reuse=True, answer_type=declare(list[Square]))
    turns = [session.ask("Three", options, Place(), Silent) for _ in range(2)]
    assert turns[1].reused is not None and turns[1].value == turns[0].value
    assert isinstance(turns[1].value[0], Square)

    class Strict(BaseModel):
        n: int

        def model_post_init(self, context: Any) -> None:
            if not allowed:
                raise ValueError("not any more")

    allowed = [True]
    strict = AskOptions(stateless=True, reuse=True, answer_type=declare(Strict))
    session.ask("One", strict, Place(), Silent)
    allowed.clear()
    with pytest.raises(AnswerFailed, match="not any more") as failed:
        session.ask("One", strict, Place(), Silent)
    assert "delete its file" in failed.value.hint
    before = len(list(tmp_path.iterdir()))
    with pytest.raises(AnswerFailed):
        session.ask("```json\n[]\n```", strict, Place(), Silent)
    assert len(list(tmp_path.iterdir())) == before
    session.close()
