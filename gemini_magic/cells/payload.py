"""Cells for front ends without our extension: what their ``set_next_input`` can carry; pure.

Such a payload is one new code cell: no Markdown, no metadata, no outputs. JupyterLab, Notebook
and a terminal take one of them; VS Code takes all, and puts each directly below the cell that ran,
so the last one has to come first. Colab takes none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gemini_magic.cells.newcell import NewCell


@dataclass(frozen=True)
class Payloads:
    """``sources`` of the code cells to ask for, in the order to ask; ``said``: what to tell.

    ``left_out``: the cells that no payload can carry.
    """

    sources: tuple[str, ...]
    said: str
    left_out: tuple[NewCell, ...]


def payloads(cells: Sequence[NewCell], what: str, *, several: bool = False) -> Payloads:
    """How ``cells`` reach a front end.

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


def counted(number: int, noun: str) -> str:
    """ "1 cell", "3 cells"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
