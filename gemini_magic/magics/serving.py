"""What a kernel answers its front ends: answers lost by a reload, the buttons, the sidebar."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import AnswerInterrupted, GeminiError
from gemini_magic.magics.naming import name_in
from gemini_magic.magics.situation import situation

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics
    from gemini_magic.parts import Json
    from gemini_magic.render.live import Look

BUTTONS = ("cells", "verify")
SIDEBAR = ("conversation", "answers", "ask", "command", "models", "attachable")


def attach(magics: GeminiMagics, kernel: Any) -> None:
    """Announce the magics to the front ends of ``kernel`` that have our extension."""
    from gemini_magic.frontend import FrontEnd

    magics.front_end = FrontEnd(
        partial(stop, magics),
        partial(bundles, magics),
        dict.fromkeys((*BUTTONS, *SIDEBAR), partial(serve, magics)),
    )
    now = situation(magics.shell)
    # Loaded by a cell that nobody watches (nbconvert), or before any front end is there: one
    # that comes later says hello itself.
    magics.front_end.attach(kernel, announce=now.execution is not None and now.watched)


def stop(magics: GeminiMagics, turn: str) -> None:
    """Stop an answer, or take back a prompt of the sidebar that waits for the one before it."""
    if not magics.prompts.stop(turn):
        magics.engine.stop(turn)


def bundles(magics: GeminiMagics, cells: Sequence[str]) -> dict[str, tuple[Json, Json]]:
    """The last answer of each of ``cells``, for a page that lost it by a reload."""
    if magics.idle:
        return {}  # without making the engine for it
    shown = look(magics)
    turns = {
        exchange.turn.cell: exchange.turn
        for conversation in magics.engine.conversations
        for exchange in conversation
        if exchange.turn.cell in cells
    }
    return {str(cell): shown.bundle(turn) for cell, turn in turns.items()}


def look(magics: GeminiMagics) -> Look:
    """How an answer looks where no option of its cell says otherwise."""
    from gemini_magic.magics.costs import spoken
    from gemini_magic.render.live import Look

    return Look(thoughts=magics.settings.show_thoughts, cost=spoken)


def serve(magics: GeminiMagics, request: Json) -> Json:
    """Answer what a button or the sidebar asks for; raises what is in the way."""
    try:
        if request["type"] in BUTTONS:
            from gemini_magic.magics.verifying import serve as press

            return press(magics, request)
        from gemini_magic.magics.panel.requests import answer

        return answer(magics, request)
    except (GeminiError, AnswerInterrupted) as error:
        name_in(error, magics.magic_name)
        raise
