"""The table of models: who answers for which name, and what a request to it may hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gemini_magic import catalog, settings

from .documented import LEVELS

BEFORE = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
AFTER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(("model", "levels"), LEVELS.items())
def test_a_model_takes_the_levels_that_google_documents(model: str, levels: str) -> None:
    found = catalog.of(model, BEFORE)
    assert found.levels == tuple(levels.split())
    assert [level for level in catalog.LEVELS if found.takes(level)] == levels.split()


def test_the_settings_take_every_level_of_the_table() -> None:
    assert settings.THINKING == catalog.LEVELS


@pytest.mark.parametrize(
    ("model", "default", "slow"),
    [
        ("gemini-4-hydrogen", "high", True),
        ("gemini-4-neon", "high", True),
        ("gemini-4-carbon", "high", True),
        ("gemini-4-argon", "medium", False),
        ("gemini-3.8-flash", "medium", False),
        ("gemini-2.5-flash", None, False),
    ],
)
def test_a_model_that_thinks_hard_without_being_asked_is_slow(
    model: str, default: str | None, slow: bool
) -> None:
    found = catalog.of(model, BEFORE)
    assert (found.default, found.slow(None)) == (default, slow)
    assert found.slow("high")
    assert not found.slow("low")


@pytest.mark.parametrize(
    ("asked", "before", "after"),
    [
        ("gemini-2.5-pro", "gemini-2.5-pro", "gemini-3.8-flash"),
        ("models/gemini-2.5-flash", "gemini-2.5-flash", "gemini-3.5-flash-lite"),
        ("gemini-2.5-pro-preview-06-05", "gemini-2.5-pro", "gemini-3.8-flash"),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("gemini-3.7-flash", "gemini-3.8-flash", "gemini-3.8-flash"),
        ("gemini-3.5-flash", "gemini-3.6-flash", "gemini-3.6-flash"),
        ("gemini-flash-latest", "gemini-3.8-flash", "gemini-3.8-flash"),
        ("gemini-4-neon", "gemini-4-neon", "gemini-4-neon"),
    ],
)
def test_a_name_is_answered_by_the_model_of_its_date(asked: str, before: str, after: str) -> None:
    assert catalog.of(asked, BEFORE).name == before
    assert catalog.of(asked, AFTER).name == after


def test_the_dates_of_routing_are_not_those_of_vertex() -> None:
    assert catalog.of("gemini-2.5-pro", AFTER, vertex=True).name == "gemini-2.5-pro"
    assert catalog.of("gemini-flash-latest", AFTER, vertex=True).name == "gemini-3.8-flash"


@pytest.mark.parametrize("model", catalog.MODELS)
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_model_takes_levels_or_a_budget_and_never_both(model: str, when: datetime) -> None:
    found = catalog.of(model, when)
    assert (found.budget is None) == bool(found.levels)
    assert found.default is None or found.takes(found.default)
    assert found.routing is None or found.routing.since is not None


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("gemini-2.5-flash", "gemini-2.5-flash-preview-09-2025", True),
        ("models/gemini-3.8-flash", "gemini-3.8-flash", True),
        ("gemini-3.8-flash", "gemini-3.8-flash-001", True),
        ("gemini-2.5-flash", "gemini-2.5-flash-lite", False),
        ("gemini-2.5-pro", "gemini-3.8-flash", False),
        ("gemini-flash-latest", "gemini-3.9-flash", True),
        ("gemini-5-xenon", "gemini-5-xenon-20270101", True),
        ("gemini-5-xenon", "gemini-5-radon", False),
        ("gemini-2.5-flash-image", "gemini-2.5-flash-image", True),
    ],
)
def test_a_version_of_a_model_is_that_model_and_another_is_not(
    asked: str, answered: str, same: bool
) -> None:
    assert catalog.same(asked, answered) is same


def test_a_model_without_a_row_has_what_holds_for_its_series() -> None:
    new = catalog.of("gemini-4-krypton")
    assert (new.generation, new.levels, new.office) == (4, None, True)
    assert "temperature" in new.ignores
    assert all(map(new.takes, catalog.LEVELS))
    old = catalog.of("gemini-2.0-flash")
    assert (old.generation, old.thoughts, old.schema) == (2, False, False)
    drawing = catalog.of("gemini-2.5-flash-image")
    assert (drawing.budget, drawing.thoughts) == (None, False)
    foreign = catalog.of("my-gateway-model")
    assert (foreign.levels, foreign.thoughts, foreign.ignores) == (None, True, frozenset())


@pytest.mark.parametrize(
    ("model", "office", "pictures", "schema", "thinks", "ignores"),
    [
        ("gemini-4-neon", True, True, True, True, True),
        ("gemini-3.8-flash", False, True, True, True, True),
        ("gemini-3.5-flash-lite", False, True, True, True, False),
        ("gemini-2.5-pro", False, False, False, True, False),
        ("gemini-2.5-flash-lite", False, False, False, False, False),
    ],
)
def test_what_a_request_may_hold_depends_on_the_series(
    model: str, office: bool, pictures: bool, schema: bool, thinks: bool, ignores: bool
) -> None:
    found = catalog.of(model, BEFORE)
    assert (found.office, found.pictures, found.schema) == (office, pictures, schema)
    assert (found.thinks, bool(found.ignores)) == (thinks, ignores)
