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
from gemini_magic.attach.fast_csv import fast_csv
from gemini_magic.attach.resolve import gather
from gemini_magic.attach.tables import table
from gemini_magic.errors import OptionError

pytestmark = pytest.mark.usefixtures("in_a_cell")

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


@pytest.mark.parametrize("protocol", [None, "__arrow_c_stream__"])
def test_no_pandas_is_needed_for_frames_of_polars_and_arrow(
    protocol: str | None, monkeypatch: pytest.MonkeyPatch
):
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    monkeypatch.setitem(sys.modules, "pandas", None)
    made = table(frame if protocol is None else Protocol(frame, protocol), "f", LIMIT)
    assert made.data == b"a,b\r\n1,x\r\n2,\r\n"


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


@pytest.mark.parametrize("without", [[], ["polars"], ["polars", "pandas"]])
def test_an_arrow_table_is_written_without_pandas(
    monkeypatch: pytest.MonkeyPatch, without: list[str]
):
    pa = pytest.importorskip("pyarrow")

    def written(value: Any, name: str = "t", limit: int = LIMIT) -> Any:
        with monkeypatch.context() as patch:
            for gone in without:
                patch.setitem(sys.modules, gone, None)
            return table(value, name, limit)

    arrow = pa.table(
        {
            "s": ["x,y", "\r", None, ""],
            "b": [True, None, False, True],
            "n": [1, 2, None, 2**62],
            "f": [0.1, 1e-7, math.nan, -5e-324],
            "d": pa.array([datetime(2024, 2, 29)] * 4).cast("date32"),
            "t": [datetime(2024, 2, 29, 1, 2, 3, 4)] * 4,
            "span": [timedelta(hours=1), timedelta(days=-3, microseconds=5), None, timedelta(0)],
            "c": pa.array(["a", "b", None, "a"]).dictionary_encode(),
        }
    )
    made = written(arrow, "t", LIMIT)
    back = pd.read_csv(
        io.BytesIO(made.data), keep_default_na=False, na_values={"n": "", "f": ["NaN", "nan"]},
        parse_dates=["d", "t"], date_format="ISO8601"
    )  # fmt: skip
    assert back["s"].tolist() == ["x,y", "\r", "", ""]
    assert back["b"].tolist() == ["true", "", "false", "true"]
    assert back["n"].tolist()[:2] == [1, 2]
    np.testing.assert_array_equal(back["f"], [0.1, 1e-7, math.nan, -5e-324])
    assert back["d"].tolist() == [pd.Timestamp(2024, 2, 29)] * 4
    assert back["t"].tolist() == [pd.Timestamp(2024, 2, 29, 1, 2, 3, 4)] * 4
    spans = pd.to_timedelta(back["span"].replace("", None)).tolist()
    assert spans[:2] == [timedelta(hours=1), timedelta(days=-3, microseconds=5)]
    assert back["c"].tolist() == ["a", "b", "", "a"]
    assert made.about.startswith("4 rows x 8 columns; columns: s (")
    alone = written(pa.table({"a": [1, None]}), "t", LIMIT).data
    assert len(pd.read_csv(io.BytesIO(alone))) == 2
    with pytest.raises(OptionError, match="0 rows x 1 column"):
        written(pa.table({"a": pa.array([], pa.int64())}), "t", LIMIT)
    with pytest.raises(OptionError, match="a holds nested values, b holds bytes"):
        written(pa.table({"a": [[1]], "b": [b"x"]}), "t", LIMIT)
    with pytest.raises(OptionError, match=r"x \(20,000 rows x 1 column\)"):
        written(pa.table({"a": ["word" * 10] * 20_000}), "x", 10_000)
    assert written(Protocol(arrow, "__arrow_c_stream__"), "t", LIMIT).data == made.data


def test_arrow_columns_of_every_form_are_written_by_their_values(monkeypatch: pytest.MonkeyPatch):
    pa = pytest.importorskip("pyarrow")
    compute = pytest.importorskip("pyarrow.compute")
    monkeypatch.setitem(sys.modules, "polars", None)
    columns = {
        "a": pa.array([True, None]).dictionary_encode(),
        "b": compute.run_end_encode(pa.array(["x", "x"])),
        "c": pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0], pa.int8())),
        "d": pa.array(["v", "w"], pa.string_view()),
        "e": pa.array([1, 2], pa.duration("ns")),
        "f": pa.array([None, None]),
    }
    written = table(pa.table(columns), "t", LIMIT).data.decode().splitlines()
    assert written == [
        '"a","b","c","d","e","f"',
        'true,"x",1,"v","PT0.000000001S",',
        ',"x",0,"w","PT0.000000002S",',
    ]
    with pytest.raises(OptionError, match="values of type month_day_nano_interval"):
        table(pa.table({"a": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}), "t", LIMIT)


def test_an_arrow_table_that_its_library_cannot_write_is_told(monkeypatch: pytest.MonkeyPatch):
    pa = pytest.importorskip("pyarrow")
    monkeypatch.setitem(sys.modules, "polars", None)
    there = pa.table({"a": pa.array([1], pa.timestamp("s", "No/Where"))})
    with pytest.raises(OptionError, match="cannot be read") as told:
        table(there, "t", LIMIT)
    assert "No/Where" in told.value.what


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
    assert max(written) <= 100 and sum(written) <= 1000


