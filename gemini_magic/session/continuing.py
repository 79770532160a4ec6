"""Goes on with an answer that the service has stopped and can continue (``CONTINUATION``).

The service keeps no state: the request is what the answer's own request held, whatever came later
in the conversation, and the token. All of it, and what the answer has so far, is billed again as
input (recorded for google-genai's own continuation: the last request of three counted the prompt
and all that was generated before).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from gemini_magic.errors import BadRequest, OptionError
from gemini_magic.session.asking import paced, question, refuse_tools
from gemini_magic.session.conversation import Conversation, Exchange
from gemini_magic.session.engine import Resumable
from gemini_magic.session.limits import check_cost, cost_limits
from gemini_magic.session.options import AskOptions, Place
from gemini_magic.session.sendable import Receiver, by_role, fit, issuer
from gemini_magic.session.view import View
from gemini_magic.text import one_line
from gemini_magic.tools.declaring import Tool
from gemini_magic.transport.protocol import Config, Outgoing
from gemini_magic.turn.parts import Response
from gemini_magic.turn.request_json import Content, tokens
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Tier, Usage
from gemini_magic.turn.wire import content

if TYPE_CHECKING:
    from gemini_magic.session.session import Session
    from gemini_magic.transport.connections import Connection


_OTHERWISE = "Run its cell again, or ask for the rest: %gemini ask Go on where you stopped."


@dataclass(frozen=True)
class Continuing:
    """An answer that can be continued: where it stands (None: in no conversation), what to send."""

    turn: Turn
    conversation: Conversation | None
    resumable: Resumable


def found(session: Session, turn: Turn, conversation: Conversation | None = None) -> Continuing:
    """What there is to send for the rest of ``turn``; raises OptionError with what is in the way.

    ``conversation``: where it stands, by default where this kernel knows it. A turn of which the
    kernel has a later state is that state.
    """
    conversation, exchange = _place(session, turn, conversation)
    if exchange is not None:
        turn = exchange.turn
    engine = session.engine
    if turn.id in engine.running:
        raise OptionError("This answer is coming in just now.", "Wait for its end.")
    if turn.continuation is None:
        _refuse(turn)
    resumable = engine.resumable.get(turn.id) or _rebuilt(session, turn, conversation, exchange)
    return Continuing(turn, conversation, resumable)


def go_on(
    session: Session, continuing: Continuing, options: AskOptions, show: Callable[[], View]
) -> Turn:
    """Send for the rest, show and record it; returns the turn with all of it.

    Says what it costs about before it sends. Raises what is in the way (a cost limit, another
    backend) before anything is sent, and what ends the request after showing what came.
    """
    turn, engine = continuing.turn, session.engine
    settings = session.settings
    resumable = continuing.resumable
    outgoing = resumable.outgoing
    if options.timeout is not None:
        outgoing = replace(outgoing, timeout=options.timeout)
    connection = connected(session, turn)
    if options.max_cost is None:
        options = replace(options, max_cost=resumable.question.max_cost)
    least = input_tokens(turn, outgoing)
    served = engine.answering.served(outgoing.model, connection.backend.issuer)
    check_cost(outgoing, cost_limits(session, options), served, least)
    session.say(announced(turn, least))
    run = session.batch_run

    def check_round(outgoing: Outgoing, usage: Usage) -> None:
        check_cost(outgoing, cost_limits(session, options), served, used=usage)

    try:
        ended = engine.resume(
            turn,
            replace(resumable, outgoing=replace(outgoing, served=outgoing.served or served)),
            continuing.conversation,
            paced(connection.transport, run),
            show(),
            check_round,
        )
    except BadRequest as error:
        # Nothing of the request can be changed: it is the answer's own, and the token.
        error.advice = _OTHERWISE
        raise
    finally:
        last = engine.last
        if run is not None and last is not None and last.id == turn.id:
            for one in last.apart()[1 + len(turn.continued) :]:
                run.spend(one)
    store = session.recall.store(settings, needed=False)
    # Where functions have answered in between, this is not the request that it is stored under.
    if store is not None and not resumable.question.answers_calls:
        store.put(replace(outgoing, continuation=None), ended)
    return ended


def request(continuing: Continuing) -> Outgoing:
    """The request that would be sent, for a preview."""
    assert continuing.turn.continuation is not None
    token = continuing.turn.continuation.token
    return replace(continuing.resumable.outgoing, continuation=token)


def connected(session: Session, turn: Turn) -> Connection:
    """The connection to the service that gave the token; OptionError when another is in force."""
    connection = session.connect()
    theirs, ours = issuer(turn), connection.backend.issuer
    if theirs != ours:
        raise OptionError(
            f"This answer came from {theirs}, and {ours} is in force: it does not know the token.",
            "Choose that backend again (%gemini backend), then continue.",
        )
    return connection


def input_tokens(turn: Turn, outgoing: Outgoing) -> int:
    """About how many input tokens the request for the rest has: all that was sent, and the answer.

    What the service counted for the request before where it says more than the characters do. With
    code run in between it counts the prompt once for each of its inner steps, which says nothing.
    """
    by_characters = tokens([*outgoing.contents, content("model", turn.parts)])
    # A request that failed may have counted nothing.
    counted = [one.usage for one in turn.apart() if one.usage.input_tokens]
    if not counted or counted[-1].tool_use_tokens:
        return by_characters
    return max(by_characters, counted[-1].input_tokens + counted[-1].output_tokens)


def announced(turn: Turn, input_: int) -> str:
    """What is said before the request is sent: that all is billed again, and about what for."""
    said = (
        "Continuing: the prompt and the answer so far are billed again as input, "
        f"about {input_:,} tokens"
    )
    if turn.request.backend == "emulator":
        return f"{said} (emulator, nothing billed)."
    from gemini_magic.session.prices import dollars, price

    cost = price(Usage(input_tokens=input_, tier=_tier(turn)), turn.model)
    about = "what that costs is not known" if cost is None else f"about {dollars(cost)}"
    return f"{said}, {about}; the rest of the answer comes on top."


def _tier(turn: Turn) -> Tier | Literal[""]:
    """The tier that has served the answer so far, by which the rest is likely billed, too."""
    return next((one.usage.tier for one in reversed(turn.apart()) if one.usage.tier), "")


def _place(
    session: Session, turn: Turn, conversation: Conversation | None
) -> tuple[Conversation | None, Exchange | None]:
    places = [conversation] if conversation is not None else list(session.engine.conversations)
    # Its own first: a fork holds the same turn.
    places.sort(key=lambda one: one.name != turn.conversation)
    for place in places:
        for exchange in place:
            if exchange.turn.id == turn.id:
                return place, exchange
    return None, None


def _refuse(turn: Turn) -> NoReturn:
    """Say why an answer without a token is not continued."""
    if turn.status == "complete":
        raise OptionError(
            "This answer is complete: there is nothing to continue.",
            "%gemini history shows which answers were cut off.",
        )
    if turn.finish_reason == "MAX_TOKENS":
        raise OptionError(
            "This answer was cut off at the token limit that was asked for; for that the service "
            "gives no token to continue by.",
            "Run its cell again with a higher --max-tokens, or ask for the rest: "
            "%gemini ask Go on where you stopped.",
        )
    raise OptionError(
        f"This answer ({turn.status}) has no token of the service to continue it by.",
        _OTHERWISE,
    )


def _rebuilt(
    session: Session, turn: Turn, conversation: Conversation | None, exchange: Exchange | None
) -> Resumable:
    """What the request of an answer held that was loaded or restored."""
    if turn.request.config.get("here"):
        raise OptionError(
            "This answer ran its code in a kernel (--here), and what its own request held is not "
            "known in this one; nothing was sent.",
            "Run its cell again.",
        )
    attached = [record.name for record in turn.request.attachments]
    history: list[Content] = []
    if conversation is None or exchange is None:
        if attached:
            raise OptionError(
                f"What was attached is not known in this kernel ({_names(attached)}), and it is "
                "to be sent again; nothing was sent.",
                "%gemini restore NOTEBOOK (or load PATH) brings the conversation back with it.",
            )
        if turn.conversation:
            raise OptionError(
                "What was sent before this answer is not known in this kernel, and it is to be "
                "sent again; nothing was sent.",
                "%gemini restore NOTEBOOK (or load PATH) brings the conversation back.",
            )
        user = Content(role="user", parts=[{"text": turn.request.prompt}])
    else:
        if exchange.stale:
            raise OptionError(
                "An exchange before this answer has changed since, and what its own request held "
                "is not known in this kernel; nothing was sent.",
                "Run its cell again.",
            )
        user = Content.of(exchange.user)
        files = [part for part in user["parts"] if "inlineData" in part or "fileData" in part]
        if len(files) < len(attached):
            raise OptionError(
                f"The bytes of what was attached are not here ({_names(attached)}), and they are "
                "to be sent again; nothing was sent.",
                "Run its cell again, with the files where they were.",
            )
        number = next(n for n, one in enumerate(conversation) if one.turn.id == turn.id)
        before = list(conversation)[:number]
        receiver = Receiver.of(issuer(turn), turn.request.model, _config(turn, ()))
        history = fit(before, receiver).contents
    tools = _tools(session, turn)
    options = AskOptions(tools=tools, tier=turn.request.config.get("tier"))
    asked = question(session, turn.request.prompt, options, Place(turn.cell))
    asked = replace(asked, model=turn.request.model, config=_config(turn, tools), stateless=True)
    refuse_tools(asked, turn.request.backend)
    outgoing = session.engine.placed(asked).outgoing
    return Resumable(asked, replace(outgoing, contents=[*history, user, *_rounds(turn)]))


def _config(turn: Turn, tools: tuple[Tool, ...]) -> Config:
    known: Mapping[str, Any] = turn.request.config
    given = {one.name: known[one.name] for one in fields(Config) if one.name in known}
    declared = tuple(tool.declaration for tool in tools)
    return Config(**{**given, "functions": declared})


def _tools(session: Session, turn: Turn) -> tuple[Tool, ...]:
    names = tuple(turn.request.config.get("tools") or ())
    if not names:
        return ()
    from gemini_magic.tools import find

    try:
        return find(names, session.namespace)
    except OptionError as error:
        raise OptionError(
            f"The functions that this answer may call are to be sent again: {error.what}",
            "Define them as they were, then continue.",
        ) from None


def _rounds(turn: Turn) -> list[Content]:
    """What stands between the prompt and the request that stopped: calls, and their returns."""
    if not turn.request.config.get("tools"):
        return []
    responses = [at for at, part in enumerate(turn.parts) if isinstance(part, Response)]
    return by_role(turn.parts[: responses[-1] + 1], True) if responses else []


def _names(attached: list[str]) -> str:
    return ", ".join(one_line(name, 60) for name in attached)
