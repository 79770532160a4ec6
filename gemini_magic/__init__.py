"""Gemini code execution, native in Jupyter: ``%load_ext gemini_magic``, then ``%%gemini``.

Importing this module imports nothing heavy; the SDK comes when something is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemini_magic.api import ask
    from gemini_magic.turn.turn import Turn

# IPython's %reload_ext runs this module again between unloading and loading.
_reloaded = "__version__" in globals()
__version__ = "0.1.0"
__all__ = ["Turn", "__version__", "ask"]


def __getattr__(name: str) -> Any:
    if name == "ask":
        from gemini_magic.api import ask

        return ask
    if name == "Turn":
        from gemini_magic.turn.turn import Turn

        return Turn
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext gemini_magic``: register the magics; no network, nothing printed.

    Conversations go on over ``%reload_ext``; ``%unload_ext`` ends them.
    """
    global _reloaded
    from gemini_magic.extension import load

    load(shell, again=_reloaded)
    _reloaded = False


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext gemini_magic``: remove every trace."""
    from gemini_magic.extension import unload

    unload(shell)
