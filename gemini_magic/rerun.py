"""The code of a turn, run here: in a namespace, because the user asks for it, never otherwise."""

from __future__ import annotations

import linecache
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import OptionError

if TYPE_CHECKING:
    from gemini_magic.parts import Code


def run(codes: Sequence[Code], turn: str, namespace: dict[str, Any] | None) -> dict[str, Any]:
    """Run the pieces in order and return the namespace; the first exception ends it.

    ``namespace`` None: the notebook's own variables where one runs, else a new namespace. What was
    run while thinking is left out when it was run again for the answer. OptionError when there is
    no Python.
    """
    spoken = [code for code in codes if not code.thought] or list(codes)
    python = [code for code in spoken if code.language.upper() in ("PYTHON", "")]
    if not python:
        raise OptionError("This turn holds no Python to run.", ".code shows what it holds.")
    where = _users() if namespace is None else namespace
    for number, code in enumerate(python, 1):
        source = textwrap.dedent(code.code)
        name = f"<gemini {turn}, code {number}>"
        # A traceback shows the lines, as it does for cells.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), where)
    return where


def _users() -> dict[str, Any]:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return {"__name__": "__gemini__"}
    namespace: dict[str, Any] = shell.user_ns
    return namespace
