"""``%gemini config``: every setting, where it comes from, what may be set, and what that does."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from gemini_magic.errors import OptionError
from gemini_magic.magics.commands.config import backend, config, source
from gemini_magic.magics.magic import GeminiMagics
from gemini_magic.settings import Settings
from gemini_magic.transport.backends import Backend

from ...kernel import CLEARED


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
    config(magics.session, magics.kernel, "retries=2")
    capsys.readouterr()
    config(magics.session, magics.kernel, "")
    said = capsys.readouterr().out
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in said.splitlines()}
    assert set(rows) == set(GeminiMagics.class_traits(config=True))
    assert rows["model"] == "'gemini-2.5-pro'  (GEMINI_MAGIC_MODEL)"
    assert rows["timeout"] == "5.0  (trait)"
    assert rows["retries"] == "2  (%gemini)"
    assert rows["view"] == "'auto'  (default)"
    assert rows["preload"] == "True  (default)"


def test_a_trait_that_nobody_set_is_what_the_settings_default_to(magics: GeminiMagics):
    own = {name: getattr(magics, name) for name in Settings._fields}
    assert Settings(**own) == Settings() == magics.session.settings


def test_each_step_of_the_precedence_is_above_the_next(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch
):
    found = [(magics.session.settings.model, source(magics.session, magics.kernel, "model"))]
    monkeypatch.setenv("GEMINI_MAGIC_MODEL", "by-environment")
    found.append((magics.session.settings.model, source(magics.session, magics.kernel, "model")))
    magics.model = "by-trait"
    found.append((magics.session.settings.model, source(magics.session, magics.kernel, "model")))
    config(magics.session, magics.kernel, "model=by-config")
    found.append((magics.session.settings.model, source(magics.session, magics.kernel, "model")))
    config(magics.session, magics.kernel, "model=")
    found.append((magics.session.settings.model, source(magics.session, magics.kernel, "model")))
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
    config(magics.session, magics.kernel, line)
    assert getattr(magics.session.settings, name) == value
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
        config(magics.session, magics.kernel, line)
    assert len(str(caught.value).splitlines()) == 2
    assert magics.session.chosen == {}


def test_a_backend_that_cannot_be_used_is_not_kept(magics: GeminiMagics):
    config(magics.session, magics.kernel, "backend=emulator")
    with pytest.raises(OptionError):
        config(magics.session, magics.kernel, "backend=vertx")
    assert magics.session.settings.backend == "emulator"


def test_show_tracebacks_set_here_counts(magics: GeminiMagics):
    with pytest.raises(OptionError) as caught:
        magics.gemini("nonsense")
    assert not getattr(caught.value, "full_traceback", False)
    config(magics.session, magics.kernel, "show_tracebacks=true")
    with pytest.raises(OptionError) as caught:
        magics.gemini("nonsense")
    assert caught.value.full_traceback is True  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"GEMINI_API_KEY": "k"}, ["GEMINI_API_KEY is set and not used: the emulator has a key"]),
        ({}, []),
    ],
)
def test_showing_the_emulator_names_a_key_that_it_does_not_use(
    magics: GeminiMagics,
    environ: dict[str, str],
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        type(magics.session),
        "connect",
        lambda session: SimpleNamespace(backend=Backend("emulator")),
    )
    backend(magics.session, magics.kernel, "")
    shown = capsys.readouterr().out
    assert shown.count("not used") == len(said)
    assert all(one in shown for one in said)
