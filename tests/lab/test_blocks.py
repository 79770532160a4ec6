"""Where a growing Markdown text may be cut (`lab/src/blocks.ts`), run by node."""

from __future__ import annotations

from .typescript import run


def settled(*texts: str) -> list[int]:
    body = "console.log(JSON.stringify(given.map(module.settled)))"
    return list(run("blocks.ts", body, texts))


CASES = {
    "": "",
    "one paragraph": "",
    "one\n\ntwo": "one\n\n",
    "one\n\ntwo\n\nthree\n\n": "one\n\ntwo\n\n",
    "one\n\n\n\ntwo": "one\n\n\n\n",
    # what could still belong to the list before it stays with it
    "- a\n\n- b": "",
    "1. a\n\n2": "",
    "1. a\n\n2 is": "1. a\n\n",
    "- a\n\n  more of a": "",
    "- a\n\nno item": "- a\n\n",
    "> q\n\n> q": "",
    # nothing is cut inside a fence or display math
    "```\na\n\nb": "",
    "```\na\n\nb\n```\n\nc": "```\na\n\nb\n```\n\n",
    "````\n```\n\nb\n```\n\nc": "",
    "~~~\n\n```\n\nx": "",
    "$$\na\n\nb": "",
    "$$\na\n\nb\n$$\n\nc": "$$\na\n\nb\n$$\n\n",
    "$$a$$\n\nb": "$$a$$\n\n",
}


def test_cuts_stand_only_before_what_begins_anew() -> None:
    cuts = settled(*CASES)
    found = {text: text[:cut] for text, cut in zip(CASES, cuts, strict=True)}
    assert found == CASES


def test_a_cut_once_made_stays_when_more_arrives() -> None:
    text = (
        "# Title\n\nWords.\n\n- a\n- b\n\n  more\n\nafter\n\n```py\nx = 1\n\ny = 2\n```\n\n"
        "$$\n\\int\n\n$$\n\n| a |\n| - |\n\n1. one\n\n2. two\n\nend\n\nof it\n"
    )
    cuts = settled(*(text[:end] for end in range(len(text) + 1)))
    assert cuts == sorted(cuts), "what is settled is never unsettled"
    assert cuts[-1] > len(text) // 2
