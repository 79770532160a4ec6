"""Captions: numbers and names as a reader expects them."""

from __future__ import annotations

import pytest

from gemini_magic.parts import Code, Opaque, Result
from gemini_magic.render import caption
from gemini_magic.steps import Run
from gemini_magic.turn import Usage

from ..strategies import answered


@pytest.mark.parametrize(
    ("count", "said"),
    [
        *((0, "0 B"), (999, "999 B"), (1000, "1 kB"), (83_400, "83 kB"), (999_499, "999 kB")),
        *((999_500, "1.0 MB"), (1_250_000, "1.2 MB")),
    ],
)
def test_a_size_is_short(count: int, said: str) -> None:
    assert caption.byte_size(count) == said


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [(840, "0.8 s"), (9_949, "9.9 s"), (41_700, "42 s"), (185_000, "3 min 5 s")],
)
def test_a_time_is_short(elapsed: int, said: str) -> None:
    assert caption.seconds(elapsed) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [("PYTHON", "Python"), ("python", "Python"), ("LANGUAGE_UNSPECIFIED", "Code"), ("R", "R")],
)
def test_a_language_is_a_name(language: str, said: str) -> None:
    assert caption.language(Code("x", language)) == said


def test_code_says_how_it_stands() -> None:
    code = Code("x\n")
    ran = Run(0, code, (Result("OUTCOME_OK"),))
    assert caption.code_caption(ran) == "Python, 1 line, ran in Google's sandbox"
    assert caption.code_caption(Run(0, code), running=True).endswith("running in Google's sandbox")
    assert caption.code_caption(Run(0, code)).endswith("no result from Google's sandbox")
    assert caption.code_caption(Run(0, Code("x", thought=True))).endswith(", while thinking")


def test_the_last_error_of_a_failed_run_is_named() -> None:
    output = "OpenBLAS WARNING - no L2 cache\nTraceback\nKeyError: 'a'\n\nNameError: name 'x'\n"
    assert caption.result_caption(Result("OUTCOME_FAILED", output)) == (
        "Result: failed, NameError: name 'x'"
    )


def test_an_unknown_kind_is_named_by_its_wire_name() -> None:
    raw = {"thoughtSignature": "x", "toolCall": {}}
    assert caption.opaque_caption(Opaque(raw)) == "Part of an unknown kind: toolCall"


def test_usage_names_what_was_counted_alone() -> None:
    turn = answered(usage=Usage(1_234, 5, 0, 0, 0, 1_239), model_version="models/gemini-2.5-pro")
    assert caption.usage_line(turn) == "gemini-2.5-pro \u00b7 tokens: 1,234 input, 5 output"
    assert caption.usage_line(answered()) == "gemini-3.8-flash"
