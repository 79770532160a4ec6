"""An altered history is refused, however small the change; what may change is accepted."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gemini_magic.emulator import Emulator
from gemini_magic.emulator.api_errors import ApiError
from gemini_magic.emulator.history import Ledger

from ..examples import examples
from .asking import MODEL, VERTEX, Answer, ask, model, user

PROMPT = "Add up these prices: $1.50; 2; n/a"
NEXT = "Write a story"
STEADY = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
Parts = list[dict[str, Any]]


def stitched(parts: Parts) -> Parts:
    """Unsigned text joined, empty unsigned text dropped: how a client may keep an answer."""
    kept: Parts = []
    for part in copy.deepcopy(parts):
        if part == {"text": ""}:
            continue
        if kept and part.keys() == kept[-1].keys() == {"text"}:
            kept[-1]["text"] += part["text"]
        else:
            kept.append(part)
    return kept


def echo(emulator: Emulator, parts: Parts) -> Answer:
    return ask(emulator, PROMPT, model(parts), NEXT, stream=False, checked=False)


def swap(parts: Parts, data: st.DataObject) -> None:
    one, two = data.draw(st.lists(st.integers(0, len(parts) - 1), min_size=2, max_size=2))
    parts[one], parts[two] = parts[two], parts[one]


def drop(parts: Parts, data: st.DataObject) -> None:
    del parts[data.draw(st.integers(0, len(parts) - 1))]


def repeat(parts: Parts, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(parts) - 1))
    parts.insert(at, copy.deepcopy(parts[at]))


def lose_signature(parts: Parts, data: st.DataObject) -> None:
    signed = [part for part in parts if "thoughtSignature" in part]
    del data.draw(st.sampled_from(signed))["thoughtSignature"]


def move_signature(parts: Parts, data: st.DataObject) -> None:
    signed = [part for part in parts if "thoughtSignature" in part]
    bare = [part for part in parts if "thoughtSignature" not in part]
    signature = data.draw(st.sampled_from(signed)).pop("thoughtSignature")
    data.draw(st.sampled_from(bare))["thoughtSignature"] = signature


def change_signature(parts: Parts, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from([p for p in parts if "thoughtSignature" in p]))
    raw = bytearray(base64.b64decode(part["thoughtSignature"]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    part["thoughtSignature"] = base64.b64encode(raw).decode()


def merge_signed_text(parts: Parts, data: st.DataObject) -> None:
    parts[-2]["thoughtSignature"] = parts.pop()["thoughtSignature"]


def inner(parts: Parts) -> list[dict[str, Any]]:
    kinds = ("executableCode", "codeExecutionResult")
    return [part[kind] for part in parts for kind in kinds if kind in part]


def lose_id(parts: Parts, data: st.DataObject) -> None:
    del data.draw(st.sampled_from(inner(parts)))["id"]


def change_value(parts: Parts, data: st.DataObject) -> None:
    own = data.draw(st.sampled_from(inner(parts)))
    key = data.draw(st.sampled_from([key for key in own if key in {"code", "output", "id"}]))
    own[key] = data.draw(st.sampled_from([own[key] + "x", own[key][:-1], own[key].strip() + " "]))


def change_text(parts: Parts, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from([part for part in parts if part.get("text")]))
    at = data.draw(st.integers(0, len(part["text"]) - 1))
    part["text"] = part["text"][:at] + "~" + part["text"][at:]


def flip_outcome(parts: Parts, data: st.DataObject) -> None:
    results = [part["codeExecutionResult"] for part in parts if "codeExecutionResult" in part]
    result = data.draw(st.sampled_from(results))
    other = {"OUTCOME_OK": "OUTCOME_FAILED", "OUTCOME_FAILED": "OUTCOME_OK"}
    result["outcome"] = other[result["outcome"]]


MUTATIONS: list[Callable[[Parts, st.DataObject], None]] = [
    *(swap, drop, repeat, lose_signature, move_signature, change_signature),
    *(merge_signed_text, lose_id, change_value, change_text, flip_outcome),
]


@given(data=st.data(), mutation=st.sampled_from(MUTATIONS))
@STEADY
def test_any_mutation_of_a_gemini_3_answer_is_refused(
    emulator: Emulator, data: st.DataObject, mutation: Callable[[Parts, st.DataObject], None]
) -> None:
    original = stitched(ask(emulator, PROMPT, checked=False).parts)
    parts = copy.deepcopy(original)
    mutation(parts, data)
    assume(stitched(parts) != original)
    refused = echo(emulator, parts)
    assert (refused.status, refused.error["status"]) == (400, "INVALID_ARGUMENT")
    assert "emulator" in refused.error["message"]


@given(
    data=st.data(),
    mutation=st.sampled_from([swap, drop, repeat, change_text, flip_outcome, change_value]),
)
@STEADY
def test_an_altered_answer_with_code_is_refused_without_ids_too(
    data: st.DataObject, mutation: Callable[[Parts, st.DataObject], None]
) -> None:
    with Emulator(profile="gemini-2.5") as emulator:
        original = stitched(ask(emulator, PROMPT, checked=False).parts)
        parts = copy.deepcopy(original)
        mutation(parts, data)
        assume(stitched(parts) != original)
        # One unchanged piece of code is what the answer is recognised by.
        codes = {p["executableCode"]["code"] for p in original if "executableCode" in p}
        assume(any(p.get("executableCode", {}).get("code") in codes for p in parts))
        assert echo(emulator, parts).status == 400
        assert echo(emulator, original).status == 200


@pytest.mark.parametrize("profile", ["gemini-3", "gemini-2.5", "vertex"])
@pytest.mark.parametrize("stream", [False, True])
def test_the_answer_as_it_came_is_accepted(profile: str, stream: bool) -> None:
    with Emulator(profile=profile) as emulator:
        answer = ask(emulator, PROMPT, stream=stream, path=VERTEX if profile == "vertex" else MODEL)
        assert echo(emulator, answer.parts).status == 200
        assert echo(emulator, stitched(answer.parts)).status == 200


@given(cuts=st.lists(st.integers(1, 60), max_size=6))
@STEADY
def test_unsigned_text_may_be_cut_anywhere(emulator: Emulator, cuts: list[int]) -> None:
    parts = stitched(ask(emulator, PROMPT, checked=False).parts)
    text = parts[0]["text"]
    pieces = []
    for cut in cuts:
        pieces.append({"text": text[:cut]})
        text = text[cut:]
    assert echo(emulator, [*pieces, {"text": text}, *parts[1:]]).status == 200


def test_url_safe_base64_and_snake_case_are_the_same_answer(emulator: Emulator) -> None:
    def rewritten(part: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(part)
        for camel, snake in (
            ("thoughtSignature", "thought_signature"),
            ("executableCode", "executable_code"),
            ("codeExecutionResult", "code_execution_result"),
        ):
            text = text.replace(camel, snake)
        made = dict(json.loads(text))
        if "thought_signature" in made:
            made["thought_signature"] = (
                made["thought_signature"].replace("+", "-").replace("/", "_")
            )
        return made

    parts = ask(emulator, PROMPT).parts
    assert echo(emulator, [rewritten(part) for part in stitched(parts)]).status == 200


def test_a_signature_without_its_empty_text_is_the_same_answer(emulator: Emulator) -> None:
    parts = stitched(ask(emulator, PROMPT).parts)
    assert parts[-1].pop("text") == ""
    assert echo(emulator, parts).status == 200


def test_plots_are_part_of_the_history(emulator: Emulator) -> None:
    pytest.importorskip("matplotlib")
    parts = stitched(ask(emulator, "Plot sine and cosine").parts)
    assert echo(emulator, parts).status == 200
    without = [part for part in parts if "inlineData" not in part]
    assert echo(emulator, without).status == 400


def test_an_answer_of_another_emulator_is_accepted_whole_and_refused_altered(
    emulator: Emulator,
) -> None:
    with Emulator() as other:
        parts = stitched(ask(other, PROMPT).parts)
    assert echo(emulator, parts).status == 200
    altered = copy.deepcopy(parts)
    altered[1]["executableCode"]["code"] += "# more"
    refused = echo(emulator, altered)
    assert (refused.status, "thought signature" in refused.error["message"]) == (400, True)


def test_foreign_answers_need_no_signature_or_a_dummy_one(emulator: Emulator) -> None:
    parts: Parts = [
        {"executableCode": {"language": "PYTHON", "code": "print(1)", "id": "x1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n", "id": "x1"}},
        {"text": "one"},
    ]
    assert echo(emulator, parts).status == 200
    for signature, status in (
        (b"skip_thought_signature_validator", 200),
        (b"context_engineering_is_the_way_to_go", 200),
        (b"someone else's signature", 400),
    ):
        encoded = base64.b64encode(signature).decode()
        signed = [{**parts[0], "thoughtSignature": encoded}, *parts[1:]]
        assert echo(emulator, signed).status == status


def test_a_truncated_answer_is_remembered_as_it_was_sent(emulator: Emulator) -> None:
    config = {"maxOutputTokens": 150}
    cut = ask(emulator, PROMPT, generationConfig=config)
    assert cut.finish == "MAX_TOKENS"
    assert echo(emulator, stitched(cut.parts)).status == 200
    longer = stitched(cut.parts)
    longer[-1]["text"] = longer[-1].get("text", "") + " and more"
    assert echo(emulator, longer).status == 400


def test_a_function_response_must_answer_its_call(emulator: Emulator) -> None:
    tools = ({"functionDeclarations": [{"name": "look"}]},)
    call = ask(emulator, "call look", tools=tools).parts[0]
    own = call["functionCall"]

    def answered(**changed: Any) -> Answer:
        response = {"name": "look", "id": own["id"], "response": {"result": 1}, **changed}
        turn = user({"functionResponse": response})
        return ask(emulator, "call look", model([call]), turn, tools=tools, checked=False)

    assert answered().status == 200
    assert answered(id="other").status == 400
    assert answered(name="look2").status == 400
    lone = user({"functionResponse": {"name": "look", "response": {}}})
    assert ask(emulator, "call look", lone, tools=tools, checked=False).status == 400


CALL = {"functionCall": {"name": "look", "args": {}}}
BACK = {"functionResponse": {"name": "look", "response": {"result": 1}}}


@pytest.mark.parametrize(
    "answer",
    [
        [CALL],
        [CALL, {"text": "I looked"}],
        [{"text": "let me look"}, CALL],
        [CALL, CALL, BACK],
    ],
)
def test_a_call_in_the_history_needs_its_response(emulator: Emulator, answer: Parts) -> None:
    refused = ask(emulator, "look", model(answer), NEXT, tools=(), checked=False)
    assert refused.status == 400
    assert "function response parts" in refused.error["message"]


def test_a_call_that_the_service_answered_itself_has_its_response(emulator: Emulator) -> None:
    answer = model([CALL, BACK, {"text": "found"}])
    assert ask(emulator, "look", answer, NEXT, tools=(), checked=False).status == 200


@pytest.mark.parametrize("tool", ["codeExecution", "googleSearch", "urlContext"])
@pytest.mark.parametrize(
    ("name", "status"), [("gemini-2.5-flash", 400), ("gemini-2.5-pro", 400), (None, 200)]
)
def test_models_before_3_take_no_functions_in_the_history_beside_built_in_tools(
    emulator: Emulator, tool: str, name: str | None, status: int
) -> None:
    path = MODEL if name is None else f"/v1beta/models/{name}"
    history = (model([CALL]), user(BACK), model([{"text": "looked"}]), NEXT)
    asked = ask(emulator, "look", *history, tools=({tool: {}},), path=path, checked=False)
    assert asked.status == status
    assert ask(emulator, "look", *history, tools=(), path=path, checked=False).status == 200


@pytest.mark.parametrize("profile", ["gemini-3", "vertex"])
def test_the_same_code_may_come_from_another_service(profile: str) -> None:
    path = VERTEX if profile == "vertex" else MODEL
    with Emulator(profile=profile) as emulator:
        code = next(
            part["executableCode"]["code"]
            for part in ask(emulator, PROMPT, path=path).parts
            if "executableCode" in part
        )
        parts: Parts = [
            {"executableCode": {"language": "PYTHON", "code": code}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "3.5\n"}},
            {"text": "Another service says 3.5."},
        ]
        assert echo(emulator, parts).status == 200


@pytest.mark.parametrize(
    "dummy", ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"]
)
def test_a_dummy_signature_may_be_written_as_it_stands(emulator: Emulator, dummy: str) -> None:
    history = (model([{**CALL, "thoughtSignature": dummy}]), user(BACK), model([{"text": "a"}]))
    assert ask(emulator, "look", *history, NEXT, tools=(), checked=False).status == 200


RUN: Parts = [
    {"executableCode": {"language": "PYTHON", "code": "a = 1"}},
    {"codeExecutionResult": {"outcome": "OUTCOME_OK"}},
]
CUT = {"executableCode": {"language": "PYTHON", "code": "print(a"}}
FENCED = {"text": "\n```\nprint(a\n```\n"}


@pytest.mark.parametrize(
    ("sent", "echoed", "accepted"),
    [
        ([*RUN, CUT], [*RUN, FENCED], True),
        ([*RUN, CUT], RUN, True),
        ([*RUN, {"text": "Now:"}, CUT], [*RUN, {"text": "Now:"}, FENCED], True),
        ([*RUN, {"text": "Now:"}, CUT], [*RUN, FENCED], False),
        ([*RUN, CUT], [RUN[0], FENCED], False),
        ([*RUN, {"text": "one"}], RUN, False),
    ],
)
def test_a_code_that_was_cut_off_may_come_back_as_text(
    sent: Parts, echoed: Parts, accepted: bool
) -> None:
    ledger = Ledger()
    ledger.remember(sent)
    contents = [model(echoed), user({"text": "next"})]
    if accepted:
        ledger.check(contents)
    else:
        with pytest.raises(ApiError, match="altered"):
            ledger.check(contents)
