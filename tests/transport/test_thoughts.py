"""When summaries of the thinking are asked for, and models that refuse to give them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gemini_magic.errors import BadRequest
from gemini_magic.transport.protocol import Config

from ..replay import Answer
from .asking import DONE, chunks, refused, serving, texts, until_error
from .test_requests import camel


def sent(server: Any) -> list[dict[str, Any]]:
    return [
        camel(asked.json.get("generationConfig", {}).get("thinkingConfig", {}))
        for asked in server.asked
    ]


WITH = {"includeThoughts": True}


@pytest.mark.parametrize(
    ("model", "level", "thinking"),
    [
        ("gemini-3.8-flash", None, WITH),
        ("gemini-4-hydrogen", None, WITH),
        ("gemini-4-argon", "low", {**WITH, "thinkingLevel": "LOW"}),
        ("models/gemini-3.1-pro-preview", None, WITH),
        ("gemini-a-name-of-tomorrow", None, WITH),
        # Thinking is billed: it is not switched on for the sake of its summaries.
        ("gemini-2.5-flash-lite", None, {}),
        ("gemini-2.5-flash-lite", "low", {**WITH, "thinkingBudget": 1024}),
        ("gemini-2.0-flash", None, {}),
    ],
)
def test_they_are_asked_of_a_model_that_thinks_and_never_make_it_think(
    model: str, level: str | None, thinking: dict[str, Any]
) -> None:
    with serving(Answer(DONE)) as (server, transport):
        config = Config(thinking=level)
        chunks(transport, model=model, config=config)
        chunks(transport, model=model, config=config, thoughts=False)
        without = {name: value for name, value in thinking.items() if name not in WITH}
        assert sent(server) == [thinking, without]


def test_a_budget_of_nothing_asks_for_no_summaries_of_it() -> None:
    with serving(Answer(DONE), kind="vertex", api_key="express") as (server, transport):
        # On Vertex 2.5-flash is itself: its date there is another one.
        chunks(transport, model="gemini-2.5-flash", config=Config(thinking="minimal"))
        chunks(transport, model="gemini-2.5-flash", config=Config(thinking="low"))
        assert sent(server) == [{"thinkingBudget": 0}, {**WITH, "thinkingBudget": 1024}]


REFUSALS = [
    "Unable to submit request because Thinking_config.include_thoughts is only enabled when "
    "thinking is enabled.",
    "Unable to submit request because thinking is not supported by this model.",
    'Invalid JSON payload received. Unknown name "includeThoughts" at '
    "'generation_config.thinking_config': Cannot find field.",
    "Invalid JSON payload received. Unknown name \"thinkingConfig\" at 'generation_config': "
    "Cannot find field.",
]


def refusal(message: str) -> Answer:
    body = {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
    return refused(json.dumps(body).encode(), 400)


@pytest.mark.parametrize("message", REFUSALS)
def test_a_model_that_refuses_them_is_asked_again_without_and_remembered(message: str) -> None:
    with serving(refusal(message), *[Answer(DONE)] * 3) as (server, transport):
        assert texts(transport, model="gemini-odd") == ["!"]
        assert texts(transport, model="gemini-odd") == ["!"]
        assert texts(transport, model="gemini-other") == ["!"]
        assert sent(server) == [WITH, {}, {}, WITH], "another model has refused nothing"


def test_a_level_that_is_refused_is_not_dropped_without_a_word() -> None:
    message = "Thinking level XHIGH is not supported for this model."
    with serving(refusal(message)) as (server, transport):
        _, error = until_error(transport, model="gemini-odd", config=Config(thinking="xhigh"))
        assert type(error) is BadRequest
        assert len(server.asked) == 1


def test_a_refusal_of_signatures_is_not_taken_for_one_of_summaries() -> None:
    message = "Function call is missing a thought_signature in functionCall parts."
    with serving(refusal(message)) as (server, transport):
        _, error = until_error(transport)
        assert type(error) is BadRequest
        assert len(server.asked) == 1


def test_a_service_that_knows_neither_field_is_asked_without_both() -> None:
    store = 'Unknown name "store": Cannot find field.'
    with serving(refusal(store), refusal(REFUSALS[3]), Answer(DONE)) as (server, transport):
        assert texts(transport) == ["!"]
        assert sent(server) == [WITH, WITH, {}]
        assert ["store" in asked.json for asked in server.asked] == [True, False, False]
