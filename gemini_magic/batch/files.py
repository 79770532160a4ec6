"""Notebook files: read with every damage told, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gemini_magic.batch.late_syntax  # noqa: F401  before nbformat is imported
from gemini_magic.errors import OptionError
from gemini_magic.storage import write_atomic


def read_notebook(path: Path) -> Any:
    """The notebook at ``path``, as version 4; OptionError when it cannot be read."""
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except OSError as error:
        raise OptionError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path."
        ) from None
    except Exception as error:  # noqa: BLE001 - nbformat raises many kinds for a damaged file
        raise OptionError(
            f"{path} is not a notebook: {(str(error).splitlines() or ['damaged'])[0][:200]}",
            "Give a valid .ipynb file.",
        ) from None
    return notebook


def write_notebook(notebook: Any, path: Path) -> None:
    """Write ``notebook`` whole or not at all; StorageError when it cannot be written."""
    import nbformat

    write_atomic(path, nbformat.writes(notebook).encode("utf-8", "replace"))  # type: ignore[no-untyped-call]


def write_html(notebook: Any, path: Path, title: str) -> None:
    """Write ``notebook`` as one HTML page; raises MissingExtra without nbconvert."""
    from gemini_magic.errors import MissingExtra

    try:
        from gemini_magic.export.exporters import GeminiHTMLExporter
    except ImportError as error:
        raise MissingExtra("The HTML page", error.name or "nbconvert", "batch") from None
    exporter: Any = GeminiHTMLExporter(insert="none")  # type: ignore[no-untyped-call]
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    write_atomic(path, page.encode("utf-8", "replace"))
