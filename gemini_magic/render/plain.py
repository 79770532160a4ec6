"""A turn as plain text: what a terminal, a log and a screen reader get; outcomes in words."""

from __future__ import annotations

from typing import Any

from gemini_magic.characters import visible
from gemini_magic.parts import Call, File, Image, Opaque, Response, Text, Thought
from gemini_magic.render import caption
from gemini_magic.render.outline import Entry, outline, pictures
from gemini_magic.render.sources import Source, sources, suggestions
from gemini_magic.steps import Run, Step
from gemini_magic.turn import Turn


def plain(
    turn: Turn,
    *,
    show: str = "all",
    notice: str | None = None,
    progress: str | None = None,
    cost: str | None = None,
) -> str:
    """The plain text of ``turn``; see `gemini_magic.render.bundle.bundle` for the options."""
    blocks = [f"[{visible(line)}]" for line in (notice, caption.reused_line(turn)) if line]
    entries = outline(turn.parts, show, caption.sandbox(turn.request.backend))
    for entry in entries:
        blocks += _entry(entry, turn.status == "streaming")
    if show in ("all", "answer"):
        blocks += _sources(turn)
    status = caption.status_line(turn, progress) or caption.nothing_line(turn, entries, show)
    if status:
        blocks.append(f"[{status}]")
    if turn.status != "streaming":
        blocks.append(caption.usage_line(turn, cost))
    return "\n\n".join(blocks)


def _entry(entry: Entry, streaming: bool) -> list[str]:
    step = entry.step
    if not isinstance(step, Run):
        return [_single(step)]
    blocks: list[str] = []
    if step.code is not None and entry.code:
        running = streaming and entry.last and not (step.results or step.images)
        blocks.append(
            _block(caption.code_caption(step, running=running, where=entry.sandbox), step.code.code)
        )
    if entry.results:
        for result in step.results:
            blocks.append(_block(caption.result_caption(result), result.output or ""))
        blocks += [_picture(image, times) for image, times in pictures(step.images)]
    return blocks


def _block(said: str, body: str) -> str:
    head = f"--- {said}"
    text = visible(body).strip("\n")
    if not text:
        return head
    indented = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    return f"{head}\n{indented}"


def _picture(image: Image, times: int = 1) -> str:
    said = caption.image_caption(image, times=times)
    kind, _, rest = said.partition(", ")
    return f"[image {kind} {rest}]"


def _single(step: Step) -> str:
    match step:
        case Text():
            return visible(step.text).strip("\n")
        case Thought():
            return _block("Thinking", step.text)
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
    raise TypeError(f"no plain text for {type(step).__name__}")


def _file(part: File) -> str:
    said = f"File: {caption.file_caption(part)}"
    if part.data is None:
        return f"[{said}] {visible(part.uri or '')}".rstrip()
    text = caption.file_text(part.mime_type or "", part.data)
    return f"[{said}]" if text is None else _block(said, text)


def _json(said: str, value: Any) -> str:
    return _block(said, caption.json_text(value))


def _named(source: Source) -> str:
    if source.url is None or source.url == source.title:
        return source.title
    return f"{source.title} <{source.url}>"


def _sources(turn: Turn) -> list[str]:
    blocks: list[str] = []
    found = sources(turn.grounding)
    if found:
        numbered = [f"[{at}] {_named(source)}" for at, source in enumerate(found, 1)]
        blocks.append("Sources\n" + "\n".join(numbered))
    chips = suggestions(turn.grounding)
    if chips:
        blocks.append("Google Search: " + ", ".join(_named(chip) for chip in chips))
    return blocks
