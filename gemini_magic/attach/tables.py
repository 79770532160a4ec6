"""Tables as CSV: data frames of pandas, polars and the Arrow protocol, and arrays of numbers.

The rules, for every kind of frame: UTF-8, comma, quotes where RFC 4180 asks for them, lines ended
by CR LF (so that a bare CR or LF inside a text is quoted and survives). Dates as ISO 8601 (pandas
writes a space, polars a ``T``, both read the same), missing values empty, True and False as such,
numbers in the shortest form that is exact (pandas 3.1 reads every bit of it, older ones with
``float_precision="round_trip"``). A
pandas index is written, as first columns, unless it is the plain ``RangeIndex`` from 0 without a
name; columns in several levels are joined by ``_``.

CSV has no types: a text that looks like a number or is empty or ``NA`` reads back as a number or
as missing, categories as text, a date as text unless ``parse_dates`` names it. So the model is
told the types of the columns (`Table.about`).
"""

from __future__ import annotations

import csv
import importlib.util
import io
import math
import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_magic.attach.item import size_text, too_large
from gemini_magic.errors import MissingExtra, OptionError

MOST_COLUMNS = 60  # named to the model; more are counted
_SAMPLE = 1000  # rows from which the size of a long frame is estimated
_END = "\r\n"


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
    """The frame as CSV; OptionError when it is over ``limit`` bytes, MissingExtra without reader.

    A long frame's size is estimated from a sample of its rows first, so that one far over the
    limit is not written at all.
    """
    if of_module(value, "pandas", "Series"):
        value = value.to_frame("value" if value.name is None else value.name)
    if of_module(value, "pandas", "DataFrame"):
        return _pandas(value, name, limit)
    if of_module(value, "polars", "LazyFrame"):
        raise OptionError(
            f"{name} is a LazyFrame: it has no rows yet.", f'Write --attach "{name}.collect()".'
        )
    if of_module(value, "polars", "Series"):
        value = value.to_frame()
    if not of_module(value, "polars", "DataFrame"):
        value = _exchanged(value, name)
    if of_module(value, "pandas", "DataFrame"):
        return _pandas(value, name, limit)
    return (
        _polars(value, name, limit) if hasattr(value, "write_csv") else _arrow(value, name, limit)
    )


def _pandas(frame: Any, name: str, limit: int) -> Table:
    import pandas as pd

    index = frame.index
    plain = isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1)
    with_index = not plain or index.name is not None
    columns = [_column(column) for column in frame.columns]
    labels = _index_labels(index, columns) if with_index else []

    def write(rows: Any) -> bytes:
        text: str = rows.to_csv(
            index=with_index, index_label=labels or None, header=columns, lineterminator=_END
        )
        return _encoded(text)

    _estimate(name, len(frame), len(columns), limit, lambda step: write(frame.iloc[::step]))
    types = [*(str(kind) for kind in _index_types(index, with_index)), *map(str, frame.dtypes)]
    about = _about(len(frame), [*labels, *columns], types)
    if with_index:
        about += f"; the index is the column{'s' if len(labels) > 1 else ''} {', '.join(labels)}"
    return _checked(Table(write(frame), about), name, limit)


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
    nested = [column for column, kind in frame.schema.items() if kind.is_nested()]
    if nested:
        raise OptionError(
            f"{name} cannot be written as CSV: {', '.join(nested[:3])} holds nested values.",
            f'Unnest or drop it, or attach rows as JSON: --attach "{name}.to_dicts()".',
        )

    def write(rows: Any) -> bytes:
        return _encoded(rows.write_csv(line_terminator=_END))

    _estimate(name, frame.height, frame.width, limit, lambda step: write(frame.gather_every(step)))
    about = _about(frame.height, frame.columns, [str(kind) for kind in frame.dtypes])
    return _checked(Table(write(frame), about), name, limit)


def _arrow(table: Any, name: str, limit: int) -> Table:
    import pyarrow.csv  # type: ignore[import-not-found, unused-ignore]

    if table.nbytes > 8 * limit:
        raise _over(name, table.num_rows, table.num_columns, table.nbytes, limit)
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    about = _about(table.num_rows, table.column_names, [str(kind) for kind in table.schema.types])
    return _checked(Table(sink.getvalue(), about), name, limit)


def _exchanged(value: Any, name: str) -> Any:
    """A frame of a library that is installed, by the Arrow or the interchange protocol."""
    try:
        if hasattr(value, "__arrow_c_stream__"):
            if importlib.util.find_spec("polars"):
                import polars

                return polars.DataFrame(value)
            if importlib.util.find_spec("pyarrow"):
                import pyarrow  # type: ignore[import-not-found, unused-ignore]

                return pyarrow.table(value)
        if hasattr(value, "__dataframe__") and importlib.util.find_spec("pandas"):
            from pandas.api.interchange import from_dataframe

            with warnings.catch_warnings():
                # pandas 3 announces the end of the protocol; others still offer nothing else.
                warnings.simplefilter("ignore")
                return from_dataframe(value)
    except (TypeError, ValueError, RuntimeError, NotImplementedError) as error:
        raise OptionError(
            f"{name} offers itself as a table, but cannot be read: {str(error)[:200]}",
            "Convert it to a pandas or polars DataFrame first.",
        ) from None
    raise MissingExtra(f"Attaching a {type(value).__name__} as CSV", "polars or pyarrow", "batch")


