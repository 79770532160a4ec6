"""Keeps the conversations of one kernel by their names, and which one is current.

Pure values: what is kept here ends with the kernel, unless `conversation_file` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.hints import Hint
from gemini_magic.session.conversation import Conversation

MAIN = "main"


class Conversations:
    """The conversations of one kernel, and which one is current."""

    def __init__(self) -> None:
        self._named: dict[str, Conversation] = {MAIN: Conversation(MAIN)}
        self.current = MAIN

    def __iter__(self) -> Iterator[Conversation]:
        return iter(tuple(self._named.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._named

    def get(self, name: str | None = None) -> Conversation:
        """The conversation called ``name`` (made when new), by default the current one."""
        name = _usable(name or self.current)
        return self._named.setdefault(name, Conversation(name))

    def known(self, name: str) -> Conversation:
        """The conversation called ``name``; OptionError with close matches when there is none."""
        if name not in self._named:
            near = did_you_mean(name, self._named)
            raise OptionError(
                f"There is no conversation called {name!r}.",
                near or Hint.LIST_CONVERSATIONS,
            )
        return self._named[name]

    def add(self, conversation: Conversation) -> Conversation:
        """Add a conversation, renamed (``name-2``) when an unlike one has its name already."""
        name, number = conversation.name, 1
        while name in self._named and len(self._named[name]):
            number += 1
            name = f"{conversation.name}-{number}"
        conversation.name = name
        self._named[name] = conversation
        return conversation

    def fork(self, name: str, new: str, first: int = 1) -> Conversation:
        """A copy of a conversation under a new name; both then go on by themselves.

        ``first``: the number (from 1) of the first exchange that the copy has.
        """
        if new in self._named:
            raise OptionError(
                f"A conversation called {new!r} exists already.", "Choose another name."
            )
        self._named[_usable(new)] = Conversation(new, list(self.known(name))[first - 1 :])
        return self._named[new]

    def delete(self, name: str) -> None:
        """Delete a conversation for good; the current one becomes ``main``."""
        del self._named[self.known(name).name]
        self._named.setdefault(MAIN, Conversation(MAIN))
        if self.current == name:
            self.current = MAIN


def _usable(name: str) -> str:
    """``name``, which a line of magic and a file can say; OptionError for one that they cannot."""
    if not name or name != name.strip():
        raise OptionError(
            f"{name!r} cannot name a conversation.", "Use a name without spaces around it."
        )
    return name
