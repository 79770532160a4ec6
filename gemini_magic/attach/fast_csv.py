"""Writes a large pandas frame as CSV by polars, where `pandas.read_csv` reads the same from it.

pandas formats cell by cell in Python: four seconds for 200,000 rows. Integers, truth values, text
and floats of everyday size have the same form in both, others Python's in pandas; any
other column (extension types, small floats of 32 bits) is written by pandas, and its texts are
given to polars. Where neither is sure, nothing is written here, and pandas writes the frame.
"""

from __future__ import annotations

import csv
import importlib.util
import io
from collections.abc import Sequence
from typing import Any

CELLS = 200_000  # from which on a frame is large: polars has to be imported for it
# Where numpy and polars write a float alike: outside of it one of them has an exponent.
_LEAST, _MOST = 1e-4, 1e16


def fast_csv(frame: Any, header: Sequence[str], end: str) -> bytes | None:
    """``frame`` (its columns alone) under ``header``; None where pandas is to write it.

    ``end``: the line end. A single column is pandas' work: a missing value alone on its line.
    """
    rows, width = frame.shape
    if width < 2 or rows * width < CELLS or importlib.util.find_spec("polars") is None:
        return None
    import polars as pl

    columns = {}
    dates = _date_formats(frame)
    if len(set(dates.values())) > 1 or (len(dates) > 1 and None in dates.values()):
        return None  # pandas writes those of one block alike: which are, cannot be seen from here
    for at in range(width):
        values = _values(frame.iloc[:, at], dates.get(at))
        if values is None:
            return None
        try:
            columns[str(at)] = pl.Series(str(at), values, nan_to_null=True, strict=True)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            return None  # a lone surrogate among them
    head = io.StringIO(newline="")
    csv.writer(head, lineterminator=end).writerow(header)
    try:
        first = head.getvalue().encode()
    except UnicodeEncodeError:
        return None
    body: str = pl.DataFrame(columns).write_csv(include_header=False, line_terminator=end)
    return first + body.encode()


def _date_formats(frame: Any) -> dict[int, str | None]:
    """How pandas writes each column of dates, by position; None where it writes fractions."""
    import numpy as np

    found: dict[int, str | None] = {}
    for at, kind in enumerate(frame.dtypes):
        if not isinstance(kind, np.dtype) or kind.kind != "M":
            continue
        values = frame.iloc[:, at].to_numpy()
        values = values[~np.isnat(values)]
        seconds = values.astype("M8[s]")
        years = values.astype("M8[Y]").astype(int) + 1970
        if (seconds != values).any() or ((years < 1000) | (years > 9999)).any():
            found[at] = None
        else:
            midnights = bool((seconds.astype("M8[D]") == seconds).all())
            found[at] = "%Y-%m-%d" if midnights else "%Y-%m-%d %H:%M:%S"
    return found


def _values(column: Any, date_format: str | None) -> Any:
    """The values as polars is to write them; None when it would not write what pandas does."""
    import numpy as np
    import pandas as pd

    kind = column.dtype
    if isinstance(kind, np.dtype):
        values = column.to_numpy()
        if kind.kind in "iu":
            return values
        if date_format is not None:
            import polars as pl

            return pl.Series(values.astype("M8[ms]")).dt.strftime(date_format)
        if kind.kind == "b":
            return np.where(values, "True", "False").tolist()
        if kind in (np.float32, np.float64) and _everyday(values):
            return values
        if kind == np.float64:
            return _floats(values)
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        missing = column.isna().to_numpy()
        return [None if gone else value for value, gone in zip(column, missing, strict=True)]
    return _texts(column)


def _everyday(values: Any) -> bool:
    import numpy as np

    sizes = np.abs(values[np.isfinite(values)])
    sizes = sizes[sizes != 0]
    return not sizes.size or bool(sizes.min() >= _LEAST and sizes.max() < _MOST)


def _floats(values: Any) -> Any:
    """Floats of any size as texts: those that only pandas writes with an exponent are Python's."""
    import numpy as np
    import polars as pl

    sizes = np.abs(values)
    beyond = (sizes != 0) & ((sizes < _LEAST) | (sizes >= _MOST)) & np.isfinite(values)
    odd = np.flatnonzero(beyond)
    texts = pl.Series(values, nan_to_null=True).cast(pl.String)
    return texts.scatter(odd.tolist(), list(map(repr, values[odd].tolist())))


def _texts(column: Any) -> list[str | None] | None:
    """What pandas writes for each value; None when that is not one plain word a line."""
    text: str = column.to_frame().to_csv(index=False, header=False, lineterminator="\n")
    lines = text.split("\n")[:-1]
    found = [None if line in ("", '""') else line for line in lines]
    if len(found) != len(column) or any('"' in line for line in found if line is not None):
        return None
    return found
