"""Turns the user's types into the JSON Schema of an answer, and its text into their values.

Only what the user names with ``--schema`` or ``ask(schema=...)`` is ever looked at.
"""

from gemini_magic.schemas.declaring import AnswerType, declare, find, usable
from gemini_magic.schemas.taken import refuse_schema

__all__ = ["AnswerType", "declare", "find", "refuse_schema", "usable"]
