"""Cells in notebook files."""

from __future__ import annotations

import copy
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from gemini_magic.cells.document import PENDING, Inserted, insert_all, insert_below, provenance
from gemini_magic.render.bundle import bundle
from gemini_magic.text import b64encode
from gemini_magic.turn.parts import OK, Code, Image, Result, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import MIME, Turn

from ..strategies import PNG, answered


def answer(name: str, *parts: Any, insert: str | None = "all", **fields: Any) -> Turn:
    config = {"code": True, **({"insert": insert} if insert else {})}
    request = Request("?", "gemini-3.8-flash", "developer", config)
    return answered(*parts, **{"id": name, "request": request, **fields})


def asked(*turns: Turn) -> Any:
    """A prompt cell whose outputs hold ``turns``, as nbclient leaves it."""
    outputs = []
    for turn in turns:
        data, metadata = bundle(turn)
        outputs.append(new_output("display_data", data, metadata=metadata))
    return new_code_cell("%%gemini\n?", outputs=outputs, id="src", execution_count=1)


def notebook(*cells: Any) -> Any:
    return new_notebook(cells=[*cells])


PARTS = (Text("So: "), Code("print(6 * 7)\n"), Result(OK, "42\n"), Text("It is 42."))


def sources(made: Any) -> list[str]:
    nbformat.validate(made)
    return [cell.source for cell in made.cells]


def test_an_answers_own_wish_is_carried_out_below_its_cell():
    made = notebook(asked(answer("t1", *PARTS)), new_markdown_cell("after"))
    (done,) = insert_all(made)
    assert sources(made)[1:] == ["So:", "print(6 * 7)", "It is 42.", "after"]
    assert [cell.cell_type for cell in made.cells[1:4]] == ["markdown", "code", "markdown"]
    assert (done.added, done.updated, done.removed, done.kept) == (3, 0, 0, 0)
    assert list(done.cells) == made.cells[1:4]
    assert made.cells[2].outputs[1].text == "42\n"
    note = provenance(made.cells[2])
    assert note is not None and note.source_cell == "src" and note.part == 1
    assert provenance(made.cells[0]) is None and provenance(made.cells[-1]) is None


def test_a_large_picture_that_the_answer_only_names_is_in_the_inserted_cell():
    image = Image("image/png", PNG + bytes(300_000))
    made = notebook(asked(answer("t1", Code("plot()"), Result(OK), image)))
    made = nbformat.reads(nbformat.writes(made), 4)  # the HTML is lines in the file
    (done,) = insert_all(made)
    assert (done.added, done.unreadable) == (1, 0)
    (output,) = [one for one in made.cells[1].outputs if "image/png" in one.get("data", {})]
    assert output.data["image/png"] == b64encode(image.data)


def test_the_default_is_for_answers_that_do_not_say():
    for own, default, count in [
        (None, "none", 0),
        (None, "code", 1),
        (None, "all", 3),
        ("none", "all", 0),
        ("code", "all", 1),
    ]:
        made = notebook(asked(answer("t1", *PARTS, insert=own)))
        insert_all(made, default)
        assert len(made.cells) == 1 + count, (own, default)


def test_doing_it_again_changes_nothing():
    made = notebook(asked(answer("t1", *PARTS)))
    insert_all(made)
    before = copy.deepcopy(made)
    assert insert_all(made) == []
    assert made == before


def test_another_answer_updates_the_cells_in_place():
    made = notebook(asked(answer("t1", *PARTS)))
    insert_all(made)
    made.cells[2].source = "print('mine')"
    made.cells[0].outputs = asked(answer("t2", Text("Now: "), Code("1"), Code("2"))).outputs
    (done,) = insert_all(made)
    assert sources(made)[1:] == ["Now:", "print('mine')", "2"]
    assert (done.added, done.updated, done.removed, done.kept) == (1, 1, 1, 1)


def test_a_cell_that_was_run_here_keeps_its_outputs_while_its_code_is_the_same():
    made = notebook(asked(answer("t1", Code("print(1)"), Result(OK, "1\n"))))
    insert_all(made)
    made.cells[1].execution_count = 7
    made.cells[1].outputs = [new_output("stream", name="stdout", text="run here\n")]
    made.cells[0].outputs = asked(answer("t2", Code("print(1)"), Result(OK, "1\n"))).outputs
    insert_all(made)
    assert made.cells[1].outputs[0].text == "run here\n"
    made.cells[0].outputs = asked(answer("t3", Code("print(2)"), Result(OK, "2\n"))).outputs
    insert_all(made)
    assert made.cells[1].execution_count is None
    assert made.cells[1].outputs[1].text == "2\n"


