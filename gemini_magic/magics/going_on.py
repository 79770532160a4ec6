"""Goes on with an answer for a command or a button, and with the variables that hold it."""

from __future__ import annotations

from collections.abc import Callable

from gemini_magic.errors import OptionError
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.session.continuing import Continuing, found, go_on
from gemini_magic.session.options import AskOptions
from gemini_magic.session.session import Session
from gemini_magic.session.view import View
from gemini_magic.turn.turn import Turn


def found_by_button(session: Session, turn: Turn) -> Continuing:
    """What there is to send when a button was pressed; OptionError with what is in the way.

    Code with ``--here`` runs, and is asked about, in a cell alone.
    """
    continuing = found(session, turn)
    if continuing.resumable.question.runner is not None:
        raise OptionError(
            "The code of this answer runs in this kernel (--here), which needs a cell.",
            "Go on with it in one: %gemini continue",
        )
    return continuing


def go_on_in_kernel(
    session: Session,
    kernel: KernelState,
    continuing: Continuing,
    options: AskOptions,
    show: Callable[[], View],
) -> Turn:
    """Ask for the rest; variables that ``-o`` has bound to the answer get what it has become."""
    turn, engine = continuing.turn, session.engine
    try:
        return go_on(session, continuing, options, show)
    finally:
        last = engine.last
        if last is not None and last.id == turn.id:
            kernel.rebind(session.namespace, last)
