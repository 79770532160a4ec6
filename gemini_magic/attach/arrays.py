"""Arrays of numbers, texts and times as CSV: by the rules of `gemini_magic.attach.tables`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import Any

from gemini_magic.attach.tables import END, Table, about_columns, checked, of_module, over
from gemini_magic.errors import OptionError
from gemini_magic.text import utf8


def is_array(value: object) -> bool:
    """Whether ``value`` is a numpy array."""
    return of_module(value, "numpy", "ndarray")


def array_table(array: Any, name: str, limit: int) -> Table:
    """An array of one or two dimensions as CSV, under a line of names (``value``, or 0, 1, ...).

    A structured array's fields are its columns, what is masked is missing. OptionError on other
    shapes and kinds.
    """
    if of_module(array, "numpy", "matrix"):  # whose rows are matrices again
        array = array.A
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
        raise over(name, rows, len(parts), array.size * 8, limit)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=END)
    writer.writerow(columns)
    writer.writerows(zip(*(_texts(part) for part in parts), strict=True))
    kinds = [str(part.dtype) for part in parts]
    about = about_columns(rows, columns, kinds if len(set(kinds)) > 1 else [])
    if len(set(kinds)) == 1:
        about += f"; an array of {kinds[0]} with shape {array.shape}"
    return checked(Table(utf8(text.getvalue()), about), name, limit)


def _texts(part: Any) -> Iterable[Any]:
    import numpy as np

    values = _plain_texts(np.ma.getdata(part))
    hidden = np.ma.getmaskarray(part).tolist()
    return ("" if missing else one for one, missing in zip(values, hidden, strict=True))


def _plain_texts(part: Any) -> Iterable[Any]:
    if part.dtype.kind == "M":
        import numpy as np

        return ("" if one == "NaT" else one for one in np.datetime_as_string(part).tolist())
    if part.dtype.kind == "m":
        return ("" if one == "NaT" else one for one in map(str, part))
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
