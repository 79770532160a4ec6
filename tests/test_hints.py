"""Every fact has a sentence on every surface, in that surface's own words."""

from __future__ import annotations

import re
import string
import subprocess
import sys

import pytest

from gemini_magic.batch.hints import COMMAND_LINE
from gemini_magic.errors import BadRequest, GeminiError, in_force, speaking
from gemini_magic.hints import API, Hint, Surface
from gemini_magic.magics.hints import MAGIC, magic_words

SURFACES = {"ask()": API, "magic": MAGIC, "command line": COMMAND_LINE}
# What the code gives with each fact; a sentence may leave some of it out.
GIVEN = {
    Hint.ATTACH_AS_DICT: {"name"},
    Hint.ATTACH_COLLECTED: {"name"},
    Hint.ATTACH_FILE_OR_TEXT: {"name", "text"},
    Hint.ATTACH_FILE_OR_VALUE: {"word"},
    Hint.ATTACH_LESS: {"smaller", "needed"},
    Hint.ATTACH_OFFICE: {"read", "newer"},
    Hint.ATTACH_PATTERN: {"path"},
    Hint.ATTACH_ROWS: {"name", "others"},
    Hint.CLOSE_FOLDER: {"folder"},
    Hint.CHOOSE_BACKEND: {"key_page"},
    Hint.ENABLE_API: {"where"},
    Hint.FRESH: {"instead"},
    Hint.IGNORED_OPTIONS: {"served", "options"},
    Hint.LEAVE_OUT_OR_DEVELOPER: {"options"},
    Hint.LEAVE_OUT_OR_NEWER: {"options"},
    Hint.BILLING: {"page"},
    Hint.CHECK_KEY: {"name", "page"},
    Hint.CHECK_KEY_OF_TWO: {"page"},
    Hint.CREDITS_GONE: {"page"},
    Hint.KEY_NOT_FOR_VERTEX: {"name", "page"},
    Hint.KEY_OF_OTHER: {"name", "page"},
    Hint.KEY_RESTRICTED: {"page"},
    Hint.KEY_UNUSED: {"key", "way"},
    Hint.LOGIN_FILE: {"name"},
    Hint.LEAVE_OUT_ONE: {"options"},
    Hint.LEAVE_OUT_OR_MODEL: {"options"},
    Hint.NEW_KEY: {"name", "page"},
    Hint.OFFICE_IN_HISTORY: {"newer"},
    Hint.PROJECT_SUSPENDED: {"page"},
    Hint.QUOTA: {"over"},
    Hint.QUOTA_DAY: {"when", "page", "over"},
    Hint.QUOTA_LONG: {"page", "over"},
    Hint.QUOTA_NEVER: {"page", "over"},
    Hint.QUOTA_NEVER_VERTEX: {"page", "over"},
    Hint.QUOTA_WAIT: {"wait", "over"},
    Hint.REFUSED_HISTORY: {"where"},
    Hint.SPENDING_CAP: {"page"},
    Hint.THINKING_LEVELS: {"levels"},
    Hint.UPLOAD_REFUSED: {"size"},
}


def places(sentence: str) -> set[str]:
    """The names of the places in ``sentence``."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_every_fact_has_a_sentence_that_names_no_more_than_it_is_given(surface: Surface) -> None:
    assert set(surface.sentences) == set(Hint)
    for fact, sentence in surface.sentences.items():
        assert places(sentence) <= GIVEN.get(fact, set()) | {"magic"}, fact


def test_a_script_is_told_nothing_of_a_magic_or_a_cell() -> None:
    said = [*API.sentences.values(), *API.options.values()]
    for text in said:
        assert not re.search(r"%\w|\{magic\}|(?<!\w)--?[a-z]| cell\b", text), text


def test_a_shell_is_told_nothing_of_a_magic_or_a_cell() -> None:
    for text in COMMAND_LINE.sentences.values():
        assert not re.search(r"%\w|\{magic\}|the cell\b", text), text


def test_the_magic_says_the_name_it_is_registered_under() -> None:
    for text in MAGIC.sentences.values():
        assert "%gemini" not in text
    error = GeminiError("No such model.", Hint.CHOOSE_MODEL)
    with speaking(magic_words("gem")):
        assert error.hint.startswith("%gem models lists the models")


def test_an_error_keeps_its_fact_and_every_surface_says_it() -> None:
    error = BadRequest("It cannot think so.", Hint.THINKING_LEVELS(levels="low or medium"))
    with speaking(MAGIC):
        assert str(error) == "It cannot think so.\nThis model takes --thinking low or medium."
    error.surface = API
    with speaking(MAGIC):
        assert error.hint == "This model takes thinking=low or medium."


def test_options_are_named_as_the_surface_names_them() -> None:
    advice = Hint.LEAVE_OUT_OR_NEWER(options=["code", "search"])
    assert MAGIC.say(advice).startswith("Leave out the sandbox (--no-code) and --search, or use")
    assert API.say(advice).startswith("Leave out the sandbox (code=False) and search, or use")


def test_what_is_quoted_is_not_taken_for_a_place() -> None:
    said = MAGIC.say(Hint.ATTACH_FILE_OR_TEXT(text="{magic}.csv", name="{0}"))
    assert "'{magic}.csv'" in said
    assert '"{0}.encode()"' in said


def test_a_key_in_the_data_of_a_fact_is_not_said() -> None:
    key = "AIza" + "SyNotARealKey0123456789abcdefghijk"
    assert key not in GeminiError("no", Hint.ATTACH_PATTERN(path=key)).hint


def test_outside_of_a_notebook_the_words_of_ask_are_in_force() -> None:
    code = "from gemini_magic import errors, hints; assert errors.in_force() is hints.API"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_spoke_before_speaks_again_afterwards() -> None:
    before = in_force()
    with speaking(COMMAND_LINE):
        assert in_force() is COMMAND_LINE
    assert in_force() is before
