"""What a run has shown is kept for the reader: one representation of each, within bounds."""

from __future__ import annotations

import json
import sys
from typing import Any

import pandas as pd
import pytest

from gemini_magic.here.shown import MOST, Keeper
from gemini_magic.text import b64encode

from ..strategies import PNG

TABLE = pd.DataFrame({"a": [1]})._repr_html_()
PICTURE = b64encode(PNG)
PLOTLY = {
    "data": [{"type": "bar", "y": [1]}, {"y": [2]}],
    "layout": {"title": {"text": "Revenue <b>"}},
}
FIGURE = "application/vnd.plotly.v1+json"


def kept(*bundles: dict[str, Any], alone: tuple[bytes, ...] = ()) -> list[dict[str, Any]]:
    return Keeper().keep(bundles, alone)


def test_a_table_stands_beside_its_text() -> None:
    [item] = kept({"text/plain": "   a\n0  1", "text/html": TABLE})
    assert item == {"mime_type": "text/html", "data": TABLE}


@pytest.mark.parametrize("plain", ["<IPython.core.display.HTML object>", "", None])
def test_where_no_text_says_it_that_is_noted(plain: str | None) -> None:
    [item] = kept({"text/html": TABLE, **({} if plain is None else {"text/plain": plain})})
    assert item["only"] is True


def test_what_needs_a_page_of_its_own_is_noted() -> None:
    items = kept(
        {"text/html": "<script>1</script>", "text/plain": "x"},
        {"text/html": "<svg/>", "text/plain": "x"},
        {"image/svg+xml": "<svg/>", "text/plain": "x"},
        {"application/javascript": "alert(1)", "text/plain": "x"},
    )
    assert [item.get("frame") for item in items] == ["live", "still", "still", "live"]


def test_pictures_are_kept_only_where_the_model_gets_none() -> None:
    assert kept({"image/png": PICTURE, "text/plain": "<Figure>"}) == []
    assert kept({"image/png": PICTURE}, alone=(PNG,)) == [
        {"mime_type": "image/png", "data": PICTURE}
    ]
    assert kept({"image/png": PNG, "image/svg+xml": "<svg/>"}) == []
    [gif] = kept({"image/gif": b64encode(b"GIF89a")})
    assert gif == {"mime_type": "image/gif", "data": b64encode(b"GIF89a")}
    assert kept({"image/gif": "no base64!"}) == []


def test_a_figure_of_plotly_is_its_html_else_its_json_says_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "plotly.io", raising=False)
    [item] = kept({FIGURE: PLOTLY, "text/html": "<div><script>1</script></div>"})
    assert (item["mime_type"], item["frame"]) == ("text/html", "live")
    [item] = kept({FIGURE: PLOTLY})
    assert item["title"] == "Plotly figure: bar, scatter, Revenue <b>"
    assert json.loads(item["data"]) == PLOTLY and "frame" not in item
    for odd in ({}, {"data": 1, "layout": []}, {"data": [1]}, [], "text"):
        [item] = kept({FIGURE: odd})
        assert item["mime_type"] == FIGURE


def test_plotly_itself_draws_its_figure_once_as_html_that_needs_no_network() -> None:
    import plotly.io

    assert sys.modules["plotly.io"] is plotly.io
    item, next_item = kept({FIGURE: PLOTLY}, {FIGURE: PLOTLY})
    assert (item["mime_type"], item["frame"], item["only"]) == ("text/html", "live", True)
    assert item["title"] == "Plotly figure: bar, scatter, Revenue <b>"
    assert len(item["data"]) > 1_000_000 and 'src="http' not in item["data"]
    assert json.loads(next_item["data"]) == PLOTLY, "there is room for its library once"
    assert kept({FIGURE: {"data": [], "layout": {"title": object()}}}) == [], "no JSON at all"


def test_one_representation_is_kept_and_none_of_text_alone_or_of_widgets() -> None:
    [item] = kept({"text/markdown": "**x**", "text/latex": "$x$", "application/json": {"a": 1}})
    assert item["mime_type"] == "text/markdown"
    assert kept({"text/plain": "x"}) == []
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "Box()"}
    assert kept(widget) == []
    assert kept({"text/html": 5, "application/json": {1, 2}, "application/x": b""}) == []


def test_keys_are_replaced() -> None:
    key = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"
    items = kept({"text/html": f"<p>{key}</p>"}, {FIGURE: {"layout": {"title": key}}})
    assert key not in json.dumps(items) and "[key]" in items[0]["data"]


def test_what_is_too_large_is_told_and_the_rest_is_kept() -> None:
    keeper = Keeper()
    large = "<p>" + "x" * MOST
    first = keeper.keep([{"text/html": large}, {"text/html": TABLE}], ())
    assert first[0] == {"mime_type": "text/html", "size": len(large)}
    assert first[1]["data"] == TABLE
    [item] = keeper.keep([{"text/html": "<p>" + "x" * (MOST - 100)}], ())
    assert "size" in item, "the bound is for the answer, not for a run"


def test_what_cannot_be_written_as_json_ends_nothing() -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert (
        kept({"application/json": loop}, {"application/json": deep}, {"application/json": {(): 1}})
        == []
    )
    [item] = kept({"text/html": "<p>\ud800</p>"})
    assert item["data"] == "<p>\ufffd</p>"
