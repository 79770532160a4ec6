"""The calls of a notebook, read off its outputs: what a report adds up."""

from __future__ import annotations

from typing import Any

from gemini_magic.batch.job import Call
from gemini_magic.parts import Json
from gemini_magic.prices import cost
from gemini_magic.turn import MIME, Request, Turn, Usage

_KEY = "gemini_magic"


def calls(notebook: Any) -> tuple[Call, ...]:
    """Each answer shown in ``notebook`` once, in order; one shown again is not a second call."""
    found: dict[str, Call] = {}
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            call = _call(output, number)
            if call is not None:
                found.setdefault(call.turn, call)
    return tuple(found.values())


def _call(output: Any, cell: int) -> Call | None:
    noted = output.get("metadata", {}).get(_KEY)
    if not isinstance(noted, dict) or not {"turn", "model", "status", "usage"} <= noted.keys():
        return None
    turn = _turn(output, noted)
    price = cost(turn)
    return Call(
        turn=turn.id,
        model=turn.model,
        status=turn.status,
        usage=turn.usage,
        cost=None if price is None else format(price, "f"),
        stored=None if turn.reused is None else turn.reused.get("stored", ""),
        backend=turn.request.backend or None,
        cell=cell,
    )


def _turn(output: Any, noted: Json) -> Turn:
    """The turn of an output; of one stored by another version, as much as its metadata notes."""
    stored = output.get("data", {}).get(MIME)
    if stored is not None:
        try:
            return Turn.from_dict(stored)
        except ValueError:
            pass  # of another version: what the output's metadata notes is enough to count it
    return Turn(
        id=noted["turn"],
        request=Request("", noted["model"], ""),
        status=noted["status"],
        usage=Usage(**noted["usage"]),
    )
