"""Two outputs of one program, compared the way a reader would: pure, and bounded in time.

``same``; ``close`` (numbers differ in their last digits); ``reordered`` (the same words in another
order, as a set prints them); ``different``.
"""

from __future__ import annotations

import math
import re
from itertools import zip_longest
from typing import Literal, TypeAlias

Likeness: TypeAlias = Literal["same", "close", "reordered", "different"]

# Float noise comes from another library version or processor: the last few of 16 digits, more
# after a long sum. What is printed rounded differs by one in its last digit at most.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
LONGEST = 2_000_000  # characters up to which two outputs are compared word by word
SHOWN, WIDEST = 12, 160  # lines of a difference, and characters of one line

_WORD = re.compile(r"[^\W_]+(?:[.\-+'_][^\W_]+)*|\S", re.UNICODE)
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?!\w)")


def compared(recorded: str, now: str) -> Likeness:
    """How alike two outputs are; white space at the end of lines does not count."""
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
        shown.append(f"  ... {left:,} more line{'s' if left > 1 else ''}")
    return "\n".join(shown)


def _settled(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip("\n")


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
    return sorted(_WORD.findall(first)) == sorted(_WORD.findall(second))
