"""Gathers what the sidebar shows of a kernel, small enough to be sent at every change.

Answers themselves are not in it: the sidebar asks for those it is about to show (`answers`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from gemini_magic.errors import GeminiError
from gemini_magic.frontend.sidebar_view import look
from gemini_magic.session.conversation import Exchange
from gemini_magic.session.notes import notes
from gemini_magic.session.spending import summary
from gemini_magic.text import encodable
from gemini_magic.turn.turn import MIME, Status, Turn

if TYPE_CHECKING:
    from gemini_magic.frontend.link import FrontEnd
    from gemini_magic.frontend.messages import (
        AnswerOutput,
        Answers,
        BackendState,
        ConversationState,
        Head,
    )
    from gemini_magic.frontend.prompt_queue import PromptQueue, Waiting
    from gemini_magic.session.engine import Running
    from gemini_magic.session.sendable import Receiver
    from gemini_magic.session.session import Session

WAITS = "waits for the answer before it"
WAITS_FOR_CELLS = "its code runs in this kernel: waits for the cell that runs"
BEGINNING = 400  # characters of each prompt; the answer carries the whole


def state(session: Session, prompts: PromptQueue) -> ConversationState:
    """The current conversation's exchanges in a line each, and what surrounds them."""
    engine = session.engine
    conversation = engine.conversations.get()
    # In the order in which a prompt goes through them, so that none is missed on its way.
    placed = prompts.placed(conversation.name)
    running = list(engine.running.values())
    exchanges = list(conversation)
    receiver = session.receiver() if exchanges else None
    answering = Counter(one.begun.conversation for one in running)
    return {
        "conversation": conversation.name,
        "conversations": [
            {"name": one.name, "exchanges": len(one), "answering": answering[one.name]}
            for one in engine.conversations
        ],
        "exchanges": [
            *_with_running([_head(one, receiver) for one in exchanges], running, conversation.name),
            *_not_begun(placed, running),
        ],
        "undone": conversation.undone,
        "undoable": conversation.undoable,
        "model": session.settings.model,
        "models": session.known_models(),
        "backend": _backend(session),
        "usage": summary(engine),
        "here": session.settings.here,
    }


def _head(exchange: Exchange, receiver: Receiver | None) -> Head:
    turn = exchange.turn
    return {**_beginning(turn), "status": turn.status, "notes": notes(exchange, receiver)}


def _beginning(turn: Turn) -> Head:
    asked = turn.request
    attached = [attachment.name for attachment in asked.attachments]
    return _asked(turn.id, asked.prompt, attached, turn.status, cell=turn.cell)


def _not_begun(placed: Iterable[Waiting], running: Iterable[Running]) -> Iterable[Head]:
    """The prompts in line, but for the first where its question is under way or answered."""
    shown = {id(one.view) for one in running}
    for at, prompt in enumerate(placed):
        begun = id(prompt.view) in shown or getattr(prompt.view, "turn", None) is not None
        if not begun:
            asked = _asked(prompt.id, prompt.prompt, prompt.attached, "waiting")
            cells = [WAITS_FOR_CELLS] if prompt.here else []
            yield {**asked, "notes": [WAITS] if at else cells}


def _asked(
    turn: str,
    prompt: str,
    attached: Iterable[str],
    status: Status | Literal["waiting"],
    cell: str | None = None,
) -> Head:
    return {
        "turn": turn,
        "cell": cell,
        "prompt": encodable(prompt[:BEGINNING]),
        "whole": len(prompt) <= BEGINNING,
        "attached": [*attached],
        "status": status,
        "notes": [],
    }


def _with_running(heads: list[Head], running: Iterable[Running], conversation: str) -> list[Head]:
    """``heads`` with the questions that are being answered now, in the places they will have."""
    known = {head["turn"] for head in heads}
    for one in running:
        turn = one.begun
        if turn.id in known:  # it is being continued
            for head in heads:
                if head["turn"] == turn.id:
                    head["status"] = "streaming"
            continue
        if turn.conversation != conversation:
            continue
        places = [at for at, head in enumerate(heads) if head["turn"] == one.replaces]
        at = places[0] if places else len(heads)
        heads[at : at + 1] = [_beginning(turn)]
    return heads


def _backend(session: Session) -> BackendState:
    """Who answers, in words, or what is in the way: the same words as the doctor's."""
    from gemini_magic.transport.backends import choose

    try:
        backend = choose(*session.wanted_backend)
    except GeminiError as error:
        return {"ok": False, "said": error.what, "fix": error.hint}
    return {"ok": True, "said": str(backend), "kind": backend.kind}


def answers(session: Session, front_end: FrontEnd, wanted: Iterable[str]) -> Answers:
    """Data and metadata of the outputs that show the turns ``wanted``, by turn; unknown: none."""
    shown = look(session)
    ids = set(wanted)
    found: dict[str, AnswerOutput] = {}
    for turn in _turns(session):
        if turn.id in ids:
            metadata = shown.metadata(
                turn, None if turn.status == "streaming" else shown.cost(turn)
            )
            found[turn.id] = {"data": {MIME: encodable(turn.to_dict())}, "metadata": metadata}
    for name in ids:
        streaming = front_end.streaming(name)
        if streaming is not None and name in session.engine.running:
            found[name] = {"data": streaming[0], "metadata": streaming[1]}
    return {"answers": found}


def _turns(session: Session) -> Iterable[Turn]:
    for running in list(session.engine.running.values()):
        yield running.begun
    for conversation in session.engine.conversations:
        for exchange in conversation:
            yield exchange.turn
