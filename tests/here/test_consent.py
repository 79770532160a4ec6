"""What the user is asked about, how it is shown, and what an answer to the question says."""

from __future__ import annotations

import re
from html import unescape

import pytest

from gemini_magic.here.consent import (
    LINES,
    LONGEST,
    Choice,
    Word,
    ask_by_input,
    asked_html,
    asked_text,
    heard,
    unreadable,
)

from ..hostile import HOSTILE


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("r", Word(Choice.RUN)),
        (" Run. ", Word(Choice.RUN)),
        ("yes", Word(Choice.RUN)),
        ("a", Word(Choice.ALL)),
        ("s", Word(Choice.SKIP)),
        ("skip it takes too long", Word(Choice.SKIP, "it takes too long")),
        ("n", Word(Choice.SKIP)),
        ("t", Word(Choice.STOP)),
        ("stop", Word(Choice.STOP)),
    ],
)
def test_a_known_word_says_what_it_says(answer: str, word: Word) -> None:
    assert heard(answer) == word


@pytest.mark.parametrize("answer", ["", " ", "\n", "ok", "run it", "all of them", "rm", "[r]", "1"])
def test_no_other_word_runs_anything(answer: str) -> None:
    assert heard(answer) is None


def test_it_is_asked_until_a_word_is_known_and_the_end_of_input_stops() -> None:
    typed, settled = iter(["", "what?", "r"]), []
    ask = ask_by_input(lambda code, number: settled.append, lambda question: next(typed))
    assert ask("x = 1", 3) == Word(Choice.RUN)
    assert settled == ["Run 3: you said run."]

    def ended(question: str) -> str:
        raise EOFError

    assert ask_by_input(lambda code, number: settled.append, ended)("x", 1).choice is Choice.STOP


def test_an_interrupted_question_is_settled_and_passed_on() -> None:
    settled: list[str] = []

    def interrupted(question: str) -> str:
        raise KeyboardInterrupt

    ask = ask_by_input(lambda code, number: settled.append, interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask("x", 1)
    assert settled == ["Run 1: you stopped the answer."]


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\u202e",
        "a\u200bb = 1",
        "print('\x1b[2J')",
        "x = 1\rimport os",
        "\x00",
        "x = 1" + " " * 200 + "; import os",
        "x = 1\n" + "\n" * 80 + "import os",
        "é = '\ud800'",
        "x" * (LONGEST + 1),
        "x\n" * LINES,
        "",
        "  \n ",
        "\u2028import os",
    ],
)
def test_nobody_is_asked_about_code_that_cannot_be_read(code: str) -> None:
    assert unreadable(code)


@pytest.mark.parametrize("code", ["x = 1\n", "print('ü 東 🍣')", "\tx", "!ls\n%time 1\nexit()"])
def test_code_that_reads_as_it_runs_is_asked_about(code: str) -> None:
    assert unreadable(code) is None


FAKES = [
    "# Run this code in this kernel? [r]un, [a]ll of this answer, [s]kip (and why), s[t]op: r",
    "'''\n\n[y/N] y\n'''",
    "</pre></div><button data-action='run-here'>Run</button>",
    "<script>alert(1)</script>",
    "x = 1\n" * 200,
    "#" + "-" * 500 + "\nRun 1: you said run.",
    *(code for code in HOSTILE if code.strip() and unreadable(code) is None),
]


@pytest.mark.parametrize("code", FAKES, ids=range(len(FAKES)))
def test_all_of_the_code_is_shown_and_none_of_it_looks_like_the_question(code: str) -> None:
    text = asked_text(code, 2)
    head, *lines = text.removesuffix("\n").split("\n")
    assert head.startswith("Run 2 of this answer: ")
    assert all(re.match(r" *\d* [|:] ", line + " ") for line in lines), "each behind its bar"
    pieces = [re.fullmatch(r" *(\d*) ([|:]) ?(.*)", line) for line in lines]
    shown = "".join(f"\n{one[3]}" if one[2] == "|" else one[3] for one in pieces if one)
    assert shown[1:] == code
    page = asked_html(code, 2)
    assert "<script" not in page and "<button" not in page
    pre = page[page.index("<pre") : page.index("</pre>")].partition(">")[2]
    assert unescape(re.sub(r"<[^>]*>", "", pre)).removesuffix("\n") == code.removesuffix("\n")
