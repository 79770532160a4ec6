"""What would hold a page up is told before it is drawn; ordinary answers never are."""

from __future__ import annotations

from html import unescape

import pytest

from gemini_magic.render.effort import MOST, too_much
from gemini_magic.render.markdown import markdown
from gemini_magic.render.neutral import fenced, neutral
from gemini_magic.turn.parts import Text

from ..hostile import HOSTILE
from ..lab.typescript import run
from ..strategies import answered

SECTION = (
    "## Part\n\nSome *words* with `code`, a [link](https://example.org), and **more**, $x_1$.\n\n"
    "- first\n- then:\n  it is\n\n```python\nprint([1], 2 * 3)\n```\n\n"
    "| a | b |\n| - | - |\n| 1 | 2 |\n\n"
)
ORDINARY = {**HOSTILE, "a short answer": SECTION, "an answer of 150 kB": SECTION * 800}
EXHAUSTING = {
    "emphasis that never ends": "*a **b " * 5_000,
    "brackets": "[" * 10_000,
    "quotes in quotes": ">" * 50 + " x",
    "lists in lists": "- " * 40 + "x",
    "deep indents": "".join(f"{'  ' * n}- item {n}\n" for n in range(200)),
    "formulas": "$a$ $b$\n\n" * 2_000,
}


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_or_merely_hostile_answer_is_drawn_as_markdown(name: str) -> None:
    assert not too_much(ORDINARY[name])


@pytest.mark.parametrize("name", EXHAUSTING)
def test_what_would_hold_the_page_up_becomes_one_fence(name: str) -> None:
    text = EXHAUSTING[name]
    assert too_much(text)
    written = neutral(text).splitlines()
    assert (written[0], written[-1]) == ("```text", "```")
    assert "\n".join(written[1:-1]) == text.strip("\n")


def test_code_with_backticks_that_take_a_page_minutes_to_pair_is_written_without_any() -> None:
    lengths = " ".join("`" * n for n in range(1, 400))
    for code in (lengths, "x" + "` " * 20_000):
        assert "`" not in fenced(code, "text")
        assert unescape(fenced(code, "text")).strip() == f"<pre><code>{code}</code></pre>"
    ordinary = "Use `x`:\n````md\n```py\nprint(`1`)\n```\n````\n" * 100
    assert fenced(ordinary, "md").startswith("\n`````md\n")


def test_the_extension_judges_its_pieces_by_the_same_rule() -> None:
    texts = [*HOSTILE.values(), *EXHAUSTING.values(), SECTION]
    texts = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    body = "console.log(JSON.stringify(given.map(module.tooMuch)))"
    assert run("answer/effort.ts", body, texts) == [too_much(text) for text in texts]


def test_of_a_text_beyond_a_million_characters_the_markdown_shows_the_beginning() -> None:
    shown = markdown(answered(Text("word " * 300_000)))
    assert shown.count("word ") == MOST // 5
    assert "*500,000 more characters are not shown here; the notebook has them.*" in shown
