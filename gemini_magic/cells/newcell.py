"""A cell to insert, and the note on it that says where it came from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast

from gemini_magic.parts import Json

KEY = "gemini_magic"  # of the note in the cell's metadata, and in that of its recorded outputs
QUOTED = "*Code that is not a code cell"  # how the Markdown cell of such code begins

CellType: TypeAlias = Literal["code", "markdown"]
Role: TypeAlias = Literal["text", "code", "result"]
ROLES: tuple[Role, ...] = ("text", "code", "result")

_USABLE_ID = re.compile(r"[A-Za-z0-9_-]{1,48}")


def digest(source: str) -> str:
    """The hash by which an edit of a cell's source is known: SHA-256 of its UTF-8, in hex."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Provenance:
    """Where an inserted cell came from: ``metadata.gemini_magic`` of that cell, and only of such.

    ``turn``: id of the answer. ``part``: position of the cell's first part in it. ``source_cell``:
    id of the cell that asked. ``sha256``: of the source as inserted, so that an edit by the user
    is known after any restart.
    """

    turn: str
    part: int
    source_cell: str
    role: Role
    sha256: str

    def to_dict(self) -> Json:
        return {
            "turn": self.turn,
            "part": self.part,
            "source_cell": self.source_cell,
            "role": self.role,
            "sha256": self.sha256,
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Provenance | None:
        """The note in a cell's metadata; None where there is none, or not a whole one."""
        note = metadata.get(KEY)
        if not isinstance(note, Mapping):
            return None
        turn, part, source_cell = note.get("turn"), note.get("part"), note.get("source_cell")
        role, sha256 = note.get("role"), note.get("sha256")
        if not (
            isinstance(turn, str)
            and isinstance(part, int)
            and isinstance(source_cell, str)
            and role in ROLES
            and isinstance(sha256, str)
        ):
            return None
        return cls(turn, part, source_cell, cast("Role", role), sha256)


@dataclass(frozen=True)
class NewCell:
    """A cell to insert. ``outputs``: nbformat outputs; ``attachments``: of a Markdown cell."""

    id: str
    cell_type: CellType
    source: str
    provenance: Provenance
    outputs: tuple[Json, ...] = ()
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def to_dict(self) -> Json:
        """The cell as nbformat 4.5 has it."""
        cell: Json = {
            "id": self.id,
            "cell_type": self.cell_type,
            "metadata": {KEY: self.provenance.to_dict()},
            "source": self.source,
        }
        if self.cell_type == "code":
            cell.update(execution_count=None, outputs=[dict(output) for output in self.outputs])
        elif self.attachments:
            cell["attachments"] = {name: dict(data) for name, data in self.attachments.items()}
        return cell


def cell_id(turn: str, part: int) -> str:
    """The id of the cell made of ``part``: valid nbformat, the same each time it is made."""
    name = turn if _USABLE_ID.fullmatch(turn) else digest(turn)[:32]
    return f"gm-{name}-{part}"
