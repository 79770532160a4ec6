"""Tables as CSV: data frames of pandas, polars and the Arrow protocol.

The rules, for every kind of frame: UTF-8, comma, quotes where RFC 4180 asks for them, lines ended
by CR LF (so that a bare CR or LF inside a text is quoted and survives). Dates as ISO 8601 (pandas
writes a space, polars a ``T``, both read the same), missing values empty, True and False as such
(from polars and Arrow in lower case), numbers in the shortest form that is exact (pandas 3.1 reads
every bit of it, older ones with ``float_precision="round_trip"``). A pandas index is written, as
first columns, unless it is the plain ``RangeIndex`` from 0 without a name; columns in several
levels are joined by ``_``. Durations are pandas' text (``0 days 01:00:00``) or, from polars and
Arrow, ISO 8601 (``PT1H``): `pandas.to_timedelta` reads both. An Arrow table is written by polars
or, without it, by pyarrow, whose lines end with LF and whose texts are all in quotes.

CSV has no types: a text that looks like a number or is empty or ``NA`` reads back as a number or
as missing, categories as text, a date as text unless ``parse_dates`` names it. So the model is
told the types of the columns (`Table.about`).
"""

from __future__ import annotations

import importlib.util
import math
import random
import statistics
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_magic.attach.arrow_csv import arrow_csv, of_stream, refused
from gemini_magic.attach.fast_csv import fast_csv
from gemini_magic.attach.item import too_large
from gemini_magic.errors import OptionError
from gemini_magic.hints import Hint
from gemini_magic.text import counted, one_line, size_text, utf8

MOST_COLUMNS = 60  # named to the model; more are counted
_SAMPLE, _GROUPS = 1000, 10  # rows from which the size of a long frame is estimated
_SURE = 5  # standard errors below the estimate: less than that it is not
END = "\r\n"


@dataclass(frozen=True)
class Table:
    """A table as CSV, and what to tell the model of it: rows, columns and their types."""

    data: bytes
    about: str


def of_module(value: object, module: str, name: str) -> bool:
    """Whether ``value`` is a ``module.name``; imports nothing."""
    found = getattr(sys.modules.get(module), name, None)
    return found is not None and isinstance(value, found)


def is_table(value: object) -> bool:
    """Whether ``value`` is a frame or series of any library, or offers the Arrow protocol."""
    return (
        of_module(value, "pandas", "DataFrame")
        or of_module(value, "pandas", "Series")
        or of_module(value, "polars", "LazyFrame")
        or hasattr(value, "__arrow_c_stream__")
        or hasattr(value, "__dataframe__")
    )


def table(value: Any, name: str, limit: int) -> Table:
    """The frame as CSV; OptionError when it is over ``limit`` bytes or no library can read it.

    A long frame's size is estimated from a sample of its rows first, so that one far over the
    limit is not written at all.
    """
    if of_module(value, "pandas", "Series"):
        value = value.to_frame("value" if value.name is None else value.name)
    if of_module(value, "pandas", "DataFrame"):
        return _pandas(value, name, limit)
    if of_module(value, "polars", "LazyFrame"):
        raise OptionError(
            f"{name} is a LazyFrame: it has no rows yet.", Hint.ATTACH_COLLECTED(name=name)
        )
    if of_module(value, "polars", "Series"):
        value = value.to_frame()
    if not of_module(value, "polars", "DataFrame"):
        value = _exchanged(value, name)
    if of_module(value, "pandas", "DataFrame"):
        return _pandas(value, name, limit)
    if of_module(value, "polars", "DataFrame"):
        return _polars(value, name, limit)
    return _arrow(value, name, limit)


def _pandas(frame: Any, name: str, limit: int) -> Table:
    import pandas as pd

    index = frame.index
    plain = isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1)
    with_index = not plain or index.name is not None
    columns = [_column(column) for column in frame.columns]
    labels = _index_labels(index, columns) if with_index else []

    def write(rows: Any) -> bytes:
        text: str = rows.to_csv(
            index=with_index, index_label=labels or None, header=columns, lineterminator=END
        )
        return utf8(text)

    _estimate(name, len(frame), len(columns), limit, lambda rows: write(frame.iloc[rows]))
    types = [*(str(kind) for kind in _index_types(index, with_index)), *map(str, frame.dtypes)]
    about = about_columns(len(frame), [*labels, *columns], types)
    if with_index:
        about += f"; the index is the column{'s' if len(labels) > 1 else ''} {', '.join(labels)}"
    data = None if with_index else fast_csv(frame, columns, END)
    return checked(Table(write(frame) if data is None else data, about), name, limit)


def _column(name: Any) -> str:
    return "_".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _index_labels(index: Any, columns: Sequence[str]) -> list[str]:
    names = list(index.names)
    labels = []
    for level, name in enumerate(names):
        label = _column(name) if name is not None else "index"
        if name is None and len(names) > 1:
            label = f"level_{level}"
        while name is None and label in columns:
            label = f"{label}_"
        labels.append(label)
    return labels


def _index_types(index: Any, with_index: bool) -> Iterable[Any]:
    if not with_index:
        return []
    return index.dtypes if index.nlevels > 1 else [index.dtype]


