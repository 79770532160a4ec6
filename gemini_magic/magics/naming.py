"""The magic's name in our own words: written as ``%gemini``, said as it is registered."""

from __future__ import annotations

import re

from gemini_magic.errors import AnswerInterrupted, GeminiError

NAME = "gemini"
_WRITTEN = re.compile(r"(?<![\w%])(%%?)gemini\b")


def named(text: str, name: str) -> str:
    """``text`` of ours (never one of the user's), with the magic called ``name``.

    >>> named("%gemini help, %%gemini --help, %config GeminiMagics.model", "gem")
    '%gem help, %%gem --help, %config GeminiMagics.model'
    """
    return text if name == NAME else _WRITTEN.sub(lambda found: found[1] + name, text)


def name_in(error: GeminiError | AnswerInterrupted, name: str) -> None:
    """Call the magic ``name`` in what ``error`` says."""
    error.what, error.hint = named(error.what, name), named(error.hint, name)
    error.args = (error.what,)
