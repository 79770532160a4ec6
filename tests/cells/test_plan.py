"""What is done with the cells of a notebook so that they show an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.cells.extract import extract
from gemini_magic.cells.newcell import NewCell
from gemini_magic.cells.plan import Existing, Plan, plan
from gemini_magic.turn.parts import Code, Text
from gemini_magic.turn.turn import Turn

from ..strategies import answered

SOURCE = Existing("src", "code", "%%gemini\n?")
OTHER = Existing("other", "code", "x = 1")


def answer(turn: str, *kinds: str) -> Turn:
    """A turn with a text for each "t" and a code for each "c"."""
    parts = [
        Text(f"{turn} says {at}") if kind == "t" else Code(f"{turn} = {at}")
        for at, kind in enumerate(kinds)
    ]
    return answered(*parts, id=turn, cell="src")


def carried_out(cells: list[Existing], todo: Plan) -> list[Existing]:
    """The cells after ``todo``, done in the plainest way."""

    def made(cell: NewCell, name: str) -> Existing:
        return Existing(name, cell.cell_type, cell.source, cell.provenance)

    now: list[Existing | None] = list(cells)
    for update in todo.updates:
        now[update.at] = made(update.cell, cells[update.at].id)
    for at in todo.deletes:
        now[at] = None
    found: list[Existing] = []
    for at, cell in enumerate(now):
        found += [cell] if cell is not None else []
        found += [made(one.cell, one.cell.id) for one in todo.inserts if one.after == at]
    return found


def inserted(cells: list[Existing], turn: Turn, what: str = "all", *answers: str) -> list[Existing]:
    at = next(at for at, cell in enumerate(cells) if cell.id == "src")
    new = extract(turn, what, "src")
    return carried_out(cells, plan(cells, at, new, turn.id, answers))


def sources(cells: list[Existing]) -> list[str]:
    return [cell.source for cell in cells if cell.id not in ("src", "other")]


def edit(cells: list[Existing], at: int, source: str = "mine") -> list[Existing]:
    return [*cells[:at], replace(cells[at], source=source), *cells[at + 1 :]]


THREE = answer("a", "t", "c", "c")


def test_new_cells_stand_below_the_source_cell_in_order():
    cells = inserted([OTHER, SOURCE, OTHER], THREE)
    assert [cell.id for cell in cells] == ["other", "src", "gm-a-0", "gm-a-1", "gm-a-2", "other"]


def test_the_same_turn_is_never_inserted_twice():
    once = inserted([SOURCE, OTHER], THREE)
    assert inserted(once, THREE) == once
    todo = plan(once, 0, extract(THREE, "all", "src"), "a")
    assert todo == Plan(same=(1, 2, 3))


def test_the_same_turn_with_more_or_fewer_of_its_parts_adds_and_removes_just_those():
    code = inserted([SOURCE, OTHER], THREE, "code")
    both = inserted(code, THREE, "all")
    assert sources(both) == ["a says 0", "a = 1", "a = 2"]
    assert inserted(both, THREE, "code") == code


def test_a_deleted_cell_comes_back_in_its_place_when_it_is_asked_for_again():
    once = inserted([SOURCE, OTHER], THREE)
    assert inserted([once[0], once[1], *once[3:]], THREE) == once


@pytest.mark.parametrize("kinds", ["tcc", "tc", "c", "ctctc", "cccccc", "ttt", ""])
def test_another_answer_of_the_cell_takes_the_place_of_the_first_one(kinds: str):
    again = inserted(inserted([SOURCE, OTHER], THREE), answer("b", *kinds))
    fresh = inserted([SOURCE, OTHER], answer("b", *kinds))
    assert [(c.source, c.cell_type, c.provenance) for c in again] == [
        (c.source, c.cell_type, c.provenance) for c in fresh
    ]


def test_cells_are_updated_in_place_with_their_ids():
    again = inserted(inserted([SOURCE], THREE), answer("b", "t", "c", "c"))
    assert [cell.id for cell in again] == ["src", "gm-a-0", "gm-a-1", "gm-a-2"]
    assert sources(again) == ["b says 0", "b = 1", "b = 2"]


def test_an_edited_cell_is_left_alone_and_keeps_its_place_in_ten_reruns():
    cells = edit(inserted([SOURCE, OTHER], THREE), 2)
    for number in range(10):
        turn = answer(f"r{number}", "t", "c", "c")
        todo = plan(cells, 0, extract(turn, "all", "src"), turn.id)
        assert todo.kept == (2,)
        cells = carried_out(cells, todo)
    assert sources(cells) == ["r9 says 0", "mine", "r9 = 2"]


def test_with_fewer_parts_an_edited_cell_stays_and_all_new_parts_are_shown():
    cells = edit(inserted([SOURCE], answer("a", "c", "c", "c")), 2)
    assert sources(inserted(cells, answer("b", "c", "c"))) == ["b = 0", "mine", "b = 1"]
    assert sources(inserted(cells, answer("b"))) == ["mine"]


def test_an_edit_taken_back_is_none():
    cells = inserted([SOURCE], THREE)
    back = edit(edit(cells, 1), 1, cells[1].source)
    assert plan(back, 0, extract(THREE, "all", "src"), "a").kept == ()


def test_a_cell_the_user_has_made_another_type_of_is_edited():
    cells = inserted([SOURCE], answer("a", "c"))
    raw = [cells[0], replace(cells[1], cell_type="raw")]
    assert inserted(raw, answer("b", "c")) == raw


def test_code_that_is_no_python_is_not_taken_for_an_edit():
    turn = answered(Code("ls", "BASH"), id="a", cell="src")
    cells = inserted([SOURCE], turn)
    assert inserted(cells, turn) == cells
    assert sources(inserted(cells, answer("b", "c"))) == ["b = 0"]


def test_a_moved_cell_is_updated_where_it_is():
    cells = inserted([SOURCE, OTHER], answer("a", "c", "c"))
    moved = [cells[0], cells[1], cells[3], cells[2]]
    again = inserted(moved, answer("b", "c", "c"))
    assert [cell.source for cell in again[1:]] == ["b = 0", "x = 1", "b = 1"]


def test_a_copy_that_the_user_has_pasted_is_the_users():
    cells = inserted([SOURCE], answer("a", "c", "c"))
    pasted = [*cells, replace(cells[1], id="copy")]
    again = inserted(pasted, answer("b", "c"))
    assert [cell.id for cell in again] == ["src", "gm-a-0", "copy"]
    assert again[2].source == "a = 0"


def test_cells_of_another_source_cell_are_left_alone():
    foreign = Existing("src2", "code", "%%gemini\n!")
    theirs = extract(replace(answer("z", "c"), cell="src2"), "all", "src2")[0]
    cells = [SOURCE, foreign, Existing(theirs.id, "code", theirs.source, theirs.provenance)]
    assert inserted(inserted(cells, THREE), answer("b", "c"))[-2:] == cells[-2:]


def test_several_answers_of_one_cell_stand_in_the_order_asked():
    cells = inserted([SOURCE, OTHER], answer("a", "c"), "all", "a")
    cells = inserted(cells, answer("b", "c", "c"), "all", "a", "b")
    assert sources(cells) == ["a = 0", "b = 0", "b = 1"]
    again = inserted(cells, answer("c", "c"), "all", "c", "b")
    assert sources(again) == ["c = 0", "b = 0", "b = 1"]


kinds = st.lists(st.sampled_from("tc"), max_size=5)


@given(st.lists(st.tuples(kinds, st.integers(0, 8), st.booleans()), max_size=5))
def test_whatever_happens_no_part_stands_twice_and_no_edit_is_lost(
    runs: list[tuple[list[str], int, bool]],
):
    cells = [OTHER, SOURCE, OTHER]
    mine: list[str] = []
    for number, (parts, at, also_edit) in enumerate(runs):
        turn = answer(f"n{number}", *parts)
        cells = inserted(cells, turn)
        assert inserted(cells, turn) == cells
        if also_edit and at < len(cells) and cells[at].provenance is not None:
            mine = [source for source in mine if source != cells[at].source]
            mine.append(f"mine {number}")
            cells = edit(cells, at, mine[-1])
        found = sources(cells)
        assert sorted(s for s in found if s.startswith("mine")) == sorted(mine)
        assert len(set(found)) == len(found)
        unedited = {cell.source for cell in cells if cell.provenance and not cell.edited}
        assert all(source.startswith(f"n{number} ") for source in unedited), "nothing old is left"
        assert len(found) <= len(parts) + len(mine)
        assert cells[0] == OTHER and cells[1] == SOURCE and OTHER in cells[2:]