@pytest.mark.parametrize("status", ["failed", "blocked", "interrupted", "streaming"])
def test_an_answer_that_did_not_end_well_leaves_the_cells_of_the_earlier_one(status: str):
    made = notebook(asked(answer("t1", *PARTS)))
    insert_all(made)
    before = sources(made)
    made.cells[0].outputs = asked(answer("t2", Text("half"), status=status)).outputs
    assert insert_all(made) == []
    assert sources(made) == before


def test_several_answers_of_one_cell_stand_in_their_order():
    made = notebook(asked(answer("t1", Code("1")), answer("t2", Code("2"), Code("3"))))
    insert_all(made)
    assert sources(made)[1:] == ["1", "2", "3"]
    assert insert_all(made) == []


def test_the_note_that_cells_are_missing_goes_when_they_come():
    cell = asked(answer("t1", *PARTS))
    wish = {"turn": "t1", "insert": "all"}
    note = new_output("display_data", {"text/plain": "3 cells"}, metadata={PENDING: wish})
    cell.outputs.append(note)
    made = notebook(cell)
    insert_all(made)
    assert all(PENDING not in output.metadata for output in made.cells[0].outputs)


def test_a_line_that_names_the_answer_of_another_cell_gets_its_cells_once():
    note = new_output(
        "display_data",
        {"text/plain": "1 cell"},
        metadata={PENDING: {"turn": "t1", "insert": "code", "run": True}},
    )
    line = new_code_cell("%gemini insert 1 code", outputs=[note], id="line")
    made = notebook(asked(answer("t1", *PARTS, insert="none")), line)
    (done,) = insert_all(made)
    assert done.run
    assert sources(made)[1:] == ["%gemini insert 1 code", "print(6 * 7)"]
    assert made.cells[1].outputs == []
    assert insert_all(made) == []


@pytest.mark.parametrize("wish", [None, [], "t1", {}, {"turn": []}, {"turn": None}])
def test_a_wish_that_names_no_answer_is_none(wish: Any):
    note = new_output("display_data", {"text/plain": "1 cell"}, metadata={PENDING: wish})
    line = new_code_cell("%gemini insert", outputs=[note], id="line")
    assert insert_all(notebook(asked(answer("t1", *PARTS, insert="none")), line)) == []


def test_a_notebook_without_cell_ids_is_brought_to_the_version_that_has_them():
    made = notebook(asked(answer("t1", *PARTS)))
    made.nbformat_minor = 4
    for cell in made.cells:
        del cell["id"]
    insert_all(made)
    assert made.nbformat_minor == 5
    note = provenance(made.cells[1])
    assert note is not None and note.source_cell == made.cells[0].id
    nbformat.validate(made)


def test_a_damaged_answer_is_counted_and_inserts_nothing():
    cell = asked(answer("t1", *PARTS))
    cell.outputs[0].data[MIME]["version"] = 99
    made = notebook(cell)
    assert insert_below(made, cell) == Inserted(unreadable=1)
    assert len(made.cells) == 1


def test_a_taken_id_gets_a_number():
    made = notebook(asked(answer("t1", Code("1"))), new_code_cell("mine", id="gm-t1-0"))
    insert_all(made)
    assert [cell.id for cell in made.cells] == ["src", "gm-t1-0-2", "gm-t1-0"]
    nbformat.validate(made)


def test_a_picture_without_code_keeps_its_attachment_in_the_file():
    from gemini_magic.turn.parts import Image

    made = notebook(asked(answer("t1", Text("See."), Image("image/png", PNG))))
    insert_all(made)
    read = nbformat.reads(nbformat.writes(made), as_version=4)
    assert read.cells[2].attachments["1-picture.png"]["image/png"]


def test_the_wish_to_run_is_told_to_who_executes():
    turn = answer("t1", Code("1"))
    config = {**turn.request.config, "run": True}
    wished = answer("t1", Code("1"), request=Request("?", "m", "developer", config))
    (done,) = insert_all(notebook(asked(wished)))
    assert done.run
    (done,) = insert_all(notebook(asked(turn)))
    assert not done.run
