"""A conversation as its user understands it: the plainest model that the package is held to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """One exchange: the cell it belongs to, what was asked last, and the prompt that is sent."""

    cell: str | None
    asked: str
    sent: str | None


@dataclass
class Expected:
    """Exchanges in order, what they were before each change, and what undo took back."""

    entries: list[Entry] = field(default_factory=list)
    changes: list[list[Entry]] = field(default_factory=list)  # what there was before each
    undone: list[list[Entry]] = field(default_factory=list)

    def _position(self, cell: str | None) -> int | None:
        if cell is None:
            return None
        places = [at for at, entry in enumerate(self.entries) if entry.cell == cell]
        return places[-1] if places else None

    def numbered(self, cell: str) -> int:
        """The number that ``history`` shows for the exchange of ``cell``."""
        at = self._position(cell)
        assert at is not None
        return at + 1

    def carried(self, cell: str | None) -> list[str]:
        """The prompts that a request from ``cell`` carries before its own."""
        return [entry.sent for entry in self.entries[: self._position(cell)] if entry.sent]

    def asked(self, cell: str | None, prompt: str, *, well: bool) -> Expected:
        """The conversation after ``cell`` asked ``prompt``; ``well``: it got an answer."""
        at = self._position(cell)
        before = None if at is None else self.entries[at].sent
        entry = Entry(cell, prompt, prompt if well else before)
        entries = list(self.entries)
        if at is None:
            entries.append(entry)
        else:
            entries[at] = entry
        return Expected(entries, [*self.changes, self.entries])

    def undo(self) -> None:
        if not self.changes and self.entries:
            self.changes.append(self.entries[:-1])  # they came with a file
        if self.changes:
            self.undone.append(self.entries)
            self.entries = self.changes.pop()

    def redo(self) -> None:
        if self.undone:
            self.changes.append(self.entries)
            self.entries = self.undone.pop()

    def reset(self) -> None:
        if self.entries:
            self.changes.append(self.entries)
            self.entries, self.undone = [], []

    def loaded(self) -> None:
        """After the conversation was saved, emptied, and loaded again."""
        self.changes, self.undone = [], []
