"""Defines a cell to insert and the note on its origin; prepares cells for ``set_next_input``."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from gemini_magic.text import counted
from gemini_magic.turn.parts import Json

if TYPE_CHECKING:
    from gemini_magic.frontend.messages import MarksJson, NewCellJson, ProvenanceJson

KEY: Final = (
    "gemini_magic"  # of the note in the cell's metadata, and in that of its recorded outputs
)
MARKS: Final = "gemini_magic_marks"  # beside the note: tells a tool's work from the user's
QUOTED = "*Code that is not a code cell"  # how the Markdown cell of such code begins

CellType: TypeAlias = Literal["code", "markdown"]
Role: TypeAlias = Literal["text", "code", "result"]
ROLES: tuple[Role, ...] = ("text", "code", "result")

ID_START = "gm-"  # of the ids of inserted cells: another one was given by a tool or by copying
USABLE_ID = re.compile(r"[A-Za-z0-9_-]{1,48}")


def digest(source: str) -> str:
    """The hash by which an edit of a cell's source is known: SHA-256 of its UTF-8, in hex."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Provenance:
    """Where an inserted cell came from: ``metadata.gemini_magic`` of that cell, and only of such.

    ``turn``: id of the answer. ``part``: position of the cell's first part in it. ``source_cell``:
    id of the cell that asked. ``sha256``: of the source as inserted, so that an edit by the user
    is known after any restart. ``meaning``: hash of what that source means (`cells.meaning`), and
    ``asked``: hash of the words of the cell that asked, which tell a formatter from the user and
    that cell from others when tools have renumbered the ids; "" in notes of earlier versions.
    """

    turn: str
    part: int
    source_cell: str
    role: Role
    sha256: str
    meaning: str = ""
    asked: str = ""

    def to_dict(self) -> ProvenanceJson:
        return {
            "turn": self.turn,
            "part": self.part,
            "source_cell": self.source_cell,
            "role": self.role,
            "sha256": self.sha256,
        }

    def marks(self) -> MarksJson:
        """What stands beside the note: ``metadata.gemini_magic_marks`` of the cell."""
        return {"meaning": self.meaning, "asked": self.asked}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Provenance | None:
        """The note in a cell's metadata; None where there is none, or not a whole one."""
        note = metadata.get(KEY)
        if not isinstance(note, Mapping):
            return None
        kinds = {"turn": str, "part": int, "source_cell": str, "role": str, "sha256": str}
        fields = [note.get(name) for name in kinds]
        if not all(map(isinstance, fields, kinds.values())) or note["role"] not in ROLES:
            return None
        marks = metadata.get(MARKS)
        marks = marks if isinstance(marks, Mapping) else {}
        meaning, asked = (
            text if isinstance(text, str) else ""
            for text in (marks.get("meaning"), marks.get("asked"))
        )
        return cls(*cast("tuple[str, int, str, Role, str]", fields), meaning, asked)


@dataclass(frozen=True)
class NewCell:
    """A cell to insert. ``outputs``: nbformat outputs; ``attachments``: of a Markdown cell."""

    id: str
    cell_type: CellType
    source: str
    provenance: Provenance
    outputs: tuple[Json, ...] = ()
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def to_dict(self) -> NewCellJson:
        """The cell as nbformat 4.5 has it."""
        cell: NewCellJson = {
            "id": self.id,
            "cell_type": self.cell_type,
            "metadata": {KEY: self.provenance.to_dict(), MARKS: self.provenance.marks()},
            "source": self.source,
        }
        if self.cell_type == "code":
            cell["execution_count"] = None
            cell["outputs"] = [dict(output) for output in self.outputs]
        elif self.attachments:
            cell["attachments"] = {name: dict(data) for name, data in self.attachments.items()}
        return cell


def cell_id(turn: str, part: int) -> str:
    """The id of the cell made of ``part``: valid nbformat, the same each time it is made."""
    name = turn if USABLE_ID.fullmatch(turn) else digest(turn)[:32]
    return f"{ID_START}{name}-{part}"


@dataclass(frozen=True)
class Payloads:
    """``sources`` of the code cells to ask for, in the order to ask; ``said``: what to tell.

    ``left_out``: the cells that no payload can carry.
    """

    sources: tuple[str, ...]
    said: str
    left_out: tuple[NewCell, ...]


def payloads(cells: Sequence[NewCell], what: str, *, several: bool = False) -> Payloads:
    """How ``cells`` reach a front end without our extension, by its ``set_next_input``.

    Such a payload is one new code cell: no Markdown, no metadata, no outputs. JupyterLab, Notebook
    and a terminal take one of them; VS Code takes all, and puts each directly below the cell that
    ran, so the last one has to come first. Colab takes one, too.

    ``what``: how that front end is called in what is said. ``several``: it takes all payloads, and
    puts each directly below the cell that ran (VS Code).
    """
    code = [cell for cell in cells if cell.cell_type == "code"]
    rest = tuple(cell for cell in cells if cell.cell_type != "code")
    if several:
        sources = tuple(cell.source for cell in reversed(code))
        said = f"{counted(len(code), 'code cell')} put below this one." if code else ""
    else:
        joined = "\n\n".join(
            f"# code {number} of {len(code)}\n{cell.source}" if len(code) > 1 else cell.source
            for number, cell in enumerate(code, 1)
        )
        sources = (joined,) if code else ()
        put = f"{counted(len(code), 'piece')} of code put into it"
        said = f"{what} takes one new cell: {put}." if code else ""
    if rest:
        said += f" Not inserted, since {what} takes code only: {named(rest)}."
    recorded = sum(bool(cell.outputs) for cell in code)
    if recorded:
        said += f" Recorded outputs of {counted(recorded, 'piece')} of code stay in the answer."
    said = said.strip()
    return Payloads(sources, said[:1].upper() + said[1:], rest)


def named(cells: Sequence[NewCell]) -> str:
    """Cells in words: "2 texts, 1 result (parts 0, 4, 5)"."""
    roles = Counter(cell.provenance.role for cell in cells)
    told = ", ".join(counted(number, role) for role, number in roles.items())
    parts = ", ".join(str(cell.provenance.part) for cell in cells)
    return f"{told} (part{'s' if len(cells) > 1 else ''} {parts})"