@st.composite
def large_frames(draw: Any) -> pd.DataFrame:
    """Frames of every kind of column, some with missing values."""
    rows = draw(st.integers(1, 9))
    kinds = {
        "float": st.floats(width=64) | st.sampled_from([1e-4, 9.9e-5, 1e16, -0.0, 0.1, 123456.75]),
        "float32": st.floats(width=32) | st.sampled_from([0.5, 1e-3, 16777217.0]),
        "int64": st.integers(-(2**63), 2**63 - 1),
        "uint8": st.integers(0, 255),
        "bool": st.booleans(),
        "Int64": st.integers(-5, 5) | st.none(),
        "boolean": st.booleans() | st.none(),
        "str": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        "object": WORDS | st.none() | st.sampled_from([1, "", 2.5, "a,b", 'c"d', "e\r\nf", "g\r"]),
        "category": st.sampled_from(["x", "y, z"]),
        "datetime64[s]": st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)) | st.none(),
        "datetime64[us]": st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)) | st.none(),
        "timedelta64[us]": st.timedeltas(timedelta(0), timedelta(9)) | st.none(),
    }
    columns = {}
    for at in range(draw(st.integers(2, 4))):
        kind = draw(st.sampled_from(sorted(kinds)))
        values = draw(st.lists(kinds[kind], min_size=rows, max_size=rows))
        columns[f"c{at}"] = pd.Series(values, dtype=kind)
    return pd.DataFrame(columns)


@given(large_frames())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_large_frame_reads_back_as_pandas_would_have_written_it(frame: pd.DataFrame):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gemini_magic.attach.fast_csv.CELLS", 0)
        fast = fast_csv(frame, list(frame.columns), "\r\n")
    if fast is None:
        return
    plain = frame.to_csv(index=False, lineterminator="\r\n").encode()
    pd.testing.assert_frame_equal(
        pd.read_csv(io.BytesIO(fast)), pd.read_csv(io.BytesIO(plain)), check_exact=True
    )


def test_a_large_frame_of_ordinary_columns_is_written_fast_and_byte_for_byte_the_same():
    rows, random = 60_000, np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "amount": np.where(random.random(rows) < 0.1, np.nan, random.normal(1e3, 250, rows)),
            "count": random.integers(-5, 10**12, rows),
            "paid": random.random(rows) < 0.5,
            "note": random.choice(["x", "with, comma", 'with "quotes"', None, "東京"], rows),
            "day": pd.date_range("2021-03-01", periods=rows, freq="7min"),
        }
    )
    fast = fast_csv(frame, list(frame.columns), "\r\n")
    assert fast == frame.to_csv(index=False, lineterminator="\r\n").encode()
    assert table(frame, "f", 10**9).data == fast


def test_small_and_large_floats_are_written_fast_as_pandas_writes_them():
    rows, random = 70_000, np.random.default_rng(6)
    edges = [0.0, -0.0, 1e-4, 9.99e-5, 1e16, 1e15, 5e-324, -1.7e308, np.inf, -np.inf, np.nan]
    frame = pd.DataFrame(
        {
            "normal": random.normal(size=rows),
            "any": np.where(
                random.random(rows) < 0.5,
                random.choice(edges, rows),
                10 ** random.uniform(-320, 308, rows),
            ),
            "count": range(rows),
        }
    )
    fast = fast_csv(frame, list(frame.columns), "\r\n")
    assert fast == frame.to_csv(index=False, lineterminator="\r\n").encode()


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1, 2], "b": [["list"], "text"]}),
        pd.DataFrame({"a": [1, 2], "b": ["\ud800", "x"]}, dtype=object),
        pd.DataFrame(
            {
                "a": pd.to_datetime(["2020-01-01", "2020-01-02"]),
                "b": pd.to_datetime(["2020-01-01 10:00", "2020-01-02 00:00"]),
            }
        ),
    ],
)
def test_what_polars_would_write_otherwise_is_left_to_pandas(
    frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gemini_magic.attach.fast_csv.CELLS", 0)
    plain = frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8", "backslashreplace")
    assert table(frame, "f", 10**9).data == plain


def test_a_frame_a_little_over_the_limit_is_refused_from_a_sample(monkeypatch: pytest.MonkeyPatch):
    frame = pd.DataFrame({"x": np.random.default_rng(3).random(50_000), "y": 1})
    size = len(frame.to_csv(index=False, lineterminator="\r\n"))
    monkeypatch.setattr("gemini_magic.attach.tables.fast_csv", None)  # it would fail: not asked
    with pytest.raises(OptionError, match="about"):
        table(frame, "big", int(size * 0.9))


def test_a_frame_of_few_heavy_rows_is_not_refused_by_chance():
    texts = ["x"] * 50_000
    texts[::5_000] = ["y" * 20_000] * 10
    frame = pd.DataFrame({"a": texts, "b": 1})
    size = len(frame.to_csv(index=False, lineterminator="\r\n"))
    for limit in (size, size + 1000):
        assert len(table(frame, "f", limit).data) == size
