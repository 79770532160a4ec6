"""What attachments are called in the sandbox: here and in the emulator, which shares no code."""

from __future__ import annotations

import pytest

from gemini_magic.emulator import conversation
from gemini_magic.turn import attached


def test_the_emulator_names_files_as_they_are_announced() -> None:
    assert conversation._ENDINGS == attached._ENDINGS


def test_an_own_name_never_takes_the_place_of_a_sandboxs() -> None:
    files = [
        attached.Attached("input_file_0.csv", "good.csv", b"good"),
        attached.Attached("input_file_1.csv", "input_file_0.csv", b"other"),
    ]
    assert attached.by_name(files) == {
        "good.csv": b"good",
        "input_file_0.csv": b"good",
        "input_file_1.csv": b"other",
    }


@pytest.mark.parametrize(
    "name",
    ["numexpr.py", "x.pyc", "x.SO", "matplotlibrc", ".condarc", "sitecustomize.py", "../x", "a/b"],
)
def test_what_a_library_would_load_by_its_name_has_no_own_name(name: str) -> None:
    assert attached.by_name([attached.Attached("input_file_0.py", name, b"x")]) == {
        "input_file_0.py": b"x"
    }
