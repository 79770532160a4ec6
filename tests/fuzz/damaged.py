"""Good files and bodies, and what damage makes of them (hypothesis strategies)."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from gemini_magic.cells.document import PENDING
from gemini_magic.cells.extract import extract
from gemini_magic.render.bundle import bundle
from gemini_magic.session.conversation import Conversation
from gemini_magic.session.conversation_file import save_conversation
from gemini_magic.session.store import FORMAT, VERSION, key
from gemini_magic.turn.parts import Part
from gemini_magic.turn.turn import MIME, Turn
from gemini_magic.turn.wire import part_to_wire

from ..strategies import continuations, json_values, objects, parts, storable, texts, turns
from .targets import ASKED, NOW

_DEEP: Any = 1
for _ in range(400):
    _DEEP = [_DEEP]

_ODD = st.one_of(
    json_values,
    st.sampled_from(
        [float("nan"), float("inf"), -1, 2**63, 10**400, "\ud800", "\x00", {}, [], "", None, _DEEP]
    ),
)


def _conversation(made: list[Turn]) -> bytes:
    conversation = Conversation("main")
    for turn in made:
        user = {"role": "user", "parts": [{"text": turn.request.prompt}]}
        conversation.put(conversation.place(turn.cell), turn, user)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "c.json"
        save_conversation(conversation, path, NOW)
        return path.read_bytes()


def _stored(turn: Turn) -> Any:
    told = {"format": FORMAT, "version": VERSION, "key": key(ASKED), "stored": NOW}
    return {**told, "backend": "developer", "turn": turn.to_dict()}


def _cell(number: int, turn: Turn, *outputs: Any) -> Any:
    """The cell that has asked, with what its outputs have beside their type."""
    return {
        "cell_type": "code",
        "id": f"c{number}",
        "metadata": {},
        "execution_count": 1,
        "source": f"%%gemini\n{turn.request.prompt}",
        "outputs": [{"output_type": "display_data", **output} for output in outputs],
    }


def _of(cells: list[Any]) -> Any:
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _notebook(made: list[Turn]) -> Any:
    return _of(
        [
            _cell(number, turn, {"metadata": {}, "data": {MIME: turn.to_dict()}})
            for number, turn in enumerate(made)
        ]
    )


def _executed(made: list[Turn], wish: str) -> Any:
    """A notebook with these answers as a run leaves it, and cells inserted below them."""
    cells = []
    for number, turn in enumerate(made):
        data, metadata = bundle(turn)
        told = {PENDING: {"turn": turn.id, "insert": wish, "run": True}}
        pending = {"metadata": told, "data": {"text/plain": "1 cell"}}
        cells.append(_cell(number, turn, {"metadata": metadata, "data": data}, pending))
        cells += [cell.to_dict() for cell in extract(turn, wish, f"c{number}")]
    return _of(cells)


def _event(made: list[Part], **more: Any) -> Any:
    candidate = {"content": {"parts": [*map(part_to_wire, made)]}, "finishReason": "STOP", **more}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 3}}


_TOKEN = {"finishReason": "CONTINUATION", "continuationToken": "Cv8-_w=="}
_going_on = st.builds(
    lambda turn, token: replace(turn, status="truncated", continuation=token), turns, continuations
)
_events = st.lists(
    st.builds(_event, st.lists(parts, max_size=3))
    | st.lists(parts, max_size=3).map(lambda made: _event(made, **_TOKEN)),
    max_size=3,
)
_PROPERTIES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "name": ({"type": "string"}, texts),
    "count": ({"type": "integer", "minimum": 0}, st.integers(0, 10**20)),
    "share": ({"type": ["number", "null"]}, st.none() | st.floats(-1e9, 1e9)),
    "open": ({"type": "boolean"}, st.booleans()),
    "founded": ({"type": "string", "format": "date"}, st.dates().map(str)),
    "at": ({"type": "string", "format": "date-time"}, st.datetimes().map(lambda at: f"{at}Z")),
    "kind": ({"enum": ["a", "b"]}, st.sampled_from("ab")),
    "code": ({"type": "string", "pattern": "^[a-c]+$", "default": "a"}, st.just("abc")),
    "inner": ({"anyOf": [{"$ref": "#/$defs/Inner"}, {"type": "null"}]}, st.none() | objects),
}
_DEFS = {"Inner": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Any"}}, "Any": {}}


@st.composite
def _typed(draw: st.DrawFn) -> Any:
    """A schema of a list of objects, and a text that fits it."""
    names = draw(st.lists(st.sampled_from(sorted(_PROPERTIES)), min_size=1, unique=True))
    item = {"type": "object", "properties": {name: _PROPERTIES[name][0] for name in names}}
    rows = draw(
        st.lists(st.fixed_dictionaries({name: _PROPERTIES[name][1] for name in names}), max_size=3)
    )
    said = json.dumps(rows, indent=draw(st.none() | st.just(1)))
    fenced = f"```json\n{said}\n```" if draw(st.booleans()) else said
    return {"schema": {"type": "array", "items": item, "$defs": _DEFS}, "said": fenced}


_names = st.sampled_from(["x", "frame", "_hidden", "api_key", "naïve", "x\ny"]) | storable
_modules = st.sampled_from(["pandas", "numpy.core", "torch", "__main__", "builtins", "", 7, None])
_values = (
    json_values
    | st.fixed_dictionaries(
        {"kind": st.sampled_from(["frame", "array"]), "of": st.lists(json_values, max_size=50)}
    )
    | st.fixed_dictionaries({"kind": st.just("class"), "of": texts, "module": _modules | texts})
    | st.fixed_dictionaries(
        {"kind": st.sampled_from(["object", "function", "set"]), "of": st.booleans()}
    )
)

GOOD: dict[str, st.SearchStrategy[Any]] = {
    "turn": turns.map(Turn.to_dict),
    "conversation": st.lists(turns, min_size=1, max_size=3).map(_conversation).map(json.loads),
    "store": turns.map(_stored),
    "notebook": st.lists(turns, min_size=1, max_size=3).map(_notebook),
    "run": st.builds(
        _executed, st.lists(turns, min_size=1, max_size=2), st.sampled_from(["none", "code", "all"])
    ),
    "wire": st.lists(parts, max_size=4).map(_event),
    "continuation": st.fixed_dictionaries({"turn": _going_on.map(Turn.to_dict), "events": _events}),
    "schema": _typed(),
    "namespace": st.dictionaries(_names, _values, max_size=6),
}


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        inside = item.items() if isinstance(item, dict) else enumerate(item)
        for place, inner in inside:
            found.append((item, place))
            if isinstance(inner, dict | list):
                waiting.append(inner)
    return found


@st.composite
def damaged(draw: st.DrawFn, target: str) -> bytes:
    """A good file of ``target`` with up to three values replaced, removed or doubled; or cut."""
    value = json.loads(json.dumps(draw(GOOD[target])))
    for _ in range(draw(st.integers(0, 3))):
        places = _places(value)
        if not places:
            break
        container, place = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "remove", "double"])):
            case "replace":
                # A copy: the next round may damage what the strategy keeps.
                container[place] = copy.deepcopy(draw(_ODD))
            case "remove":
                del container[place]
            case "double" if isinstance(container, list):
                container.insert(place, container[place])
    data = json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if target == "wire":
        data = draw(st.binary(min_size=1, max_size=1)) + b"data: " + data + b"\r\n\r\n"
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=4)) + data[draw(st.integers(at, len(data))) :]
    return data
