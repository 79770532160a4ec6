"""Models at a date: the levels they take, who answers for them, and what is said of their end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from gemini_magic.emulator import Emulator

from ..documented import LEVELS
from .asking import VERTEX, Answer, ask, request

NOVEMBER, DECEMBER = date(2026, 11, 29), date(2026, 12, 1)
WORDS = ("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
TAKEN = {**LEVELS, "gemini-2.5-flash": ""}  # a budget
GEMINI_4 = [name for name in LEVELS if name.startswith("gemini-4-")]


@pytest.fixture(scope="module")
def in_december() -> Iterator[Emulator]:
    with Emulator(date=DECEMBER) as emulator:
        yield emulator


def said(emulator: Emulator, model: str, *, checked: bool = True, **config: Any) -> Answer:
    fields = {"generationConfig": config} if config else {}
    path = f"/v1beta/models/{model}"
    return ask(emulator, "hello", path=path, stream=False, checked=checked, **fields)


@pytest.mark.parametrize("model", TAKEN)
def test_a_model_takes_its_levels_and_no_other(emulator: Emulator, model: str) -> None:
    taken = [
        level.lower()
        for level in WORDS
        if said(emulator, model, checked=False, thinkingConfig={"thinkingLevel": level}).status
        == 200
    ]
    assert taken == TAKEN[model].split()


@pytest.mark.parametrize("model", GEMINI_4)
@pytest.mark.parametrize(
    "config",
    [
        {"thinkingConfig": {"thinkingBudget": 1024}},
        {"frequencyPenalty": 0.5},
        {"presencePenalty": 0.5},
        {"candidateCount": 2},
    ],
    ids=str,
)
def test_gemini_4_refuses_what_older_models_took(
    emulator: Emulator, model: str, config: dict[str, Any]
) -> None:
    assert said(emulator, model, checked=False, **config).status == 400
    assert said(emulator, model, temperature=0.5, topP=0.5, topK=3).status == 200


def test_the_level_without_being_asked_is_the_models_own(emulator: Emulator) -> None:
    def thought(model: str, **thinking: Any) -> int:
        fields = {"thinkingConfig": thinking} if thinking else {}
        answer = said(emulator, model, **fields).json
        return int(answer["usageMetadata"].get("thoughtsTokenCount", 0))

    assert thought("gemini-4-neon") == thought("gemini-4-neon", thinkingLevel="HIGH")
    assert thought("gemini-4-argon") == thought("gemini-4-argon", thinkingLevel="MEDIUM")
    assert thought("gemini-4-neon") > thought("gemini-4-argon") > 0
    assert thought("gemini-2.5-flash-lite") == 0
    assert thought("gemini-2.5-flash-lite", thinkingBudget=1024) > 0
    assert thought("gemini-2.5-flash", thinkingBudget=0) == 0


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("gemini-2.5-pro", "gemini-3.8-flash"),
        ("gemini-2.5-flash", "gemini-3.5-flash-lite"),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("gemini-3.7-flash", "gemini-3.8-flash"),
        ("gemini-4-neon", "gemini-4-neon"),
    ],
)
def test_from_december_on_another_model_answers_and_says_so(
    in_december: Emulator, asked: str, answers: str
) -> None:
    assert said(in_december, asked).json["modelVersion"] == answers


def test_a_routed_name_has_the_rules_of_the_model_that_answers(in_december: Emulator) -> None:
    refused = said(
        in_december, "gemini-2.5-pro", checked=False, thinkingConfig={"thinkingLevel": "MINIMAL"}
    )
    assert refused.status == 400
    answer = said(in_december, "gemini-2.5-pro", thinkingConfig={"thinkingLevel": "LOW"})
    assert answer.status == 200
    on_vertex = VERTEX.replace("gemini-3.8-flash", "gemini-2.5-pro")
    assert ask(in_december, "hello", path=on_vertex, stream=False).json["modelVersion"] == (
        "gemini-2.5-pro"
    )


def test_a_shutdown_that_is_to_come_is_said_in_the_answer(in_december: Emulator) -> None:
    with Emulator(date=NOVEMBER) as emulator:
        status = said(emulator, "gemini-2.5-pro").json["modelStatus"]
        assert "modelStatus" not in said(emulator, "gemini-3.8-flash").json
        on_vertex = VERTEX.replace("gemini-3.8-flash", "gemini-2.5-pro")
        assert "modelStatus" not in ask(emulator, "hello", path=on_vertex, stream=False).json
    assert (status["modelStage"], status["retirementTime"]) == (
        "DEPRECATED",
        "2026-12-01T00:00:00Z",
    )
    assert "modelStatus" not in said(in_december, "gemini-2.5-pro").json


def test_the_list_has_every_model_of_gemini_4(emulator: Emulator) -> None:
    listed = request(emulator, "GET", "/v1beta/models", None).json["models"]
    assert {f"models/{name}" for name in GEMINI_4} <= {one["name"] for one in listed}
