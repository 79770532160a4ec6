"""The plan for a notebook's cells in TypeScript (`lab/src/plan.ts`) is the one in Python."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from typing import Any

from gemini_magic.cells.newcell import NewCell, Provenance, digest
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

    def text(role: str, cell_type: str) -> str:
        start = "*Code that is not a code cell: x.*" if (cell_type, role) == ROLES[3] else ""
        return start + chance.choice(["a = 1", "b = 2", "ünï 🎲", ""])

    def note(source: str, role: str) -> Provenance:
        owner = chance.choice(["src", "src", "src", "other"])
        return Provenance(chance.choice(turns), chance.randrange(5), owner, role, digest(source))  # type: ignore[arg-type]

    cells = [Existing("src", "code", "%%gemini")]
    for number in range(chance.randrange(9)):
        cell_type, role = chance.choice(ROLES)
        source = text(role, cell_type)
        cell = Existing(f"c{number}", cell_type, source, note(source, role))
        if chance.random() < 0.2:
            cell = replace(cell, source="edited")
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
    found = run("plan.ts", PLANS, given)
    assert len({json.dumps(one) for one in found}) > 500, "the cases are unlike one another"
    for one, other in zip(cases, found, strict=True):
        assert other == in_python(one), one
