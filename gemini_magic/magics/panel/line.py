"""The sidebar's prompts in line: each waits for the answer to the one before it.

Two prompts that are sent one after the other are meant as a conversation. Sent side by side, the
second would not know the first one's answer, and the two would stand in the order of their endings.
A cell's question is in no line: the sidebar answers while a cell runs.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gemini_magic.errors import PromptError


@dataclass(eq=False)
class Waiting:
    """A prompt that is to be sent; ``attached``: what goes with it, in the user's words."""

    conversation: str
    prompt: str
    attached: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    stopped: bool = False


class Line:
    """Lets the prompts of each conversation through one at a time; any thread may call.

    ``changed`` is called when a prompt has begun to wait, and when one that waited is gone.
    """

    def __init__(self, changed: Callable[[], object]) -> None:
        self._changed = changed
        self._places: list[Waiting] = []  # the first of a conversation is being answered
        self._moved = threading.Condition()

    @contextmanager
    def place(self, prompt: Waiting) -> Iterator[Callable[[], None]]:
        """Give ``prompt`` the last place in its line, and the next one its turn at the end.

        Gives a function that returns when the prompts before it are answered. It raises
        PromptError when this one was stopped before.
        """
        with self._moved:
            self._places.append(prompt)
            waits = not self._first(prompt)

        def turn() -> None:
            with self._moved:
                self._moved.wait_for(lambda: prompt.stopped or self._first(prompt))
            if prompt.stopped:
                raise PromptError(
                    "Not sent: the prompt was taken back while it waited for the answer before it.",
                    "Send it again when you want to.",
                )

        try:
            if waits:
                self._changed()
            yield turn
        finally:
            with self._moved:
                self._places.remove(prompt)
                self._moved.notify_all()
            if waits:
                self._changed()

    def waiting(self, conversation: str) -> list[Waiting]:
        """The prompts of a conversation that wait, the next one first."""
        with self._moved:
            return [one for one in self._places if one.conversation == conversation][1:]

    def stop(self, prompt: str | None = None) -> bool:
        """Take back the waiting prompt with this id (or all of them); False when there is none."""
        with self._moved:
            found = [
                one
                for one in self._places
                if prompt in (None, one.id) and not (one.stopped or self._first(one))
            ]
            for one in found:
                one.stopped = True
            self._moved.notify_all()
        return bool(found)

    def _first(self, prompt: Waiting) -> bool:
        own = (one for one in self._places if one.conversation == prompt.conversation)
        return next(own) is prompt
