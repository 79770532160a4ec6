"""Verifying from a kernel: the attachments that were sent, the verdict in words."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gemini_magic.attach.content import sandbox_name
from gemini_magic.cells.extract import extract
from gemini_magic.magics.inserting import message
from gemini_magic.parts import Json
from gemini_magic.render.neutral import fenced, inert
from gemini_magic.sandbox.session import checked_name
from gemini_magic.turn import Turn
from gemini_magic.verify import BADGES, Verification, verify
from gemini_magic.wire import b64decode

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


def verified(magics: GeminiMagics, turn: Turn) -> Verification:
    """The turn, verified with the files its request carried."""
    return verify(turn, files(magics, turn), cancelled=magics.cells.closed.is_set)


def files(magics: GeminiMagics, turn: Turn) -> dict[str, bytes]:
    """The files of the conversation up to ``turn``, under their own and the sandbox's names.

    Only a conversation holds the bytes of attachments: for a turn that is in none (stateless, or
    of a notebook that was opened again) there are none.
    """
    for conversation in magics.engine.conversations:
        contents: list[Json] = []
        for exchange in conversation:
            if exchange.turn.id == turn.id:
                return _files([*contents, exchange.user])
            sent = exchange.sent
            if sent is not None:
                contents.append(sent.user)
    return {}


def _files(contents: list[Json]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    number = 0
    for part in (part for content in contents for part in content["parts"]):
        if "inlineData" not in part and "fileData" not in part:
            continue
        inline = part.get("inlineData", {})
        if "data" in inline:
            data = b64decode(inline["data"])
            found[sandbox_name(inline.get("mimeType", ""), number)] = data
            with contextlib.suppress(ValueError):  # a name that is no file's name in one folder
                found[checked_name(inline.get("displayName", ""))] = data
        number += 1
    return found


def told(found: Verification) -> tuple[str, str]:
    """The verdict as plain text and as Markdown: a badge, a line per run, what differs."""
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


def serve(magics: GeminiMagics, request: Json) -> Json:
    """Answer a button: ``{type: cells, turn, source_cell, what}`` or ``{type: verify, turn}``.

    ``turn`` is the turn JSON: the notebook may have been opened again, with a kernel that does not
    know it. Raises ValueError on one that is damaged.
    """
    turn = Turn.from_dict(request["turn"])
    if request["type"] == "verify":
        magics.cells.told_of_verify = True  # the front end has said it
        return verified(magics, turn).to_dict()
    source = str(request.get("source_cell", ""))
    return message(magics, turn, extract(turn, str(request.get("what", "all")), source), source)
