"""Plans the changes to a notebook's cells that make them show an answer; pure.

The cells that belong to a source cell (the one that asked, `cells.owners`) and the new ones are two
lists. The same part of the same turn is a pair wherever it stands; the rest is aligned by role, in
order. A pair is an update in place, unless the user has edited that cell: then it stays as it is
and keeps its place, so that its new counterpart is not put beside it. What is left of the new ones
is inserted behind the one before it; what is left of the old ones is removed, but never an edited
one. Doing the same again changes nothing.

`gemini_magic/lab/src/cells/plan.ts` is the same in TypeScript, tried with the same cases.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from gemini_magic.cells.meaning import meaning
from gemini_magic.cells.newcell import QUOTED, NewCell, Provenance, digest
from gemini_magic.cells.owners import asked, owners


@dataclass(frozen=True)
class Existing:
    """A cell of the notebook; its position is that in the list of all cells."""

    id: str
    cell_type: str
    source: str
    provenance: Provenance | None = None

    @property
    def edited(self) -> bool:
        """Whether the user has changed what the source means, or made another type of cell of it.

        What a formatter does to it is no edit.
        """
        note = self.provenance
        if note is None or self.cell_type != self.inserted_as[0]:
            return True
        if digest(self.source) == note.sha256:
            return False
        return not note.meaning or digest(meaning(self.source, self.cell_type)) != note.meaning

    @property
    def inserted_as(self) -> tuple[str, str]:
        """The type of cell it was inserted as, and its role."""
        assert self.provenance is not None
        role = self.provenance.role
        quoted = self.cell_type == "markdown" and self.source.startswith(QUOTED)
        return ("code" if role == "code" and not quoted else "markdown"), role


@dataclass(frozen=True)
class Insert:
    """Put ``cell`` below the cell at ``after``; several below one cell stand in their order."""

    after: int
    cell: NewCell


@dataclass(frozen=True)
class Update:
    """Make the cell at ``at`` show ``cell``; it keeps its id and its place."""

    at: int
    cell: NewCell


@dataclass(frozen=True)
class Plan:
    """The changes to make. Positions are those before anything is done.

    ``kept``: cells the user has edited, left as they are. ``same``: nothing to do there.
    """

    inserts: tuple[Insert, ...] = ()
    updates: tuple[Update, ...] = ()
    deletes: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    same: tuple[int, ...] = ()


def plan(
    cells: Sequence[Existing],
    source: int,
    new: Sequence[NewCell],
    turn: str,
    answers: Sequence[str] = (),
) -> Plan:
    """The plan that brings ``new``, the cells of ``turn``, below the cell at ``source``.

    ``answers``: the turns that are answers of the source cell now, in the order asked; it may ask
    more than once. The cells of the others are left alone, and those of earlier ones come first.
    """
    others = [answer for answer in answers if answer != turn]
    words = asked(cells[source].source)
    new = [
        replace(one, provenance=replace(one.provenance, asked=words))
        if one.provenance.source_cell
        else one  # no cell has asked for it: it stands where the user wished
        for one in new
    ]
    owner = owners(cells, source)
    owned = _owned(cells, owner, source, turn, others)
    paired = _pairs(cells, owned, new)
    earlier = answers[: answers.index(turn)] if turn in answers else ()
    anchor = _below(cells, owner, source, earlier)
    inserts: list[Insert] = []
    updates: list[Update] = []
    same: list[int] = []
    for number, cell in enumerate(new):
        at = paired.get(number)
        if at is None:
            inserts.append(Insert(anchor, cell))
            continue
        anchor = at
        if cells[at].edited:
            continue
        if cells[at].provenance == cell.provenance:
            same.append(at)
        else:
            updates.append(Update(at, cell))
    taken = set(paired.values())
    return Plan(
        tuple(inserts),
        tuple(updates),
        tuple(at for at in owned if at not in taken and not cells[at].edited),
        tuple(at for at in owned if cells[at].edited),
        tuple(same),
    )


def _below(
    cells: Sequence[Existing], owner: Sequence[int | None], source: int, earlier: Collection[str]
) -> int:
    """The cell below which new ones come: the last of earlier answers, else the source cell."""
    found = [
        at
        for at, cell in enumerate(cells)
        if cell.provenance and cell.provenance.turn in earlier and owner[at] in (source, None)
    ]
    return max([source, *found])


def _owned(
    cells: Sequence[Existing],
    owner: Sequence[int | None],
    source: int,
    turn: str,
    others: Collection[str],
) -> list[int]:
    """Positions of the cells that were inserted for this source cell, or of this very turn.

    Of copies (the user's: a pasted cell keeps its metadata) only the first one is ours. Those of
    another cell that asked the same are its own, also when both show one stored answer.
    """
    found: list[int] = []
    seen: set[tuple[str, int]] = set()
    mine = [at for at, one in enumerate(owner) if one == source]
    rest = [
        at
        for at, one in enumerate(owner)
        if one is None or (one != source and cells[one].source != cells[source].source)
    ]
    for at in [*mine, *rest]:
        note = cells[at].provenance
        if note is None or note.turn in others or (note.turn, note.part) in seen:
            continue
        if owner[at] == source or note.turn == turn:
            seen.add((note.turn, note.part))
            found.append(at)
    return sorted(found)


def _pairs(
    cells: Sequence[Existing], owned: Sequence[int], new: Sequence[NewCell]
) -> dict[int, int]:
    """For positions in ``new``, the position of the cell that is to show it."""
    there = {_part(cells[at].provenance): at for at in owned}
    found = {
        number: there[_part(cell.provenance)]
        for number, cell in enumerate(new)
        if _part(cell.provenance) in there
    }
    taken = set(found.values())
    old = [at for at in owned if at not in taken]
    left = [number for number in range(len(new)) if number not in found]
    for first, second in _aligned([cells[at] for at in old], [new[number] for number in left]):
        found[left[second]] = old[first]
    return found


def _part(note: Provenance | None) -> tuple[str, int] | None:
    return (note.turn, note.part) if note is not None else None


def _worth(old: Existing, new: NewCell) -> int:
    """What a pair is worth: many pairs first, then unedited cells, then equal sources."""
    if old.inserted_as != (new.cell_type, new.provenance.role):
        return 0
    return 1_000_000 + 1_000 * (not old.edited) + (old.source == new.source)


def _aligned(old: Sequence[Existing], new: Sequence[NewCell]) -> list[tuple[int, int]]:
    """The alignment of two lists, in order, that is worth most; earliest pairs among equals."""
    worth = [[_worth(one, other) for other in new] for one in old]
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            pair = worth[i][j] + best[i + 1][j + 1] if worth[i][j] else 0
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if worth[i][j] and best[i][j] == worth[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            i += 1
    return pairs
