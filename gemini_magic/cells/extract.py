"""Extracts the cells of an answer; pure.

``code``: one code cell for each piece of code that was run. ``all``: the text as Markdown cells
beside them, a result without code too.

- What the model ran while thinking and then again in the answer is one cell. Results and pictures
  of a run are the recorded outputs of its cell (`recorded_outputs`).
- Code that is no Python (`gemini_magic.cells.source`) is never a code cell: with ``all`` it is
  quoted in a Markdown cell, with what came back from it. Calls of the service's own search tools,
  which come as code, are left out: nobody else has these functions, and what they found is in the
  answer.
- Markdown is neutralised as in every other view: a front end that does not sanitise Markdown
  cells, or an exporter, finds nothing in it that acts.
- Code that reads an attachment finds it in the sandbox alone: a first cell, ``%gemini files ID``,
  writes it into the working folder. The id, since numbers of the history change.
- Code that ran in the user's kernel (``--here``) stands as it ran; what the user skipped makes no
  cell.
- Summaries of the thinking, calls of kernel functions, files and unknown parts make no cells;
  they stay in the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from gemini_magic.cells.meaning import meaning
from gemini_magic.cells.newcell import (
    KEY,
    QUOTED,
    USABLE_ID,
    CellType,
    NewCell,
    Provenance,
    Role,
    cell_id,
    digest,
)
from gemini_magic.cells.source import computation, is_search, obstacle, source
from gemini_magic.render import caption, markup
from gemini_magic.render.neutral import fenced, inert, neutral
from gemini_magic.render.outline import pictures
from gemini_magic.render.raster import shown_type
from gemini_magic.settings import INSERTS
from gemini_magic.text import b64encode, encodable, visible
from gemini_magic.turn.kernel_runs import SKIPPED
from gemini_magic.turn.parts import Code, Image, Json, Part, Text, Thought
from gemini_magic.turn.shown import Displayed
from gemini_magic.turn.steps import CodeRun, Step, outcome_word, steps
from gemini_magic.turn.turn import Turn

FILES = -1  # the part of the cell that writes the answer's attachments: before all of its parts
_IN_SANDBOX = re.compile(r"\binput_file_\d+\.")

Attachments: TypeAlias = dict[str, dict[str, str]]


def extract(turn: Turn, what: str = "code", source_cell: str | None = None) -> tuple[NewCell, ...]:
    """The cells of ``turn``, in order.

    ``what``: none, code or all; ValueError on anything else. ``source_cell``: id of the cell they
    belong to, by default the one that asked. The same turn always gives the same cells.
    """
    if what not in INSERTS:
        raise ValueError(f"what is {what!r}, not one of {', '.join(INSERTS)}")
    if what == "none":
        return ()
    owner = turn.cell or "" if source_cell is None else source_cell
    cells = _cells(turn, owner)
    return tuple(cell for cell in cells if what == "all" or cell.cell_type == "code")


def runs(turn: Turn) -> list[CodeRun]:
    """The runs whose code can run elsewhere as well, in order, each computation once."""
    found = [step for step in steps(turn.parts) if isinstance(step, CodeRun)]
    shown = {computation(run.code) for run in found if run.code and not run.code.thought}
    return [
        run
        for run in found
        if run.code is not None
        and (run.results or not run.kernel)  # else its user stopped the answer there
        and run.outcome != SKIPPED
        and (run.kernel or obstacle(run.code) is None)  # what ran as a cell can be one
        and not is_search(run.code)
        and not (run.code.thought and computation(run.code) in shown)
    ]


def _cells(turn: Turn, owner: str) -> Iterator[NewCell]:
    ran = runs(turn)
    kept = {run.index for run in ran}

    def cell(
        part: int,
        cell_type: CellType,
        role: Role,
        text: str,
        attached: Attachments | None = None,
        outputs: Sequence[Json] = (),
    ) -> NewCell:
        text = encodable(text)
        meant = digest(meaning(text, cell_type))
        note = Provenance(encodable(turn.id), part, owner, role, digest(text), meant)
        made = tuple(encodable(output) for output in outputs)
        return NewCell(cell_id(turn.id, part), cell_type, text, note, made, attached or {})

    if _reads_files(turn, ran):
        yield cell(FILES, "code", "code", f"%gemini files {turn.id}")
    for index, step in _numbered(turn.parts):
        if isinstance(step, str):
            yield cell(index, "markdown", "text", neutral(step).rstrip())
        elif isinstance(step, Image):
            yield cell(index, "markdown", "result", *_pictures([step]))
        elif step.code is None:
            yield cell(index, "markdown", "result", *_result(turn, step))
        elif index in kept:
            outputs = recorded_outputs(turn, step)
            yield cell(index, "code", "code", source(step.code), outputs=outputs)
        elif obstacle(step.code) is not None and not step.kernel:
            yield cell(index, "markdown", "code", *_quoted(turn, step, step.code))


def pieces(turn: Turn) -> tuple[NewCell, ...]:
    """The cells of the answer's code alone, to be run with its files beside it."""
    return tuple(cell for cell in extract(turn, "code") if cell.provenance.part != FILES)


