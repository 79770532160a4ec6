"""Keeps what a run has shown beside its text, for the reader of the answer alone.

The model gets text and pictures (`gemini_magic.here.runner`). A table, HTML, a vector, a figure's
JSON and the pictures that it does not get stand beside its response (`gemini_magic.turn.shown`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gemini_magic.errors import redact
from gemini_magic.here.pictures import pictures
from gemini_magic.render.markup import frame
from gemini_magic.text import b64decode, b64encode, encodable, one_line
from gemini_magic.turn.parts import RASTER, Json
from gemini_magic.turn.shown import LIVE, STILL

MOST = 5_000_000  # characters of all that one answer keeps

_PLOTLY = "application/vnd.plotly.v1+json"
_TEXTS = (  # what is taken of a bundle, the best first
    *("text/html", "image/svg+xml", "application/javascript", _PLOTLY),
    *("text/markdown", "text/latex"),
)
_BESIDE_PICTURES = {"text/html", "application/javascript", _PLOTLY}
_JSON = re.compile(r"application/(?:[\w.-]+\+)?json")
_NOT_THIS_JSON = re.compile(r"application/vnd\.(?:jupyter|gemini-magic|bokehjs)")
_NAMELESS = re.compile(r"\s*<[^\n]*>\s*")  # a repr that says nothing of the value


class Keeper:
    """Keeps what the runs of one answer show, up to ``most`` characters together."""

    def __init__(self, most: int = MOST) -> None:
        self._room = most

    def keep(self, bundles: Iterable[Mapping[str, Any]], alone: Sequence[bytes]) -> list[Json]:
        """The items of one run; ``alone``: its pictures that do not go to the model."""
        found = []
        for bundle in bundles:
            drawn = pictures([bundle])
            if drawn and any(drawn[0] is picture or drawn[0] == picture for picture in alone):
                found.append(self._picture(drawn[0]))
            item = self._item(bundle, drawn=bool(drawn))
            if item is not None:
                found.append(item)
        return encodable(found)  # type: ignore[no-any-return]

    def _picture(self, data: bytes) -> Json:
        kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
        return self._fitting({"mime_type": kind}, b64encode(data))

    def _item(self, bundle: Mapping[str, Any], *, drawn: bool) -> Json | None:
        if not drawn:
            for kind in RASTER & bundle.keys():  # GIF and WebP, which no model is sent
                data = bundle[kind]
                try:
                    data = b64decode(data) if isinstance(data, str) else data
                except ValueError:
                    continue
                if isinstance(data, bytes):
                    return self._fitting({"mime_type": kind}, b64encode(data))
        kinds = [kind for kind in _TEXTS if kind in bundle]
        kinds += [kind for kind in map(str, bundle) if _JSON.fullmatch(kind)]
        for kind in kinds:
            if (drawn and kind not in _BESIDE_PICTURES) or _NOT_THIS_JSON.match(kind):
                continue
            value = bundle[kind]
            item: Json = {"mime_type": kind}
            if _JSON.fullmatch(kind) and not isinstance(value, str):
                if kind == _PLOTLY:
                    item["title"] = one_line(redact(_figure(value)), 200)
                    html = _drawing(value)
                    if html is not None and len(html) <= self._room:
                        live = {"title": item["title"], "only": True, "frame": LIVE}
                        return self._fitting({"mime_type": "text/html", **live}, redact(html))
                value = _written(value)
            if isinstance(value, str):
                return self._text(item, value, bundle.get("text/plain"))
        return None

    def _text(self, item: Json, text: str, plain: Any) -> Json:
        if len(text) > self._room:
            return {**item, "size": len(text)}
        text = redact(text)
        kind = item["mime_type"]
        if not isinstance(plain, str) or _NAMELESS.fullmatch(plain) or not plain.strip():
            item["only"] = True
        needs = {"image/svg+xml": STILL, "application/javascript": LIVE}.get(kind, "")
        if kind == "text/html":
            needs = frame(text)
        if needs:
            item["frame"] = needs
        return self._fitting(item, text)

    def _fitting(self, item: Json, data: str) -> Json:
        if len(data) > self._room:
            return {**item, "size": len(data)}
        self._room -= len(data)
        return {**item, "data": data}


def _written(value: Any) -> str | None:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return None  # the code has published something that no front end could be sent


def _drawing(figure: Any) -> str | None:
    """HTML that draws a figure's JSON and brings plotly's library along; None without plotly."""
    plotly = sys.modules.get("plotly.io")  # whoever has made a figure has imported it
    if plotly is None:
        return None
    try:
        html = plotly.to_html(figure, include_plotlyjs=True, full_html=False, validate=False)
    except Exception:  # noqa: BLE001 - of a figure that is none; its JSON is kept
        return None
    return html if isinstance(html, str) else None


def _figure(value: Any) -> str:
    """What a plotly figure is: its kinds of traces, and its title."""
    traces = value.get("data") if isinstance(value, Mapping) else None
    layout = value.get("layout") if isinstance(value, Mapping) else None
    kinds = [
        str(trace.get("type", "scatter"))
        for trace in (traces if isinstance(traces, list) else ())
        if isinstance(trace, Mapping)
    ]
    title = layout.get("title") if isinstance(layout, Mapping) else None
    title = title.get("text") if isinstance(title, Mapping) else title
    said = f"Plotly figure: {', '.join(dict.fromkeys(kinds)) or 'empty'}"
    return f"{said}, {title}" if isinstance(title, str) and title else said
