"""The plan for a notebook's cells in TypeScript (`lab/src/cells/plan.ts`) is the one in Python."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from typing import Any

from gemini_magic.cells.meaning import words
from gemini_magic.cells.newcell import NewCell, Provenance, digest
from gemini_magic.cells.owners import asked
from gemini_magic.cells.plan import Existing, plan

from .typescript import run

PLANS = """
const {createHash} = require('crypto');
const digest = text => createHash('sha256').update(text, 'utf8').digest('hex');
console.log(JSON.stringify(given.map(one =>
  module.plan(one.cells, one.source, one.fresh, one.turn, one.answers, digest))));
"""

ROLES = [("code", "code"), ("markdown", "text"), ("markdown", "result"), ("markdown", "code")]


def case(chance: random.Random) -> dict[str, Any]:
    """A notebook that has seen insertions, edits, copies, moves and retyped cells."""
    turns = ["t1", "t2", "t3"]
    prompts = ["%%gemini\nA", "%%gemini\nB", "%%gemini\nA "]

    def text(role: str, cell_type: str) -> str:
        start = "*Code that is not a code cell: x.*" if (cell_type, role) == ROLES[3] else ""
        return start + chance.choice(["a = 1", "b = 2", "ünï 🎲", ""])

    def note(source: str, role: str) -> Provenance:
        owner = chance.choice(["src", "src", "src", "src2", "gone"])
        meant = digest(words(source)) if role != "code" else ""
        known = asked(chance.choice(prompts)) if chance.random() < 0.7 else ""
        turn, part = chance.choice(turns), chance.randrange(5)
        return Provenance(turn, part, owner, role, digest(source), meant, known)  # type: ignore[arg-type]

    cells = [Existing("src", "code", prompts[0])]
    cells += [Existing("src2", "code", chance.choice(prompts))] * chance.randrange(2)
    cells += [Existing("text", "markdown", "?")] * chance.randrange(2)
    for number in range(chance.randrange(9)):
        cell_type, role = chance.choice(ROLES)
        source = text(role, cell_type)
        name = f"{chance.choice(['gm-', ''])}c{number}"
        cell = Existing(name, cell_type, source, note(source, role))
        if chance.random() < 0.2:
            cell = replace(cell, source=chance.choice(["edited", f"{source} \n"]))
        if chance.random() < 0.1:
            cell = replace(cell, cell_type="raw")
        if chance.random() < 0.2:
            cell = replace(cell, provenance=None)
        cells.append(cell)
    chance.shuffle(cells)
    turn = chance.choice(turns)
    fresh = []
    for part in sorted(chance.sample(range(5), chance.randrange(6))):
        cell_type, role = chance.choice(ROLES)
        source = text(role, cell_type)
        made = Provenance(turn, part, "src", role, digest(source))  # type: ignore[arg-type]
        fresh.append(NewCell(f"n{part}", cell_type, source, made))  # type: ignore[arg-type]
    return {
        "cells": cells,
        "source": next(at for at, cell in enumerate(cells) if cell.id == "src"),
        "fresh": fresh,
        "turn": turn,
        "answers": chance.choice([[], [turn], ["t1", "t2"], ["t3", turn]]),
    }


def in_python(one: dict[str, Any]) -> dict[str, Any]:
    found = plan(one["cells"], one["source"], one["fresh"], one["turn"], one["answers"])
    number = {cell.id: at for at, cell in enumerate(one["fresh"])}
    return {
        "inserts": [{"after": i.after, "cell": number[i.cell.id]} for i in found.inserts],
        "updates": [{"at": u.at, "cell": number[u.cell.id]} for u in found.updates],
        "deletes": list(found.deletes),
        "kept": list(found.kept),
        "same": list(found.same),
    }


def test_both_make_the_same_plan_of_thousands_of_notebooks() -> None:
    chance = random.Random(20261122)
    cases = [case(chance) for _ in range(4000)]
    given = [
        {
            **one,
            "cells": [asdict(cell) for cell in one["cells"]],
            "fresh": [asdict(cell) for cell in one["fresh"]],
        }
        for one in cases
    ]
    found = run("cells/plan.ts", PLANS, given)
    assert len({json.dumps(one) for one in found}) > 500, "the cases are unlike one another"
    for one, other in zip(cases, found, strict=True):
        assert other == in_python(one), one


RUNNABLE = """
console.log(JSON.stringify(given.map(one => module.runnable(one.cells, one.fresh))));
"""


def shown(name: str, source: str, part: int = 1, cell_type: str = "code") -> Existing:
    return Existing(name, cell_type, source, Provenance("t1", part, "src", "code", digest(source)))


def test_only_cells_with_the_very_code_that_was_shown_are_run() -> None:
    fresh = [
        NewCell(f"n{part}", "code", source, Provenance("t1", part, "src", "code", digest(source)))
        for part, source in ((1, "a = 1"), (4, "b = 2"))
    ]
    good = [shown("c1", "a = 1"), shown("c2", "b = 2", 4)]
    stranger = replace(
        shown("s", "evil()"), provenance=Provenance("t2", 1, "src", "code", digest("evil()"))
    )
    notebooks: dict[str, tuple[list[Existing], list[int]]] = {
        "as inserted": (good, [0, 1]),
        "a copy that says it is of this answer": ([*good, shown("c3", "evil()")], [0, 1]),
        "another part that was never sent": ([*good, shown("c3", "evil()", 9)], [0, 1]),
        "a copy in front": ([shown("c0", "evil()"), *good], [2]),
        "edited": ([shown("c1", "a = 1; evil()"), good[1]], [1]),
        "of another type": ([shown("c1", "a = 1", cell_type="markdown"), good[1]], [1]),
        "of another answer": ([stranger, *good], [1, 2]),
        "moved": (good[::-1], [1, 0]),
    }
    given = [
        {"cells": [asdict(cell) for cell in cells], "fresh": [asdict(cell) for cell in fresh]}
        for cells, _ in notebooks.values()
    ]
    found = run("cells/plan.ts", RUNNABLE, given)
    assert dict(zip(notebooks, found, strict=True)) == {
        name: wanted for name, (_, wanted) in notebooks.items()
    }
