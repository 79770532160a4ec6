"""Keeps the head and the tail of a text that may have no end."""

from __future__ import annotations

import threading
from collections import deque

MOST = 20_000  # characters of all that goes back to the model from one run


class Bounded:
    """A text of which at most ``most`` characters are kept: its first and its last half.

    Any thread may add.
    """

    def __init__(self, most: int = MOST) -> None:
        self._half = most // 2
        self._lock = threading.Lock()
        self._head = ""
        self._tail: deque[str] = deque()
        self._kept = 0  # characters in the tail
        self._left_out = 0

    def add(self, text: str) -> None:
        """Take in the next piece."""
        with self._lock:
            room = self._half - len(self._head)
            if room > 0:
                self._head += text[:room]
                text = text[room:]
            if not text:
                return
            if len(text) > self._half:
                self._left_out += len(text) - self._half
                text = text[-self._half :]
            self._tail.append(text)
            self._kept += len(text)
            while self._kept - len(self._tail[0]) >= self._half:
                gone = self._tail.popleft()
                self._kept -= len(gone)
                self._left_out += len(gone)
            if len(self._tail) > 1000:
                self._tail = deque(["".join(self._tail)])

    @property
    def text(self) -> str:
        """What is kept; where something was left out, a line says how much."""
        with self._lock:
            tail = "".join(self._tail)
            left_out = self._left_out + max(0, len(tail) - self._half)
            if not left_out:
                return self._head + tail
            return (
                f"{self._head}\n[... {left_out:,} characters left out ...]\n{tail[-self._half :]}"
            )


def shares(texts: dict[str, str], most: int = MOST) -> dict[str, str]:
    """``texts`` cut so that they have about ``most`` characters together, the longest first."""
    found = {name: text for name, text in texts.items() if text}
    left, share = most, {}
    for number, name in enumerate(sorted(found, key=lambda name: len(found[name]))):
        share[name] = min(len(found[name]), left // (len(found) - number))
        left -= share[name]
    return {name: cut(text, share[name]) for name, text in found.items()}


def cut(text: str, most: int) -> str:
    """``text``, or its head and tail with a line between them that says how much is left out."""
    if len(text) <= most:
        return text
    kept = Bounded(most)
    kept.add(text)
    return kept.text
