"""The model is told names, types and shapes of variables, and no value of any."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gemini_magic.here.namespace import MOST_BYTES, changes, describe, overview, snapshot

CANARY = "Canary7193"
KEY = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"


def told(**variables: object) -> str:
    return overview(variables, ()).text


def test_frames_arrays_and_containers_are_told_by_shape_dtype_and_labels() -> None:
    frame = pd.DataFrame({"region": ["a"], "amount": [1.5]})
    text = told(sales=frame, grid=np.zeros((3, 4), "int32"), names=["a", "b"], f=lambda x, y: x)
    lines = text.split("\n")
    assert lines[0] == "Variables of the notebook's kernel (no values):"
    assert set(lines[1:]) >= {
        "grid: numpy.ndarray, shape (3, 4), dtype int32",
        "names: list, length 2",
        "f: function(x, y)",
    }
    [line] = [line for line in lines if line.startswith("sales: ")]
    assert "shape (1, 2)" in line and "region (" in line and "amount (float64)" in line


def test_no_value_key_of_a_dict_or_index_label_is_told() -> None:
    class Loud:
        def __repr__(self) -> str:
            return CANARY

        __str__ = __repr__

    frame = pd.DataFrame({"column": [CANARY]}, index=[f"{CANARY}-index"])
    secret = CANARY

    def closure() -> str:
        return secret

    text = told(
        text=CANARY,
        data=CANARY.encode(),
        found={CANARY: CANARY, "list": [CANARY]},
        frame=frame,
        series=frame["column"],
        array=np.array([CANARY]),
        loud=Loud(),
        closure=closure,
        kind=Loud,
        numbers={7193},
    )
    assert "7193" not in text
    assert "frame: " in text and "loud: " in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_key", "anything"),
        ("my_password", 1),
        ("SECRET", []),
        ("auth_token", "x"),
        ("plain", KEY),
        ("data", KEY.encode()),
        ("text", f"curl -H 'x-goog-api-key: {KEY}'"),
        (KEY, 1),
    ],
)
def test_what_looks_like_a_key_or_password_is_left_out_by_name(name: str, value: object) -> None:
    text = told(**{name: value, "other": 1})
    assert name not in text and KEY not in text and "other: int" in text
    assert "1 that look like keys or passwords" in text


def test_a_column_that_looks_like_a_key_is_left_out() -> None:
    text = told(frame=pd.DataFrame({KEY: [1], "plain": [2]}))
    assert KEY not in text and "plain (int64), and 1 more" in text


def test_only_the_users_own_names_are_told() -> None:
    text = overview({"_private": 1, "__name__": "x", "In": [], "mine": 2}, {"In"}).text
    assert text.split("\n")[1:] == ["mine: int"]


def test_at_most_8_kb_the_biggest_and_newest_first_and_the_rest_counted() -> None:
    many = {f"variable_{number:04}": number for number in range(2000)}
    text = told(**many, big=np.zeros(10_000))
    assert len(text.encode()) <= MOST_BYTES
    lines = text.split("\n")
    assert lines[1].startswith("big: ") and lines[2] == "variable_1999: int"
    assert lines[-1].endswith("more variables are not listed)")


def test_labels_are_forty_of_sixty_characters() -> None:
    frame = pd.DataFrame([[0] * 50], columns=[f"{number:02}" + "x" * 100 for number in range(50)])
    text = told(frame=frame)
    assert "39xxx" in text and "40xxx" not in text and ", and 10 more" in text
    assert "x" * 58 + "…" not in text and "x" * 57 + "…" in text


def test_an_object_that_raises_when_it_is_looked_at_is_told_by_its_type() -> None:
    class Odd:
        @property
        def shape(self) -> tuple[int, ...]:
            raise RuntimeError("no")

    assert describe(Odd()).endswith(".Odd")


def test_new_changed_and_gone_variables_are_noticed() -> None:
    frame = pd.DataFrame({"a": [1]})
    space: dict[str, object] = {"frame": frame, "gone": 1, "same": [1], "again": 1}
    before = snapshot(space, ())
    frame["b"] = 2  # in place: the same object
    del space["gone"]
    space.update(made={"x": 1}, again=2, password="x", _hidden=1)
    assert changes(before, space, ()) == {
        "new": ["made (dict, length 1)"],
        "changed": ["frame", "again"],
        "gone": ["gone"],
    }
