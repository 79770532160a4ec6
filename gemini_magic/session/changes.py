"""Keeps the changes of a list, so that each can be taken back and repeated, the last one first.

A change holds what it took out and what it put in, not whole lists: a conversation of thousands of
exchanges has as many changes. Since they are taken back in the reverse order, each finds the list
as it left it, whatever threads made them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeAlias, TypeVar

T = TypeVar("T")
# An item came to the others; one stands in another's place; some went that their owner did not
# make again; all went.
Kind: TypeAlias = Literal["added", "replaced", "settled", "emptied"]


@dataclass(frozen=True)
class Change(Generic[T]):
    """What one change did: ``old`` went and ``new`` came.

    ``at``, ``before`` and ``after``: from that position on, the items before became those after
    (neighbours included that were only marked).
    """

    kind: Kind
    old: tuple[T, ...]
    new: tuple[T, ...]
    at: int
    before: tuple[T, ...]
    after: tuple[T, ...]

    def mapped(self, made: Callable[[T], T]) -> Change[T]:
        """The change of the items that ``made`` makes of each."""
        old, new, before, after = (
            tuple(made(item) for item in items)
            for items in (self.old, self.new, self.before, self.after)
        )
        return replace(self, old=old, new=new, before=before, after=after)

    @classmethod
    def between(
        cls, kind: Kind, old: Sequence[T], new: Sequence[T], before: Sequence[T], after: Sequence[T]
    ) -> Change[T]:
        """The change that makes the list ``before`` the list ``after``."""
        least = min(len(before), len(after))
        at = next((n for n in range(least) if before[n] is not after[n]), least)
        tail = next((n for n in range(least - at) if before[-1 - n] is not after[-1 - n]), None)
        tail = least - at if tail is None else tail
        gone, come = before[at : len(before) - tail], after[at : len(after) - tail]
        return cls(kind, tuple(old), tuple(new), at, tuple(gone), tuple(come))

    def repeated(self, items: Sequence[T]) -> list[T]:
        """``items``, which are as they were before it, with the change."""
        return [*items[: self.at], *self.after, *items[self.at + len(self.before) :]]

    def taken_back(self, items: Sequence[T]) -> list[T]:
        """``items``, which are as the change left them, without it."""
        return [*items[: self.at], *self.before, *items[self.at + len(self.after) :]]
