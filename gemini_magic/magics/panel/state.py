"""What the sidebar shows of a kernel: one value, small enough to be sent at every change.

Answers themselves are not in it: the sidebar asks for those it is about to show (`answers`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gemini_magic.characters import encodable
from gemini_magic.conversation import Exchange
from gemini_magic.errors import GeminiError
from gemini_magic.magics.costs import session
from gemini_magic.magics.history import notes
from gemini_magic.magics.serving import look
from gemini_magic.parts import Json
from gemini_magic.turn import MIME, Turn

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics
    from gemini_magic.magics.panel.line import Waiting

WAITS = "waits for the answer before it"
BEGINNING = 400  # characters of each prompt; the answer carries the whole


def state(magics: GeminiMagics) -> Json:
    """The current conversation's exchanges in a line each, and what surrounds them."""
    engine = magics.engine
    conversation = engine.conversations.get()
    answering = Counter(one.begun.conversation for one in list(engine.running.values()))
    return {
        "conversation": conversation.name,
        "conversations": [
            {"name": one.name, "exchanges": len(one), "answering": answering[one.name]}
            for one in engine.conversations
        ],
        "exchanges": [
            *_with_running(
                [_head(exchange) for exchange in conversation], magics, conversation.name
            ),
            *map(_waiting, magics.prompts.waiting(conversation.name)),
        ],
        "undone": conversation.undone,
        "model": magics.settings.model,
        "models": magics.known_models(),
        "backend": _backend(magics),
        "usage": session(magics),
    }


def _head(exchange: Exchange) -> Json:
    turn = exchange.turn
    return {**_beginning(turn), "status": turn.status, "notes": notes(exchange)}


def _beginning(turn: Turn) -> Json:
    asked = turn.request
    attached = [attachment.name for attachment in asked.attachments]
    return {
        **_asked(turn.id, asked.prompt, attached),
        "cell": turn.cell,
        "status": turn.status,
    }


def _waiting(prompt: Waiting) -> Json:
    asked = _asked(prompt.id, prompt.prompt, prompt.attached)
    return {**asked, "cell": None, "status": "waiting", "notes": [WAITS]}


def _asked(turn: str, prompt: str, attached: Iterable[str]) -> Json:
    return {
        "turn": turn,
        "prompt": encodable(prompt[:BEGINNING]),
        "whole": len(prompt) <= BEGINNING,
        "attached": [*attached],
        "notes": [],
    }


def _with_running(heads: list[Json], magics: GeminiMagics, conversation: str) -> list[Json]:
    """``heads`` with the questions that are being answered now, in the places they will have."""
    known = {head["turn"] for head in heads}
    for running in list(magics.engine.running.values()):
        turn = running.begun
        if turn.conversation != conversation or turn.id in known:
            continue
        places = [at for at, head in enumerate(heads) if head["turn"] == running.replaces]
        at = places[0] if places else len(heads)
        heads[at : at + 1] = [_beginning(turn)]
    return heads


def _backend(magics: GeminiMagics) -> Json:
    """Who answers, in words, or what is in the way: the same words as the doctor's."""
    from gemini_magic.transport.backends import choose

    try:
        backend = choose(*magics.wanted_backend)
    except GeminiError as error:
        return {"ok": False, "said": error.what, "fix": error.hint}
    return {"ok": True, "said": str(backend), "kind": backend.kind}


def answers(magics: GeminiMagics, wanted: Iterable[str]) -> Json:
    """Data and metadata of the outputs that show the turns ``wanted``, by turn; unknown: none."""
    shown = look(magics)
    ids = set(wanted)
    found: dict[str, Json] = {}
    for turn in _turns(magics):
        if turn.id in ids:
            metadata = shown.metadata(
                turn, None if turn.status == "streaming" else shown.cost(turn)
            )
            found[turn.id] = {"data": {MIME: encodable(turn.to_dict())}, "metadata": metadata}
    if magics.front_end is not None:
        for name in ids:
            streaming = magics.front_end.streaming(name)
            if streaming is not None and name in magics.engine.running:
                found[name] = {"data": streaming[0], "metadata": streaming[1]}
    return {"answers": found}


def _turns(magics: GeminiMagics) -> Iterable[Turn]:
    for running in list(magics.engine.running.values()):
        yield running.begun
    for conversation in magics.engine.conversations:
        for exchange in conversation:
            yield exchange.turn
