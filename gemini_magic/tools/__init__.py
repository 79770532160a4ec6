"""Declares and calls the notebook's functions for the model; sends nothing itself.

`declaring` makes a `Tool` of a function; `calling` answers the model's calls of them. Only what
the user names with ``--tool`` or ``ask(tools=...)`` is ever called, with checked arguments.
"""

from gemini_magic.tools.calling import ROUNDS, respond, waiting
from gemini_magic.tools.declaring import Tool, declare, find, refuse_combination

__all__ = ["ROUNDS", "Tool", "declare", "find", "refuse_combination", "respond", "waiting"]
