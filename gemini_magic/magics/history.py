"""The exchanges of a conversation in words: one line each, and what there is to note about one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_magic.conversation import Exchange
from gemini_magic.magics.line import count, number

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


def history(magics: GeminiMagics, rest: str) -> None:
    """``%gemini history [N]``: the exchanges of the current conversation, or its last N."""
    conversation = magics.engine.conversations.get()
    exchanges = list(conversation)
    shown = len(exchanges) if not rest else number(rest, "history N")
    magics.say(f"conversation {conversation.name}: {count(len(exchanges), 'exchange')}")
    for position, exchange in list(enumerate(exchanges, 1))[max(0, len(exchanges) - shown) :]:
        magics.say(f"{position:>4}  {described(exchange)}")


def described(exchange: Exchange) -> str:
    """An exchange on one line: its prompt's beginning, model, tokens, runs, and its notes."""
    turn = exchange.turn
    prompt = " ".join(turn.request.prompt.split())
    prompt = prompt if len(prompt) <= 60 else prompt[:57] + "..."
    marks = notes(exchange) if turn.status == "complete" else [turn.status, *notes(exchange)]
    runs = f", {count(len(turn.code), 'run')}" if turn.code else ""
    noted = f"  [{'; '.join(marks)}]" if marks else ""
    return f"{prompt}  ({turn.model}, {turn.usage.total_tokens:,} tokens{runs}){noted}"


def notes(exchange: Exchange) -> list[str]:
    """What there is to know about an exchange's place in the conversation."""
    found: list[str] = []
    if not exchange.sendable:
        found.append(
            "not sent with later prompts" if exchange.good is None else "its earlier answer is sent"
        )
    if exchange.stale:
        found.append("stale: an exchange before it has changed")
    return found
