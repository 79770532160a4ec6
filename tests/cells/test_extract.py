"""Which cells an answer makes."""

from __future__ import annotations

import ast
import hashlib
import re
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.cells.extract import extract, pieces
from gemini_magic.cells.newcell import NewCell
from gemini_magic.turn.parts import (
    DEADLINE_EXCEEDED,
    FAILED,
    OK,
    Call,
    Code,
    File,
    Image,
    Opaque,
    Part,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.request import Attachment, Request
from gemini_magic.turn.turn import Turn

from ..hostile import HOSTILE
from ..strategies import PNG, answered, turns

PICTURE = Image("image/png", PNG)


def kinds(cells: tuple[NewCell, ...]) -> list[tuple[str, str, int]]:
    return [(cell.cell_type, cell.provenance.role, cell.provenance.part) for cell in cells]


def only(*parts: Part) -> NewCell:
    (cell,) = extract(answered(*parts), "all")
    return cell


FULL = answered(
    Thought("Let me see."),
    Text("First "),
    Text("the sum."),
    Code("print(1 + 1)\n", id="a"),
    Result(OK, "2\n", "a"),
    Text("Now a picture."),
    Code("draw()"),
    Result(FAILED, "NameError: name 'draw' is not defined\n"),
    PICTURE,
    Text("", signature="c2ln"),
    Text("Done."),
    cell="prompt",
)


def test_all_gives_text_and_code_in_order_each_result_in_its_code_cell():
    assert kinds(extract(FULL, "all")) == [
        ("markdown", "text", 1),
        ("code", "code", 3),
        ("markdown", "text", 5),
        ("code", "code", 6),
        ("markdown", "text", 10),
    ]
    assert extract(FULL, "all")[0].source == "First the sum."


def test_code_gives_the_code_cells_alone_and_none_nothing():
    assert kinds(extract(FULL)) == [("code", "code", 3), ("code", "code", 6)]
    assert extract(FULL, "none") == ()
    with pytest.raises(ValueError, match="what is 'some'"):
        extract(FULL, "some")


def test_each_cell_says_where_it_came_from():
    for cell in extract(FULL, "all"):
        note = cell.to_dict()["metadata"]["gemini_magic"]
        assert set(note) == {"turn", "part", "source_cell", "role", "sha256"}
        assert (note["turn"], note["source_cell"]) == ("t1", "prompt")
        assert note["sha256"] == hashlib.sha256(cell.source.encode()).hexdigest()
        assert cell.id == f"gm-t1-{note['part']}"
    assert extract(FULL, "all", "other")[0].provenance.source_cell == "other"


def test_what_was_printed_and_drawn_are_recorded_outputs_marked_as_the_sandboxs():
    first, second = extract(FULL)
    mark, printed = first.outputs
    assert mark["data"] == {
        "text/plain": "Recorded in Google's sandbox (OK), not run in this kernel:"
    }
    assert mark["metadata"]["gemini_magic"]["sandbox"] == "Google's sandbox"
    assert printed == {"output_type": "stream", "name": "stdout", "text": "2\n"}
    mark, printed, picture = second.outputs
    assert "(failed)" in mark["data"]["text/plain"]
    assert printed["name"] == "stderr"
    assert set(picture["data"]) == {"image/png", "text/plain"}
    assert picture["metadata"]["gemini_magic"]["outcome"] == FAILED


def test_the_emulators_sandbox_is_called_by_its_name():
    request = Request("?", "m", "emulator")
    cell = extract(answered(Code("1"), Result(OK, "1\n"), request=request))[0]
    assert "the offline emulator's sandbox" in cell.outputs[0]["data"]["text/plain"]


def test_code_that_never_got_a_result_has_no_outputs():
    assert only(Code("x = 1")).outputs == ()


def test_a_result_without_output_is_a_mark_alone():
    cell = only(Code("x = 1"), Result(DEADLINE_EXCEEDED))
    assert [output["output_type"] for output in cell.outputs] == ["display_data"]
    assert "out of time" in cell.outputs[0]["data"]["text/plain"]


def test_a_picture_sent_twice_in_a_row_is_recorded_once_and_an_svg_only_named():
    cell = only(Code("plot()"), PICTURE, PICTURE, Image("image/svg+xml", b"<svg onload=alert(1)>"))
    assert [set(output["data"]) for output in cell.outputs[1:]] == [
        {"image/png", "text/plain"},
        {"text/plain"},
    ]


def test_only_a_result_without_code_is_a_markdown_cell():
    cell = only(Result(OK, "<b>2</b>\n"))
    assert (cell.cell_type, cell.provenance.role) == ("markdown", "result")
    assert "```text\n<b>2</b>\n```" in cell.source
    assert "without its code" in cell.source
    assert extract(answered(Result(OK, "2\n")), "code") == ()


def test_a_picture_without_code_is_an_attachment_of_a_markdown_cell():
    cell = extract(answered(Text("Look:"), PICTURE), "all")[1]
    assert set(cell.attachments) == {"1-picture.png"}
    assert "(attachment:1-picture.png)" in cell.source
    assert cell.to_dict()["attachments"]["1-picture.png"]["image/png"]


def test_a_thought_copy_of_a_visible_run_is_left_out_and_a_lone_one_dedented():
    thought = Code("    result = 6 * 7\n    print(result)\n    ", thought=True)
    copied = answered(
        thought,
        Result(OK, "42\n", thought=True),
        Code("result = 6*7  # the product\nprint(result)"),
        Result(OK, "42\n"),
    )
    assert kinds(extract(copied)) == [("code", "code", 2)]
    assert only(thought).source == "result = 6 * 7\nprint(result)"


def test_python_that_is_fine_as_it_stands_keeps_its_every_character():
    code = 'text = """\n    kept\n  """\nif text:\n\n    print( text )'
    assert only(Code("\n\n" + code + "\n\n")).source == code


@pytest.mark.parametrize(
    "code",
    [
        'print(google_search.search(queries=["a", "b"]))',
        'print(file_search.query(query="capital of France"))',
        '   print(file_search.query(query="capital of France"))\n   ',
        'concise_search("python code factorial")',
    ],
)
def test_calls_of_the_services_search_tools_are_left_out(code: str):
    assert extract(answered(Code(code), Result(OK, "Looking up.")), "all") == ()


def test_a_function_of_the_codes_own_may_have_any_name():
    assert only(Code("def file_search(x):\n    return x\n\nprint(file_search(1))"))
    assert only(Code("import google_search\ngoogle_search.run()"))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (Code("ls -la", "BASH"), "BASH"),
        (Code("!rm -rf ~"), "not valid Python"),
        (Code("%%javascript\nalert(1)"), "not valid Python"),
        (Code("print?"), "not valid Python"),
        (Code("x = 1\x00"), "not valid Python"),
        (Code("access = 'user\u202e \u2066# admin'"), "reads? otherwise"),
    ],
)
def test_what_is_no_python_is_quoted_and_never_a_code_cell(code: Code, why: str):
    cell = only(code)
    assert (cell.cell_type, cell.provenance.role) == ("markdown", "code")
    assert re.search(why, cell.source)
    assert extract(answered(code), "code") == ()


