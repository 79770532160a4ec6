"""Queues the sidebar's prompts: each waits for the answer to the one before it.

Two prompts that are sent one after the other are meant as a conversation. Sent side by side, the
second would not know the first one's answer, and the two would stand in the order of their endings.
A cell's question is in no line: the sidebar answers while a cell runs.

Each request is answered in a thread of its own, and threads begin in any order: a place is taken
on the thread that receives the messages, and kept in another.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemini_magic.errors import PromptError

if TYPE_CHECKING:
    from gemini_magic.session.view import View


@dataclass(eq=False)
class Waiting:
    """A prompt that is to be sent; ``attached``: what goes with it, in the user's words.

    ``here``: its code runs in this kernel. ``view``: what shows its answer, by which the question
    that is being answered is known.
    """

    conversation: str
    prompt: str
    attached: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    stopped: bool = False
    begun: bool = False
    here: bool = False
    view: View | None = None


class PromptQueue:
    """Lets the prompts of each conversation through one at a time; any thread may call.

    ``changed`` is called when a prompt has begun to wait, and when one that waited is gone.
    """

    def __init__(self, changed: Callable[[], object]) -> None:
        self._changed = changed
        self._places: list[Waiting] = []  # the first of a conversation is being answered
        self._moved = threading.Condition()

    def place(self, prompt: Waiting) -> AbstractContextManager[Callable[[], None]]:
        """Give ``prompt`` the last place in its line, now, for whoever enters what is returned.

        It has to be entered, in any thread; the next prompt has its turn when it is left. Gives a
        function that returns when the prompts before this one are answered. It raises PromptError
        when this one was stopped before.
        """
        with self._moved:
            self._places.append(prompt)
            waits = not self._first(prompt)
        return self._kept(prompt, waits)

    @contextmanager
    def _kept(self, prompt: Waiting, waits: bool) -> Iterator[Callable[[], None]]:
        def turn() -> None:
            with self._moved:
                self._moved.wait_for(lambda: prompt.stopped or self._first(prompt))
                _refuse_stopped(prompt)

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

    def begin(self, prompt: Waiting) -> None:
        """Note that ``prompt`` is sent now; raises PromptError when it was stopped before."""
        with self._moved:
            _refuse_stopped(prompt)
            prompt.begun = True

    def still(self, prompt: Waiting) -> None:
        """Raise PromptError when ``prompt`` was stopped."""
        with self._moved:
            _refuse_stopped(prompt)

    def placed(self, conversation: str) -> list[Waiting]:
        """The prompts of a conversation, the one whose turn it is first."""
        with self._moved:
            return [one for one in self._places if one.conversation == conversation]

    def stop(self, prompt: str | None = None) -> bool:
        """Take back the prompt with this id (or all) if it has not begun; False: there is none."""
        with self._moved:
            found = [
                one
                for one in self._places
                if prompt in (None, one.id) and not (one.stopped or one.begun)
            ]
            for one in found:
                one.stopped = True
            self._moved.notify_all()
        return bool(found)

    def _first(self, prompt: Waiting) -> bool:
        own = (one for one in self._places if one.conversation == prompt.conversation)
        return next(own) is prompt


def _refuse_stopped(prompt: Waiting) -> None:
    if prompt.stopped:
        raise PromptError(
            "Not sent: the prompt was taken back while it waited for the answer before it.",
            "Send it again when you want to.",
        )
