"""Compares two outputs of one program as a reader would: pure, and bounded in time.

``same``; ``close`` (numbers differ in their last digits); ``reordered``; ``different``.

Reordered is what the hash of texts does, which differs from process to process: the elements of a
set, the items of a dict, a list of texts, lines of one form below each other. What stands together
stays together: ``{'a': 1, 'b': 2}`` and ``{'a': 2, 'b': 1}`` have the same words and are different.
So are lists and lines of numbers in another order, and tuples: no hash has moved those.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import Literal, TypeAlias

from gemini_magic.text import counted

Likeness: TypeAlias = Literal["same", "close", "reordered", "different"]

# Float noise comes from another library version or processor: the last few of 16 digits, more
# after a long sum. What is printed rounded differs by one in its last digit at most.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
LONGEST = 2_000_000  # characters up to which two outputs are compared word by word
SHOWN, WIDEST = 12, 160  # lines of a difference, and characters of one line

_ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{6,16}\b")  # as in <object object at 0x7f16c0cc4870>
_DEEPEST = 50  # brackets in brackets
_PIECE = re.compile(
    r"""(?P<quoted>(?<!\w)(['"])(?:\\.|(?!\2)[^\\\n])*\2(?!\w))"""  # not the ' of isn't
    r"""|(?P<open>[\[({])|(?P<close>[\])}])|(?P<comma>,)|(?P<line>\n)|[^\[\](){},'"\n]+|."""
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_WORDS = re.compile(r"[^\W\d_][\w'\-]*(?:\s+[^\W\d_][\w'\-]*)*|'[^']*'|\"[^\"]*\"")
_LABEL = re.compile(r"[^,:\[({]*:\s")
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?!\w)")


def compared(recorded: str, now: str) -> Likeness:
    """How alike two outputs are.

    White space at the end of lines and addresses in memory do not count.
    """
    first, second = _settled(recorded), _settled(now)
    if first == second:
        return "same"
    if max(len(first), len(second)) > LONGEST:
        return "different"
    if _close(first, second):
        return "close"
    if _reordered(first, second):
        return "reordered"
    return "different"


def difference(recorded: str, now: str) -> str:
    """The first lines that differ, ``-`` as recorded and ``+`` as now, after one they share.

    At most 12 lines of 160 characters; "" when nothing differs.
    """
    first, second = _settled(recorded).split("\n"), _settled(now).split("\n")
    shown: list[str] = []
    shared = ""
    at = 0
    for at, (one, other) in enumerate(zip_longest(first, second), 1):
        if one == other:
            shared = one or ""
            if shown:
                break
            continue
        if not shown and at > 1:
            shown.append(f"  {_cut(shared)}")
        shown += [
            f"{sign} {_cut(line)}" for sign, line in (("-", one), ("+", other)) if line is not None
        ]
        if len(shown) >= SHOWN - 1:
            break
    left = max(len(first), len(second)) - at
    if shown and left > 0:
        shown.append(f"  ... {counted(left, 'more line')}")
    return "\n".join(shown)


def _settled(text: str) -> str:
    text = _ADDRESS.sub("0x...", text.replace("\r\n", "\n"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST else line[: WIDEST - 1] + "\u2026"


def _close(first: str, second: str) -> bool:
    """Equal but for numbers, of which those with a point or an exponent are nearly equal."""
    if _skeleton(first) != _skeleton(second):
        return False
    return all(map(_near, _NUMBER.findall(first), _NUMBER.findall(second)))


def _skeleton(text: str) -> list[str]:
    # Columns move when a number gets longer: white space counts as one blank, none beside one.
    return _NUMBER.sub(" 0 ", text).split()


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    if not (_is_float(one) or _is_float(other)):
        return False
    return math.isclose(
        float(one), float(other), rel_tol=RELATIVE, abs_tol=max(ABSOLUTE, _last_digit(one, other))
    )


def _is_float(number: str) -> bool:
    return any(mark in number for mark in ".eE")


def _last_digit(one: str, other: str) -> float:
    """One unit of the last printed digit where both are rounded to the same number of them.

    Only for at least six decimals, pandas' default: 0.1 and 0.2 are different results, not noise.
    """
    places = [len(number.partition(".")[2]) for number in (one, other)]
    plain = not any(mark in one + other for mark in "eE")
    if plain and places[0] == places[1] and places[0] >= 6:
        return 1.001 * 10.0 ** -places[0]
    return 0.0


def _reordered(first: str, second: str) -> bool:
    one, other = _lines(first), _lines(second)
    shapes = [_shape(line) for line in one]
    if shapes != [_shape(line) for line in other]:
        return False
    at = 0
    for shape, block in groupby(shapes):  # lines of one form below each other, as a loop prints
        until = at + len(list(block))
        before, after = one[at:until], other[at:until]
        if "w" in shape:
            before, after = sorted(before), sorted(after)
        if before != after:
            return False
        at = until
    return True


def _shape(line: str) -> str:
    """The form of a line: words are ``w``, numbers 0, the rest as it stands."""
    return _NUMBER.sub("0", _WORDS.sub("w", line))


@dataclass
class _Group:
    """What stands between two brackets, or on a line: items, each of the pieces read so far."""

    bracket: str
    items: list[list[str]] = field(default_factory=lambda: [[]])

    def add(self, piece: str) -> None:
        self.items[-1].append(piece)

    def told(self) -> str:
        """Its items in an order that does not depend on theirs, where a hash may have made it."""
        items = [" ".join("".join(item).split()) for item in self.items]
        label = _LABEL.match(items[0]) if self.bracket == "" and len(items) > 1 else None
        if label is not None:
            items[0] = items[0][label.end() :]
        if self.bracket == "{" or (self.bracket != "(" and _of_one_form(items)):
            items.sort()
        return (label.group() if label else "") + self.bracket + ", ".join(items)


def _of_one_form(items: list[str]) -> bool:
    shapes = {_shape(item) for item in items}
    return len(shapes) == 1 and "w" in shapes.pop()


def _lines(text: str) -> list[str]:
    """The lines, what is in brackets on one of them, with elements in an order of their own."""
    stack = [_Group("")]
    lines: list[str] = []
    for found in _PIECE.finditer(text):
        piece, kind = found.group(), found.lastgroup
        if kind == "open":
            stack.append(_Group(piece))
        elif kind == "close" and len(stack) > 1 and stack[-1].bracket == _PAIRS[piece]:
            closed = stack.pop()
            stack[-1].add(closed.told() + piece)
        elif kind == "comma":
            stack[-1].items.append([])
        elif kind == "line" and len(stack) == 1:
            lines.append(stack.pop().told())
            stack.append(_Group(""))
        else:
            stack[-1].add(piece)
        if len(stack) > _DEEPEST:
            break
    if len(stack) > 1:  # not brackets that belong together, but smileys and the like
        return text.split("\n")
    return [*lines, stack[0].told()]
