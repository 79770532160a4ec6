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

from .asking import MODEL, VERTEX, Answer, ask, model, user

PROMPT = "Add up these prices: $1.50; 2; n/a"
NEXT = "Write a story"
STEADY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
