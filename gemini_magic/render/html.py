"""Writes a turn as self-contained HTML that folds: no script, no style sheet, no external resource.

Drawn with ``<details>``/``<summary>`` and inline style only, so that it looks the same live, in an
untrusted notebook, through nbconvert and (folding) on a code host. Element names are a contract
that tests, style sheets and the JupyterLab extension rely on. Everything that came from outside is
escaped by `markupsafe`; there is no empty line in it, since one would end an HTML block where a
front end reads the output as Markdown (nbconvert --to markdown).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Unpack

from markupsafe import Markup, escape

from gemini_magic.render import caption, markup, prose
from gemini_magic.render.form import Options, entry_blocks, turn_blocks
from gemini_magic.render.highlight import highlighted
from gemini_magic.render.outline import Entry
from gemini_magic.render.raster import shown_type, size
from gemini_magic.render.sources import Source, linkable
from gemini_magic.text import b64encode, visible
from gemini_magic.turn.parts import Code, File, Image, Result, Text, Thought
from gemini_magic.turn.shown import Displayed
from gemini_magic.turn.stored import hash_of, marked
from gemini_magic.turn.turn import Turn

# nbconvert's pages (7.17) set an output further left than the text above it, by 17 pixels. They are
# told by a width that only their style sheet has, and JupyterLab's before 4.6.
_EDGE = "margin-left:calc(var(--jp-private-toc-active-width,0px)*4.25)"
# No `--jp-*` colours: beside ipywidgets VS Code has those of a light theme in every theme.
_QUIET = "opacity:0.75;font-size:0.9em;margin:0.5em 0 0"
_FOLD = "margin:0.4em 0;padding:0.1em 0.6em;border-left:3px solid #888"
_FOLD_BAD = "margin:0.4em 0;padding:0.1em 0.6em;border-left:3px solid #c33"
_NOTE = "margin:0.5em 0;padding:0.3em 0.6em;border:1px solid #888"
_SUMMARY = "cursor:pointer"
# In a table of the user's no dollar starts a formula.
_TABLE = '<div class="gm-Shown tex2jax_ignore" style="overflow-x:auto;margin:0.4em 0">{}</div>\n'
SHOWN = 100_000  # characters of a JSON that are shown
# Where a large picture comes; nobody else can write it, since all that is foreign is escaped.
_PLACE = re.compile(r"<gm-picture (\d+)>")
_EMPTY_LINE = re.compile(r"\n(?=[ \t]*\n)")


def html(turn: Turn, **options: Unpack[Options]) -> str:
    """The HTML of ``turn``; see `gemini_magic.render.bundle.bundle` for the options."""
    form = _Html()
    blocks = turn_blocks(form, turn, **options)
    whole = Markup(
        '<div class="gm-Turn" data-turn="{}" data-status="{}" style="{}">\n{}</div>\n'
    ).format(visible(turn.id), turn.status, _EDGE, Markup("").join(blocks))
    return _EMPTY_LINE.sub("&#10;", form.with_pictures(str(whole)))


def entry_html(entry: Entry) -> Markup:
    """One entry of the outline, on its own."""
    form = _Html()
    return Markup(form.with_pictures(Markup("").join(entry_blocks(form, entry))))


def image_html(image: Image, times: int = 1) -> Markup:
    """One picture on its own; ``times``: how often in a row the same bytes were sent."""
    form = _Html()
    return Markup(form.with_pictures(form.image(image, times)))


def shown_html(shown: Displayed) -> Markup:
    """What a run in the kernel has shown: a table, text, or what is not shown here, in words."""
    said = caption.shown_caption(shown)
    if shown.mime_type in markup.PROSE and shown.data:
        return Markup('<div class="gm-Text" dir="auto">\n{}</div>\n').format(prose.html(shown.data))
    body = Markup(_TABLE).format(markup.clean(shown.data)) if markup.words(shown) else Markup("")
    if body and not shown.frame:
        return body
    if shown.data and not shown.frame:
        return _fold("gm-Shown", said, prose.preformatted(visible(shown.data[:SHOWN])))
    where = f"; {markup.ELSEWHERE}" if shown.data else ""
    return Markup('<p class="gm-File">{}{}</p>\n{}').format(said, where, body)


class _Html:
    """Writes each part as HTML (`gemini_magic.render.form.Form`).

    A large picture that was sent more than once stands in it once, where it can be seen without
    unfolding anything if there is such a place. So its place is kept while the parts are written.
    """

    folds = True

    def __init__(self) -> None:
        self._large: list[tuple[str, Image, int]] = []  # hash, picture, times; by place
        self._folded: set[int] = set()

    def with_pictures(self, written: str) -> str:
        """``written`` by this form, with the large pictures in their places."""
        shown: dict[str, int] = {}
        for at in sorted(range(len(self._large)), key=lambda at: at in self._folded):
            shown.setdefault(self._large[at][0], at)

        def drawn(place: re.Match[str]) -> str:
            at = int(place[1])
            digest, image, times = self._large[at]
            if shown[digest] == at:
                return str(_drawn(image, times, marked(digest)))
            said = caption.image_caption(image, times=times)
            where = "above" if shown[digest] < at else "below"
            return str(
                Markup('<p class="gm-File">The picture {} once more: {}</p>\n').format(where, said)
            )

        return _PLACE.sub(drawn, written) if self._large else written

    def note(self, text: str, kind: str) -> Markup:
        return Markup('<p class="gm-{}" style="{}">{}</p>\n').format(
            kind.title(), _NOTE, visible(text)
        )

    def text(self, part: Text) -> Markup:
        return Markup('<div class="gm-Text" dir="auto">\n{}</div>\n').format(prose.html(part.text))

    def thought(self, part: Thought) -> Markup:
        return _fold("gm-Thought", "Thinking", prose.html(part.text))

    def code(self, said: caption.CodeCaption, part: Code, place: str) -> Markup:
        where = Markup(' data-where="{}"').format(place)
        words = escape(str(said))
        if said.line:
            words = Markup("{}: <code>{}</code> \u00b7 {}").format(
                said.length, said.line, said.became
            )
        return _fold("gm-Code", words, highlighted(part.code, part.language), attributes=where)

    def result(self, said: str, part: Result, opened: bool, inside: Sequence[Markup]) -> Markup:
        if not opened:
            self._folded |= {int(at) for block in inside for at in _PLACE.findall(block)}
        outcome = Markup(' data-outcome="{}"').format(part.outcome) if part.outcome else ""
        body = prose.preformatted(visible(part.output)) if part.output else Markup("")
        return Markup(
            '<details class="gm-Result"{}{} style="{}"><summary style="{}">{}</summary>\n{}{}'
            "</details>\n"
        ).format(
            outcome,
            Markup(" open") if opened else "",
            _FOLD_BAD if caption.failed(part.outcome) else _FOLD,
            _SUMMARY,
            said,
            body,
            Markup("").join(inside),
        )

    def image(self, part: Image, times: int) -> Markup:
        if shown_type(part.mime_type) is None:
            said = f"Picture not shown: {caption.image_caption(part)}"
            return _file_like(said, part.mime_type, part.data)
        digest = hash_of(part)
        if digest is None:
            return _drawn(part, times)
        self._large.append((digest, part, times))
        return Markup("<gm-picture {}>").format(len(self._large) - 1)

    def shown(self, shown: Displayed) -> Markup:
        return shown_html(shown)

    def file(self, part: File) -> Markup:
        said = f"File: {caption.file_caption(part)}"
        if part.data is not None:
            return _file_like(said, part.mime_type or "", part.data)
        where = _anchor(Source(visible(part.uri or ""), linkable(part.uri)))
        return Markup('<p class="gm-File">{} {}</p>\n').format(said, where)

    def json(self, kind: str, said: str, value: Any) -> Markup:
        return _fold(f"gm-{kind.title()}", said, highlighted(caption.json_text(value), "json"))

    def sources(self, found: Sequence[Source]) -> Markup:
        items = Markup("").join(Markup("<li>{}</li>\n").format(_anchor(item)) for item in found)
        return Markup('<div class="gm-Sources">Sources\n<ol>\n{}</ol>\n</div>\n').format(items)

    def suggestions(self, chips: Sequence[Source]) -> Markup:
        links = Markup(" \u00b7 ").join(_anchor(chip) for chip in chips)
        return Markup('<p class="gm-Suggestions">Google Search: {}</p>\n').format(links)

    def usage(self, said: str) -> Markup:
        return Markup('<p class="gm-Usage" style="{}">{}</p>\n').format(_QUIET, said)


def _drawn(image: Image, times: int, mark: str = "") -> Markup:
    said = f"Picture: {caption.image_caption(image, times=times)}"
    found = size(image.data)
    sized = Markup(' width="{}" height="{}"').format(*found) if found else ""
    return Markup(
        '<img class="gm-Image"{} src="data:{};base64,{}" alt="{}"{} '
        'style="display:block;max-width:100%;height:auto;margin:0.4em 0;background:#fff">\n'
    ).format(
        Markup(f" {mark}" if mark else ""),
        shown_type(image.mime_type),
        b64encode(image.data),
        said,
        sized,
    )


def _fold(kind: str, summary: str, body: Markup, *, attributes: str = "") -> Markup:
    return Markup(
        '<details class="{}"{} style="{}"><summary style="{}">{}</summary>\n{}</details>\n'
    ).format(kind, attributes, _FOLD, _SUMMARY, summary, body)


def _file_like(said: str, mime_type: str, data: bytes) -> Markup:
    text = caption.file_text(mime_type, data)
    if text is None:
        return Markup('<p class="gm-File">{}</p>\n').format(said)
    return _fold("gm-File", said, prose.preformatted(visible(text)))


def _anchor(source: Source) -> Markup:
    if source.url is None:
        return escape(source.title)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(source.url, source.title)
