"""``%gemini config``: every setting, where it comes from, what may be set, and what that does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gemini_magic.errors import OptionError
from gemini_magic.magics.config import config, source
from gemini_magic.magics.magic import GeminiMagics

from ..kernel import CLEARED


@pytest.fixture
def magics(monkeypatch: pytest.MonkeyPatch) -> Iterator[GeminiMagics]:
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    made = GeminiMagics(None)
    yield made
    made.close()


def test_all_settings_are_shown_with_where_each_comes_from(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GEMINI_MAGIC_MODEL", "gemini-2.5-pro")
    magics.timeout = 5.0
    config(magics, "retries=2")
    capsys.readouterr()
    config(magics, "")
    said = capsys.readouterr().out
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in said.splitlines()}
    assert set(rows) == set(GeminiMagics.class_traits(config=True))
    assert rows["model"] == "'gemini-2.5-pro'  (GEMINI_MAGIC_MODEL)"
    assert rows["timeout"] == "5.0  (trait)"
    assert rows["retries"] == "2  (%gemini)"
    assert rows["view"] == "'auto'  (default)"
    assert rows["preload"] == "True  (default)"


def test_each_step_of_the_precedence_is_above_the_next(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch
):
    found = [(magics.settings.model, source(magics, "model"))]
    monkeypatch.setenv("GEMINI_MAGIC_MODEL", "by-environment")
    found.append((magics.settings.model, source(magics, "model")))
    magics.model = "by-trait"
    found.append((magics.settings.model, source(magics, "model")))
    config(magics, "model=by-config")
    found.append((magics.settings.model, source(magics, "model")))
    config(magics, "model=")
    found.append((magics.settings.model, source(magics, "model")))
    assert found == [
        ("gemini-3.8-flash", "default"),
        ("by-environment", "GEMINI_MAGIC_MODEL"),
        ("by-trait", "trait"),
        ("by-config", "%gemini"),
        ("by-trait", "trait"),
    ]


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("reuse=true", "reuse", True),
        ("reuse = False", "reuse", False),
        ("max-cost=0.5", "max_cost", 0.5),
        ("max_cost=none", "max_cost", None),
        ("thinking=high", "thinking", "high"),
        ("system='a b'", "system", "a b"),
        ("system=a = b", "system", "a = b"),
        ("answers_dir=my answers", "answers_dir", "my answers"),
        ("timeout=2", "timeout", 2.0),
    ],
)
def test_a_value_is_read_as_its_trait_has_it(
    magics: GeminiMagics, line: str, name: str, value: object
):
    config(magics, line)
    assert getattr(magics.settings, name) == value
    assert magics.set_by_user == frozenset(), "the trait itself is left alone"


@pytest.mark.parametrize(
    "line",
    [
        "max_cost=nan",
        "max_cost=-1",
        "session_max_cost=inf",
        "timeout=0",
        "timeout=nan",
        "retries=1.5",
        "reuse=maybe",
        "thinking=deep",
        "max_attachment_bytes=0",
        "preload=false",
    ],
)
def test_what_the_trait_refuses_is_refused_and_nothing_changes(magics: GeminiMagics, line: str):
    with pytest.raises(OptionError) as caught:
        config(magics, line)
    assert len(str(caught.value).splitlines()) == 2
    assert magics.chosen == {}


def test_a_backend_that_cannot_be_used_is_not_kept(magics: GeminiMagics):
    config(magics, "backend=emulator")
    with pytest.raises(OptionError):
        config(magics, "backend=vertx")
    assert magics.settings.backend == "emulator"


def test_show_tracebacks_set_here_counts(magics: GeminiMagics):
    with pytest.raises(OptionError) as caught:
        magics.gemini("nonsense")
    assert not getattr(caught.value, "full_traceback", False)
    config(magics, "show_tracebacks=true")
    with pytest.raises(OptionError) as caught:
        magics.gemini("nonsense")
    assert caught.value.full_traceback is True  # type: ignore[attr-defined]
