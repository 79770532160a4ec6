"""LaTeX made of a notebook by plain nbconvert: pictures are there, the model's TeX is inert."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pypandoc
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from gemini_magic.cells.document import insert_all
from gemini_magic.render.bundle import bundle, printed
from gemini_magic.render.live import FinalView, Look
from gemini_magic.render.neutral import neutral
from gemini_magic.turn.parts import OK, Code, Image, Result, Text, Thought
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

from ..strategies import PNG, answered

HOSTILE = {
    "in a paragraph": r"See \input{/etc/hostname}.",
    "as a paragraph": r"\input{/etc/hostname}",
    "after another backslash": r"\\input{/etc/hostname} \\\input{/etc/hostname}",
    "a raw code span": r"`\input{/etc/hostname}`{=latex}",
    "a raw double code span": r"``\input{/etc/hostname}``{=latex}",
    "a raw fence": "```{=latex}\n\\input{/etc/hostname}\n```",
    "a raw fence of tildes": "~~~ {=latex}\n\\input{/etc/hostname}\n~~~",
    "a raw fence in a list": "- a\n  ```{=latex}\n  \\input{/etc/hostname}\n  ```",
    "a raw fence in a quote": "> ```{=latex}\n> \\input{/etc/hostname}\n> ```",
    "an environment that is no math": "\\begin{filecontents}{x}\n\\input{/etc/hostname}\n"
    "\\end{filecontents}",
    "in brackets that pandoc takes for text": r"\( \input{/etc/hostname} \)",
    "beside a dollar": r"\( $ \input{/etc/hostname} \)",
    "in math": r"$\input{/etc/hostname}$ and $$\include{/etc/hostname}$$",
    "in math, written in other characters": r"$\^^69nput{/etc/hostname}$",
    "in math that opens a file": r"$\openin5=/etc/hostname \read5 to \x$",
    "in a table": "| a |\n| --- |\n| \\input{/etc/hostname} |",
    "in a heading": "# \\input{/etc/hostname}",
    "in a link": r"[\input{/etc/hostname}](https://a.b/\input{/etc/hostname})",
    "a definition": "\\newcommand{\\x}{\\input{/etc/hostname}}\n\n\\x",
    "a citation": r'<cite data-cite="x}\input{/etc/hostname}">q</cite>',
}
ACTIVE = re.compile(r"(?<!\\textbackslash )\\(?:input|include|openin|read|newcommand|write)\b")


def hostile() -> Turn:
    text = "\n\n".join(HOSTILE.values())
    return answered(
        Text(text),
        Thought(text),
        Code("plot()"),
        Result(OK, r"\end{verbatim}\input{/etc/hostname}"),
        Image("image/png", PNG),
        Code(r"# \input{/etc/hostname}", "BASH"),
        Text(r"With $\alpha$ and \(\beta\)."),
        request=Request("?", "gemini-3.8-flash", "developer", {"insert": "all"}),
    )


def notebook(turn: Turn) -> Any:
    found = [*printed(turn), bundle(turn)]
    outputs = [new_output("display_data", data, metadata=looks) for data, looks in found]
    return new_notebook(cells=[new_code_cell("%%gemini\n?", outputs=outputs, execution_count=1)])


@pytest.fixture(scope="module")
def pandoc() -> str:
    """Where pandoc is, as pip has brought it."""
    return str(pypandoc.get_pandoc_path())


@pytest.fixture(autouse=True)
def for_nbconvert(pandoc: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nbconvert find it, too."""
    monkeypatch.setenv("PATH", f"{Path(pandoc).parent}{os.pathsep}{os.environ['PATH']}")


def latex(made: Any) -> tuple[str, Any]:
    exporters = pytest.importorskip("nbconvert.exporters")
    nbformat.validate(made)
    text, resources = exporters.LatexExporter().from_notebook_node(made)
    return text.partition(r"\begin{document}")[2], resources


