"""Delays the import of what jsonschema needs for one format; import this before jsonschema.

nbformat imports jsonschema, and jsonschema, where the optional ``rfc3987_syntax`` is installed (as
beside Jupyter's server), imports that for its ``iri`` format, which builds a grammar: 1.5 s of
processor time in every process that runs notebooks, while no notebook's schema has an IRI in it.
The stand-in gives way to the module itself when it is first used.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

NAME = "rfc3987_syntax"


class _Late(ModuleType):
    """Stands in for the module until something of it is called, or asked for by another name."""

    def is_valid_syntax(self, *asked: Any, **named: Any) -> bool:
        return bool(_real().is_valid_syntax(*asked, **named))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system looks
            raise AttributeError(name)
        return getattr(_real(), name)


def _real() -> Any:
    if isinstance(sys.modules.get(NAME), _Late):
        del sys.modules[NAME]
    return importlib.import_module(NAME)


def _stand_in() -> None:
    if "jsonschema" in sys.modules or NAME in sys.modules or not importlib.util.find_spec(NAME):
        return
    sys.modules[NAME] = _Late(NAME, __doc__)


_stand_in()
