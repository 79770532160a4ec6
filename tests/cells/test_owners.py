"""Whose an inserted cell is when ids are renumbered, gone or copied."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gemini_magic.cells.extract import extract
from gemini_magic.cells.plan import Existing, plan

from ..cells.test_plan import answer, carried_out

A = Existing("src", "code", "%%gemini\nA")
B = Existing("src2", "code", "%%gemini\nB")
OWN = Existing("own", "code", "x = 1")


def put(cells: list[Existing], at: int, turn: str, *kinds: str) -> list[Existing]:
    """The cells once the prompt at ``at`` has got an answer."""
    new = extract(answer(turn, *kinds), "all", cells[at].id)
    return carried_out(cells, plan(cells, at, new, turn, [turn]))


def asked(cells: list[Existing], words: str) -> int:
    return next(at for at, cell in enumerate(cells) if cell.source == f"%%gemini\n{words}")


def sources(cells: list[Existing]) -> list[str]:
    return [cell.source.replace("%%gemini\n", "") for cell in cells]


def renumbered(cells: list[Existing]) -> list[Existing]:
    """As nbstripout does it by default."""
    return [replace(cell, id=str(at)) for at, cell in enumerate(cells)]


def gone(cells: list[Existing]) -> list[Existing]:
    """As a text format of jupytext: others each time."""
    return [replace(cell, id=f"x{at}-{id(cells)}") for at, cell in enumerate(cells)]


TWO = put(put([A, B, OWN], 1, "b", "t", "c"), 0, "a", "t", "c", "c")


@pytest.mark.parametrize("tool", [renumbered, gone, list], ids=["renumbered", "gone", "kept"])
def test_answers_follow_each_other_without_piling_up(tool):
    cells = TWO
    for number in range(5):
        for words in ("A", "B"):
            kinds = "tcc" if words == "A" else "tc"
            cells = put(cells, asked(cells, words), f"{words}{number}", *kinds)
            cells = tool(cells)
        assert sources(cells) == [
            *("A", f"A{number} says 0", f"A{number} = 1", f"A{number} = 2"),
            *("B", f"B{number} says 0", f"B{number} = 1", "x = 1"),
        ]


def test_a_renumbered_id_that_is_another_prompts_now_names_nobody():
    cells = renumbered(TWO)
    names = [note.source_cell for cell in cells if (note := cell.provenance)]
    # The ids of the prompts as they were; "3" is a cell of A's, and let it be a prompt's as well.
    assert set(names) == {"src", "src2"}
    swapped = [replace(cell, id={"4": "src", "0": "src2"}.get(cell.id, cell.id)) for cell in cells]
    again = put(swapped, asked(swapped, "B"), "n", "c")
    assert sources(again) == ["A", "a says 0", "a = 1", "a = 2", "B", "n = 0", "x = 1"]


def test_a_cell_whose_prompt_stands_elsewhere_is_not_taken_over():
    moved = [TWO[0], TWO[2], TWO[3], TWO[4], TWO[1], *TWO[5:]]  # "a says 0" below B
    again = put(moved, asked(moved, "B"), "n", "t", "c")
    assert sources(again)[3:6] == ["B", "a says 0", "n says 0"]
    third = put(again, asked(again, "A"), "m", "t", "c", "c")
    assert "m says 0" in sources(third), "its own prompt updates it where it is"
    assert "a says 0" not in sources(third)


def test_a_copied_block_is_the_copied_prompts():
    block = [replace(cell, id=f"copy{at}") for at, cell in enumerate(TWO[:4])]
    cells = [*TWO, *block]
    for number in range(3):
        cells = put(cells, 0, f"a{number}", "t", "c", "c")
        last = max(at for at, cell in enumerate(cells) if cell.source == A.source)
        cells = put(cells, last, f"z{number}", "t", "c", "c")
        assert sources(cells)[-4:] == ["A", f"z{number} says 0", f"z{number} = 1", f"z{number} = 2"]
        assert sources(cells)[:4] == ["A", f"a{number} says 0", f"a{number} = 1", f"a{number} = 2"]
        assert len(cells) == len(TWO) + 4


def test_a_copy_pasted_below_another_prompt_stays_the_users():
    pasted = [*TWO[:7], replace(TWO[2], id="pasted"), *TWO[7:]]
    again = put(pasted, asked(pasted, "B"), "n", "t", "c")
    assert sources(again)[4:] == ["B", "n says 0", "n = 1", "a = 1", "x = 1"]


def test_a_copied_block_shows_the_same_stored_answer_too():
    cells = [*TWO, *(replace(cell, id=f"copy{at}") for at, cell in enumerate(TWO[:4]))]
    again = put(put(cells, 0, "a", "t", "c", "c"), 8, "a", "t", "c", "c")
    assert sources(again) == sources(cells)


def test_an_edited_cell_keeps_its_place_when_ids_are_gone():
    cells = renumbered([replace(c, source="mine") if c.source == "a = 1" else c for c in TWO])
    for number in range(3):
        cells = renumbered(put(cells, 0, f"n{number}", "t", "c", "c"))
        assert sources(cells)[:4] == ["A", f"n{number} says 0", "mine", f"n{number} = 2"]


def test_notes_of_earlier_versions_go_by_id_then_by_place():
    old = [
        replace(c, provenance=replace(c.provenance, asked="", meaning="")) if c.provenance else c
        for c in TWO
    ]
    assert sources(put(old, 0, "n", "t", "c", "c"))[:4] == ["A", "n says 0", "n = 1", "n = 2"]
    lost = renumbered(old)
    assert sources(put(lost, 0, "n", "t", "c", "c"))[:4] == ["A", "n says 0", "n = 1", "n = 2"]
