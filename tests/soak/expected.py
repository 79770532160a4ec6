"""A conversation as its user understands it: the plainest model that the package is held to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Entry:
    """One exchange: the cell it belongs to, what was asked last, and the prompt that is sent."""

    cell: str | None
    asked: str
    sent: str | None


@dataclass
class Expected:
    """Exchanges in order, and what undo took out."""

    entries: list[Entry] = field(default_factory=list)
    undone: list[Entry] = field(default_factory=list)

    def _position(self, cell: str | None) -> int | None:
        if cell is None:
            return None
        places = [at for at, entry in enumerate(self.entries) if entry.cell == cell]
        return places[-1] if places else None

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
        return Expected(entries, list(self.undone))

    def undo(self) -> None:
        if self.entries:
            self.undone.append(self.entries.pop())

    def redo(self) -> None:
        if self.undone:
            entry = self.undone.pop()
            if self._position(entry.cell) is not None:
                entry = replace(entry, cell=None)
            self.entries.append(entry)

    def reset(self) -> None:
        while self.entries:
            self.undo()
