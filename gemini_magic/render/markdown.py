"""Writes a turn as Markdown that folds, for front ends that show ``text/markdown``.

The model's text is neutralised (`gemini_magic.render.neutral`); ``<details>`` around code and
results is ours alone. Pictures are named, not embedded: their bytes stand in the turn JSON and in
the HTML already; where there is no HTML they are embedded. Of a text beyond a million characters
the beginning is shown: a front end draws it in one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from gemini_magic.render import caption, markup
from gemini_magic.render.effort import MOST
from gemini_magic.render.form import Options, turn_blocks
from gemini_magic.render.neutral import fenced, inert, neutral
from gemini_magic.render.raster import shown_type
from gemini_magic.render.sources import Source, linkable
from gemini_magic.text import b64encode, visible
from gemini_magic.turn.parts import Code, File, Image, Result, Text, Thought
from gemini_magic.turn.shown import Displayed
from gemini_magic.turn.stored import hash_of
from gemini_magic.turn.turn import Turn


def markdown(turn: Turn, *, embedded: bool = False, **options: Unpack[Options]) -> str:
    """The Markdown of ``turn``; see `gemini_magic.render.bundle.bundle` for the options.

    ``embedded``: with the pictures in it, as far as they are of types that are shown.
    """
    form = _Embedding() if embedded else _Markdown()
    blocks = turn_blocks(form, turn, **options)
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


class _Markdown:
    """Writes each part as Markdown (`gemini_magic.render.form.Form`)."""

    folds = True

    def note(self, text: str, kind: str) -> str:
        return f"> {inert(text)}"

    def text(self, part: Text) -> str:
        return _prose(part.text)

    def thought(self, part: Thought) -> str:
        return _fold("Thinking", _prose(part.text))

    def code(self, said: caption.CodeCaption, part: Code, place: str) -> str:
        return _fold(str(said), fenced(visible(part.code), part.language.lower()))

    def result(self, said: str, part: Result, opened: bool, inside: Sequence[str]) -> str:
        output = visible(part.output or "")
        body = fenced(output, "text") if output else ""
        return "\n\n".join([_fold(said, body, opened=opened), *inside])

    def image(self, part: Image, times: int) -> str:
        return f"*Picture: {inert(caption.image_caption(part, times=times))}*"

    def shown(self, shown: Displayed) -> str:
        said, text = markup.told(shown, caption.shown_caption(shown))
        if shown.mime_type in markup.PROSE:
            return _prose(shown.data) or (said and f"*{inert(said)}*")
        return "\n\n".join(
            [*([f"*{inert(said)}*"] if said else []), *([fenced(text, "text")] if text else [])]
        )

    def file(self, part: File) -> str:
        said = f"File: {caption.file_caption(part)}"
        if part.data is None:
            return f"{inert(said)} {_link(Source(part.uri or '', linkable(part.uri)))}"
        text = caption.file_text(part.mime_type or "", part.data)
        return inert(said) if text is None else _fold(said, fenced(visible(text), "text"))

    def json(self, kind: str, said: str, value: Any) -> str:
        return _fold(said, fenced(visible(caption.json_text(value)), "json"))

    def sources(self, found: Sequence[Source]) -> str:
        numbered = [f"{at}. {_link(source)}" for at, source in enumerate(found, 1)]
        return "Sources\n\n" + "\n".join(numbered)

    def suggestions(self, chips: Sequence[Source]) -> str:
        return "Google Search: " + " \u00b7 ".join(_link(chip) for chip in chips)

    def usage(self, said: str) -> str:
        return inert(said)


class _Embedding(_Markdown):
    """Writes pictures into the Markdown, a large one that was sent more than once in one place."""

    def __init__(self) -> None:
        self._large: set[str] = set()

    def image(self, part: Image, times: int) -> str:
        mime_type = shown_type(part.mime_type)
        if mime_type is None:
            return super().image(part, times)
        said = inert(caption.image_caption(part, times=times))
        digest = hash_of(part)
        if digest in self._large:
            return f"*The picture above once more: {said}*"
        if digest is not None:
            self._large.add(digest)
        return f"![{said}](data:{mime_type};base64,{b64encode(part.data)})"


def _fold(said: str, body: str, *, opened: bool = False) -> str:
    # The blank line after the summary lets the body be Markdown; the one before the end tag
    # closes it.
    start = "<details open>" if opened else "<details>"
    return f"{start}<summary>{inert(said)}</summary>\n\n" + body.strip("\n") + "\n\n</details>"


def _prose(text: str) -> str:
    written = neutral(text[:MOST])
    if len(text) <= MOST:
        return written
    return f"{written}\n\n*{inert(caption.not_shown(len(text) - MOST))}*"


def _link(source: Source) -> str:
    if source.url is None:
        return inert(source.title)
    url = source.url.replace("(", "%28").replace(")", "%29").replace("$", "%24")
    return f"[{inert(source.title)}]({url})"
