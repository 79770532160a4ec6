"""Executing one notebook with nbclient: the only importer of nbclient, nbconvert and nbformat."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemini_magic.errors import MissingExtra, OptionError
from gemini_magic.storage import write_atomic


def _nbformat() -> Any:
    import nbformat

    return nbformat


def read_notebook(path: Path) -> Any:
    """The notebook at ``path``, as version 4; OptionError when it cannot be read."""
    try:
        return _nbformat().read(path, as_version=4)
    except OSError as error:
        raise OptionError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path."
        ) from None
    except Exception as error:  # noqa: BLE001 - nbformat raises many kinds for a damaged file
        raise OptionError(
            f"{path} is not a notebook: {str(error).splitlines()[0][:200]}",
            "Give a valid .ipynb file.",
        ) from None


def execute(
    notebook: Any, folder: Path, environment: Mapping[str, str], timeout: float | None
) -> str | None:
    """Execute ``notebook`` in place, with ``folder`` as working directory.

    ``environment`` is added to the kernel's. Returns None when every cell succeeded, else what the
    failing cell's traceback says; the notebook then holds the partial result and the error output.
    ``timeout``: seconds for one cell. Raises MissingExtra without nbclient.
    """
    try:
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError as error:
        raise MissingExtra("Running notebooks", error.name or "nbclient", "batch") from None
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name=_kernel(notebook),
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(env={**os.environ, **environment})
    except CellExecutionError as error:
        return str(error)
    return None


def _kernel(notebook: Any) -> str:
    # The quickstart asks for no kernel by name, so that it runs wherever it lands.
    return str(notebook.metadata.get("kernelspec", {}).get("name", "python3"))


def write_notebook(notebook: Any, path: Path) -> None:
    """Write ``notebook`` whole or not at all."""
    write_atomic(path, _nbformat().writes(notebook).encode())


def write_html(notebook: Any, path: Path, title: str) -> None:
    """Write ``notebook`` as one HTML page; raises MissingExtra without nbconvert."""
    try:
        from nbconvert import HTMLExporter
    except ImportError as error:
        raise MissingExtra("The HTML page", error.name or "nbconvert", "batch") from None
    exporter: Any = HTMLExporter()  # type: ignore[no-untyped-call]
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    write_atomic(path, page.encode())
