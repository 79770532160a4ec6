"""Functions declared, checked and called."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import os
import signal
import sys
import threading
import time
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Optional

import numpy as np
import pandas as pd
import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic import catalog
from gemini_magic.errors import OptionError
from gemini_magic.tools import declare, find, refuse_combination, respond, waiting
from gemini_magic.tools.calling import AGAIN, LONGEST, OutOfTime, within
from gemini_magic.transport.generation import generation
from gemini_magic.transport.protocol import Config, Stop
from gemini_magic.turn.parts import Call, Response, Text

pytestmark = pytest.mark.usefixtures("in_a_cell")


class Unit(enum.Enum):
    KILO = "kg"


@dataclasses.dataclass
class Box:
    width: float
    inner: Optional[Box] = None  # noqa: UP045 - as users write it


def weigh(
    item: str, count: int = 1, unit: Unit = Unit.KILO, how: Literal["net", "gross"] = "net"
) -> float:
    """Weigh items.

    Returns kilograms.
    """
    assert isinstance(unit, Unit)
    return {"tea": 0.1, "box": 2.0}[item] * count


class Old(typing.TypedDict, total=False):
    width: int


class New(typing_extensions.TypedDict, total=False):
    width: int


def called(function: Callable[..., Any], args: dict[str, Any] | None = None, **named: Any) -> Any:
    tools = [declare(function)]
    call = Call(named.get("name", tools[0].name), args, id="c1")
    response = respond(tools, call, named.get("seconds", 30), named.get("stop") or Stop())
    assert (response.name, response.id) == (call.name, "c1")
    json.dumps(response.response, allow_nan=False)
    return response.response


def test_a_function_is_declared_with_its_hints_and_docstring():
    assert declare(weigh).declaration == {
        "name": "weigh",
        "description": "Weigh items.\n\nReturns kilograms.",
        "parametersJsonSchema": {
            "type": "object",
            "properties": {
                "item": {"type": "string"},
                "count": {"type": "integer", "default": 1},
                "unit": {"$ref": "#/$defs/Unit"},
                "how": {"enum": ["net", "gross"], "type": "string", "default": "net"},
            },
            "required": ["item"],
        }
        | {"$defs": {"Unit": {"enum": ["kg"], "title": "Unit", "type": "string"}}},
    }


def test_the_request_carries_declarations_beside_the_sandbox():
    both = Config(functions=(declare(weigh).declaration,))
    fields = generation(catalog.of("gemini-3.8-flash"), both, thoughts=False)
    assert fields["tools"][0] == {"code_execution": {}}
    (declared,) = fields["tools"][1]["function_declarations"]
    assert set(declared) == {"name", "description", "parameters_json_schema"}
    assert fields["tool_config"] == {"include_server_side_tool_invocations": True}
    alone = Config(code=False, functions=(declare(weigh).declaration,))
    assert "tool_config" not in generation(catalog.of("gemini-2.5-flash"), alone, thoughts=False)
    assert alone.to_dict() == {"code": False, "tools": ["weigh"]}


def no_hint(x): ...  # type: ignore[no-untyped-def]
def many(*numbers: int): ...  # type: ignore[no-untyped-def]
def keywords(**options: int): ...  # type: ignore[no-untyped-def]
def unnamed(x: int, /): ...  # type: ignore[no-untyped-def]
def frame(df: pd.DataFrame): ...  # type: ignore[no-untyped-def]
def callback(then: Callable[[], int]): ...  # type: ignore[no-untyped-def]
async def later(x: int): ...  # type: ignore[no-untyped-def]
def unknown(x: "NoSuchType"): ...  # type: ignore[no-untyped-def, name-defined]  # noqa: F821, UP037
def größe(x: int): ...  # type: ignore[no-untyped-def]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (no_hint, "'x' of no_hint has no type hint"),
        (many, "takes *numbers"),
        (keywords, "takes **options"),
        (unnamed, "takes x:"),
        (frame, "'df' of frame is a DataFrame"),
        (callback, "'then' of callback"),
        (later, "asynchronous"),
        (unknown, "signature of unknown cannot be read"),
        (größe, "cannot name a function"),
        (lambda: 1, "cannot name a function"),
        (Box, "not a function"),
        (42, "not a function"),
    ],
)
def test_what_cannot_be_described_is_refused_with_a_way_on(value: Any, said: str):
    with pytest.raises(OptionError) as refused:
        declare(value)
    assert said in refused.value.what
    assert refused.value.hint


def test_names_are_found_in_the_namespace():
    assert [tool.name for tool in find(["w"], {"w": weigh})] == ["w"]
    with pytest.raises(OptionError, match="Did you mean weigh"):
        find(["weihg"], {"weigh": weigh})


def test_methods_partials_and_nested_types_are_taken():
    class Shop:
        def price(self, item: str) -> float:
            """The price."""
            return 2.5

    assert called(Shop().price, {"item": "tea"}) == {"output": 2.5}
    partial = declare(functools.partial(weigh, "tea"), "weigh_tea")
    assert partial.name == "weigh_tea"

    def nested(box: Box, days: list[date], scale: Annotated[int, "times"] = 2) -> str:
        assert isinstance(box, Box)
        return f"{box.inner and box.inner.width} {days[0].year} {scale}"

    given_args = {"box": {"width": 1, "inner": {"width": 2}}, "days": ["2024-02-29"]}
    assert called(nested, given_args) == {"output": "2.0 2024 2"}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "'item' is missing"),
        (None, "'item' is missing"),
        ({"item": 5}, "'item': Input should be a valid string"),
        ({"item": "tea", "count": "many"}, "'count': Input should be a valid integer"),
        ({"item": "tea", "colour": 1}, "'colour' is not a parameter"),
        ({"item": "tea", "how": "wet"}, "'how': Input should be 'net' or 'gross'"),
    ],
)
def test_arguments_that_do_not_fit_never_reach_the_function(args: Any, said: str):
    assert said in called(weigh, args)["error"]


def test_an_exception_an_exit_and_an_unknown_name_are_told():
    assert called(weigh, {"item": "gold"}) == {"error": "KeyError: 'gold'"}

    def leave() -> None:
        raise SystemExit(3)

    assert called(leave) == {"error": "SystemExit: 3"}
    assert called(weigh, name="wiegen") == {
        "error": "There is no function 'wiegen'; there is: weigh."
    }


def returning(value: Any) -> Any:
    def result() -> Any:
        return value

    return called(result)


@pytest.mark.parametrize(
    ("value", "output"),
    [
        (None, None),
        (np.float32(1.5), 1.5),
        (np.arange(3), [0, 1, 2]),
        ({"a": np.int64(1), 2: {3}}, {"a": 1, "2": [3]}),
        (Box(1, Box(2)), {"width": 1, "inner": {"width": 2, "inner": None}}),
        (float("nan"), "NaN"),
        (date(2024, 2, 29), "2024-02-29"),
        (pd.Timestamp("2024-02-29"), "2024-02-29T00:00:00"),
        (1 + 2j, "1+2j"),
        ({"x": [float("inf")]}, {"x": ["Infinity"]}),
        (b"\xff", "b'\\xff'"),
        ("\ud800", "\\ud800"),
    ],
)
def test_results_are_json_where_they_can_be(value: Any, output: Any):
    assert returning(value) == {"output": output}


class Mute:
    """Whose text cannot be had."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("result", [Mute(), [Mute()], {"a": Mute()}, {Mute(): 1}])
