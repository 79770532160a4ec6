"""Tells for which cell each inserted cell of a notebook was inserted; pure.

The note on it names that cell by its id, which other tools renumber (nbstripout), drop (jupytext's
text formats, notebooks that say 4.4) or copy. So the place and the words of the cell that asked
confirm it. The place is the code cell right above, behind nothing but other inserted cells.

- Id and place agree, or one of them is missing: then it is clear.
- They do not: the one with the words that were asked. Have both the words, it is a copy or the ids
  were renumbered where the cell's own id is none of ours, else the cell was moved by the user.
- A copy of a whole block, prompt and all, belongs to the prompt that it was pasted with.

What no cell has asked for (the sidebar's answers) belongs to none, wherever it stands.
A cell whose own prompt stands elsewhere is never the prompt's that it happens to stand below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gemini_magic.cells.meaning import words
from gemini_magic.cells.newcell import ID_START, Provenance, digest


class Cell(Protocol):
    """What has to be known of a cell."""

    @property
    def id(self) -> str: ...
    @property
    def cell_type(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def provenance(self) -> Provenance | None: ...


def asked(source: str) -> str:
    """The hash by which the cell that asked is known again, whatever its id."""
    return digest(words(source))


def owners(cells: Sequence[Cell], source: int) -> list[int | None]:
    """For each cell the position of the cell it was inserted for; None: not inserted, or unknown.

    ``source``: a cell that asked, also when it is itself an inserted one that the user has edited.
    """
    ids = {
        cell.id: at
        for at, cell in reversed([*enumerate(cells)])
        if cell.cell_type == "code" and cell.provenance is None
    }
    ids[cells[source].id] = source
    said = {at: asked(cells[at].source) for at in ids.values()}
    above = _above(cells)
    found: list[int | None] = []
    for at, cell in enumerate(cells):
        note = cell.provenance
        found.append(_owner(cell, note, ids, said, above[at]) if note is not None else None)
    return _with_copies(cells, found, above, said)


def _above(cells: Sequence[Cell]) -> list[int | None]:
    """The place of each cell: the code cell above it, with only inserted ones between."""
    found: list[int | None] = []
    last: int | None = None
    for at, cell in enumerate(cells):
        if cell.provenance is None:
            last = at if cell.cell_type == "code" else None
        found.append(last)
    return found


def _owner(
    cell: Cell, note: Provenance, ids: dict[str, int], said: dict[int, str], place: int | None
) -> int | None:
    if not note.source_cell and not note.asked:
        return None
    named = ids.get(note.source_cell)
    if named == place or not note.asked:
        return place if named is None else named
    right = [at for at, words in said.items() if words == note.asked]
    if (place in right) != (named in right):
        return place if place in right else named
    if cell.id.startswith(ID_START) and named is not None:
        return named
    if place not in right and len(right) == 1:
        return right[0]
    return named if place is None else place


def _with_copies(
    cells: Sequence[Cell],
    found: list[int | None],
    above: list[int | None],
    said: dict[int, str],
) -> list[int | None]:
    """``found``, with the cells of a copied block given to the copied prompt above them."""
    parts: set[tuple[str, int]] = set()
    settled: set[int | None] = set()
    for at, cell in enumerate(cells):
        if cell.provenance is not None and found[at] == above[at]:
            parts.add((cell.provenance.turn, cell.provenance.part))
            settled.add(above[at])
    made = list(found)
    for at, cell in enumerate(cells):
        note, place = cell.provenance, above[at]
        if note is None or place is None or found[at] == place or place in settled:
            continue
        if (note.turn, note.part) in parts and said.get(place) == note.asked:
            made[at] = place
    return made