def test_calls_files_and_unknown_parts_make_no_cells():
    parts = (Call("f"), File("text/plain", data=b"x"), Opaque({"toolCall": {}}), Thought("hm"))
    assert extract(answered(*parts), "all") == ()


def test_a_failed_attempt_is_code_that_was_run():
    assert only(Code("1 / 0"), Result(FAILED, "ZeroDivisionError")).cell_type == "code"


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_text_does_nothing_in_a_markdown_cell(name: str):
    for cell in extract(answered(Text(HOSTILE[name]), Result(OK, HOSTILE[name])), "all"):
        outside = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", cell.source)
        assert not re.search(
            r"<(?!https?:|mailto:)[a-z/!?]", re.sub(r"</?(?:code|pre)>", "", outside), re.I
        )
        assert "](javascript:" not in outside.lower()


@given(turns, st.sampled_from(["code", "all"]))
def test_any_turn_makes_valid_cells_with_ids_of_their_own_and_python_only(turn: Turn, what: str):
    cells = extract(turn, what, "source")
    notebook = nbformat.from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [cell.to_dict() for cell in cells],
        }
    )
    nbformat.validate(notebook)
    assert nbformat.reads(nbformat.writes(notebook), as_version=4).cells == notebook.cells
    assert len({cell.id for cell in cells}) == len(cells)
    assert extract(turn, what, "source") == cells
    for cell in cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)


@pytest.mark.parametrize("code", [Code("foo("), Code("ls", language="BASH"), Code("%%html\n<b>")])
def test_what_came_back_from_code_that_is_no_cell_stands_below_it(code: Code):
    turn = answered(code, Result("OUTCOME_FAILED", "SyntaxError: here"), Image("image/png", PNG))
    (cell,) = extract(turn, "all")
    assert (cell.cell_type, cell.provenance.role) == ("markdown", "code")
    quoted, said = cell.source.index(code.code), cell.source.index("SyntaxError: here")
    assert quoted < said < cell.source.index("](attachment:1-picture.png)")
    assert list(cell.attachments) == ["1-picture.png"]
    assert "without its code" not in cell.source


READS = 'import pandas as pd\npd.read_csv("input_file_0.csv")'


def test_code_that_reads_an_attachment_comes_behind_a_cell_that_writes_it() -> None:
    turn = answered(Text("Look:"), Code(READS), Result("OUTCOME_OK", "1"))
    for what in ("code", "all"):
        first, *rest = extract(turn, what)
        assert (first.cell_type, first.source) == ("code", f"%gemini files {turn.id}")
        assert first.outputs == () and first.id not in {cell.id for cell in rest}
    assert [cell.source for cell in pieces(turn)] == [READS]


def test_an_attachment_is_known_by_the_users_own_name_too() -> None:
    sent = Attachment("sales.csv", "text/csv", 3, "0" * 64)
    request = Request("?", "m", "developer", attachments=(sent,))
    named = answered(Code("open('sales.csv')"), request=request)
    assert extract(named)[0].source.startswith("%gemini files")
    assert extract(named) == extract(Turn.from_dict(named.to_dict()))


@pytest.mark.parametrize(
    "parts",
    [
        [Code("print(1)")],
        [Text("input_file_0.csv")],
        [Code("my_input_file_0.csv = 1 +")],
        [Code('concise_search("input_file_0.csv")')],
    ],
)
def test_code_that_reads_none_has_no_such_cell(parts: list[Any]) -> None:
    for what in ("code", "all"):
        assert not any("%gemini" in cell.source for cell in extract(answered(*parts), what))


@pytest.mark.parametrize("name", ["x\nimport os", "x; !ls", "a b", "", "x" * 60])
def test_an_id_that_is_none_of_ours_never_stands_in_a_line_that_is_run(name: str) -> None:
    turn = answered(Code(READS), id=name)
    assert [cell.source for cell in extract(turn, "code")] == [READS]
