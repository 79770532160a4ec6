"""The cells that an answer makes; pure.

``code``: one code cell for each piece of code that was run. ``all``: the text as Markdown cells
beside them, a result without code too.

- What the model ran while thinking and then again in the answer is one cell. Results and pictures
  of a run are the recorded outputs of its cell (`gemini_magic.cells.recorded`).
- Code that is no Python (`gemini_magic.cells.source`) is never a code cell: with ``all`` it is
  quoted in a Markdown cell, with what came back from it. Calls of the service's own search tools,
  which come as code, are left out: nobody else has these functions, and what they found is in the
  answer.
- Markdown is neutralised as in every other view: a front end that does not sanitise Markdown
  cells, or an exporter, finds nothing in it that acts.
- Summaries of the thinking, calls of kernel functions, files and unknown parts make no cells;
  they stay in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from gemini_magic.cells import recorded
from gemini_magic.cells.newcell import (
    QUOTED,
    CellType,
    NewCell,
    Provenance,
    Role,
    cell_id,
    digest,
)
from gemini_magic.cells.source import computation, is_search, obstacle, source
from gemini_magic.characters import encodable, visible
from gemini_magic.parts import Code, Image, Json, Part, Text, Thought
from gemini_magic.render import caption
from gemini_magic.render.neutral import fenced, inert, neutral
from gemini_magic.render.outline import pictures
from gemini_magic.steps import Run, Step, steps
from gemini_magic.turn import Turn

WHAT = ("none", "code", "all")

Attachments: TypeAlias = dict[str, dict[str, str]]


def extract(turn: Turn, what: str = "code", source_cell: str | None = None) -> tuple[NewCell, ...]:
    """The cells of ``turn``, in order.

    ``what``: none, code or all; ValueError on anything else. ``source_cell``: id of the cell they
    belong to, by default the one that asked. The same turn always gives the same cells.
    """
    if what not in WHAT:
        raise ValueError(f"what is {what!r}, not one of {', '.join(WHAT)}")
    if what == "none":
        return ()
    owner = turn.cell or "" if source_cell is None else source_cell
    cells = _cells(turn, owner)
    return tuple(cell for cell in cells if what == "all" or cell.cell_type == "code")


def runs(turn: Turn) -> list[Run]:
    """The runs whose code can run elsewhere as well, in order, each computation once."""
    found = [step for step in steps(turn.parts) if isinstance(step, Run)]
    shown = {computation(run.code) for run in found if run.code and not run.code.thought}
    return [
        run
        for run in found
        if run.code is not None
        and obstacle(run.code) is None
        and not is_search(run.code)
        and not (run.code.thought and computation(run.code) in shown)
    ]


def _cells(turn: Turn, owner: str) -> Iterator[NewCell]:
    kept = {run.index for run in runs(turn)}

    def cell(
        part: int,
        cell_type: CellType,
        role: Role,
        text: str,
        attached: Attachments | None = None,
        outputs: Sequence[Json] = (),
    ) -> NewCell:
        text = encodable(text)
        note = Provenance(encodable(turn.id), part, owner, role, digest(text))
        made = tuple(encodable(output) for output in outputs)
        return NewCell(cell_id(turn.id, part), cell_type, text, note, made, attached or {})

    for index, step in _numbered(turn.parts):
        if isinstance(step, str):
            yield cell(index, "markdown", "text", neutral(step).rstrip())
        elif isinstance(step, Image):
            yield cell(index, "markdown", "result", *_pictures([step]))
        elif step.code is None:
            yield cell(index, "markdown", "result", *_result(turn, step))
        elif index in kept:
            outputs = recorded.outputs(turn, step)
            yield cell(index, "code", "code", source(step.code), outputs=outputs)
        elif obstacle(step.code) is not None:
            yield cell(index, "markdown", "code", *_quoted(turn, step, step.code))


def _numbered(parts: Sequence[Part]) -> Iterator[tuple[int, str | Run | Image]]:
    """Runs, lone pictures and texts with the position of their first part; neighbours joined.

    A streamed text is split where it was signed, in the middle of a word.
    """
    words: list[str] = []
    began, index = 0, -1
    for step in steps(parts):
        index = _position(parts, step, index + 1)
        if isinstance(step, Text | Thought) and not step.text:
            continue
        if isinstance(step, Text):
            began = began if words else index
            words.append(step.text)
            continue
        if words:
            yield from _text(began, words)
            words = []
        if isinstance(step, Run | Image):
            yield index, step
    yield from _text(began, words)


def _text(began: int, words: list[str]) -> Iterator[tuple[int, str]]:
    text = "".join(words)
    if text.strip():
        yield began, text


def _position(parts: Sequence[Part], step: Step, start: int) -> int:
    # Steps other than runs are the parts themselves, in their order.
    if isinstance(step, Run):
        return step.index
    return next(at for at in range(start, len(parts)) if parts[at] is step)


def _quoted(turn: Turn, run: Run, code: Code) -> tuple[str, Attachments]:
    """The code, and what came back from it: a Markdown cell has no outputs to record it in."""
    why = f"{QUOTED}: {inert(obstacle(code) or '')}.*"
    quoted = fenced(visible(source(code)), caption.language(code).lower())
    text = f"{why}\n{quoted}".rstrip("\n")
    if not (run.results or run.images):
        return text, {}
    result, attached = _result(turn, run)
    return f"{text}\n\n{result}", attached


def _result(turn: Turn, run: Run) -> tuple[str, Attachments]:
    where = inert(caption.sandbox(turn.request.backend))
    said = [f"*Recorded in {where}{'' if run.code else ', without its code'}.*"]
    for result in run.results:
        said.append(inert(caption.result_caption(result)))
        if result.output:
            said.append(fenced(visible(result.output), "text").strip("\n"))
    shown, attached = _pictures(run.images)
    return "\n\n".join([*said, *([shown] if shown else [])]), attached


def _pictures(images: Sequence[Image]) -> tuple[str, Attachments]:
    said: list[str] = []
    found: Attachments = {}
    for number, (image, times) in enumerate(pictures(images), 1):
        told = inert(caption.image_caption(image, times=times))
        attached = recorded.attachment(image)
        if attached is None:
            said.append(f"*Picture: {told}*")
            continue
        name = f"{number}-{attached[0]}"
        found[name] = attached[1]
        said.append(f"![{told}](attachment:{name})")
    return "\n\n".join(said), found
