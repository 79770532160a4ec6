"""Good files and bodies, and what damage makes of them (hypothesis strategies)."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from gemini_magic.session.conversation import Conversation
from gemini_magic.session.conversation_file import save_conversation
from gemini_magic.session.store import FORMAT, VERSION, key
from gemini_magic.turn.turn import MIME, Turn
from gemini_magic.turn.wire import part_to_wire

from ..strategies import json_values, parts, turns
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


def _notebook(made: list[Turn]) -> Any:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": 1,
            "source": f"%%gemini\n{turn.request.prompt}",
            "outputs": [
                {"output_type": "display_data", "metadata": {}, "data": {MIME: turn.to_dict()}}
            ],
        }
        for number, turn in enumerate(made)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


GOOD: dict[str, st.SearchStrategy[Any]] = {
    "turn": turns.map(Turn.to_dict),
    "conversation": st.lists(turns, min_size=1, max_size=3).map(_conversation).map(json.loads),
    "store": turns.map(_stored),
    "notebook": st.lists(turns, min_size=1, max_size=3).map(_notebook),
    "wire": st.lists(parts, max_size=4).map(
        lambda made: {
            "candidates": [
                {"content": {"parts": [*map(part_to_wire, made)]}, "finishReason": "STOP"}
            ],
            "usageMetadata": {"promptTokenCount": 3},
        }
    ),
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
