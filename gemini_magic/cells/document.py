"""Inserts cells into a notebook file from the answers stored in it, for batch and exporters.

The wish of a cell (``%%gemini --insert all``) is in its answer: ``request.config.insert`` of the
turn JSON. So a notebook that was executed by anybody (plain nbclient, nbconvert, papermill) can be
given its cells later. ``%gemini insert N``, executed by them, leaves a note with the same wish.
The only importer of nbformat here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gemini_magic.cells.extract import extract
from gemini_magic.cells.newcell import KEY, MARKS, NewCell, Provenance, digest
from gemini_magic.cells.plan import Existing, Plan, plan
from gemini_magic.turn.turn import MIME, SENDABLE, Turn

# Output metadata of the note "these cells are not inserted yet": ``{turn, insert, run}``.
PENDING = "gemini_magic_pending"


@dataclass(frozen=True)
class Inserted:
    """The changes made below one cell. ``cells``: its new and updated cells, in document order.

    ``run``: the cell asked for them to be run (``--run``). The counts are of cells; ``kept`` are
    those the user has edited, which were left alone: ``left``. ``unreadable``: stored answers that
    are none.
    """

    cells: tuple[Any, ...] = ()
    run: bool = False
    added: int = 0
    updated: int = 0
    removed: int = 0
    kept: int = 0
    unreadable: int = 0
    left: tuple[Any, ...] = ()


def unedited(cell: Any) -> bool:
    """Whether a cell is one that was inserted and whose source means what it meant then."""
    note = provenance(cell)
    return note is not None and not Existing("", cell.cell_type, cell.source, note).edited


def provenance(cell: Any) -> Provenance | None:
    """Where a cell of a notebook came from; None for a cell that we have not inserted."""
    return Provenance.from_metadata(cell.metadata)


def insert_all(notebook: Any, default: str = "none") -> list[Inserted]:
    """Insert below every cell what its answers ask for; one `Inserted` per cell with a change.

    ``notebook``: nbformat 4, changed in place (and brought to 4.5, which has cell ids).
    ``default``: none, code or all, for answers that do not say.
    """
    done: list[Inserted] = []
    for cell in list(notebook.cells):
        if cell.cell_type == "code" and any(cell is one for one in notebook.cells):
            found = insert_below(notebook, cell, default)
            if found != Inserted():
                done.append(found)
    return done


def insert_below(notebook: Any, cell: Any, default: str = "none") -> Inserted:
    """Insert below ``cell``, one of the notebook's, what the answers in its outputs ask for.

    An answer that did not end well inserts nothing and leaves the cells of an earlier one.
    """
    _with_ids(notebook)
    turns, unreadable = _turns([cell])
    turns += _named(notebook, cell, turns)
    wanted = [turn for turn in turns if turn.status in SENDABLE]
    changed: list[Any] = []
    left: list[Any] = []
    counts = {"added": 0, "updated": 0, "removed": 0, "kept": 0}
    run = False
    for turn in wanted:
        what = str(turn.request.config.get("insert", default))
        if what not in ("code", "all"):
            continue
        run = run or bool(turn.request.config.get("run"))
        new = extract(turn, what, cell.id)
        answers = [answer.id for answer in wanted]
        cells = notebook.cells
        existing = [Existing(one.id, one.cell_type, one.source, provenance(one)) for one in cells]
        at = next(at for at, one in enumerate(cells) if one is cell)
        todo = plan(existing, at, new, turn.id, answers)
        left += [cells[at] for at in todo.kept]
        changed += _carry_out(notebook, todo)
        counts["added"] += len(todo.inserts)
        counts["updated"] += len(todo.updates)
        counts["removed"] += len(todo.deletes)
        counts["kept"] += len(todo.kept)
        cell.outputs = [output for output in cell.outputs if PENDING not in _metadata(output)]
    order = {id(one): at for at, one in enumerate(notebook.cells)}
    made = sorted((one for one in changed if id(one) in order), key=lambda one: order[id(one)])
    return Inserted(tuple(made), run, **counts, unreadable=unreadable, left=tuple(left))


def _with_ids(notebook: Any) -> None:
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        from nbformat.v4 import upgrade

        upgrade(notebook, notebook.nbformat, notebook.nbformat_minor)  # type: ignore[no-untyped-call]
        # nbformat's ids are random: the same notebook would come out different each time.
        for at, cell in enumerate(notebook.cells):
            cell.id = digest(f"{at} {cell.source}")[:8]


def _named(notebook: Any, cell: Any, own: list[Turn]) -> list[Turn]:
    """Answers of other cells that ``%gemini insert`` named in this one, with its wish."""
    noted = (_metadata(output).get(PENDING) for output in cell.outputs)
    known = {turn.id for turn in own}
    wishes = [
        (name, wish)
        for wish in noted
        if isinstance(wish, dict) and (name := str(wish.get("turn"))) not in known
    ]
    if not wishes:
        return []
    stored = {turn.id: turn for turn in _turns(notebook.cells)[0]}
    found = []
    for name, wish in wishes:
        turn = stored.get(name)
        if turn is not None:
            config = {option: wish[option] for option in ("insert", "run") if option in wish}
            found.append(replace(turn, request=replace(turn.request, config=config)))
    return found


def _turns(cells: Iterable[Any]) -> tuple[list[Turn], int]:
    turns: list[Turn] = []
    unreadable = 0
    for output in (output for cell in cells for output in cell.get("outputs", ())):
        data = output.get("data", {})
        if data.get(MIME) is None:
            continue
        try:
            turns.append(Turn.from_bundle(data))
        except ValueError:  # of another version, or damaged: the caller is told how many
            unreadable += 1
    return turns, unreadable


def _metadata(output: Any) -> Any:
    return output.get("metadata", {})


def _carry_out(notebook: Any, todo: Plan) -> Iterator[Any]:
    """Do it, and give the cells that are new or changed."""
    from nbformat import from_dict

    cells: list[Any] = notebook.cells
    for update in todo.updates:
        _update(cells[update.at], from_dict(update.cell.to_dict()))  # type: ignore[no-untyped-call]
        yield cells[update.at]
    taken = {cell.id for cell in cells}
    below: dict[int, list[Any]] = {}
    for insert in todo.inserts:
        made = from_dict({**insert.cell.to_dict(), "id": free_id(insert.cell, taken)})  # type: ignore[no-untyped-call]
        taken.add(made.id)
        below.setdefault(insert.after, []).append(made)
        yield made
    gone = set(todo.deletes)
    cells[:] = [
        one
        for at, cell in enumerate(cells)
        for one in ([] if at in gone else [cell]) + below.get(at, [])
    ]


def free_id(cell: NewCell, taken: Sequence[str] | set[str]) -> str:
    """The cell's id, with a number behind it while another cell has that id."""
    name, number = cell.id, 1
    while name in taken:
        number += 1
        name = f"{cell.id}-{number}"
    return name


def _update(cell: Any, made: Any) -> None:
    """Make ``cell`` show what ``made`` does; outputs of its own run go when its code changes."""
    unchanged = cell.source == made.source
    for key in (KEY, MARKS):
        cell.metadata[key] = made.metadata[key]
    cell.source = made.source
    if cell.cell_type == "code":
        if not (unchanged and cell.execution_count is not None):
            cell.outputs, cell.execution_count = made.outputs, None
    elif "attachments" in made:
        cell.attachments = made.attachments
    else:
        cell.pop("attachments", None)
