"""Writes what the model is told of the cells that ran before (``--context``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from gemini_magic.errors import redact
from gemini_magic.here.bounded import cut
from gemini_magic.here.pictures import small
from gemini_magic.here.recorder import Cell, Recorder
from gemini_magic.text import b64decode, b64encode, visible
from gemini_magic.turn.parts import Json

SOURCE, OUTPUT, ALL = 2_000, 4_000, 32_000  # characters
PICTURES = 8
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Context(NamedTuple):
    """``text`` and ``pictures`` (wire parts) for the model; ``cells``: sizes, for the turn.

    ``note``: what there is to say to the user about cells that were not recorded.
    """

    text: str
    pictures: tuple[Json, ...]
    cells: tuple[Json, ...]
    note: str


def context(
    shell: Any, recorder: Recorder, number: int | Literal["all"], *, pictures: bool
) -> Context:
    """The last ``number`` cells, or all, the oldest first; bounded, the newest kept."""
    recorded = list(recorder.cells)
    further = number == "all" or number > len(recorded)
    earlier = _earlier(shell, recorder) if further else []
    every = [*earlier, *recorded]
    wanted = every if number == "all" else every[len(every) - min(number, len(every)) :]
    blocks: list[str] = []
    rows: list[Json] = []
    images: list[Json] = []
    size = 0
    for cell in reversed(wanted):
        source = redact(visible(cut(cell.source.strip("\n"), SOURCE)))
        output = redact(visible(cut(_output(shell, cell), OUTPUT)))
        head = f"[{cell.number}]" if cell.number is not None else "[ ]"
        block = f"Cell {head}:\n```python\n{source}\n```\n"
        if output.strip():
            block += f"Output:\n```text\n{output.rstrip()}\n```\n"
        if size + len(block) > ALL - 100:
            break
        size += len(block)
        sent = 0
        for picture in cell.pictures if pictures else ():
            made = small(b64decode(picture)) if len(images) < PICTURES else None
            if made is not None:
                images.append({"inlineData": {"mimeType": "image/png", "data": b64encode(made)}})
                sent += 1
        blocks.append(block)
        rows.append(
            {"cell": cell.number, "source": len(source), "output": len(output), "pictures": sent}
        )
    if not blocks:
        return Context("", (), (), "")
    left_out = len(wanted) - len(blocks)
    said = f"({left_out:,} earlier cells are left out: the limit is reached)\n" if left_out else ""
    told = [cell for cell in wanted[left_out:] if cell in earlier]
    note = (
        f"{len(told):,} of these cells ran before %load_ext: their sources are known, and what "
        "IPython kept of their outputs."
        if told
        else ""
    )
    text = f"Cells of the notebook that ran before this prompt, in order:\n{said}"
    blocks.reverse()
    rows.reverse()
    return Context(text + "\n".join(blocks), tuple(images), tuple(rows), note)


def _output(shell: Any, cell: Cell) -> str:
    text = _ESCAPE.sub("", cell.output.text)
    if cell.value is not None and cell.value is not Ellipsis:
        text += ("" if not text or text.endswith("\n") else "\n") + _plain(shell, cell.value)
    if cell.failed is not None:
        text += f"\n{type(cell.failed).__name__}: {cell.failed}"
    return text


def _plain(shell: Any, value: object) -> str:
    from gemini_magic.turn.turn import Turn

    if isinstance(value, Turn):  # an answer of ours is in its conversation
        return ""
    data: Mapping[str, Any] = shell.display_formatter.format(value, include=("text/plain",))[0]
    return str(data.get("text/plain", ""))


def _earlier(shell: Any, recorder: Recorder) -> list[Cell]:
    """The cells that ran before %load_ext, as far as IPython knows them."""
    history = getattr(shell, "history_manager", None)
    sources = list(getattr(history, "input_hist_raw", ()) or ())
    outputs = getattr(history, "outputs", None) or {}
    out = shell.user_ns.get("Out") or {}
    found = []
    for number in range(1, min(recorder.since, len(sources))):
        source = str(sources[number])
        if not source.strip() or recorder.asks(source):
            continue
        cell = Cell(source, number)
        for one in outputs.get(number, ()):
            stream = one.bundle.get("stream")
            if isinstance(stream, list):
                cell.output.add("".join(map(str, stream)))
        if isinstance(out, Mapping) and number in out:
            cell.value = out[number]
        found.append(cell)
    return found
