"""Markdown of the model becomes HTML that reads the same and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from gemini_magic.render import prose
from gemini_magic.text import visible

from ..hostile import HOSTILE
from ..strategies import texts
from .reading import read


@settings(max_examples=300, deadline=None)
@given(texts)
def test_any_text_gives_listed_html_and_keeps_its_words(text: str) -> None:
    reader = read(prose.html(text))
    assert reader.problems == []
    # Entities are one character, and a fence's language is only a class of colours.
    shown = reader.text + " ".join(
        f"{attributes.get('href')} {attributes.get('title')}" for _, attributes in reader.tags
    )
    words = re.findall(r"[a-z]{4,}", re.sub(r"&\w+;|(```|~~~).*|\\\w+", " ", visible(text)))
    assert {word for word in words if word not in shown} == set()


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**b** *i* ~~s~~", "<p><strong>b</strong> <em>i</em> <s>s</s></p>"),
        ("`a<b`", "<p><code>a&lt;b</code></p>"),
        ("# T", '<h1 class="jp-toc-ignore">T</h1>'),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        (
            "[a](https://example.org/?x=1&y=2)",
            '<p><a href="https://example.org/?x=1&amp;y=2" rel="noopener noreferrer">a</a></p>',
        ),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
    ],
)
def test_markdown_is_rendered(markdown: str, html: str) -> None:
    assert prose.html(markdown).strip() == html


def test_a_table_keeps_its_alignment() -> None:
    shown = prose.html("|a|b|c|\n|-:|:-:|-|\n|1|2|3|")
    assert '<th style="text-align:right">a</th>' in shown
    assert '<td style="text-align:center">2</td>' in shown
    assert '<td style="text-align:left">3</td>' in shown, "not that of the notebook's own tables"


@pytest.mark.parametrize(
    "tex",
    [
        *("$a<b$", "$x_1 * y_1$", r"\(a_i < b_i\)", r"\[ \sum_i x_i^2 \]", "$$a\n<b$$"),
        *("$$\na < b\n$$", "\\begin{align}\na &< b \\\\\n\\end{align}", r"$\{x\}$"),
    ],
)
def test_math_reaches_mathjax_as_it_was_typed(tex: str) -> None:
    reader = read(prose.html(f"Let\n\n{tex}"))
    assert tex in reader.text
    assert not {tag for tag, _ in reader.tags} & {"em", "strong", "code"}


@pytest.mark.parametrize("prices", ["$5 and $10", "costs $5, or $ 6", r"\$a\$", "US$ 3 to US$ 4"])
def test_a_dollar_that_is_no_math_stands_alone_in_its_element(prices: str) -> None:
    shown = prose.html(prices)
    assert shown.count("$") == prices.count("$")
    assert shown.count('<span class="tex2jax_ignore">$</span>') == prices.count("$")


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.startswith("TeX")])
def test_tex_that_could_act_is_code(name: str) -> None:
    assert re.search(r"<(code|pre)>", prose.html(HOSTILE[name]))


def test_a_picture_is_a_link_and_never_fetched() -> None:
    shown = prose.html("![a *plot*](https://example.org/x.png)")
    assert "<img" not in shown
    assert '<a href="https://example.org/x.png"' in shown and "not loaded" in shown


def test_a_definition_that_no_link_uses_is_shown() -> None:
    shown = read(prose.html("Text\n\n[x]: https://example.org/hidden 'say'")).text
    assert "https://example.org/hidden" in shown and "say" in shown


def test_a_fence_is_coloured_by_its_language() -> None:
    assert '<span class="k">def</span>' in prose.html("```python\ndef f(): pass\n```")
    assert "<span" not in prose.html("```nonsense\ndef f(): pass\n```")


def test_too_deep_nesting_is_shown_as_it_is() -> None:
    text = "> " * 60 + "innermost"
    assert prose.html(text).startswith("<pre") and "innermost" in prose.html(text)
    assert "<blockquote>" in prose.html("> " * 10 + "x")
