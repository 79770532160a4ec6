"""The model's code as the source of a code cell: what can be one, and what has been said twice.

A code cell runs IPython's language, not only Python's: ``!rm`` or ``%%javascript`` was a syntax
error in Google's sandbox and would act in a notebook. So only what parses as Python becomes one.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings

from gemini_magic.parts import Code

# Search tools come as code that calls a function nobody has: `google_search` and `file_search`
# (recorded bodies, never with a result), `concise_search` (published transcripts, with one that
# only says that a search is made).
SEARCH_TOOLS = frozenset({"google_search", "concise_search", "file_search"})

_LANGUAGES = frozenset({"", "PYTHON", "LANGUAGE_UNSPECIFIED"})
_DECEPTIVE = re.compile("[\u202a-\u202e\u2066-\u2069]")  # text that reads otherwise than it runs


def source(code: Code) -> str:
    """The code without blank lines around it, and without an indentation common to all of it.

    Gemini 2.5 Pro writes what it runs while thinking indented. Python that is fine as it stands
    keeps every character between its first and its last line.
    """
    # Editors know one end of line; Python reads the others as that one, in strings too.
    text = code.code.replace("\r\n", "\n").replace("\r", "\n")
    if _tree(text) is None:
        dedented = textwrap.dedent(text)
        text = dedented if _tree(dedented) is not None else text
    lines = text.split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    return "\n".join(lines).rstrip()


def obstacle(code: Code) -> str | None:
    """Why the code cannot be a code cell, in words; None when it can."""
    if code.language.upper() not in _LANGUAGES:
        return f"its language is {code.language}"
    if _DECEPTIVE.search(code.code):
        return "it holds characters that make it read otherwise than it runs"
    if _tree(source(code)) is None:
        return "it is not valid Python"
    return None


def is_search(code: Code) -> bool:
    """Whether the code only calls a search tool of the service, which exists nowhere else."""
    tree = _tree(source(code))
    if tree is None:
        return False
    called, bound = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))):
                called.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                bound.add(name)
            case ast.alias():
                bound.add((node.asname or node.name).partition(".")[0])
    return bool(called & SEARCH_TOOLS - bound)


def computation(code: Code) -> str:
    """What the code computes, for comparison: its syntax without layout and comments."""
    tree = _tree(source(code))
    return source(code) if tree is None else ast.dump(tree)


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a string: of no concern here
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # as the parser says no
        return None
