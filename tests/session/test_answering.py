"""Who answers for a model: what the last answer said, over the dates of the table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gemini_magic import catalog
from gemini_magic.errors import OptionError
from gemini_magic.session.answering import Answering, refuse_level
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

NOVEMBER = datetime(2026, 11, 30, 12, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


def answered(asked: str, by: str | None) -> Turn:
    return Turn(id="t", request=Request("hi", asked, "developer"), model_version=by)


def at(monkeypatch: pytest.MonkeyPatch, when: datetime) -> None:
    monkeypatch.setattr(catalog, "now", lambda: when)


def test_a_routed_name_has_the_rules_of_the_model_that_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = Answering()
    at(monkeypatch, NOVEMBER)
    assert known.served("gemini-2.5-pro", "developer").budget is not None
    at(monkeypatch, DECEMBER)
    served = known.served("gemini-2.5-pro", "developer")
    assert (served.name, served.budget) == ("gemini-3.8-flash", None)


def test_what_an_answer_said_stands_over_the_table_until_a_date_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = Answering()
    at(monkeypatch, NOVEMBER)
    known.saw(answered("gemini-2.5-pro", "gemini-4-neon"), "vertex")
    assert known.served("gemini-2.5-pro", "vertex").name == "gemini-4-neon"
    assert known.served("gemini-2.5-pro", "developer").name == "gemini-2.5-pro"
    known.saw(answered("gemini-2.5-pro", "gemini-2.5-pro"), "developer")
    at(monkeypatch, DECEMBER)
    assert known.served("gemini-2.5-pro", "developer").name == "gemini-3.8-flash"
    known.saw(answered("gemini-2.5-pro", "gemini-2.5-pro"), "developer")  # it was put off
    assert known.served("gemini-2.5-pro", "developer").budget == (128, 32_768)


@pytest.mark.parametrize("said", ["", None, "a-gateway's-own-name"])
def test_an_answer_that_names_no_known_model_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    known = Answering()
    at(monkeypatch, NOVEMBER)
    known.saw(answered("gemini-2.5-flash", said), "developer")
    assert known.served("gemini-2.5-flash", "developer").budget is not None


def test_a_refused_level_is_refused_with_the_levels_that_are_taken() -> None:
    served = catalog.of("gemini-4-carbon")
    refuse_level("gemini-4-carbon", served, Config(thinking="high"))
    refuse_level("gemini-4-carbon", served, Config())
    with pytest.raises(OptionError) as refused:
        refuse_level("gemini-4-carbon", served, Config(thinking="xhigh"))
    assert "gemini-4-carbon takes no thinking level xhigh; nothing was sent." in str(refused.value)
    assert "low, medium or high" in str(refused.value)


def test_a_level_refused_by_the_model_that_answers_names_both() -> None:
    served = catalog.of("gemini-2.5-pro", DECEMBER)
    with pytest.raises(OptionError, match=r"gemini-3\.8-flash, which answers for gemini-2\.5-pro"):
        refuse_level("gemini-2.5-pro", served, Config(thinking="minimal"))


def test_a_fork_waits_for_no_thread_that_it_has_not() -> None:
    known = Answering()
    known._lock.acquire()  # as a thread of the parent, in the middle of it
    known.forked()
    assert known.served("gemini-4-neon", "developer").name == "gemini-4-neon"
