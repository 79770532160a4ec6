"""Neutralised Markdown reads the same and is inert in every front end's parser."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_magic.render.caption import file_text
from gemini_magic.render.effort import MOST
from gemini_magic.render.markdown import markdown
from gemini_magic.render.neutral import fenced, inert, neutral
from gemini_magic.text import visible
from gemini_magic.turn.parts import OK, Code, Result, Text

from ..examples import examples
from ..hostile import HOSTILE, HUGE
from ..strategies import answered, texts
from .frontends import commonmark, jupyterlab, markdown_it, nbconvert
from .reading import read
from .test_html import everywhere

# What the parsers themselves add.
_THEIRS = {
    **{f"h{level}": {"id"} for level in range(1, 7)},
    **{cell: {"style", "align"} for cell in ("td", "th")},
    **{name: {"class"} for name in ("code", "div", "span")},
    "a": {"href", "title"},
}
IN_PYTHON = {"markdown_it": markdown_it, "nbconvert": nbconvert, "commonmark": commonmark}


def dangers(html: str) -> list[str]:
    """What acts in ``html``; nesting and nbconvert's heading anchors are the parsers' affair."""
    html = re.sub(r'<a class="anchor-link" href="#[^"<>]*">', "<a>", html)
    found = read(html, _THEIRS).problems
    return [one for one in found if one != "tag del" and not one.startswith(("</", "left open"))]


def test_the_parsers_make_live_what_is_not_neutralised(tmp_path: Path) -> None:
    # The counterpart of the tests below: they could fail.
    source = "<img src=x onerror=alert(1)>\n\n![x](https://evil.example/x.png)"
    for parse in IN_PYTHON.values():
        assert len(dangers(parse(source))) > 1
    swallowed = (
        "- $x\n  ```html $\n  <img src=x onerror=alert(1)>\n  ```"  # math takes the fence away
    )
    assert all(dangers(html) for html in jupyterlab([source, swallowed], tmp_path))


@pytest.mark.parametrize("parser", IN_PYTHON)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_inert(name: str, parser: str) -> None:
    assert dangers(IN_PYTHON[parser](neutral(HOSTILE[name]))) == []
    assert dangers(IN_PYTHON[parser](markdown(everywhere(HOSTILE[name])))) == []


def test_hostile_answers_are_inert_in_jupyterlab(tmp_path: Path) -> None:
    alone = {name: neutral(text) for name, text in HOSTILE.items()}
    whole = {f"{name}, whole": markdown(everywhere(text)) for name, text in HOSTILE.items()}
    sources = {**alone, **whole}
    shown = jupyterlab(list(sources.values()), tmp_path)
    found = {name: dangers(html) for name, html in zip(sources, shown, strict=True)}
    assert {name: problems for name, problems in found.items() if problems} == {}


@settings(max_examples=examples(400), deadline=None)
@given(texts)
def test_any_text_is_inert(text: str) -> None:
    written = neutral(text)
    for name, parse in IN_PYTHON.items():
        assert dangers(parse(written)) == [], name


# What opens or ends math for nbconvert, whose math runs over blank lines, and what hides it.
_MATH = st.sampled_from(
    [
        *("$", "$$", "`", "``", "```", "\\(", "\\)", "\\[", "\\]", "\\\\[", "\\\\]", "\\\\", "\\"),
        *("\\begin{a}", "\\end{a}", "\\\\begin{a}", "\\begin{align}", "\\end{align}", "a", "1"),
        *("\n", "\n\n", "- ", "> ", "    ", " ", "[a](https://a.example/", "]", ")", "*"),
    ]
)
_math = st.lists(_MATH, max_size=14).map("".join)


@settings(max_examples=examples(300), deadline=None)
@given(_math, _math, _math)
def test_no_math_of_the_text_takes_in_the_code_beside_it(
    before: str, math: str, after: str
) -> None:
    code = f"# {math}\n<img src=x onerror=alert(1)>  # end"
    written = markdown(answered(Text(before), Code(code), Result(OK, code), Text(after)))
    for name, parse in IN_PYTHON.items():
        html = parse(written)
        assert dangers(html) == [], name
        shown = re.findall(r"<pre[^>]*>(.*?)</pre>", html, re.S)
        texts = [unescape(re.sub(r"<[^<>]*>", "", one)).strip("\n") for one in shown]
        assert texts.count(visible(code)) >= 2, name


@pytest.mark.parametrize("name", HOSTILE)
def test_our_folds_stay_ours(name: str) -> None:
    # What stands in one part neither closes a fold nor takes what follows into its code.
    folds = markdown(everywhere("plain")).count("<details>")
    folds += file_text(HOSTILE[name], b"x") is not None
    shown = markdown_it(markdown(everywhere(HOSTILE[name])))
    assert len(re.findall(r"^<details(?: open)?>", shown, re.M)) == folds
    assert len(re.findall(r"^</details>", shown, re.M)) == folds


@settings(max_examples=examples(200), deadline=None)
@given(texts)
def test_any_text_keeps_its_words(text: str) -> None:
    written = unescape(neutral(text))
    words = re.findall(r"[a-zA-Z]{3,}", re.sub(r"(```|~~~).*|&\w+;?", " ", visible(text)))
    assert {word for word in words if word not in written} == set()


@pytest.mark.parametrize("name", HUGE)
def test_an_answer_made_to_exhaust_a_parser_stays_shallow_and_keeps_its_first_million(
    name: str,
) -> None:
    text = HUGE[name]
    written = markdown(answered(Text(text)))
    words = set(re.findall(r"[a-z]{3,}\d*", visible(text[:MOST]))[:20_000])
    assert ("characters are not shown here" in written) is (len(text) > MOST)
    assert {word for word in words if word not in written} == set()
    shown = markdown_it(written)
    assert not re.search(r"(<(blockquote|ul|li|em|strong|p)>\s*){100}", shown)


@pytest.mark.parametrize(
    "kept",
    [
        *("**b** *i* `code` ~~s~~", "# T\n\ntext", "- a\n  - b\n- c", "> quote", "1. a\n2. b"),
        *("[a](https://example.org/x_(y))", "[a](mailto:a@example.org)"),
        *("[a][b]\n\n[b]: https://example.org 'title'", "|a|b|\n|-|-|\n|1|2|", "a > b && c"),
        *("$x_1 * y$ and $$z$$", "$$\na = b\n$$", "\\begin{align}\na\n\\end{align}"),
        *("```python\nprint(1)\n```", "- a\n  ```python\n  print(1)\n  ```", "3 \\* 4"),
    ],
)
def test_what_is_harmless_stays_as_it_was(kept: str) -> None:
    assert neutral(kept) == kept


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("a<b>", "a&lt;b>"),
        ("$a<b$", "$a< b$"),
        ("`<b>`", "<code>&lt;b></code>"),
        (r"\<b>", "&lt;b>"),
        (r"\\<b>", r"\\&lt;b>"),
        ("![p](https://e.example/p.png)", "&#33;[p](https://e.example/p.png)"),
        ("[x](javascript:alert(1))", "[x]&#40;javascript:alert(1))"),
        ("[x](<https://e.example/a(1)>)", "[x](https://e.example/a%281%29)"),
        ("<https://e.example>", "[https://e.example](https://e.example)"),
        ("$5, $ 6", "&#36;5, &#36; 6"),
        ("f[0](x)", "f[0]&#40;x)"),
        ("~~~ html x\n<b>\n~~~", "```html\n<b>\n```"),
        ("````html\n```\n````", "````html\n```\n````"),
        (r"$\href{javascript:a}{x}$", "<code>&#36;&#92;href{javascript:a}{x}&#36;</code>"),
        ("`$$` is the shell's", "<code>&#36;&#36;</code> is the shell's"),
        (r"\\begin{a}", "&#92;begin{a}"),
        (r"$\end{a} \begin{a}$", r"<code>&#36;&#92;end{a} &#92;begin{a}&#36;</code>"),
    ],
)
def test_what_could_act_is_written_so_that_it_cannot(given: str, written: str) -> None:
    assert neutral(given) == written


def test_html_in_code_in_a_list_is_shown_as_code() -> None:
    shown = markdown_it(neutral("- a\n  ```html\n  <b>\n\n  <i>\n  ```\n- c"))
    assert "<pre><code>&lt;b>\n\n&lt;i>\n</code></pre>" in shown
    assert shown.count("<li>") == 2


def test_a_fence_is_longer_than_any_run_of_backticks_in_it() -> None:
    assert fenced("a\n`````\nb", "x y") == "\n``````xy\na\n`````\nb\n``````\n"


def test_a_caption_is_one_line_of_text() -> None:
    said = "a *b* [c](d)\n<e> `f` $g$"
    assert markdown_it(inert(said)) == "<p>a *b* [c](d) &lt;e&gt; `f` $g$</p>\n"
