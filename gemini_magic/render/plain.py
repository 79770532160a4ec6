"""Writes a turn as plain text, for terminals, logs and screen readers; outcomes in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from gemini_magic.render import caption, markup
from gemini_magic.render.form import Options, turn_blocks
from gemini_magic.render.sources import Source
from gemini_magic.text import visible
from gemini_magic.turn.parts import Code, File, Image, Result, Text, Thought
from gemini_magic.turn.shown import Displayed
from gemini_magic.turn.turn import Turn


def plain(turn: Turn, **options: Unpack[Options]) -> str:
    """The plain text of ``turn``; see `gemini_magic.render.bundle.bundle` for the options."""
    return "\n\n".join(turn_blocks(_Plain(), turn, **options))


class _Plain:
    """Writes each part as plain text (`gemini_magic.render.form.Form`)."""

    folds = False

    def note(self, text: str, kind: str) -> str:
        return f"[{visible(text)}]"

    def text(self, part: Text) -> str:
        return visible(part.text).strip("\n")

    def thought(self, part: Thought) -> str:
        return _block("Thinking", part.text)

    def code(self, said: caption.CodeCaption, part: Code, place: str) -> str:
        return _block(str(said), part.code)

    def result(self, said: str, part: Result, opened: bool, inside: Sequence[str]) -> str:
        return "\n\n".join([_block(said, part.output or ""), *inside])

    def image(self, part: Image, times: int) -> str:
        kind, _, rest = caption.image_caption(part, times=times).partition(", ")
        return f"[image {kind} {rest}]"

    def shown(self, shown: Displayed) -> str:
        said, text = markup.told(shown, caption.shown_caption(shown))
        return "\n\n".join([*([f"[{said}]"] if said else []), *([text] if text else [])])

    def file(self, part: File) -> str:
        said = f"File: {caption.file_caption(part)}"
        if part.data is None:
            return f"[{said}] {visible(part.uri or '')}".rstrip()
        text = caption.file_text(part.mime_type or "", part.data)
        return f"[{said}]" if text is None else _block(said, text)

    def json(self, kind: str, said: str, value: Any) -> str:
        return _block(said, caption.json_text(value))

    def sources(self, found: Sequence[Source]) -> str:
        numbered = [f"[{at}] {_named(source)}" for at, source in enumerate(found, 1)]
        return "Sources\n" + "\n".join(numbered)

    def suggestions(self, chips: Sequence[Source]) -> str:
        return "Google Search: " + ", ".join(_named(chip) for chip in chips)

    def usage(self, said: str) -> str:
        return said


def _block(said: str, body: str) -> str:
    head = f"--- {said}"
    text = visible(body).strip("\n")
    if not text:
        return head
    indented = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    return f"{head}\n{indented}"


def _named(source: Source) -> str:
    if source.url is None or source.url == source.title:
        return source.title
    return f"{source.title} <{source.url}>"
