"""Cells for front ends without our extension."""

from __future__ import annotations

from gemini_magic.cells.extract import extract
from gemini_magic.cells.newcell import payloads
from gemini_magic.turn.parts import OK, Code, Result, Text

from ..strategies import answered

TURN = answered(Text("First."), Code("a = 1"), Result(OK, "1\n"), Text("Then."), Code("b = 2"))
CELLS = extract(TURN, "all", "src")


def test_vs_code_gets_one_payload_per_code_cell_the_last_one_first():
    found = payloads(CELLS, "VS Code", several=True)
    assert found.sources == ("b = 2", "a = 1")
    assert "2 code cells put below this one" in found.said
    assert [cell.source for cell in found.left_out] == ["First.", "Then."]
    assert "2 texts (parts 0, 3)" in found.said


def test_another_front_end_gets_all_code_in_one_cell():
    found = payloads(CELLS, "this front end")
    assert found.sources == ("# code 1 of 2\na = 1\n\n# code 2 of 2\nb = 2",)
    assert "This front end takes one new cell: 2 pieces of code put into it" in found.said
    assert "2 texts (parts 0, 3)" in found.said
    assert "outputs of 1 piece of code stay in the answer" in found.said


def test_one_piece_of_code_is_put_as_it_is():
    found = payloads(extract(TURN, "code")[:1], "the terminal")
    assert found.sources == ("a = 1",)
    assert found.said.startswith("The terminal takes one new cell: 1 piece of code put into it. ")


def test_without_code_nothing_is_asked_for_and_the_text_is_named():
    found = payloads(extract(answered(Text("Only words.")), "all"), "this front end")
    assert found.sources == ()
    assert found.said == ("Not inserted, since this front end takes code only: 1 text (part 0).")
