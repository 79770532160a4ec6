"""What of an exchange is sent to whom, rule by rule; never a history that spoils what follows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gemini_magic.session.conversation import Conversation, Exchange
from gemini_magic.session.sendable import Changed, Fits, Form, Receiver, Variant, fit, variant
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.parts import (
    Call,
    Code,
    File,
    Image,
    Opaque,
    Part,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.request import Request
from gemini_magic.turn.request_json import encoded
from gemini_magic.turn.turn import Status, Turn

from .. import strategies
from ..examples import examples
from .rules import ids, problem

OWN = Receiver("developer")
OTHER = Receiver("vertex")
OLDER = Receiver("developer", 2, built_in=True)
RUN = (Code("print(1)", id="c", signature="c2ln"), Result("OUTCOME_OK", "1\n", "c"))
ASK = Call("double", {"x": 21}, "i", signature="c2ln")
BACK = Response("double", {"output": 42}, "i")


def exchange(
    *parts: Part, tools: bool = False, status: Status = "complete", backend: str = "developer"
) -> Exchange:
    config: dict[str, Any] = {"code": True, **({"tools": ["double"]} if tools else {})}
    turn = Turn(
        "t", Request("p", "gemini-3.8-flash", backend, config), status=status, parts=tuple(parts)
    )
    return Exchange(turn, {"role": "user", "parts": [{"text": "p"}]})


def form(made: Exchange, receiver: Receiver) -> Form:
    return made.form(variant(made, receiver))


def model(made: Exchange, receiver: Receiver) -> list[Any]:
    """The parts of the model's Contents that go to ``receiver``."""
    contents = form(made, receiver).contents
    return [part for content in contents if content["role"] == "model" for part in content["parts"]]


@pytest.mark.parametrize(
    "parts",
    [
        (*RUN, Text("one"), Text("", signature="ZW5k")),
        (Thought("hm"), Thought("", signature="dGhvdWdodA=="), Text("\n")),
        (Text("a", extra={"partMetadata": {"a": 1}}), Opaque({"novelty": 1})),
        (Code("import x", "PYTHON"), Text("no result, but words")),
        (Opaque({"toolCall": {"id": "s"}}), Opaque({"toolResponse": {"id": "s"}}), Text("found")),
    ],
)
def test_to_its_issuer_an_exchange_goes_as_it_came(parts: tuple[Part, ...]) -> None:
    made = exchange(*parts)
    assert form(made, OWN) == Form(made.contents())
    assert form(made, OWN).contents[0] is made.contents()[0], "ready made, once"
    assert len(made.contents()[1]["parts"]) == len(parts)


