"""Captions: numbers and names as a reader expects them."""

from __future__ import annotations

import pytest

from gemini_magic.render import caption
from gemini_magic.render.bundle import bundle
from gemini_magic.text import short_size
from gemini_magic.turn.parts import Code, Image, Opaque, Part, Result, Text, Thought
from gemini_magic.turn.steps import CodeRun
from gemini_magic.turn.usage import Usage

from ..strategies import PNG, answered


@pytest.mark.parametrize(
    ("count", "said"),
    [
        *((0, "0 B"), (999, "999 B"), (1000, "1 kB"), (83_400, "83 kB"), (999_499, "999 kB")),
        *((999_500, "1.0 MB"), (1_250_000, "1.2 MB")),
    ],
)
def test_a_size_is_short(count: int, said: str) -> None:
    assert short_size(count) == said


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


def said(run: CodeRun, **options: bool) -> str:
    return str(caption.code_caption(run, **options))


def test_code_says_how_it_stands() -> None:
    code = Code("import x\nx.go()\n")
    ran = CodeRun(0, code, (Result("OUTCOME_OK"),))
    assert said(ran) == "Python, 2 lines: x.go() \u00b7 ran in Google's sandbox"
    unfolded = said(ran, folded=False)
    assert unfolded == "Python, 2 lines, ran in Google's sandbox"
    alike = CodeRun(0, Code("import x"), (Result("OUTCOME_OK"),))
    assert said(alike) == "Python, 1 line, ran in Google's sandbox"
    assert said(CodeRun(0, code), running=True).endswith("running in Google's sandbox")
    assert said(CodeRun(0, code)).endswith("no result from Google's sandbox")
    assert said(CodeRun(0, Code("x", thought=True))).endswith(", while thinking")


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


SIGNATURE = Opaque({"thoughtSignature": "c2ln"})


def shown(*parts: Part) -> list[str]:
    """The answer in every form that says its captions, as words."""
    data, _ = bundle(answered(*parts))
    return [data["text/plain"], data["text/html"], data["text/markdown"]]


def test_a_run_that_printed_nothing_and_drew_says_so_in_every_form() -> None:
    other = Image("image/png", PNG + b"x")
    for pictures, said in (
        ([Image("image/png", PNG)], "Result: OK, a picture"),
        ([Image("image/png", PNG)] * 2, "Result: OK, a picture"),  # sent twice, shown once
        ([Image("image/png", PNG), other], "Result: OK, 2 pictures"),
    ):
        for form in shown(Code("plot()"), Result("OUTCOME_OK", None), *pictures):
            assert said in form
            assert "no output" not in form


def test_only_the_last_result_of_a_run_speaks_of_its_pictures() -> None:
    plain = shown(
        Code("plot()"), Result("OUTCOME_OK", " "), Result("OUTCOME_OK"), Image("image/png", PNG)
    )[0]
    assert plain.count("no output") == 1
    assert plain.index("no output") < plain.index("a picture")


def test_a_run_that_printed_says_its_lines_whatever_it_drew() -> None:
    for form in shown(Code("x"), Result("OUTCOME_OK", "1\n"), Image("image/png", PNG)):
        assert "Result: OK, 1 line of output" in form


def test_a_signature_alone_is_nothing_to_show() -> None:
    for form in shown(Text("Done."), SIGNATURE):
        assert "unknown kind" not in form
    for raw in ({"thought_signature": "x", "thought": True}, {"thoughtSignature": "x"}):
        assert shown(Opaque(raw), Text("Done.")) == shown(Text("Done."))
    assert "unknown kind: new" in shown(Opaque({"new": 1, "thoughtSignature": "x"}))[0]


def test_a_signature_alone_does_not_take_a_picture_from_its_run() -> None:
    result, picture = Result("OUTCOME_OK"), Image("image/png", PNG)
    assert "a picture" in shown(Code("x"), result, SIGNATURE, picture)[0]


@pytest.mark.parametrize(
    ("text", "newest"),
    [
        ("**Considering the Options**\n\n", "Considering the Options"),
        ("**Considering**\n\nI am now looking at primes. ", "I am now looking at primes."),
        ("first\n- second\r\n\n  \n***\n", "second"),
        ("# x" * 5, "x# x# x# x# x"),
        ("", ""),
        ("a" * 300, "a" * 99 + "…"),
        ("\x1b[31mred\x07", "red␇"),
    ],
)
def test_the_status_line_has_the_newest_line_of_the_thinking(text: str, newest: str) -> None:
    turn = answered(Thought("old"), Text("said"), Thought(text), status="streaming")
    assert caption.newest_thought(turn.parts) == newest
    said = caption.status_line(turn, "thinking, 5 s")
    assert said == ("Thinking, 5 s \u00b7 " + newest + "…" if newest else "Thinking, 5 s…")
    after = answered(Thought(text), Text("said"), status="streaming")
    assert caption.newest_thought(after.parts) == "", "it has stopped thinking"