def _reads_files(turn: Turn, ran: Sequence[CodeRun]) -> bool:
    """Whether code that is kept names a file that was attached, to this request or before it.

    Not of a turn whose id is none of ours: it would stand in a line that is run.
    """
    if not USABLE_ID.fullmatch(turn.id):
        return False
    names = [item.name for item in turn.request.attachments]
    sources = [run.code.code for run in ran if run.code is not None and not run.kernel]
    return any(
        _IN_SANDBOX.search(source) or any(name in source for name in names) for source in sources
    )


def _numbered(parts: Sequence[Part]) -> Iterator[tuple[int, str | CodeRun | Image]]:
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
        if isinstance(step, CodeRun | Image):
            yield index, step
    yield from _text(began, words)


def _text(began: int, words: list[str]) -> Iterator[tuple[int, str]]:
    text = "".join(words)
    if text.strip():
        yield began, text


def _position(parts: Sequence[Part], step: Step, start: int) -> int:
    # Steps other than runs are the parts themselves, in their order.
    if isinstance(step, CodeRun):
        return step.index
    return next(at for at in range(start, len(parts)) if parts[at] is step)


def _quoted(turn: Turn, run: CodeRun, code: Code) -> tuple[str, Attachments]:
    """The code, and what came back from it: a Markdown cell has no outputs to record it in."""
    why = f"{QUOTED}: {inert(obstacle(code) or '')}.*"
    quoted = fenced(visible(source(code)), caption.language(code).lower())
    text = f"{why}\n{quoted}".rstrip("\n")
    if not (run.results or run.images):
        return text, {}
    result, attached = _result(turn, run)
    return f"{text}\n\n{result}", attached


def _result(turn: Turn, run: CodeRun) -> tuple[str, Attachments]:
    where = inert(caption.sandbox(turn.request.backend))
    said = [f"*Recorded in {where}{'' if run.code else ', without its code'}.*"]
    for at, result in enumerate(run.results, 1):
        drawn = len(pictures(run.images)) if at == len(run.results) else 0
        said.append(inert(caption.result_caption(result, drawn)))
        if result.output:
            said.append(fenced(visible(result.output), "text").strip("\n"))
    shown, attached = _pictures(run.images)
    return "\n\n".join([*said, *([shown] if shown else [])]), attached


def _pictures(images: Sequence[Image]) -> tuple[str, Attachments]:
    said: list[str] = []
    found: Attachments = {}
    for number, (image, times) in enumerate(pictures(images), 1):
        told = inert(caption.image_caption(image, times=times))
        mime_type = shown_type(image.mime_type)
        if mime_type is None:
            said.append(f"*Picture: {told}*")
            continue
        name = f"{number}-picture.{mime_type.partition('/')[2]}"
        found[name] = {mime_type: b64encode(image.data)}
        said.append(f"![{told}](attachment:{name})")
    return "\n\n".join(said), found


def recorded_outputs(turn: Turn, run: CodeRun) -> tuple[Json, ...]:
    """What the sandbox returned as nbformat outputs of the code cell; () without any.

    The cell has not run here: its first output says so, to the reader in words and to programs in
    its metadata (``gemini_magic``: ``sandbox``, ``turn``, ``part``, ``outcome``), since nbformat
    gives a stream output no metadata. Then each result as a stream, each picture with that mark.
    """
    if not (run.results or run.images):
        return ()
    where = caption.sandbox(turn.request.backend)
    mark = {
        **({"kernel": True} if run.kernel else {"sandbox": where}),
        "turn": turn.id,
        "part": run.index,
        **({"outcome": run.outcome} if run.outcome else {}),
    }
    how = f" ({outcome_word(run.outcome)})" if run.results else ""
    said = f"Recorded in {where}{how}, not run in this kernel:"
    if run.kernel:
        said = f"Recorded when the answer ran it in the kernel{how}:"
    found = [_display({"text/plain": said}, mark)]
    for result in run.results:
        if result.output:
            name = "stderr" if caption.failed(result.outcome) else "stdout"
            found.append({"output_type": "stream", "name": name, "text": visible(result.output)})
    found += [_display(data, mark) for data in map(_recorded, run.shown) if data]
    for image, times in pictures(run.images):
        found.append(_recorded_picture(image, times, mark))
    return tuple(found)


def _recorded(shown: Displayed) -> dict[str, str]:
    """A table as an output, sanitised; nothing of what needs a page of its own, or of JSON."""
    if shown.frame or not shown.data:
        return {}
    if shown.mime_type == "text/markdown":
        return {"text/plain": visible(shown.data), "text/markdown": neutral(shown.data)}
    text = markup.words(shown)
    return {"text/plain": text, "text/html": str(markup.clean(shown.data))} if text else {}


def _recorded_picture(image: Image, times: int, mark: Json) -> Json:
    data = {"text/plain": f"<{caption.image_caption(image, times=times)}>"}
    mime_type = shown_type(image.mime_type)
    if mime_type is not None:
        data[mime_type] = b64encode(image.data)
    return _display(data, mark)


def _display(data: dict[str, str], mark: Json) -> Json:
    return {"output_type": "display_data", "data": data, "metadata": {KEY: dict(mark)}}
