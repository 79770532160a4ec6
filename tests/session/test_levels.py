"""Thinking levels against a server that refuses as Google's pages say: no foreseeable 400."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from gemini_magic import catalog
from gemini_magic.errors import OptionError
from gemini_magic.session.options import AskOptions, Place
from gemini_magic.session.session import Session
from gemini_magic.session.view import Silent
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport

from ..documented import LEVELS
from ..replay import Answer, Asked, Replay
from ..sse import stream, text

NOVEMBER = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
BUDGETS = {
    "gemini-2.5-pro": range(128, 32_769),
    "gemini-2.5-flash": range(24_577),
    "gemini-2.5-flash-lite": (0, *range(512, 24_577)),
}
ALWAYS = {
    "gemini-3.7-flash": "gemini-3.8-flash",
    "gemini-3.5-flash": "gemini-3.6-flash",
    "gemini-flash-latest": "gemini-3.8-flash",
    "gemini-flash-lite-latest": "gemini-3.5-flash-lite",
    "gemini-pro-latest": "gemini-3.1-pro-preview",
}
FROM_DECEMBER = {
    "gemini-2.5-pro": "gemini-3.8-flash",
    "gemini-2.5-flash": "gemini-3.5-flash-lite",
}


class Service:
    """Answers as the model that serves a name on a day, or refuses as that model does."""

    def __init__(self) -> None:
        self.when = NOVEMBER
        self.configs: list[dict[str, Any]] = []

    def serves(self, name: str) -> str:
        routed = {**ALWAYS, **(FROM_DECEMBER if self.when >= DECEMBER else {})}
        return routed.get(name, name)

    def __call__(self, asked: Asked) -> None:
        name = asked.path.rpartition("/")[2].partition(":")[0]
        model = self.serves(name)
        generation = asked.json.get("generationConfig", {})
        sent = {
            key.replace("_", "").lower(): value
            for key, value in generation.get("thinkingConfig", {}).items()
        }
        self.configs.append(sent)
        level, budget = sent.get("thinkinglevel"), sent.get("thinkingbudget")
        refused = (
            (level is not None and level.lower() not in LEVELS.get(model, "").split())
            # The rules for a routed budget are not known: the harder of those that may hold.
            or (budget is not None and budget not in BUDGETS.get(model, ()))
            or (model.startswith("gemini-4") and generation.get("candidateCount", 1) > 1)
        )
        if refused:
            error = {"code": 400, "message": f"refused: {sent}", "status": "INVALID_ARGUMENT"}
            body = json.dumps({"error": error}).encode()
            Answer(body, 400, "application/json")(asked)
            return
        Answer(stream({**text("ok", finish="STOP"), "modelVersion": model}))(asked)


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Service, Replay]]:
    answers = Service()
    with Replay(answers) as server:
        yield answers, server


@pytest.fixture
def session(
    service: tuple[Service, Replay], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Service, Session]]:
    answers, server = service
    session = Session(lambda: {"retries": 0})
    backend = Backend("developer", api_key="no-key", base_url=server.url)
    transport = GoogleTransport(backend)
    connection = SimpleNamespace(backend=backend, transport=transport)
    monkeypatch.setattr(session, "connect", lambda: connection)
    yield answers, session
    transport.close()


def at(answers: Service, monkeypatch: pytest.MonkeyPatch, when: datetime) -> None:
    answers.when = when
    monkeypatch.setattr(catalog, "now", lambda: when)


@pytest.mark.parametrize("when", [NOVEMBER, DECEMBER], ids=["november", "december"])
def test_no_level_of_no_model_meets_a_refusal_that_the_table_could_have_told(
    session: tuple[Service, Session], monkeypatch: pytest.MonkeyPatch, when: datetime
) -> None:
    answers, asking = session
    at(answers, monkeypatch, when)
    tried = refused = 0
    for model in catalog.MODELS:
        for level in catalog.LEVELS:
            options = AskOptions(model=model, thinking=level, stateless=True)
            before = len(answers.configs)
            served = answers.serves(model)
            wanted = served in BUDGETS or level in LEVELS[served].split()
            tried += 1
            try:
                turn = asking.ask("hi", options, Place(), Silent)
            except OptionError as error:
                assert not wanted, (model, level)
                assert len(answers.configs) == before, "it was sent"
                assert all(taken in str(error) for taken in LEVELS[served].split())
                refused += 1
                continue
            assert wanted and turn.model == served, (model, level)
            assert ("thinkingbudget" in answers.configs[-1]) == (served in BUDGETS)
    assert (tried, refused) == (len(catalog.MODELS) * 5, 22 if when == NOVEMBER else 25)


@pytest.mark.parametrize("model", catalog.MODELS)
def test_a_model_asked_for_no_level_is_not_refused(
    session: tuple[Service, Session], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    answers, asking = session
    at(answers, monkeypatch, DECEMBER)
    options = AskOptions(model=model, temperature=0.5, max_tokens=100, seed=1, stateless=True)
    assert asking.ask("hi", options, Place(), Silent).text == "ok"


def test_a_name_routed_before_its_date_is_learnt_from_the_answer(
    session: tuple[Service, Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asking = session
    at(answers, monkeypatch, NOVEMBER)
    answers.when = DECEMBER  # at the service: this clock is behind
    asking.ask("hi", AskOptions(model="gemini-2.5-pro", stateless=True), Place(), Silent)
    options = AskOptions(model="gemini-2.5-pro", thinking="low", stateless=True)
    asking.ask("hi", options, Place(), Silent)
    assert answers.configs[-1]["thinkinglevel"] == "LOW"
    assert "thinkingbudget" not in answers.configs[-1]
    with pytest.raises(OptionError, match=r"which answers for gemini-2\.5-pro"):
        options = AskOptions(model="gemini-2.5-pro", thinking="xhigh", stateless=True)
        asking.ask("hi", options, Place(), Silent)


def test_that_another_model_answers_is_noted_once_in_a_kernel(
    session: tuple[Service, Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asking = session
    at(answers, monkeypatch, DECEMBER)
    options = AskOptions(model="gemini-2.5-pro", stateless=True)
    first, second = (asking.ask("hi", options, Place(), Silent) for _ in "ab")
    assert first.notes == (
        "You asked for gemini-2.5-pro; gemini-3.8-flash answered, by its own rules and price.",
    )
    assert second.notes == ()


def test_an_option_without_effect_is_said_once(
    session: tuple[Service, Session],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers, asking = session
    at(answers, monkeypatch, NOVEMBER)
    for model in ("gemini-4-neon", "gemini-4-neon", "gemini-3.8-flash", "gemini-2.5-flash"):
        options = AskOptions(model=model, temperature=0.5, stateless=True)
        asking.ask("hi", options, Place(), Silent)
    assert capsys.readouterr().err.splitlines() == [
        "gemini-4-neon ignores temperature: an answer is the same without.",
        "gemini-3.8-flash ignores temperature: an answer is the same without.",
    ]