@pytest.mark.parametrize("inserted", [False, True], ids=["the answer", "with its cells"])
def test_no_tex_of_the_model_acts_and_its_pictures_are_there(inserted: bool):
    made = notebook(hostile())
    if inserted:
        assert insert_all(made)
    text, resources = latex(made)
    assert text.count("hostname") >= len(HOSTILE), "it is shown, not dropped"
    code_free = re.sub(r"\\(?:NormalTok|FunctionTok|CommentTok|VerbatimStringTok)\{.*?\n", "", text)
    assert ACTIVE.findall(code_free) == []
    drawn = re.findall(r"\\(?:includegraphics|adjustimage)[^\n]*\{([\w./-]+\.png)\}", text)
    assert len(drawn) == (2 if inserted else 1)
    assert all(resources["outputs"][name] == PNG for name in drawn)
    assert r"\(\alpha\)" in text and r"\(\beta\)" in text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_each_form_alone_is_inert(text: str, pandoc: str):
    made = subprocess.run(
        [pandoc, "-f", "markdown+tex_math_double_backslash", "-t", "native"],
        input=neutral(text),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "tex" not in re.findall(r'RawInline \(Format "(\w+)', made), made
    assert "tex" not in re.findall(r'RawBlock \(Format "(\w+)', made), made
    assert 'Format "latex"' not in made
    maths = re.findall(r'Math \w+ "((?:[^"\\]|\\.)*)"', made)
    assert not any("input" in math or "openin" in math or "^^" in math for math in maths), made


@pytest.mark.parametrize(
    "block",
    [
        "---\nmean: 4\nmedian: 5\n---",
        "---\nNote: the value: 5\n---",
        "---\na: [b\n...",
        "***\n\n---\nkey: a\\b\n\n---",
        "- a\n\n  ---\n  b: c: d\n  ---",
        "> ---\n> b: c: d\n> ---",
        "---\n| a | b |\n| - | - |\n| c: d | e |\n\n---",
    ],
)
def test_lines_between_rules_are_text_and_no_metadata(block: str):
    text, _ = latex(notebook(answered(Text(f"Before.\n\n{block}\n\nAfter."))))
    for word in ("Before.", "After.", *re.findall(r"\w+(?=:)", block)):
        assert word in text


def test_a_view_that_nobody_watches_shows_each_picture_once_more_for_latex():
    shown: list[Any] = []

    class Display:
        after = 0.0

        def live(self, data: Any, metadata: Any) -> bool:
            raise AssertionError("nobody watches")

        def end(self, data: Any, metadata: Any) -> None:
            shown.append(data)

    turn = answered(Text("See."), Image("image/png", PNG), Image("image/png", PNG))
    FinalView(Display(), Look(), Display).ended(turn)
    assert len(shown) == 2
    assert shown[0]["text/html"].startswith("<!--"), "what takes HTML shows nothing there"
    assert "image/png" in shown[0] and "image/png" not in shown[1]


def test_a_picture_that_would_make_the_notebook_large_is_not_held_once_more():
    from gemini_magic.render.bundle import PRINTED

    assert printed(answered(Image("image/png", PNG + b"0" * PRINTED))) == []
    assert printed(answered(Image("image/svg+xml", b"<svg/>"))) == []


def test_without_the_record_a_bundle_has_no_type_that_is_ours():
    turn = replace(hostile(), status="complete")
    data, looks = Look(show="answer", record=False).bundle(turn)
    assert set(data) == {"text/plain", "text/markdown", "text/html"}
    assert looks["gemini_magic"]["turn"] == turn.id, "calls are still counted"
    assert not any("vnd." in name for name in (*data, *looks))


def test_the_notebook_file_holds_what_latex_needs(tmp_path: Path):
    path = tmp_path / "n.ipynb"
    nbformat.write(notebook(hostile()), path)
    assert "image/png" in path.read_text("utf-8")
