"""A conversation of any length, as our file, as wire Contents and as the SDK's own objects.

One turn is a prompt and an answer of four parts (text, code, result, text), 1.4 kB on the wire.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemini_magic.session.conversation import Conversation
from gemini_magic.session.conversation_file import save_conversation
from gemini_magic.turn.parts import Code, Result, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

WORDS = "A sentence of the answer, with some words in it. " * 8
PARTS = (
    Text(WORDS),
    Code("print(sum(range(100)))\n", id="c1", signature="c2lnbmF0dXJl"),
    Result("OUTCOME_OK", "4950\n", "c1"),
    Text(WORDS),
)


def conversation(turns: int) -> Conversation:
    """A conversation of ``turns`` exchanges, each made by a cell of its own."""
    made = Conversation(f"turns-{turns}")
    for number in range(turns):
        prompt = f"Question {number}: what is the sum of the numbers below 100?"
        turn = Turn(
            f"{number:016x}",
            Request(prompt, "gemini-3.8-flash", "developer", {"code": True}),
            cell=f"cell-{number}",
            status="complete",
            parts=PARTS,
            finish_reason="STOP",
        )
        user = {"role": "user", "parts": [{"text": prompt}]}
        made.put(made.place(turn.cell), turn, user)
    return made


def saved(folder: Path, turns: int) -> Path:
    """A conversation file of ``turns`` exchanges, for ``%gemini load``."""
    path = folder / f"conversation-{turns}.json"
    save_conversation(conversation(turns), path, saved="2026-11-22T12:00:00+00:00")
    return path


def contents(turns: int) -> list[dict[str, Any]]:
    """The wire Contents of such a conversation."""
    made = conversation(turns)
    return made.contents(made.place(None))
