"""A turn as Markdown that folds, for front ends that show ``text/markdown``.

The model's text is neutralised (`gemini_magic.render.neutral`); ``<details>`` around code and
results is ours alone. Pictures are named, not embedded: their bytes stand in the turn JSON and in
the HTML already. Of a text beyond a million characters the beginning is shown: a front end draws
it in one go.
"""

from __future__ import annotations

from typing import Any

from gemini_magic.characters import visible
from gemini_magic.parts import Call, File, Image, Opaque, Response, Result, Text, Thought
from gemini_magic.render import caption
from gemini_magic.render.effort import MOST
from gemini_magic.render.neutral import fenced, inert, neutral
from gemini_magic.render.outline import Entry, outline, pictures
from gemini_magic.render.sources import Source, linkable, sources, suggestions
from gemini_magic.steps import Run, Step
from gemini_magic.turn import Turn


def markdown(
    turn: Turn,
    *,
    show: str = "all",
    notice: str | None = None,
    progress: str | None = None,
    cost: str | None = None,
) -> str:
    """The Markdown of ``turn``; see `gemini_magic.render.bundle.bundle` for the options."""
    blocks = [f"> {inert(line)}" for line in (notice, caption.reused_line(turn)) if line]
    entries = outline(turn.parts, show, caption.sandbox(turn.request.backend))
    for entry in entries:
        blocks += _entry(entry, turn.status == "streaming")
    if show in ("all", "answer"):
        blocks += _sources(turn)
    status = caption.status_line(turn, progress) or caption.nothing_line(turn, entries, show)
    if status:
        blocks.append(f"> {inert(status)}")
    if turn.status != "streaming":
        blocks.append(inert(caption.usage_line(turn, cost)))
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


def _entry(entry: Entry, streaming: bool) -> list[str]:
    step = entry.step
    if isinstance(step, Run):
        return _run(entry, step, streaming)
    return [_single(step)]


def _run(entry: Entry, run: Run, streaming: bool) -> list[str]:
    blocks: list[str] = []
    if run.code is not None and entry.code:
        running = streaming and entry.last and not (run.results or run.images)
        said = caption.code_caption(run, running=running, where=entry.sandbox)
        name = run.code.language.lower()
        blocks.append(_fold(said, fenced(visible(run.code.code), name)))
    if entry.results:
        blocks += [_result(result, entry.open) for result in run.results]
        blocks += [_picture(image, times) for image, times in pictures(run.images)]
    return blocks


def _fold(said: str, body: str, *, opened: bool = False) -> str:
    # The blank line after the summary lets the body be Markdown; the one before the end tag
    # closes it.
    start = "<details open>" if opened else "<details>"
    return f"{start}<summary>{inert(said)}</summary>\n\n" + body.strip("\n") + "\n\n</details>"


def _result(result: Result, opened: bool) -> str:
    output = visible(result.output or "")
    body = fenced(output, "text") if output else ""
    return _fold(caption.result_caption(result), body, opened=opened)


def _picture(image: Image, times: int = 1) -> str:
    return f"*Picture: {inert(caption.image_caption(image, times=times))}*"


def _file(part: File) -> str:
    said = f"File: {caption.file_caption(part)}"
    if part.data is None:
        return f"{inert(said)} {_link(Source(part.uri or '', linkable(part.uri)))}"
    text = caption.file_text(part.mime_type or "", part.data)
    return inert(said) if text is None else _fold(said, fenced(visible(text), "text"))


def _single(step: Step) -> str:
    match step:
        case Text():
            return _prose(step.text)
        case Thought():
            return _fold("Thinking", _prose(step.text))
        case Image():
            return _picture(step)
        case File():
            return _file(step)
        case Call():
            return _json(caption.call_caption(step), step.args or {})
        case Response():
            return _json(caption.response_caption(step), step.response or {})
        case Opaque():
            return _json(caption.opaque_caption(step), dict(step.raw))
    raise TypeError(f"no Markdown for {type(step).__name__}")


def _prose(text: str) -> str:
    written = neutral(text[:MOST])
    if len(text) <= MOST:
        return written
    return f"{written}\n\n*{inert(caption.not_shown(len(text) - MOST))}*"


def _json(said: str, value: Any) -> str:
    return _fold(said, fenced(visible(caption.json_text(value)), "json"))


def _link(source: Source) -> str:
    if source.url is None:
        return inert(source.title)
    url = source.url.replace("(", "%28").replace(")", "%29").replace("$", "%24")
    return f"[{inert(source.title)}]({url})"


def _sources(turn: Turn) -> list[str]:
    blocks: list[str] = []
    found = sources(turn.grounding)
    if found:
        numbered = [f"{at}. {_link(source)}" for at, source in enumerate(found, 1)]
        blocks.append("Sources\n\n" + "\n".join(numbered))
    chips = suggestions(turn.grounding)
    if chips:
        blocks.append("Google Search: " + " \u00b7 ".join(_link(chip) for chip in chips))
    return blocks
