"""Says what there is to know about the model that answered a turn; pure.

That another model answered than was asked for (a name is routed when its model is shut down: other
rules, another price), and what the service says of the model's end (``modelStatus``, which the
Developer API alone has).
"""

from __future__ import annotations

from gemini_magic import catalog
from gemini_magic.text import one_line
from gemini_magic.turn.turn import Turn

ENDING = frozenset({"LEGACY", "DEPRECATED", "RETIRED"})  # stages of which the reader is told


def standing(turn: Turn) -> tuple[str, ...]:
    """What to tell about the model of ``turn``, in sentences; most turns have none."""
    said = []
    asked, answered = turn.request.model, turn.model_version
    # A gateway may have names of its own for the same models: those tell nothing.
    if answered and catalog.known(answered) and not catalog.same(asked, answered):
        said.append(
            f"You asked for {_name(asked)}; {_name(answered)} answered, by its own rules and price."
        )
    status = turn.model_status
    if status is not None and (status.stage in ENDING or status.retires):
        said.append(_ending(turn))
    return tuple(said)


def _ending(turn: Turn) -> str:
    status = turn.model_status
    assert status is not None
    stage = one_line(status.stage or "", 40).replace("_", " ").lower() or "to be retired"
    when = f", retired on {one_line(status.retires, 40)[:10]}" if status.retires else ""
    more = f" The service says: {one_line(status.message, 300)}" if status.message else ""
    return f"{_name(turn.model)} is {stage}{when}.{more}"


def _name(model: str) -> str:
    return one_line(model, 80).removeprefix("models/")
