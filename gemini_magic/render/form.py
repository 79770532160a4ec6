"""Walks a turn for its static forms: plain text, Markdown and HTML say the same, in one order.

A form (`Form`) says how each kind of part is written; which parts a view shows, in which order
and under which captions is decided here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypedDict, TypeVar, Unpack

from gemini_magic.render import caption
from gemini_magic.render.outline import Entry, outline, pictures
from gemini_magic.render.sources import Source, sources, suggestions
from gemini_magic.render.telling import telling
from gemini_magic.turn.parts import (
    Call,
    Code,
    File,
    Image,
    Opaque,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.shown import Displayed
from gemini_magic.turn.steps import CodeRun
from gemini_magic.turn.turn import Turn

Block = TypeVar("Block", bound=str)


class Options(TypedDict, total=False):
    """What a view says beside the turn; see `gemini_magic.render.bundle.bundle`.

    ``chosen``: as `gemini_magic.render.caption.code_caption` has it. ``entries``: of this turn and
    ``show``, where they are known already (`entries_of`).
    """

    show: str
    notice: str | None
    progress: str | None
    cost: str | None
    chosen: Callable[[str], str]
    entries: Sequence[Entry]


class Form(Protocol[Block]):
    """Writes each kind of part as one block; a block is text of the form."""

    @property
    def folds(self) -> bool:
        """Whether code and results can be folded to their captions."""
        ...

    def note(self, text: str, kind: str) -> Block:
        """A line of ours; ``kind``: notice, reused or status."""
        ...

    def text(self, part: Text) -> Block: ...

    def thought(self, part: Thought) -> Block: ...

    def code(self, said: caption.CodeCaption, part: Code, place: str) -> Block:
        """Code that ran; ``said``: its caption; ``place``: sandbox, emulator or kernel."""
        ...

    def result(self, said: str, part: Result, opened: bool, inside: Sequence[Block]) -> Block:
        """A result; ``said``: its caption; ``inside``: what a failed attempt has shown."""
        ...

    def image(self, part: Image, times: int) -> Block:
        """A picture; ``times``: how often in a row the same bytes were sent."""
        ...

    def shown(self, shown: Displayed) -> Block:
        """What a run in the kernel has shown beside its text; empty where its text says it."""
        ...

    def file(self, part: File) -> Block: ...

    def json(self, kind: str, said: str, value: Any) -> Block:
        """A part that is shown as its JSON; ``kind``: call, response or opaque."""
        ...

    def sources(self, found: Sequence[Source]) -> Block: ...

    def suggestions(self, chips: Sequence[Source]) -> Block: ...

    def usage(self, said: str) -> Block: ...


def entries_of(turn: Turn, show: str = "all") -> list[Entry]:
    """The entries of ``turn`` that ``show`` shows; raises ValueError on an unknown ``show``."""
    typed = "schema" in turn.request.config
    return outline(turn.parts, show, caption.sandbox(turn.request.backend), typed=typed)


def turn_blocks(form: Form[Block], turn: Turn, **options: Unpack[Options]) -> list[Block]:
    """The blocks of ``turn``; see `gemini_magic.render.bundle.bundle` for the options."""
    show = options.get("show", "all")
    above = {"notice": options.get("notice"), "reused": caption.reused_line(turn)}
    blocks = [form.note(line, kind) for kind, line in above.items() if line]
    chosen = options.get("chosen", telling)
    entries = options.get("entries")
    if entries is None:
        entries = entries_of(turn, show)
    for entry in entries:
        blocks += entry_blocks(form, entry, turn.status == "streaming", chosen)
    if show in ("all", "answer"):
        if found := sources(turn.grounding):
            blocks.append(form.sources(found))
        if chips := suggestions(turn.grounding):
            blocks.append(form.suggestions(chips))
    status = caption.status_line(turn, options.get("progress")) or caption.nothing_line(
        turn, entries, show
    )
    if status:
        blocks.append(form.note(status, "status"))
    blocks += [form.note(line, "answering") for line in caption.model_lines(turn)]
    if turn.status != "streaming":
        blocks.append(form.usage(caption.usage_line(turn, options.get("cost"))))
    return blocks


def entry_blocks(
    form: Form[Block],
    entry: Entry,
    streaming: bool = False,
    chosen: Callable[[str], str] = telling,
) -> list[Block]:
    """The blocks of one entry of the outline."""
    match entry.step:
        case CodeRun() as run:
            return _run_blocks(form, entry, run, streaming, chosen)
        case Text() as part:
            return [form.text(part)]
        case Thought() as part:
            return [form.thought(part)]
        case Image() as part:
            return [form.image(part, 1)]
        case File() as part:
            return [form.file(part)]
        case Call() as part:
            return [form.json(part.kind, caption.call_caption(part), part.args or {})]
        case Response() as part:
            return [form.json(part.kind, caption.response_caption(part), part.response or {})]
        case Opaque() as part:
            return [form.json(part.kind, caption.opaque_caption(part), dict(part.raw))]


def _run_blocks(
    form: Form[Block], entry: Entry, run: CodeRun, streaming: bool, chosen: Callable[[str], str]
) -> list[Block]:
    blocks: list[Block] = []
    if run.code is not None and entry.code:
        running = streaming and entry.last and not (run.results or run.images)
        said = caption.code_caption(
            run, running=running, where=entry.sandbox, folded=form.folds, chosen=chosen
        )
        blocks.append(form.code(said, run.code, caption.place(run, entry.sandbox)))
    if entry.results:
        drawn = [form.image(image, times) for image, times in pictures(run.images)]
        number = len(drawn)
        drawn = [block for block in map(form.shown, run.shown) if block] + drawn
        for at, result in enumerate(run.results, 1):
            last = at == len(run.results)
            folds = last and caption.failed(run.outcome)
            line = caption.result_caption(result, number if last else 0, run.changes)
            blocks.append(form.result(line, result, entry.open, drawn if folds else []))
            drawn = [] if folds else drawn
        blocks += drawn
    return blocks