def test_a_result_whose_text_raises_is_told_as_what_it_is(result: Any):
    back = returning(result)
    assert "a Mute, whose text raises RuntimeError" in str(back["output"])


def test_an_exception_whose_text_raises_is_told_as_what_it_is():
    def fail() -> None:
        raise MuteError

    assert called(fail) == {"error": "MuteError: (a MuteError, whose text raises RuntimeError)"}


def test_other_results_are_their_text_and_long_ones_are_cut():
    assert "<object object" in returning(object())["output"]
    assert "0  1" in returning(pd.DataFrame({"a": [1]}))["output"]
    circle: list[Any] = []
    circle.append(circle)
    assert returning(circle) == {"output": "[[...]]"}
    cut = returning("x" * (LONGEST + 50))
    assert len(cut["output"]) == LONGEST
    assert "characters" in cut["truncated"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON | st.binary() | st.complex_numbers() | st.sets(st.integers()) | st.datetimes())
def test_any_result_can_be_sent(value: Any):
    returning(value)


def test_a_typed_dict_is_taken_and_the_one_that_pydantic_refuses_is_told():
    def fold(box: New) -> Any:
        return box

    def fold_old(box: Old) -> Any:
        return box

    assert called(fold, {"box": {"width": 3}}) == {"output": {"width": 3}}
    if sys.version_info >= (3, 12):
        assert called(fold_old, {"box": {"width": 3}}) == {"output": {"width": 3}}
    else:
        with pytest.raises(OptionError) as refused:
            declare(fold_old)
        assert "from typing_extensions import TypedDict" in refused.value.hint


def test_a_function_that_takes_too_long_is_ended():
    def sleepy() -> str:
        time.sleep(60)
        return "late"

    began = time.monotonic()
    assert called(sleepy, seconds=0.2) == {"error": "sleepy was ended after 0.2 s."}
    assert time.monotonic() - began < 20
    assert called(weigh, {"item": "tea"}, seconds=30) == {"output": 0.1}


def test_a_busy_function_is_ended_too():
    def busy() -> None:
        while True:
            pass

    assert called(busy, seconds=0.2) == {"error": "busy was ended after 0.2 s."}


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_a_process_that_ignores_interrupts_or_dies_of_them_has_the_limit_too(handler: Any):
    def sleepy() -> None:
        time.sleep(60)

    before = signal.signal(signal.SIGINT, handler)  # ignored: as of a shell's background
    try:
        assert "was ended after 0.2 s" in called(sleepy, seconds=0.2)["error"]
        assert signal.getsignal(signal.SIGINT) == handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_stop_ends_a_function_and_is_no_answer():
    stop, running = Stop(), threading.Event()

    def sleepy() -> None:
        running.set()
        time.sleep(60)

    threading.Thread(target=lambda: (running.wait(30), stop.stop())).start()
    with pytest.raises(KeyboardInterrupt):
        called(sleepy, stop=stop)


