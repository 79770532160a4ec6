"""Verifies an answer of a session: with the attachments that were sent; the verdict in words."""

from __future__ import annotations

from collections.abc import Callable

from gemini_magic.render.neutral import fenced, inert
from gemini_magic.session.conversations import Conversations
from gemini_magic.turn.attached import Attached, attached, by_name
from gemini_magic.turn.parts import Json
from gemini_magic.turn.turn import Turn
from gemini_magic.verify.verification import BADGES, Verification, verify


def verify_answer(
    conversations: Conversations, turn: Turn, cancelled: Callable[[], bool]
) -> Verification:
    """Verify a turn with the files that its request carried."""
    return verify(turn, files(conversations, turn), cancelled=cancelled)


def files(conversations: Conversations, turn: Turn) -> dict[str, bytes]:
    """Collect the conversation's files up to ``turn``, under their own and the sandbox's names."""
    return by_name(attached_to(conversations, turn))


def attached_to(conversations: Conversations, turn: Turn) -> list[Attached]:
    """The files of the conversation up to ``turn``.

    The turn itself carries them in the kernel that asked, a conversation also when it was loaded.
    For a turn of a notebook that was opened again there are none.
    """
    if turn.carried:
        return attached(turn.carried)
    for conversation in conversations:
        contents: list[Json] = []
        for exchange in conversation:
            if exchange.turn.id == turn.id:
                return attached(exchange.turn.carried or [*contents, exchange.user])
            sent = exchange.sent
            if sent is not None:
                contents.append(sent.user)
    return []


def verdict_text(found: Verification) -> tuple[str, str]:
    """Write the verdict as plain text and as Markdown: a badge, a line per run, what differs."""
    plain = [found.badge]
    markdown = [f"**{inert(found.badge)}**"]
    for number, check in enumerate(found.checks, 1):
        said = f"run {number}: {BADGES[check.verdict].lower()}"
        said += f" ({check.said})" if check.said else ""
        plain.append(f"  {said}")
        markdown.append(f"- {inert(said)}")
        if check.diff:
            plain += [f"      {line}" for line in check.diff.splitlines()]
            markdown.append(fenced(check.diff, "diff"))
    plain += found.notes
    markdown += [f"\n{inert(note)}" for note in found.notes]
    if any(check.diff for check in found.checks):
        plain.append("(- in the sandbox, + here)")
        markdown.append("\n\\- in the sandbox, + here")
    return "\n".join(plain), "\n".join(markdown)