def _polars(frame: Any, name: str, limit: int) -> Table:
    import polars as pl

    schema = dict(frame.schema)
    _check(name, {column: _odd(kind) for column, kind in schema.items()})
    types = [str(kind) for kind in frame.dtypes]
    times = [column for column, kind in schema.items() if kind == pl.Duration]
    frame = frame.with_columns(pl.col(column).dt.to_string("iso") for column in times)

    # Alone on its line a missing value would be a blank one, which readers skip.
    blank = frame.width == 1 and frame.to_series().null_count() > 0

    def write(rows: Any) -> bytes:
        quotes = "always" if blank else "necessary"
        return utf8(rows.write_csv(line_terminator=END, quote_style=quotes))

    _estimate(name, frame.height, frame.width, limit, lambda rows: write(frame[rows]))
    about = about_columns(frame.height, frame.columns, types)
    return checked(Table(write(frame), about), name, limit)


def _check(name: str, held: Mapping[str, str]) -> None:
    """Raise OptionError where a column holds (in words) what a CSV cannot."""
    odd = [f"{column} holds {said}" for column, said in held.items() if said]
    if odd:
        raise OptionError(
            f"{name} cannot be written as CSV: {', '.join(odd[:3])}.",
            Hint.ATTACH_ROWS(name=name, others="" if len(odd) == 1 else ", and the others"),
        )


def _arrow(table: Any, name: str, limit: int) -> Table:
    """A `pyarrow.Table`; OptionError on a value that pyarrow itself cannot write."""
    columns, types = table.column_names, [field.type for field in table.schema]
    _check(name, {column: refused(kind) for column, kind in zip(columns, types, strict=True)})

    def write(rows: Any) -> bytes:
        try:
            return arrow_csv(rows)
        except Exception as error:  # noqa: BLE001 - of pyarrow's own tree
            raise _unread(name, error) from None

    _estimate(
        name, table.num_rows, len(columns), limit,
        lambda rows: write(table.take(rows) if rows else table.slice(0, 0)),
    )  # fmt: skip
    about = about_columns(table.num_rows, columns, list(map(str, types)))
    return checked(Table(write(table), about), name, limit)


def _unread(name: str, error: Exception) -> OptionError:
    return OptionError(
        f"{name} offers itself as a table, but cannot be read: {one_line(str(error), 200)}",
        "Convert it to a pandas or polars DataFrame first.",
    )


def _odd(kind: Any) -> str:
    """What a polars type holds that a CSV cannot, in words."""
    import polars as pl

    if kind.is_nested():
        return "nested values"
    return {pl.Binary: "bytes", pl.Object: "Python objects"}.get(kind.base_type(), "")


def _exchanged(value: Any, name: str) -> Any:
    """A frame of a library that is installed, by the Arrow or the interchange protocol."""
    try:
        if hasattr(value, "__arrow_c_stream__"):
            if importlib.util.find_spec("polars"):
                import polars

                return polars.DataFrame(value)
            if importlib.util.find_spec("pyarrow"):
                return of_stream(value)
        if hasattr(value, "__dataframe__") and importlib.util.find_spec("pandas"):
            from pandas.api.interchange import from_dataframe

            with warnings.catch_warnings():
                # pandas 3 announces the end of the protocol; others still offer nothing else.
                warnings.simplefilter("ignore")
                return from_dataframe(value)
    except Exception as error:  # noqa: BLE001 - polars and Arrow have trees of their own
        raise _unread(name, error) from None
    raise OptionError(
        f"Attaching a {type(value).__name__} as CSV needs polars or pyarrow.",
        "Run: pip install polars",
    )


# -- any table, also arrays ---------------------------------------------------------------------


def about_columns(rows: int, columns: Sequence[str], types: Sequence[str]) -> str:
    said = _shape(rows, len(columns))
    if types:
        named = [
            f"{' '.join(column.split())[:80]} ({kind})"
            for column, kind in zip(columns, types, strict=True)
        ][:MOST_COLUMNS]
        more = len(columns) - len(named)
        said += f"; columns: {', '.join(named)}" + (f" and {more:,} more" if more > 0 else "")
    return said


def _shape(rows: int, columns: int) -> str:
    return f"{counted(rows, 'row')} x {counted(columns, 'column')}"


def _estimate(
    name: str, rows: int, columns: int, limit: int, sample: Callable[[list[int]], bytes]
) -> None:
    if columns == 0 or rows == 0:
        raise OptionError(f"{name} is empty: {_shape(rows, columns)}.", "Attach one with values.")
    if rows > 10 * _SAMPLE:
        estimated, least = _estimated(rows, sample)
        if least > limit:
            raise over(name, rows, columns, estimated, limit)


def _estimated(rows: int, sample: Callable[[list[int]], bytes]) -> tuple[int, float]:
    """The size in bytes as estimated, and the least that it can be taken for.

    From groups of rows chosen by chance, since every n-th row may be a special one. Where few rows
    hold most of the bytes, the groups differ, and the least is far below the estimate.
    """
    chosen = random.Random(0).sample(range(rows), _SAMPLE)
    size = _SAMPLE // _GROUPS
    header = len(sample([]))
    groups = [
        (len(sample(chosen[at : at + size])) - header) / size for at in range(0, _SAMPLE, size)
    ]
    mean = statistics.fmean(groups)
    error = statistics.stdev(groups) / math.sqrt(len(groups))
    return round(mean * rows), (mean - _SURE * error) * rows


def over(name: str, rows: int, columns: int, estimated: int, limit: int) -> OptionError:
    what, size = f"{name} ({_shape(rows, columns)})", f"about {size_text(estimated)} as CSV"
    return too_large(what, size, limit, _less(name), estimated)


def checked(table: Table, name: str, limit: int) -> Table:
    size = len(table.data)
    if size > limit:
        shape = table.about.partition(";")[0]
        raise too_large(f"{name} ({shape})", f"{size_text(size)} as CSV", limit, _less(name), size)
    return table


def _less(name: str) -> str:
    return f"{name}.sample(10_000), fewer columns, a groupby"
