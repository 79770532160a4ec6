"""Writes Arrow tables as CSV by pyarrow's own writer: no pandas, no copy into another library.

The only importer of pyarrow, where it is installed: a table of it has brought it along. Texts
stand in quotes, a missing one is nothing and an empty one ``""``.
"""

from __future__ import annotations

import io
from typing import Any


def of_stream(value: Any) -> Any:
    """The `pyarrow.Table` of anything that offers the Arrow protocol; ImportError without it."""
    import pyarrow

    return pyarrow.table(value)


def refused(kind: Any) -> str:
    """What an Arrow type holds that a CSV cannot, in words; "" when it can."""
    from pyarrow import types

    kind = _plain(kind)
    if types.is_nested(kind):
        return "nested values"
    if types.is_union(kind) or types.is_interval(kind):
        return f"values of type {kind}"
    binary = "is_binary", "is_large_binary", "is_fixed_size_binary", "is_binary_view"
    return (
        "bytes" if any(hasattr(types, one) and getattr(types, one)(kind) for one in binary) else ""
    )


def arrow_csv(table: Any) -> bytes:
    """``table`` as CSV, its columns as `gemini_magic.attach.tables` says."""
    import pyarrow
    from pyarrow import csv

    columns = [_column(column) for column in table.columns]
    if len(columns) == 1 and columns[0].null_count:
        # Alone on its line a missing value would be a blank one, which readers skip.
        columns = [columns[0].cast(pyarrow.string()).fill_null("")]
    written = io.BytesIO()
    csv.write_csv(pyarrow.table(columns, names=table.column_names), written)
    return written.getvalue()


def _plain(kind: Any) -> Any:
    """The type of the values themselves: of an extension, a dictionary or runs of them."""
    from pyarrow import BaseExtensionType, types

    while True:
        if isinstance(kind, BaseExtensionType):
            kind = kind.storage_type
        elif types.is_dictionary(kind) or types.is_run_end_encoded(kind):
            kind = kind.value_type
        else:
            return kind


def _column(column: Any) -> Any:
    """A column of values that the writer has a form for."""
    import pyarrow
    from pyarrow import compute, types

    while (kind := _plain(column.type)) != column.type:
        if types.is_run_end_encoded(column.type):
            column = compute.run_end_decode(column)
        else:
            inner = getattr(column.type, "storage_type", None) or column.type.value_type
            column = column.cast(inner)
    if types.is_duration(kind):
        return _spans(column)
    if hasattr(types, "is_string_view") and types.is_string_view(kind):
        return column.cast(pyarrow.large_string())
    return column


_PARTS = {"s": 0, "ms": 3, "us": 6, "ns": 9}  # digits after the seconds


def _spans(column: Any) -> Any:
    """Durations in ISO 8601, in seconds: ``PT3600S``."""
    import pyarrow

    digits = _PARTS[column.type.unit]
    texts: list[str | None] = []
    for number in column.cast(pyarrow.int64()).to_pylist():
        if number is None:
            texts.append(None)
            continue
        whole, rest = divmod(abs(number), 10**digits)
        part = f".{rest:0{digits}}" if rest else ""
        texts.append(f"{'-' if number < 0 else ''}PT{whole}{part}S")
    return pyarrow.chunked_array([pyarrow.array(texts, pyarrow.string())])
