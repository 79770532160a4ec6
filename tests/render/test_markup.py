"""HTML that code has displayed: what is left of it in an answer, and what it needs to be seen."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings

from gemini_magic.render.markup import MOST, clean, frame, too_much, words
from gemini_magic.turn.shown import Displayed

from ..examples import examples
from ..hostile import HOSTILE
from ..strategies import texts
from .reading import TAGS, Reader

FRAME = pd.DataFrame({"region": ["North", "South"], "revenue": [100, 2.5]}, index=["a", "b"])


def problems(html: str) -> list[str]:
    """What the strict reader says of ``html``; empty where nothing in it can act."""
    attributes = {
        "a": {"href", "rel", "title"},
        **{name: {"colspan", "rowspan", "scope"} for name in ("td", "th")},
        **{"col": {"span"}, "ol": {"start"}, "details": {"open"}},
    }
    reader = Reader(TAGS - {"img"}, attributes)
    reader.feed(html.replace("<col>", "").replace("<wbr>", ""))
    reader.close()
    return reader.problems


def test_a_frame_of_pandas_stays_a_table_without_its_style() -> None:
    html = FRAME._repr_html_()
    cleaned = clean(html)
    assert "<th>region</th>" in cleaned and "<td>North</td>" in cleaned and "2.5" in cleaned
    assert "style" not in cleaned and "class" not in cleaned and problems(cleaned) == []
    assert frame(html) == ""


def test_as_text_its_cells_stand_in_columns() -> None:
    shown = Displayed("text/html", FRAME._repr_html_())
    assert words(shown) == "   region  revenue\na   North    100.0\nb   South      2.5"
    spanned = FRAME.pivot_table(index="region", columns="revenue", values="revenue").to_html()
    assert "region" in words(Displayed("text/html", spanned))
    told = "<h1>Title</h1><p>One <b>two</b><br>three</p><ul><li>four</ul>"
    assert words(Displayed("text/html", told)) == "Title\nOne two\nthree\nfour"
    assert words(Displayed("image/svg+xml", told)) == ""


@pytest.mark.parametrize(
    ("html", "needs"),
    [
        ("<p>words <a href='https://example.com'>link</a></p>", ""),
        ("<style scoped>.dataframe { color: red }</style><table></table>", ""),
        (FRAME.style.highlight_max().to_html(), "still"),
        ("<svg><circle r=1 /></svg>", "still"),
        ("<img src='data:image/png;base64,AA=='>", "still"),
        ("<input type=checkbox>", "still"),
        ("<table>" + "<tr><td>1" * 40_000, "still"),
        ("<b>" * 5_000, "still"),
        ("<p>x</p><script>1</script>", "live"),
        ("<p onclick='go()'>x</p>", "live"),
        ("<P OnMouseOver=go()>x</P>", "live"),
        ("<a href=' JavaScript:go()'>x</a>", "live"),
        ("<p>The option = 1, once = 2</p>", ""),
        ("<iframe src='https://example.com'></iframe>", "live"),
        ("<object data=x></object>", "live"),
        ("<p>" * 100_000 + "<SCRIPT>1</SCRIPT>", "live"),
    ],
)
def test_what_it_needs_to_be_seen_whole_is_told(html: str, needs: str) -> None:
    assert frame(html) == needs


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hostile_is_left(name: str) -> None:
    assert problems(clean(HOSTILE[name])) == []
    assert problems(clean(f"<table><tr><td title='x'>{HOSTILE[name]}</table>")) == []


@settings(max_examples=examples(200), deadline=None)
@given(texts)
def test_any_text_gives_html_with_listed_tags_alone(text: str) -> None:
    assert problems(clean(text)) == []
    words(Displayed("text/html", text))


@pytest.mark.parametrize(
    "html",
    ["<div>" * 39_000, "<table>" * 28_000, "<b>" * 66_000, "<!--" * 50_000, "<a href=x " * 18_000],
)
def test_html_made_to_exhaust_a_parser_takes_no_time(html: str) -> None:
    assert len(html) <= MOST
    began = time.process_time()
    clean(html), frame(html), words(Displayed("text/html", html))
    assert time.process_time() - began < 4


def test_what_is_too_much_leaves_nothing() -> None:
    assert too_much("x" * (MOST + 1)) and clean("x" * (MOST + 1)) == ""
    assert not too_much("<tr><td>1</td></tr>" * 5_000)


def test_a_browser_would_read_it_as_it_was_cleaned() -> None:
    """Cleaning once more changes nothing: no text of it is markup to the next parser."""
    for text in HOSTILE.values():
        once = clean(text)
        assert clean(once) == once
    assert isinstance(Reader(set(), {}), HTMLParser)
