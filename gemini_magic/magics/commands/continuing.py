"""Asks for the rest of an answer that the service has stopped (``%gemini continue``)."""

from __future__ import annotations

from gemini_magic.errors import OptionError
from gemini_magic.magics.ask_views import beside_sidebars, view
from gemini_magic.magics.commands.arguments import exchange
from gemini_magic.magics.going_on import go_on_in_kernel
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.options import parse, split
from gemini_magic.session.continuing import Continuing, connected, found, input_tokens
from gemini_magic.session.continuing import request as request_for
from gemini_magic.session.options import AskOptions
from gemini_magic.session.preview import preview_request
from gemini_magic.session.session import Session
from gemini_magic.turn.turn import Turn

TAKES = ("max_cost", "timeout", "view", "show", "preview")  # fields of the options


def continue_(session: Session, kernel: KernelState, rest: str) -> None:
    """``continue [N] [options]``: ask for the rest of an answer, by default the last.

    Raises OptionError, and nothing is sent, where that cannot be done.
    """
    words = split(rest)
    number = words[0] if words and not words[0].startswith("-") else ""
    options = parse(rest.strip().removeprefix(number), f"%{kernel.name} continue")
    _refuse_others(options)
    whole = _whole(session, number)
    if whole is not None:
        # Also of a notebook that is run again with stored answers: its cell is no mistake.
        session.say("This answer has been continued to its end; nothing was sent.")
        return
    continuing = _asked_for(session, number)
    if options.preview:
        _preview(session, continuing)
        return
    now = kernel.asking
    go_on_in_kernel(
        session,
        kernel,
        continuing,
        options,
        lambda: beside_sidebars(session, kernel, view(session, kernel, options, now)),
    )


def _whole(session: Session, number: str) -> Turn | None:
    """The answer that is meant, where it was continued before and is complete now."""
    last = session.engine.last
    if not number and last is not None and not last.conversation:
        turn = last
    else:
        turn = exchange(session.engine.conversations.get(), number, "continue").turn
    return turn if turn.status == "complete" and turn.continued else None


def _asked_for(session: Session, number: str) -> Continuing:
    engine = session.engine
    last = engine.last
    if not number and last is not None and not last.conversation:
        return found(session, last)  # --stateless: it has no number
    conversation = engine.conversations.get()
    turn = exchange(conversation, number, "continue").turn
    try:
        return found(session, turn, conversation)
    except OptionError as error:
        others = [
            str(at) for at, one in enumerate(conversation, 1) if one.turn.continuation is not None
        ]
        if number or turn.continuation is not None or not others:
            raise
        raise OptionError(error.what, f"Can be continued here: {', '.join(others)}.") from None


def _refuse_others(options: AskOptions) -> None:
    for name in vars(AskOptions()):
        if name not in TAKES and getattr(options, name) != getattr(AskOptions(), name):
            raise OptionError(
                f"%gemini continue does not take --{name.replace('_', '-')}: the request is the "
                "answer's own.",
                "It takes --max-cost, --timeout, --view, --show and --preview.",
            )


def _preview(session: Session, continuing: Continuing) -> None:
    connection = connected(session, continuing.turn)
    outgoing = request_for(continuing)
    about = input_tokens(continuing.turn, outgoing)
    preview_request(session, connection.transport, outgoing, about)
