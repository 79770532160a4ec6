"""Reads and writes notebook files, and reads the calls to report off their outputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import gemini_magic.batch.kernels.late_syntax  # noqa: F401  before nbformat is imported
from gemini_magic.batch.job import Call
from gemini_magic.errors import MissingExtra, OptionError
from gemini_magic.session.conversation_file import write_atomic
from gemini_magic.session.prices import cost
from gemini_magic.turn.fields import required
from gemini_magic.turn.parts import Json
from gemini_magic.turn.request import Request
from gemini_magic.turn.standing import standing
from gemini_magic.turn.turn import MIME, Turn
from gemini_magic.turn.usage import Usage


def read_notebook(path: Path) -> Any:
    """The notebook at ``path``, as version 4 and repaired; OptionError when it cannot be read."""
    import nbformat
    import nbformat.validator

    from gemini_magic.batch.repair import repair

    try:
        data = json.loads(path.read_text("utf-8"))
        if data.get("nbformat") == 4:
            repair(data)
        # Not nbformat.read, which logs what is wrong as an error.
        found = nbformat.reader.reads(json.dumps(data))  # type: ignore[no-untyped-call]
        notebook = nbformat.convert(found, 4)  # type: ignore[no-untyped-call]
        _, made = nbformat.validator.normalize(notebook, strip_invalid_metadata=True)
        notebook = nbformat.from_dict(made)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except OSError as error:
        raise OptionError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path."
        ) from None
    except Exception as error:  # noqa: BLE001 - nbformat raises many kinds for a damaged file
        raise OptionError(
            f"{path} is not a notebook: {(str(error).splitlines() or ['damaged'])[0][:200]}",
            "Give a valid .ipynb file.",
        ) from None
    return notebook


def write_notebook(notebook: Any, path: Path) -> None:
    """Write ``notebook`` whole or not at all; StorageError when it cannot be written."""
    import nbformat

    write_atomic(path, nbformat.writes(notebook).encode("utf-8", "replace"))  # type: ignore[no-untyped-call]


def write_html(notebook: Any, path: Path, title: str) -> None:
    """Write ``notebook`` as one HTML page; raises MissingExtra without nbconvert."""
    try:
        from gemini_magic.cells.exporters import GeminiHTMLExporter
    except ImportError as error:
        raise MissingExtra("The HTML page", error.name or "nbconvert", "batch") from None
    exporter: Any = GeminiHTMLExporter(insert="none")  # type: ignore[no-untyped-call]
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    write_atomic(path, page.encode("utf-8", "replace"))


_KEY = "gemini_magic"


def calls(notebook: Any, made: Callable[[], Collection[str]]) -> tuple[Call, ...]:
    """Each answer shown in ``notebook`` once, in order; one shown again is not a second call.

    One that another cell has continued is what it has become there. ``made``: gives the turns that
    the run's kernels have noted as calls. One that has failed, used nothing and is not among them
    was never sent.
    """
    found: dict[str, tuple[int, Call]] = {}
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            read = _call(output, number)
            if read is None:
                continue
            requests, call = read
            before, known = found.get(call.turn, (-1, call))
            if requests > before:
                found[call.turn] = (requests, replace(call, cell=known.cell))
    asked = [call for _, call in found.values()]
    if any(map(_doubtful, asked)):
        noted = set(made())
        asked = [replace(call, sent=not _doubtful(call) or call.turn in noted) for call in asked]
    return tuple(asked)


def _doubtful(call: Call) -> bool:
    """Whether nothing in the notebook says that the request of a call was sent."""
    nothing = call.status in ("failed", "interrupted") and call.usage == Usage()
    return nothing and call.stored is None


def _call(output: Any, cell: int) -> tuple[int, Call] | None:
    """The answer of an output, and how many requests have continued it."""
    noted = output.get("metadata", {}).get(_KEY)
    if not isinstance(noted, dict) or not {"turn", "model", "status", "usage"} <= noted.keys():
        return None
    try:
        turn = _turn(output, noted)
    except ValueError:
        return None  # another hand has written it
    price = cost(turn)
    return len(turn.continued), Call(
        turn=turn.id,
        model=turn.model,
        status=turn.status,
        usage=turn.usage,
        cost=None if price is None else format(price, "f"),
        stored=None if turn.reused is None else turn.reused.get("stored", ""),
        backend=turn.request.backend or None,
        cell=cell,
        message=turn.message if turn.status == "truncated" else None,
        notes=standing(turn),
    )


def _turn(output: Any, noted: Json) -> Turn:
    """The turn of an output; of one stored by another version, as much as its metadata notes.

    Raises ValueError when that is damaged too.
    """
    data = output.get("data", {})
    if MIME in data:
        try:
            return Turn.from_bundle(data)
        except ValueError:
            pass  # of another version: what the output's metadata notes is enough to count it
    return Turn(
        id=required(noted, "turn", str),
        request=Request("", required(noted, "model", str), ""),
        status=required(noted, "status", str),
        usage=Usage.from_dict(required(noted, "usage", dict)),
    )
