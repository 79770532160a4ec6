"""Frames and arrays as CSV: what is sent reads back as it was."""

from __future__ import annotations

import io
import math
import sys
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gemini_magic.attach.arrays import array_table
from gemini_magic.attach.resolve import gather
from gemini_magic.attach.tables import table
from gemini_magic.errors import OptionError

LIMIT = 10_000_000

# pandas reads these texts as missing, and texts that look like numbers, dates or truth as those:
# documented in gemini_magic.attach.tables. A NUL ends a text for pandas' reader.
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
).map(lambda word: "t:" + word)
FLOATS = st.floats(allow_infinity=False, width=64)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(
    lambda name: "c " + name
)
COLUMNS = {
    "float64": FLOATS,
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "str": WORDS,
    "datetime64[us]": st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
}


@st.composite
def frames(draw: Any) -> pd.DataFrame:
    rows = draw(st.integers(1, 12))
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(sorted(COLUMNS)))
        values = draw(st.lists(COLUMNS[kind], min_size=rows, max_size=rows))
        columns[name] = pd.Series(values, dtype=kind)
    return pd.DataFrame(columns)


def read(data: bytes, frame: pd.DataFrame) -> pd.DataFrame:
    dates = [name for name in frame.columns if frame[name].dtype.kind == "M"]
    back = pd.read_csv(io.BytesIO(data), parse_dates=dates, date_format="ISO8601")
    return back.astype({name: frame[name].dtype for name in dates})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames())
def test_any_frame_reads_back_equal(frame: pd.DataFrame):
    assume(not any(frame[name].isna().all() and frame[name].dtype == "str" for name in frame))
    made = table(frame, "frame", LIMIT)
    pd.testing.assert_frame_equal(read(made.data, frame), frame, check_exact=True)
    rows = f"{len(frame):,} row"
    assert made.about.startswith(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(FLOATS, min_size=3, max_size=3), min_size=1, max_size=9))
def test_any_array_of_numbers_reads_back_bit_by_bit(values: list[list[float]]):
    array = np.array(values)
    made = array_table(array, "array", LIMIT)
    back = pd.read_csv(io.BytesIO(made.data)).to_numpy(dtype=float)
    np.testing.assert_array_equal(back, array)


def test_missing_values_are_empty_and_dates_are_iso():
    frame = pd.DataFrame(
        {"day": pd.to_datetime(["2024-02-29", None]), "x": [math.nan, 1.5], "who": ["ü,", None]}
    )
    assert table(frame, "f", LIMIT).data == b'day,x,who\r\n2024-02-29,,"\xc3\xbc,"\r\n,1.5,\r\n'


@pytest.mark.parametrize(
    ("index", "columns", "said"),
    [
        (pd.RangeIndex(3), ["x"], ""),
        (pd.RangeIndex(3, name="id"), ["id", "x"], "the index is the column id"),
        (pd.RangeIndex(1, 4), ["index", "x"], "the index is the column index"),
        (pd.Index(["a", "b", "c"]), ["index", "x"], "the index is the column index"),
        (
            pd.MultiIndex.from_tuples([(1, 2), (1, 3), (2, 2)], names=["a", None]),
            ["a", "level_1", "x"],
            "the index is the columns a, level_1",
        ),
    ],
)
def test_the_index_is_written_unless_it_is_plain(index: pd.Index, columns: list[str], said: str):
    made = table(pd.DataFrame({"x": [1, 2, 3]}, index=index), "f", LIMIT)
    back = pd.read_csv(io.BytesIO(made.data))
    assert list(back.columns) == columns
    assert said in made.about
    if columns != ["x"]:
        pd.testing.assert_index_equal(
            back.set_index(columns[:-1]).index, index, check_names=False, exact=False
        )


def test_a_series_and_columns_of_several_levels_become_plain_columns():
    assert table(pd.Series([1, 2], name="n"), "s", LIMIT).data == b"n\r\n1\r\n2\r\n"
    assert table(pd.Series([1, 2]), "s", LIMIT).data == b"value\r\n1\r\n2\r\n"
    wide = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert table(wide, "w", LIMIT).data == b"a_x,a_y\r\n1,2\r\n"


class Protocol:
    """A frame of a library nobody knows, which offers one of the two protocols."""

    def __init__(self, frame: Any, name: str) -> None:
        setattr(self, name, getattr(frame, name))


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [1, 2], "b": ["x,y", 'q"\r\n'], "d": [datetime(2024, 1, 2), None]}),
        Protocol(
            pl.DataFrame({"a": [1, 2], "b": ["x,y", 'q"\r\n'], "d": [datetime(2024, 1, 2), None]}),
            "__arrow_c_stream__",
        ),
        pd.DataFrame({"a": [1, 2], "b": ["x,y", 'q"\r\n'], "d": [datetime(2024, 1, 2), None]}),
    ],
    ids=["polars", "arrow protocol", "pandas"],
)
def test_frames_of_any_library_read_back_alike(frame: Any):
    back = pd.read_csv(io.BytesIO(table(frame, "f", LIMIT).data), parse_dates=["d"])
    assert list(back["a"]) == [1, 2]
    assert list(back["b"]) == ["x,y", 'q"\r\n']
    assert back["d"][0] == pd.Timestamp("2024-01-02")
    assert back["d"].isna()[1]