def swallow() -> None:
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        return


def spoil() -> None:
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        raise ValueError from None


@pytest.mark.parametrize("function", [swallow, spoil])
def test_an_interrupt_of_the_users_is_one_whatever_the_function_makes_of_it(function: Any):
    pressed = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    pressed.start()
    with pytest.raises(KeyboardInterrupt):
        within(30, Stop(), function)
    pressed.join()


def test_a_signal_that_a_waiting_call_has_missed_is_sent_again(monkeypatch: pytest.MonkeyPatch):
    # One that arrives in the moment before the call waits does not wake it: as if it was not sent.
    sent: list[int] = []
    kill = signal.pthread_kill

    def miss_the_first(ident: int, number: int) -> None:
        sent.append(number)
        if len(sent) > 1:
            kill(ident, number)

    monkeypatch.setattr(signal, "pthread_kill", miss_the_first)
    began = time.monotonic()
    with pytest.raises(OutOfTime):
        within(0.01, Stop(), lambda: time.sleep(30))
    assert time.monotonic() - began < 20
    assert sent == [signal.SIGINT] * 2


def test_a_signal_that_was_heard_is_not_sent_into_what_the_function_puts_in_order():
    order: list[str] = []

    def tidy() -> None:
        try:
            time.sleep(30)
        finally:
            time.sleep(4 * AGAIN)
            order.append("done")

    with pytest.raises(OutOfTime):
        within(0.01, Stop(), tidy)
    assert order == ["done"]


def test_a_signal_that_comes_late_behind_the_one_sent_again_is_not_a_second_end(
    monkeypatch: pytest.MonkeyPatch,
):
    # On a busy machine the first is heard when the second is on its way already.
    sent: list[int] = []
    kill = signal.pthread_kill

    def late(ident: int, number: int) -> None:
        sent.append(number)
        if len(sent) == 2:
            kill(ident, number)
            threading.Timer(4 * AGAIN, kill, (ident, number)).start()

    monkeypatch.setattr(signal, "pthread_kill", late)
    order: list[str] = []

    def tidy() -> None:
        try:
            time.sleep(30)
        finally:
            time.sleep(12 * AGAIN)
            order.append("done")

    with pytest.raises(OutOfTime):
        within(0.01, Stop(), tidy)
    assert order == ["done"]


def test_an_end_that_comes_as_the_function_returns_disturbs_nothing():
    # The watcher's signal may be under way when the function is over: it must not hit later code.
    for _ in range(60):
        try:
            within(0.001, Stop(), lambda: time.sleep(0.001))
        except OutOfTime:
            continue
    time.sleep(0.05)


def test_outside_the_main_thread_the_limit_is_looked_at_afterwards():
    found: list[Any] = []

    def slow() -> str:
        time.sleep(0.3)
        return "late"

    thread = threading.Thread(target=lambda: found.append(called(slow, seconds=0.05)))
    thread.start()
    thread.join()
    assert found == [{"error": "slow was ended after 0.05 s."}]


def test_a_routed_model_takes_together_what_the_one_that_answers_takes():
    both = Config(functions=(declare(weigh).declaration,))
    december = datetime(2026, 12, 1, tzinfo=UTC)
    refuse_combination("gemini-2.5-pro", "developer", both, catalog.of("gemini-2.5-pro", december))


def test_calls_that_the_service_answered_itself_do_not_wait():
    ours, theirs = Call("f", {}, id="1"), Call("g", {}, id="2")
    assert waiting([Text("x"), theirs, Response("g", {}, "2"), ours]) == [ours]
    # Without ids by name, in order.
    assert waiting([Call("f"), Call("f"), Response("f", {})]) == [Call("f")]


@pytest.mark.parametrize(
    ("model", "backend", "config", "hint"),
    [
        ("gemini-2.5-flash", "developer", {}, "--no-code"),
        ("gemini-2.0-flash-001", "developer", {"code": False, "search": True}, "--search"),
        ("gemini-3.8-flash", "vertex", {}, "%gemini backend developer"),
        ("gemini-2.5-pro", "developer", {"code": False}, None),
        ("gemini-3.8-flash", "developer", {"urls": True}, None),
        ("gemini-flash-latest", "emulator", {}, None),
        ("gemini-3.8-flash", "vertex", {"code": False}, None),
        ("gemini-3.5-flash", "developer", {}, None),
    ],
)
def test_tools_together_are_refused_where_the_model_has_not_both(
    model: str, backend: str, config: dict[str, Any], hint: str | None
):
    given_config = Config(functions=(declare(weigh).declaration,), **config)
    if hint is None:
        return refuse_combination(model, backend, given_config)
    with pytest.raises(OptionError) as refused:
        refuse_combination(model, backend, given_config)
    assert hint in refused.value.hint
    return None
