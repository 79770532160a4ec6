"""A turn as self-contained HTML that folds: no script, no style sheet, no external resource.

Drawn with ``<details>``/``<summary>`` and inline style only, so that it looks the same live, in an
untrusted notebook, through nbconvert and (folding) on a code host. Element names are a contract
that tests, style sheets and the JupyterLab extension rely on. Everything that came from outside is
escaped by `markupsafe`; there is no empty line in it, since one would end an HTML block where a
front end reads the output as Markdown (nbconvert --to markdown).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from gemini_magic.characters import visible
from gemini_magic.parts import (
    Call,
    File,
    Image,
    Opaque,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.render import caption, prose
from gemini_magic.render.highlight import highlighted
from gemini_magic.render.outline import Entry, outline, pictures
from gemini_magic.render.raster import shown_type, size
from gemini_magic.render.sources import Source, linkable, sources, suggestions
from gemini_magic.steps import Run
from gemini_magic.turn import Turn

_QUIET = "color:var(--jp-ui-font-color2,inherit);font-size:0.9em;margin:0.5em 0 0"
_FOLD = "margin:0.4em 0;padding:0.1em 0.6em;border-left:3px solid var(--jp-border-color1,#888)"
_FOLD_BAD = "margin:0.4em 0;padding:0.1em 0.6em;border-left:3px solid var(--jp-error-color1,#c33)"
_NOTE = "margin:0.5em 0;padding:0.3em 0.6em;border:1px solid var(--jp-border-color1,#888)"
_SUMMARY = "cursor:pointer"
_EMPTY_LINE = re.compile(r"\n(?=[ \t]*\n)")


def html(
    turn: Turn,
    *,
    show: str = "all",
    notice: str | None = None,
    progress: str | None = None,
    cost: str | None = None,
) -> str:
    """The HTML of ``turn``; see `gemini_magic.render.bundle.bundle` for the options."""
    pieces = [
        _note(line, kind)
        for line, kind in (
            (notice, "gm-Notice"),
            (caption.reused_line(turn), "gm-Reused"),
        )
        if line
    ]
    entries = outline(turn.parts, show, caption.sandbox(turn.request.backend))
    pieces += [entry_html(entry, turn.status == "streaming") for entry in entries]
    if show in ("all", "answer"):
        pieces.append(_sources(turn))
    status = caption.status_line(turn, progress) or caption.nothing_line(turn, entries, show)
    if status:
        pieces.append(_note(status, "gm-Status"))
    if turn.status != "streaming":
        usage = caption.usage_line(turn, cost)
        pieces.append(Markup('<p class="gm-Usage" style="{}">{}</p>\n').format(_QUIET, usage))
    whole = Markup('<div class="gm-Turn" data-turn="{}" data-status="{}">\n{}</div>\n').format(
        visible(turn.id), turn.status, Markup("").join(pieces)
    )
    return _EMPTY_LINE.sub("&#10;", str(whole))


def _note(text: str, kind: str) -> Markup:
    return Markup('<p class="{}" style="{}">{}</p>\n').format(kind, _NOTE, visible(text))


def entry_html(entry: Entry, streaming: bool = False) -> Markup:
    """One entry of the outline, on its own."""
    step = entry.step
    if isinstance(step, Run):
        return _run(entry, step, streaming)
    draw: Callable[[Any], Markup] = _DRAW[type(step)]
    return draw(step)


def _run(entry: Entry, run: Run, streaming: bool) -> Markup:
    pieces: list[Markup] = []
    if run.code is not None and entry.code:
        running = streaming and entry.last and not (run.results or run.images)
        summary = caption.code_caption(run, running=running, where=entry.sandbox)
        body = highlighted(run.code.code, run.code.language)
        pieces.append(_fold("gm-Code", summary, body))
    if entry.results:
        drawn = Markup("").join(image_html(image, times) for image, times in pictures(run.images))
        folded = caption.failed(run.outcome)  # a failed attempt folds with its pictures
        for at, result in enumerate(run.results):
            inside = drawn if folded and at == len(run.results) - 1 else Markup("")
            pieces.append(_result(result, entry.open, inside))
        if not folded:
            pieces.append(drawn)
    return Markup("").join(pieces)


def _fold(kind: str, summary: str, body: Markup, *, opened: bool = False) -> Markup:
    return Markup(
        '<details class="{}"{} style="{}"><summary style="{}">{}</summary>\n{}</details>\n'
    ).format(kind, Markup(" open") if opened else "", _FOLD, _SUMMARY, summary, body)


def _result(result: Result, opened: bool, inside: Markup) -> Markup:
    outcome = Markup(' data-outcome="{}"').format(result.outcome) if result.outcome else ""
    body = prose.preformatted(visible(result.output)) if result.output else Markup("")
    return Markup(
        '<details class="gm-Result"{}{} style="{}"><summary style="{}">{}</summary>\n{}{}'
        "</details>\n"
    ).format(
        outcome,
        Markup(" open") if opened else "",
        _FOLD_BAD if caption.failed(result.outcome) else _FOLD,
        _SUMMARY,
        caption.result_caption(result),
        body,
        inside,
    )


def _text(part: Text) -> Markup:
    return Markup('<div class="gm-Text" dir="auto">\n{}</div>\n').format(prose.html(part.text))


def _thought(part: Thought) -> Markup:
    return _fold("gm-Thought", "Thinking", prose.html(part.text))


def image_html(image: Image, times: int = 1) -> Markup:
    """One picture on its own; ``times``: how often in a row the same bytes were sent."""
    mime_type = shown_type(image.mime_type)
    if mime_type is None:
        said = f"Picture not shown: {caption.image_caption(image)}"
        return _file_like(said, image.mime_type, image.data)
    said = f"Picture: {caption.image_caption(image, times=times)}"
    found = size(image.data)
    sized = Markup(' width="{}" height="{}"').format(*found) if found else ""
    return Markup(
        '<img class="gm-Image" src="data:{};base64,{}" alt="{}"{} '
        'style="display:block;max-width:100%;height:auto">\n'
    ).format(mime_type, base64.b64encode(image.data).decode(), said, sized)


def _file(part: File) -> Markup:
    said = f"File: {caption.file_caption(part)}"
    if part.data is not None:
        return _file_like(said, part.mime_type or "", part.data)
    url = linkable(part.uri)
    where = _anchor(Source(visible(part.uri or ""), url))
    return Markup('<p class="gm-File">{} {}</p>\n').format(said, where)


def _file_like(said: str, mime_type: str, data: bytes) -> Markup:
    text = caption.file_text(mime_type, data)
    if text is None:
        return Markup('<p class="gm-File">{}</p>\n').format(said)
    return _fold("gm-File", said, prose.preformatted(visible(text)))


def _json(kind: str, said: str, value: Any) -> Markup:
    return _fold(kind, said, highlighted(caption.json_text(value), "json"))


def _anchor(source: Source) -> Markup:
    if source.url is None:
        return escape(source.title)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(source.url, source.title)


def _sources(turn: Turn) -> Markup:
    drawn = Markup("")
    found = sources(turn.grounding)
    if found:
        items = Markup("").join(Markup("<li>{}</li>\n").format(_anchor(item)) for item in found)
        drawn += Markup('<div class="gm-Sources">Sources\n<ol>\n{}</ol>\n</div>\n').format(items)
    chips = suggestions(turn.grounding)
    if chips:
        links = Markup(" \u00b7 ").join(_anchor(chip) for chip in chips)
        drawn += Markup('<p class="gm-Suggestions">Google Search: {}</p>\n').format(links)
    return drawn


_DRAW: dict[type, Callable[[Any], Markup]] = {
    Text: _text,
    Thought: _thought,
    Image: image_html,
    File: _file,
    Call: lambda part: _json("gm-Call", caption.call_caption(part), part.args or {}),
    Response: lambda part: _json(
        "gm-Response", caption.response_caption(part), part.response or {}
    ),
    Opaque: lambda part: _json("gm-Opaque", caption.opaque_caption(part), dict(part.raw)),
}
