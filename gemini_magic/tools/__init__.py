"""Functions of the notebook that the model may call: declared, checked, called, answered.

`declaring` makes a `Tool` of a function; `calling` answers the model's calls of them. Only what
the user names with ``--tool`` or ``ask(tools=...)`` is ever called, with checked arguments.
"""

from gemini_magic.tools.calling import ROUNDS, answer, waiting
from gemini_magic.tools.declaring import Tool, declare, find, refuse_combination

__all__ = ["ROUNDS", "Tool", "answer", "declare", "find", "refuse_combination", "waiting"]