def test_a_frame_that_offers_the_interchange_protocol_alone_is_taken():
    with pytest.warns(Warning) if pd.__version__ >= "3" else pytest.MonkeyPatch.context():
        offered = Protocol(pd.DataFrame({"a": [1.5, 2.5]}), "__dataframe__")
        offered.__dataframe__()
    made = table(offered, "f", LIMIT)
    assert made.data == b"a\r\n1.5\r\n2.5\r\n"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (pd.DataFrame({"a": []}), "is empty"),
        (pd.DataFrame(index=range(3)), "is empty"),
        (pl.DataFrame(), "is empty"),
        (pl.DataFrame({"a": [[1], [2]]}), "nested"),
        (pl.DataFrame({"a": [b"1"]}), "bytes"),
        (pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)}), "Python objects"),
        (pl.LazyFrame({"a": [1]}), ".collect()"),
        (np.zeros((2, 3, 4)), "shape (2, 3, 4)"),
        (np.array([1 + 2j]), "complex128"),
        (np.array([object()]), "object"),
        (np.zeros((0, 3)), "is empty"),
    ],
)
def test_what_is_no_table_is_refused(value: Any, said: str):
    with pytest.raises(OptionError, match="x ") as refused:
        gather(["x"], {"x": value}, LIMIT)
    assert said in str(refused.value)
    assert refused.value.hint


def test_arrays_of_other_kinds_have_their_own_text():
    dates = np.array(["2024-02-29", "NaT"], dtype="datetime64[D]")
    assert array_table(dates, "a", LIMIT).data == b'value\r\n2024-02-29\r\n""\r\n'
    assert array_table(np.array([True, False]), "a", LIMIT).data == b"value\r\nTrue\r\nFalse\r\n"
    records = np.array([(1, 2.5)], dtype=[("n", "i4"), ("x", "f4")])
    assert array_table(records, "a", LIMIT).data == b"n,x\r\n1,2.5\r\n"


def test_what_is_masked_is_missing_and_a_matrix_is_a_table():
    for dtype in ("float64", "float32", "int64", "int8", "bool", "datetime64[s]", "U3"):
        masked = np.ma.array(np.ones(2, dtype="int8").astype(dtype), mask=[False, True])
        first, second = array_table(masked, "a", LIMIT).data.decode().split("\r\n")[1:3]
        assert (first != '""', second) == (True, '""'), dtype
    matrix = np.array([[1, 2], [3, 4]]).view(np.matrix)
    assert array_table(matrix, "a", LIMIT).data == b"0,1\r\n1,2\r\n3,4\r\n"


def test_a_missing_value_alone_on_its_line_is_read_back():
    for frame in (pl.DataFrame({"a": ["x", None]}), pd.DataFrame({"a": ["x", None]})):
        back = pd.read_csv(io.BytesIO(table(frame, "f", LIMIT).data))
        assert list(back["a"].isna()) == [False, True]


def test_durations_are_read_back_by_pandas_whatever_wrote_them():
    spans = [timedelta(hours=1), timedelta(days=-3, microseconds=5), None]
    for frame in (pl.DataFrame({"a": spans, "b": 1}), pd.DataFrame({"a": spans, "b": 1})):
        back = pd.read_csv(io.BytesIO(table(frame, "f", LIMIT).data))
        assert pd.to_timedelta(back["a"]).tolist()[:2] == spans[:2]
        assert back["a"].isna()[2]


@pytest.mark.parametrize("without", [None, "polars"])
def test_an_arrow_table_is_read_with_polars_or_pandas(
    monkeypatch: pytest.MonkeyPatch, without: str | None
):
    pa = pytest.importorskip("pyarrow")
    if without:
        monkeypatch.setitem(sys.modules, without, None)
    arrow = pa.table({"s": ["x,y", "\r", None], "b": [True, None, False], "n": [1, 2, None]})
    back = pd.read_csv(io.BytesIO(table(arrow, "t", LIMIT).data))
    assert back["s"].tolist()[:2] == ["x,y", "\r"]
    assert back["b"].tolist()[::2] == [True, False] and back["n"].tolist()[:2] == [1, 2]
    assert back.isna().sum().tolist() == [1, 1, 1]
    alone = table(pa.table({"a": [1, None]}), "t", LIMIT).data
    assert len(pd.read_csv(io.BytesIO(alone))) == 2
    with pytest.raises(OptionError, match="0 rows x 1 column"):
        table(pa.table({"a": pa.array([], pa.int64())}), "t", LIMIT)


def test_what_no_installed_library_reads_is_told_how(monkeypatch: pytest.MonkeyPatch):
    offered = Protocol(pl.DataFrame({"a": [1]}), "__arrow_c_stream__")
    for name in ("polars", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(OptionError, match="pip install polars"):
        table(offered, "f", LIMIT)


@pytest.mark.parametrize("rows", [3_000, 300_000])
def test_over_the_limit_sizes_and_ways_on_are_named(rows: int):
    with pytest.raises(OptionError) as refused:
        table(pd.DataFrame({"x": np.random.default_rng(3).random(rows)}), "big", 20_000)
    assert f"{rows:,} rows x 1 column" in refused.value.what
    assert "20.0 kB" in refused.value.what
    for way in ("big.sample", "max_attachment_bytes = ", "gs://"):
        assert way in refused.value.hint


def test_a_frame_far_over_the_limit_is_not_written_at_all(monkeypatch: pytest.MonkeyPatch):
    written = []
    plain = pd.DataFrame.to_csv

    def counting(self: pd.DataFrame, *args: Any, **kwargs: Any) -> Any:
        written.append(len(self))
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(pd.DataFrame, "to_csv", counting)
    with pytest.raises(OptionError):
        table(pd.DataFrame({"x": np.arange(1_000_000)}), "big", 100_000)
    assert written == [1000]