# -- arrays --------------------------------------------------------------------------------------


def is_array(value: object) -> bool:
    """Whether ``value`` is a numpy array."""
    return of_module(value, "numpy", "ndarray")


def array_table(array: Any, name: str, limit: int) -> Table:
    """An array of one or two dimensions as CSV, under a line of names (``value``, or 0, 1, ...).

    A structured array's fields are its columns. OptionError on other shapes and kinds.
    """
    if array.dtype.names and array.ndim == 1:
        columns = [str(field) for field in array.dtype.names]
        parts = [array[field] for field in array.dtype.names]
    elif array.ndim in (1, 2) and array.dtype.names is None:
        parts = [array] if array.ndim == 1 else list(array.T)
        columns = ["value"] if array.ndim == 1 else [str(number) for number in range(len(parts))]
    else:
        raise _not_tabular(array, name)
    if any(part.dtype.kind not in "biufMmUT" or part.ndim != 1 for part in parts):
        raise _not_tabular(array, name)
    rows = len(array)
    if array.size == 0:
        raise OptionError(
            f"{name} is empty: its shape is {array.shape}.", "Attach one with values."
        )
    if rows * len(parts) * 2 > limit:  # a value is a digit and a comma at least
        raise _over(name, rows, len(parts), array.size * 8, limit)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=_END)
    writer.writerow(columns)
    writer.writerows(zip(*(_texts(part) for part in parts), strict=True))
    kinds = [str(part.dtype) for part in parts]
    about = _about(rows, columns, kinds if len(set(kinds)) > 1 else [])
    if len(set(kinds)) == 1:
        about += f"; an array of {kinds[0]} with shape {array.shape}"
    return _checked(Table(_encoded(text.getvalue()), about), name, limit)


def _texts(part: Any) -> Iterable[Any]:
    if part.dtype.kind == "M":
        import numpy as np

        return ("" if one == "NaT" else one for one in np.datetime_as_string(part).tolist())
    if part.dtype.kind == "m":
        return map(str, part)
    # Python's own floats print in the shortest exact form; float16 and 32 in their own.
    values: Iterable[Any] = part.tolist() if part.dtype.itemsize == 8 else map(str, part)
    if part.dtype.kind == "f":
        return ("" if math.isnan(float(value)) else value for value in values)
    return values


def _not_tabular(array: Any, name: str) -> OptionError:
    return OptionError(
        f"{name} cannot be attached: an array of {array.dtype} with shape {array.shape}.",
        "Arrays of numbers with one or two dimensions are sent as CSV, uint8 arrays of H x W, "
        "H x W x 3 or H x W x 4 as a picture: pick a slice, or reshape it.",
    )


# -- both ----------------------------------------------------------------------------------------


def _encoded(text: str) -> bytes:
    # A lone surrogate has no UTF-8; it is written as its escape rather than lost.
    return text.encode("utf-8", "backslashreplace")


def _about(rows: int, columns: Sequence[str], types: Sequence[str]) -> str:
    said = f"{rows:,} row{'' if rows == 1 else 's'} x {len(columns):,} column"
    said += "" if len(columns) == 1 else "s"
    if types:
        named = [
            f"{' '.join(column.split())[:80]} ({kind})"
            for column, kind in zip(columns, types, strict=True)
        ][:MOST_COLUMNS]
        more = len(columns) - len(named)
        said += f"; columns: {', '.join(named)}" + (f" and {more:,} more" if more > 0 else "")
    return said


def _estimate(name: str, rows: int, columns: int, limit: int, sample: Any) -> None:
    if columns == 0 or rows == 0:
        raise OptionError(
            f"{name} is empty: {rows:,} rows x {columns:,} columns.", "Attach one with values."
        )
    if rows > 10 * _SAMPLE:
        step = rows // _SAMPLE
        estimated = len(sample(step)) * step
        if estimated > 2 * limit:
            raise _over(name, rows, columns, estimated, limit)


def _over(name: str, rows: int, columns: int, estimated: int, limit: int) -> OptionError:
    return _refused(name, rows, columns, f"about {size_text(estimated)}", estimated, limit)


def _checked(table: Table, name: str, limit: int) -> Table:
    size = len(table.data)
    if size > limit:
        shape = table.about.partition(";")[0]
        raise too_large(f"{name} ({shape})", f"{size_text(size)} as CSV", limit, _less(name), size)
    return table


def _refused(name: str, rows: int, columns: int, size: str, needed: int, limit: int) -> OptionError:
    what = f"{name} ({rows:,} rows x {columns:,} columns)"
    return too_large(what, f"{size} as CSV", limit, _less(name), needed)


def _less(name: str) -> str:
    return f"{name}.sample(10_000), fewer columns, a groupby"
