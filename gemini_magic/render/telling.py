"""Chooses the line of a piece of code that tells what it does, for the caption it folds to.

Half of the code that models write begins with imports, comments and constants, which are the same
in every answer. What is chosen is the first statement that does something; the JupyterLab
extension chooses the same one (``lab/src/answer/telling.ts``), which a test holds to a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gemini_magic.text import visible

MOST = 60  # characters that are shown
SEARCHED = 20_000  # characters that are searched

_TOKEN = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?(?:"""|(?![\s\S]))'
    r"|'''(?:\\[\s\S]|[^\\])*?(?:'''|(?![\s\S]))"
    r'|"(?:\\[\s\S]|[^"\\\n])*"?'
    r"|'(?:\\[\s\S]|[^'\\\n])*'?"
    r"|#[^\n]*|\\\n|[([{]|[)\]}]|[\n;]"
    r"""|[^"'#\\()\[\]{}\n;]+|[\s\S]"""
)
_SPACE = re.compile(r"[ \t\n]+")
# The same in every program, or nothing of its own: imports, decorators, magics and commands of
# the shell, a string alone (a docstring), what only opens a block, what only sets something up.
_SAYS_NOTHING = re.compile(
    r"(?:import|from)\b|[@%!]|(?:[A-Za-z]{0,2}'' ?)+$|(?:try|else|finally) ?:$"
    r"|(?:pass|\.\.\.|None)$|if __name__ ?=="
    r"|[A-Za-z_.]*(?:filterwarnings|simplefilter|set_option|set_printoptions|set_theme|seed)\("
    r"|[A-Za-z_.]*(?:style\.use|matplotlib\.use)\(",
    re.ASCII,
)
_ASSIGNS = re.compile(r"[^=(){}<>!]+=(?!=)([\s\S]*)$")
_CONSTANTS = re.compile(r"\b(?:True|False|None)\b|\b[rbfuRBFU]{1,2}(?='')|\b\d[\w.]*", re.ASCII)
_LETTER = re.compile(r"[A-Za-z_\u0080-\U0010ffff]")


def telling(code: str) -> str:
    """The first telling statement of ``code`` on one line, cut; empty when it has none.

    A statement that only names a constant (``n = 50``) is taken where there is no other.
    """
    constant = ""
    for shown, emptied in _statements(visible(code[:SEARCHED])):
        bare = _line(emptied)
        if not bare or _SAYS_NOTHING.match(bare):
            continue
        assigned = _ASSIGNS.match(bare)
        if assigned is None or _LETTER.search(_CONSTANTS.sub("", assigned[1])):
            return _cut(_line(shown))
        constant = constant or _cut(_line(shown))
    return constant


def _statements(code: str) -> Iterator[tuple[str, str]]:
    """Each statement without its comments; and the same with every string empty."""
    shown = bare = ""
    depth = 0
    for found in _TOKEN.finditer(code):
        token = found[0]
        first = token[0]
        if token in ("\n", ";") and not depth:
            yield shown, bare
            shown = bare = ""
        elif first == "#":
            continue
        elif token == "\\\n":
            shown, bare = shown + " ", bare + " "
        else:
            depth = max(0, depth + (token in "([{") - (token in ")]}"))
            shown += token
            bare += "''" if first in "\"'" else token
    yield shown, bare


def _line(text: str) -> str:
    """``text`` on one line; what stands in brackets over several lines as if it stood in one."""
    marked = _SPACE.sub(lambda space: "\n" if "\n" in space[0] else " ", text)
    joined = re.sub(r"\n(?=[)\]}.])", "", re.sub(r"([([{])\n", r"\1", marked))
    return joined.replace("\n", " ").strip(" ")


def _cut(line: str) -> str:
    return line if len(line) <= MOST else line[: MOST - 1].rstrip(" ") + "\u2026"
