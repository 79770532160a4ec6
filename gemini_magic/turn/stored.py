"""Turns as a saved output holds them: the bytes of a large picture stand once in all its forms.

The HTML of an output (in VS Code its Markdown) has to hold the picture, since it is read without a
kernel and without our extension. The turn JSON beside it then names the picture by its hash
(``sha256`` in place of ``data``), as it does for one that the model has sent before. Small pictures
stand in both, so that the record of a usual plot can be read on its own. The pictures of a run in
the kernel, which the response holds that went to the model, are named in the same way.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from gemini_magic.text import b64decode
from gemini_magic.turn.parts import Image, Json, blobs

if TYPE_CHECKING:
    from gemini_magic.turn.turn import Turn
    from gemini_magic.turn.types import PartJson, TurnJson

LARGE = 200_000  # bytes from which on a picture is not written twice into one output
_DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,([A-Za-z0-9+/]+={0,2})")


def hash_of(image: Image) -> str | None:
    """The SHA-256, in hex, by which a large picture is named; None of a small one."""
    return sha256(image.data).hexdigest() if len(image.data) >= LARGE else None


def marked(digest: str) -> str:
    """The attribute that an element of the HTML carries which holds the picture of that hash."""
    return f'data-sha256="{digest}"'


def record(turn: Turn, forms: Mapping[str, str]) -> TurnJson:
    """The turn JSON for an output with these forms; large pictures in them are named only."""
    data = turn.to_dict()
    html, markdown = forms.get("text/html", ""), forms.get("text/markdown", "")
    held: set[str] = set()
    for at, stored in enumerate(data["parts"]):
        if not any(isinstance(one.get("data"), str) for one in _pictures(stored)):
            continue
        own: Json = copy.deepcopy(cast("Json", stored))  # the part's own fields are in the other
        data["parts"][at] = cast("PartJson", own)
        for picture in _pictures(own):
            digest = _digest(picture)
            if digest is None:
                continue
            if (
                digest in held
                or marked(digest) in html
                or f";base64,{picture['data']})" in markdown
            ):
                del picture["data"]
                picture["sha256"] = digest
            held.add(digest)
    return data


def _pictures(part: Any) -> list[Json]:
    """Where a part in turn JSON holds the data of pictures, or their hash."""
    if not isinstance(part, Mapping):
        return []
    if part.get("kind") == "response":
        return blobs(part)
    return [cast("Json", part)] if part.get("kind") == "image" else []


def _digest(picture: Json) -> str | None:
    kind = picture.get("mime_type") or picture.get("mimeType")
    data = picture.get("data")
    if not isinstance(kind, str) or not kind.startswith("image/") or not isinstance(data, str):
        return None
    if len(data) < LARGE:
        return None
    try:
        return hash_of(Image(kind, b64decode(data)))
    except ValueError:
        return None


def whole(stored: Mapping[str, Any], bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    """``stored``, a turn JSON, with the data of each picture, from the output's ``bundle``.

    A picture that is found nowhere (another program has removed the HTML) stays named only.
    """
    parts = stored.get("parts")
    if not isinstance(parts, list):
        return stored
    named = {one["sha256"] for part in parts for one in _pictures(part) if _is_named(one)}
    if not named:
        return stored
    found: Json = {}
    for data in _candidates(parts, bundle):
        if found.keys() >= named:
            break
        try:
            found.setdefault(sha256(b64decode(data)).hexdigest(), data)
        except ValueError:
            continue  # no base64: not a picture of ours
    return {**stored, "parts": [_filled(part, found) for part in parts]}


def _is_named(part: Any) -> bool:
    return isinstance(part, Mapping) and isinstance(part.get("sha256"), str) and "data" not in part


def _filled(part: Any, found: Json) -> Any:
    if not any(_is_named(one) and one["sha256"] in found for one in _pictures(part)):
        return part
    part = copy.deepcopy(part)
    for one in _pictures(part):
        if _is_named(one) and one["sha256"] in found:
            one["data"] = found[one.pop("sha256")]
    return part


def _candidates(parts: list[Any], bundle: Mapping[str, Any]) -> Iterator[str]:
    for part in parts:
        for one in _pictures(part):
            if isinstance(one.get("data"), str):
                yield one["data"]
    for kind in ("text/html", "text/markdown"):
        text = bundle.get(kind)
        if isinstance(text, list):  # as nbformat writes many lines
            text = "".join(map(str, text))
        if isinstance(text, str):
            yield from (match[1] for match in _DATA_URI.finditer(text))
