"""Tables read back from what a run printed, and code that is run again."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_magic.errors import OptionError
from gemini_magic.turn.parts import Code, Part, Result, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.tables import tables
from gemini_magic.turn.turn import Turn

FRAME = pd.DataFrame({"region name": ["North East", "South"], "sales": [10.5, -3.0], "n": [1, 22]})


def turn(*parts: Part) -> Turn:
    return Turn("t1", Request("p", "m", "emulator"), parts=parts, status="complete")


def printing(*outputs: str | None) -> Turn:
    return turn(*(Result("OUTCOME_OK", output) for output in outputs))


MARKDOWN = """\
| region name   |   sales |   n |
|:--------------|--------:|----:|
| North East    |    10.5 |   1 |
| South         |    -3   |  22 |
"""


@pytest.mark.parametrize(
    "output",
    [
        FRAME.to_string(),
        FRAME.to_string(index=False),
        FRAME.to_csv(index=False),
        MARKDOWN,
        str(pl.from_dict(FRAME.to_dict("list"))),
        "2 rows, columns: region name, sales, n\n" + FRAME.to_string() + "\nfastest: South (3,5)\n",
        "Here it is:\n\n" + FRAME.to_csv(index=False) + "\nThe end.",
    ],
    ids=["pandas", "pandas without index", "csv", "markdown", "polars", "among words", "csv too"],
)
def test_a_printed_table_is_a_frame_again(output: str):
    pd.testing.assert_frame_equal(printing(output).table(), FRAME, check_dtype=False)


def test_an_index_stays_an_index():
    grouped = FRAME.set_index("region name")
    pd.testing.assert_frame_equal(printing(grouped.to_string()).table(), grouped)
    described = FRAME.describe()
    found = printing(described.to_string()).table()
    pd.testing.assert_frame_equal(found, described, rtol=1e-4)


def test_tables_are_numbered_through_the_results():
    several = printing(
        FRAME.to_csv(index=False), None, "nothing", pd.DataFrame({"q": [7]}).to_string()
    )
    assert list(several.table(1)["q"]) == [7]
    assert list(several.table(-1)["q"]) == [7]
    with pytest.raises(OptionError, match=r"no table 2: .* 2 tables"):
        several.table(2)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "Hello, world\nGoodbye, moon\n",
        "mean 3\nstd 4\n",
        "x = 1\ny = 2",
        "The sum is\n    12 and\n",
        "a | b\nc | d",
        "42\n43\n",
        "1,2\n3,4\n",
        "[1, 2,\n 3, 4]",
        'Traceback (most recent call last):\n  File "<string>", line 1\nNameError: x',
        FRAME.groupby(["region name", "n"]).sum().to_string(),
    ],
)
def test_what_is_no_table_for_sure_is_none(output: str):
    with pytest.raises(OptionError, match="print no table"):
        printing(output).table()


def test_a_table_has_a_number_and_no_name():
    with pytest.raises(OptionError, match="'x' is not the number of a table"):
        printing("a,b\n1,2\n").table("x")  # type: ignore[arg-type]


def test_a_table_that_was_cut_is_not_given_out_as_whole():
    long = repr(pd.DataFrame(np.arange(400).reshape(100, 4), columns=list("abcd")))
    with pytest.raises(OptionError, match="was cut"):
        printing(long).table()


NUMBERS = st.integers(-10_000, 10_000) | st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,9}( [a-z]{1,5})?", fullmatch=True),
        st.lists(NUMBERS, min_size=4, max_size=4),
        min_size=2,
        max_size=6,
    ),
    st.sampled_from([None, "{:.3f}".format]),
)
def test_any_numbers_that_pandas_prints_are_read_back(columns: dict[str, list[Any]], form: Any):
    frame = pd.DataFrame(columns)
    printed = frame.to_string(float_format=form)
    found = printing(printed).table()
    pd.testing.assert_frame_equal(found, frame, check_dtype=False, rtol=1e-3, atol=1e-3)


@given(st.text(max_size=300))
def test_any_text_is_looked_through_without_an_error(text: str):
    for found in tables(text):
        assert all(len(row) == len(found.names) for row in found.rows)


def test_code_is_run_in_a_namespace_of_choice():
    answer = turn(
        Code("    x = 20\n    y = 1\n", thought=True),
        Text("so"),
        Code("x = 6\n"),
        Code("x *= 7\n"),
    )
    assert answer.run({})["x"] == 42
    mine = {"y": 5}
    assert answer.run(mine) is mine
    assert (mine["x"], mine["y"]) == (42, 5)
    only_thought = turn(Code("    z = 1\n", thought=True))
    assert only_thought.run()["z"] == 1, "outside of a notebook a new namespace"


def test_an_exception_shows_the_line():
    with pytest.raises(ZeroDivisionError) as raised:
        turn(Code("a = 1\nb = a / 0\n")).run({})
    shown = "".join(traceback.format_exception(raised.value))
    assert "<gemini t1, code 1>" in shown
    assert "b = a / 0" in shown


def test_a_turn_without_python_has_nothing_to_run():
    for parts in ([Text("hi")], [Code("ls", "BASH")]):
        with pytest.raises(OptionError, match="no Python"):
            turn(*parts).run({})
