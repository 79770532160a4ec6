"""The configuration of the docs: ``python -m sphinx -W --keep-going docs docs/_build/html``.

Builds without network: no inventories of other projects, no fonts or scripts from elsewhere. The
notebooks of the gallery are executed on the offline emulator, once for each of their versions;
``-D nb_execution_mode=off`` shows them without outputs.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from gemini_magic import __version__

project = "gemini_magic"
author = "gemini_magic contributors"
copyright = f"2026, {author}"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]

nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_show_tb = True
# An answer's own JSON, which JupyterLab draws, stands beside the HTML that is shown here.
suppress_warnings = ["mystnb.unknown_mime_type"]
html_theme = "furo"
html_title = f"gemini_magic {release}"
html_copy_source = False

myst_heading_anchors = 3  # the anchors that a code host makes of headings
# Docstrings name what they speak of in single backticks.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
autodoc_class_signature = "mixed"
toc_object_entries = False


def setup(app: Any) -> None:
    """Read the docstrings as they are meant, and fetch the gallery's notebooks."""
    app.connect("config-inited", _gallery)
    app.connect("source-read", _lead)
    app.connect("autodoc-process-docstring", _read)


def _gallery(app: Any, config: Any) -> None:
    """Copy the notebooks to where Sphinx looks for pages; what executes them asks the emulator."""
    folder = Path(app.srcdir)
    (folder / "gallery").mkdir(exist_ok=True)
    for notebook in (folder.parent / "notebooks").glob("*.ipynb"):
        copy = folder / "gallery" / notebook.name
        if not copy.exists() or copy.read_bytes() != notebook.read_bytes():
            shutil.copyfile(notebook, copy)
    os.environ["GEMINI_MAGIC_BACKEND"] = "emulator"
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


def _lead(app: Any, name: str, source: list[str]) -> None:
    """Let links to notebooks lead to their pages of the site."""
    source[0] = source[0].replace("](../notebooks/", "](gallery/")


def _read(app: Any, what: str, name: str, member: Any, options: Any, lines: list[str]) -> None:
    """Leaves a module's own docstring out, and lets names be found in whichever module."""
    if what == "module":
        lines.clear()
    lines[:] = [re.sub(r"(?<![`:])`([A-Za-z_][\w.]*)`(?!`)", r"`.\1`", line) for line in lines]