@pytest.mark.parametrize(
    ("parts", "sent"),
    [
        (
            (*RUN, Text("one", signature="eA=="), Text("", signature="ZW5k")),
            [
                {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
                {"text": "one"},
            ],
        ),
        (
            (Thought("", signature="dA=="), Thought("hm", signature="dA=="), Text("a")),
            [{"text": "hm", "thought": True}, {"text": "a"}],
        ),
        (
            (Image("image/png", b"a", thought=True), Image("image/png", b"x", signature="eA==")),
            [{"inlineData": {"mimeType": "image/png", "data": "eA=="}}],
        ),
        (
            (Text("see"), Opaque({"toolCall": {"id": "s"}}), File(None, "https://files/1")),
            [{"text": "see"}],
        ),
        (  # ids gone, so each result has to stand behind its own code
            (Code("a", id="1"), Code("b", id="2"), Result("OUTCOME_OK", "B", "2"),
             Result("OUTCOME_OK", "A", "1"), Text("done")),
            [
                {"executableCode": {"language": "PYTHON", "code": "a"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "A"}},
                {"executableCode": {"language": "PYTHON", "code": "b"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "B"}},
                {"text": "done"},
            ],
        ),
        (  # an outcome and a language that another service may not know
            (Code("1+", "R"), Result("OUTCOME_LATER", "odd"), Text("done")),
            [{"text": "\n```\n1+\n```\n"}, {"text": "\n```\nodd\n```\n"}, {"text": "done"}],
        ),
    ],
)  # fmt: skip
def test_to_another_service_go_text_and_code_without_what_only_the_issuer_knows(
    parts: tuple[Part, ...], sent: list[Any]
) -> None:
    for receiver in (OTHER, Receiver("developer@12345678"), Receiver("emulator@1", 2, True)):
        assert model(exchange(*parts), receiver) == sent
        assert Changed.SIGNATURES in form(exchange(*parts), receiver).changed


def test_what_has_nothing_of_its_service_is_no_change() -> None:
    assert form(exchange(Text("plain")), OTHER) == Form(exchange(Text("plain")).contents())


@pytest.mark.parametrize(
    "parts",
    [
        (Thought("hm"), Text("", signature="ZW5k")),
        (Opaque({"novelty": 1}),),
        (File("text/csv", "https://files/1"),),
        (Text(" \n"),),
    ],
)
def test_an_exchange_of_which_nothing_is_left_goes_to_nobody_else(parts: tuple[Part, ...]) -> None:
    assert form(exchange(*parts), OTHER).contents == []
    assert form(exchange(*parts), OTHER).changed >= {Changed.WHOLE}
    assert form(exchange(*parts), OWN).contents


@pytest.mark.parametrize("receiver", [OWN, OTHER, OLDER])
@pytest.mark.parametrize("tools", [False, True])
@pytest.mark.parametrize("status", ["complete", "truncated"])
@pytest.mark.parametrize(
    ("parts", "left"),
    [
        ((ASK,), []),
        ((ASK, Text("I called it")), ["text"]),
        ((Text("let me"), ASK), ["text"]),
        ((*RUN, ASK), ["executableCode", "codeExecutionResult"]),
        ((ASK, *RUN, Text("b")), ["executableCode", "codeExecutionResult", "text"]),
        ((ASK, Text("", signature="ZW5k")), []),
        ((Thought("I'll call"), ASK), []),
        ((ASK, Call("double", {}, "j")), []),
        ((Opaque({"functionCall": {"name": 1}}), Text("damaged")), ["text"]),
        ((Text("both", extra={"functionCall": {"name": "f"}}),), ["text"]),
        ((Opaque({"toolCall": {"id": "s"}}), Text("cut")), ["text"]),
        ((Response("double", {}, "i"), Text("of nothing")), ["text"]),
    ],
)
def test_a_call_that_nobody_answered_is_left_out_with_what_remains(
    parts: tuple[Part, ...], left: list[str], status: Status, tools: bool, receiver: Receiver
) -> None:
    made = exchange(*parts, tools=tools, status=status)
    sent = model(made, receiver)
    assert [next(iter(part)) for part in sent] == left
    assert made.sendable == bool(left)
    assert "thoughtSignature" not in json.dumps(sent), "it may cover what is gone"


def test_a_second_call_that_was_cut_takes_nothing_of_the_first_with_it() -> None:
    made = exchange(ASK, BACK, Text("so"), Call("double", {}, "j"), tools=True, status="truncated")
    contents = form(made, OWN).contents
    assert [content["role"] for content in contents] == ["user", "model", "user", "model"]
    assert contents[3]["parts"] == [{"text": "so"}]
    assert form(made, OWN).changed == {Changed.CALLS}


@pytest.mark.parametrize("last", [(), (Text("", signature="eA=="),), (Thought(""),)])
def test_an_answer_that_ends_in_a_response_still_alternates(last: tuple[Part, ...]) -> None:
    made = exchange(ASK, BACK, *last, tools=True, status="truncated")
    for receiver in (OTHER, Receiver("emulator@2")):
        roles = [content["role"] for content in form(made, receiver).contents]
        assert roles == ["user", "model"]
        assert "returned" in json.dumps(model(made, receiver))


def test_calls_with_responses_go_to_another_service_under_the_documented_signature() -> None:
    made = exchange(ASK, Call("double", {"x": 1}, "j"), BACK, Response("double", {}, "j"),
                    Text("42"), tools=True)  # fmt: skip
    contents = form(made, OTHER).contents
    first, second = contents[1]["parts"]
    assert first["thoughtSignature"] == "skip_thought_signature_validator"
    assert "thoughtSignature" not in second
    assert "id" not in json.dumps([content["parts"] for content in contents]).replace("valid", "")
    assert [content["role"] for content in contents] == ["user", "model", "user", "model"]


@pytest.mark.parametrize(
    ("receiver", "as_text"),
    [
        (Receiver.of("developer", "gemini-2.5-flash", Config()), True),
        (Receiver.of("developer", "models/gemini-2.5-pro", Config(code=False, search=True)), True),
        (Receiver.of("developer", "gemini-2.0-flash", Config(code=False)), True),
        (Receiver.of("vertex", "gemini-3.8-flash", Config()), True),
        (Receiver.of("developer", "gemini-3.8-flash", Config()), False),
        (Receiver.of("developer", "gemini-flash-latest", Config()), False),
        (Receiver.of("developer", "gemini-2.5-flash",
                     Config(code=False, functions=({"name": "double"},))), False),
        (Receiver.of("developer", "gemini-2.5-flash",
                     Config(code=False, functions=({"name": "other"},))), True),
    ],
)  # fmt: skip
def test_functions_go_as_text_where_they_are_not_taken(receiver: Receiver, as_text: bool) -> None:
    made = exchange(ASK, BACK, Text("42"), tools=True)
    sent = form(made, receiver)
    assert ("functionCall" in json.dumps(sent.contents)) is not as_text
    assert (Changed.FUNCTIONS in sent.changed) is as_text
    if as_text:
        said = json.dumps(sent.contents[1])
        assert "double" in said
        assert "42" in said


@pytest.mark.parametrize(
    "parts",
    [
        (Text("let me"), Code("print(1)", id="c", signature="eA==")),
        (Code("print(1)"), Text("", signature="eA==")),
        (Code("print(1)"), Thought(" ")),
        (*RUN, Code("print(2)", id="d")),
    ],
)
@pytest.mark.parametrize("receiver", [OWN, OTHER, OLDER])
def test_a_code_whose_result_never_came_goes_as_text(
    parts: tuple[Part, ...], receiver: Receiver
) -> None:
    made = exchange(*parts, status="truncated")
    codes = sum("executableCode" in part for part in model(made, receiver))
    assert codes == sum(isinstance(part, Result) for part in parts)
    assert "print(" in json.dumps([part for part in model(made, receiver) if "text" in part])
    assert Changed.CODE in form(made, receiver).changed


@pytest.mark.parametrize("damaged", [[], "x", 1, True])
def test_unknown_fields_of_a_damaged_file_spoil_nothing(damaged: Any) -> None:
    made = exchange(*RUN, Code("1", extra={"executableCode": damaged}), Text("one"))
    for receiver in (OWN, OTHER, OLDER):
        assert model(made, receiver)[-1] == {"text": "one"}


def test_the_history_tells_which_exchange_was_changed() -> None:
    made = [exchange(Text("a")), exchange(Text("b"), status="failed"), exchange(*RUN, Text("c"))]
    fitted = fit(made, OTHER)
    assert [(change.number, change.changed) for change in fitted.changes] == [
        (3, frozenset({Changed.SIGNATURES}))
    ]
    assert fitted.numbers == [1, 1, 3, 3]


def test_a_long_history_is_made_once_for_each_kind_of_receiver() -> None:
    conversation = Conversation("main", [exchange(*RUN, Text(str(n))) for n in range(50)])
    place = conversation.place(None)
    for receiver in (None, OWN, OLDER, OTHER, Receiver("emulator@1")):
        first, again = (conversation.contents(place, receiver) for _ in range(2))
        assert all(one is two for one, two in zip(first, again, strict=True))
    own, older = conversation.contents(place, OWN), conversation.contents(place, OLDER)
    assert all(one is two for one, two in zip(own, older, strict=True)), "nothing differs for them"
    assert {*conversation[0]._forms} == {Variant(), Variant(own=False)}


functions = st.builds(Call, st.sampled_from("fg"), st.just({}), st.sampled_from(["i", None]))
answers = st.builds(Response, st.sampled_from("fg"), st.just({}), st.sampled_from(["i", None]))
codes = st.builds(Code, st.just("1"), st.just("PYTHON"), st.sampled_from(["c", "d", None]))
results = st.builds(Result, st.just("OUTCOME_OK"), st.just("1"), st.sampled_from(["c", "d", None]))
raw = st.sampled_from(
    ["functionCall", "functionResponse", "toolCall", "toolResponse", "novelty", "text"]
)
opaque = st.builds(lambda kind: Opaque({kind: {"id": "o"}}), raw)
texts = st.builds(Text, st.sampled_from(["", " ", "a"]), signature=st.sampled_from([None, "c2ln"]))
anything = st.lists(
    functions | answers | codes | results | texts | opaque | strategies.parts,
    min_size=1,
    max_size=7,
)
receivers = st.builds(
    Receiver,
    st.sampled_from(["developer", "vertex", "developer@1", "emulator@2"]),
    st.sampled_from([2, 3]),
    st.booleans(),
    st.sampled_from([frozenset(), frozenset("f"), frozenset("fg")]),
)
exchanges = st.builds(
    lambda parts, tools, status, backend: exchange(
        *parts, tools=tools, status=status, backend=backend
    ),
    anything,
    st.booleans(),
    st.sampled_from(["complete", "truncated", "failed", "blocked"]),
    st.sampled_from(["developer", "vertex", "emulator"]),
)


@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(exchanges, max_size=4), receivers)
def test_no_sequence_of_parts_makes_a_history_that_is_refused(
    made: list[Exchange], receiver: Receiver
) -> None:
    issued = {
        one
        for each in made
        if each.turn.request.backend == receiver.issuer
        for content in each.contents()
        for part in content["parts"]
        for one in [part.get("thoughtSignature"), *ids(part)]
    }
    contents = [*map(json.loads, encoded(fit(made, receiver).contents))]
    body = {
        "contents": [*contents, {"role": "user", "parts": [{"text": "next"}]}],
        "tools": [{"codeExecution": {}}] if receiver.built_in else [],
    }
    # What came to its issuer goes back as it came, of kinds that nobody knows yet, too.
    wrong = problem(body, receiver.generation, issued, unknown=True)
    assert not wrong


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(exchanges, min_size=4, max_size=4),
    st.lists(st.tuples(st.lists(st.integers(0, 3), max_size=4), st.none() | receivers), max_size=6),
)
def test_what_is_remembered_of_a_history_is_what_would_be_made_anew(
    made: list[Exchange], asked: list[tuple[list[int], Receiver | None]]
) -> None:
    known = Fits()
    for numbers, receiver in asked:
        exchanges = tuple(made[number] for number in numbers)
        assert known.fit(exchanges, receiver) == fit(exchanges, receiver)


class Counted:
    """An exchange that counts how often somebody looks at it."""

    def __init__(self, inner: Exchange) -> None:
        self.inner, self.looks = inner, 0

    def __getattr__(self, name: str) -> Any:
        self.looks += 1
        return getattr(self.inner, name)


def test_a_question_looks_at_what_was_added_since_the_one_before() -> None:
    made = [Counted(exchange(*RUN, Text(str(n)))) for n in range(20)]
    known = Fits()
    assert len(known.fit(made[:10], OWN).contents) == 20
    for one in made:
        one.looks = 0
    assert known.fit(made[:10], OWN).contents is known.fit(made[:10], OWN).contents
    assert known.fit(made[:6], OWN).numbers == fit([one.inner for one in made[:6]], OWN).numbers
    assert known.fit(made[:11], OWN).numbers[-1] == 11
    assert [number for number, one in enumerate(made) if one.looks] == [10]
