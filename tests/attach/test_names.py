"""Names of attachments: no name leaves its folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gemini_magic.attach.names import of_expression, safe, unique


@given(st.text(max_size=300), st.sampled_from(["", ".csv", ".png"]))
@example("../../etc/passwd", "")
@example("..", "")
@example("C:\\Windows\\..\\x.csv", ".csv")
@example("\0.csv", "")
@example("a" * 400 + ".csv", "")
@example("-rf", "")
@example("CON", ".csv")
@example(".bashrc", "")
@example("\u202egnp.exe", "")
def test_any_name_is_a_file_in_its_folder_and_nothing_else(name: str, ending: str):
    made = safe(name, ending)
    assert made
    assert made.endswith(ending)
    assert PurePosixPath(made).name == made
    assert PureWindowsPath(made).name == made
    assert not made.startswith((".", "-"))
    assert made.isprintable()
    assert len(made) <= 100
    with TemporaryDirectory() as folder:
        target = Path(folder, made)
        assert target.resolve().parent == Path(folder).resolve()
        # Linux takes 255 bytes of a name.
        if len(os.fsencode(made)) < 256:
            target.write_bytes(b"x")
            assert [one.name for one in Path(folder).iterdir()] == [made]


@given(st.text(max_size=40))
def test_a_safe_name_stays_as_it_is(name: str):
    assert safe(safe(name)) == safe(name)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("sales", "sales"),
        ("sales.head(10)", "sales_head_10"),
        ("df['a b']", "df_a_b"),
        ("!", "value"),
    ],
)
def test_an_expression_names_its_value(expression: str, name: str):
    assert of_expression(expression) == name


def test_a_name_that_is_taken_is_numbered():
    assert unique("a.csv", []) == "a.csv"
    assert unique("a.csv", ["A.csv", "a-2.csv"]) == "a-3.csv"
    assert unique("file", ["file"]) == "file-2"
