"""What a picker offers: values with their shapes, files with their sizes, and nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gemini_magic.attach.suitable import described, files, variables


class Lazy:
    """Claims every attribute, as lazy proxies do; asking it for one is an error here."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (pd.DataFrame({"a": range(5000), "b": 1}), "DataFrame, 5,000 × 2"),
        (pd.Series([1, 2]), "Series, 2"),
        (polars.DataFrame({"a": [1]}), "DataFrame, 1 × 1"),
        (np.zeros((3, 4)), "array of float64, 3 × 4"),
        (np.zeros((4, 5, 3), "uint8"), "picture of uint8, 4 × 5 × 3"),
        (Figure(), "figure"),
        (Image.new("RGB", (1200, 80)), "picture, 1,200 × 80"),
        (b"12", "bytes, 2 bytes"),
        ({"a": 1}, "dict, 1 entry"),
        ([1, 2], "list, 2 entries"),
        ([], None),
        (b"", None),
        (3, None),
        ("text", None),
        (pd, None),
        (pd.DataFrame, None),
        (len, None),
    ],
)
def test_a_value_in_words(value: Any, words: str | None) -> None:
    assert described(value) == words


def test_nothing_is_asked_of_a_value_that_answers_to_everything() -> None:
    assert described(Lazy()) is None


def test_variables_are_the_users_own() -> None:
    assert list(variables({"_x": [1], "b": [1], "a": {"k": 1}, "n": 1})) == [
        ("b", "list, 1 entry"),
        ("a", "dict, 1 entry"),
    ]


def test_files_come_by_name_and_folders_first(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("12")
    (tmp_path / "a.txt").write_text("1")
    (tmp_path / ".hidden").write_text("1")
    (tmp_path / "z").mkdir()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    base = f"{tmp_path}/"
    assert list(files(base)) == [
        (f"{base}z/", "folder"),
        (f"{base}a.txt", "1 byte"),
        (f"{base}b.csv", "2 bytes"),
    ]
    assert list(files(f"{base}missing/")) == []
    assert list(files("\0")) == list(files("~nobody-of-this-name/")) == []
