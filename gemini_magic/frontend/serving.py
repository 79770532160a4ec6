"""Answers a kernel's front ends: answers lost by a reload, the buttons, the sidebar."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gemini_magic.frontend.link import FrontEnd

if TYPE_CHECKING:
    from gemini_magic.frontend.consent import Questions
    from gemini_magic.frontend.order import Order
    from gemini_magic.frontend.prompt_queue import PromptQueue
    from gemini_magic.session.options import AskOptions
    from gemini_magic.session.question import Told
    from gemini_magic.session.session import Session
    from gemini_magic.turn.parts import Json

SIDEBAR = ("conversation", "answers", "ask", "command", "models", "attachable")


class Serving:
    """What one kernel serves its front ends with.

    ``run`` carries out a line of ``%gemini``; ``hidden`` gives the names of variables that are
    none of the user's; ``buttons``: what answers the buttons, by the type of the request; ``here``
    makes the options of a prompt whose code runs in this kernel, and what tells the model of its
    variables. The prompt queue and the order of commands are made when first needed, under `_lock`:
    several threads may ask for them.
    """

    def __init__(
        self,
        session: Session,
        run: Callable[[str], None],
        hidden: Callable[[], Container[str]],
        buttons: Mapping[str, Callable[[Json], Mapping[str, Any]]],
        here: Callable[[AskOptions, Questions], tuple[AskOptions, Callable[[], Told]]],
        magic: str = "gemini",
    ) -> None:
        self.session: Session = session
        self.run = run
        self.hidden = hidden
        self.here = here
        self._buttons = buttons
        self._lock = threading.Lock()
        self._prompts: PromptQueue | None = None
        self._order: Order | None = None
        services = dict.fromkeys((*buttons, *SIDEBAR), self.serve)
        self.front_end: FrontEnd = FrontEnd(self.stop, self.bundles, services, magic)
        session.on_change.append(self.front_end.changed)
        session.on_close.append(self.close)

    def attach(self, kernel: Any, *, announce: bool) -> None:
        """Announce this kernel to its front ends that have our extension."""
        self.front_end.attach(kernel, announce=announce)

    @property
    def prompts(self) -> PromptQueue:
        """The prompts of the sidebar."""
        with self._lock:
            if self._prompts is None:
                from gemini_magic.frontend.prompt_queue import PromptQueue

                self._prompts = PromptQueue(self.front_end.changed)
            return self._prompts

    @property
    def order(self) -> Order:
        """The order of the sidebar's commands."""
        with self._lock:
            if self._order is None:
                from gemini_magic.frontend.order import Order

                self._order = Order()
            return self._order

    def stop(self, turn: str) -> None:
        """Stop an answer, or take back a prompt of the sidebar that waits for the one before it."""
        if not self.prompts.stop(turn):
            self.session.engine.stop(turn)

    def bundles(self, cells: Sequence[str]) -> dict[str, tuple[Json, Json]]:
        """The last answer of each of ``cells``, for a page that lost it by a reload."""
        if self.session.idle:
            return {}  # without making the engine for it
        from gemini_magic.frontend.sidebar_view import look

        shown = look(self.session)
        turns = {
            exchange.turn.cell: exchange.turn
            for conversation in self.session.engine.conversations
            for exchange in conversation
            if exchange.turn.cell in cells
        }
        return {str(cell): shown.bundle(turn) for cell, turn in turns.items()}

    def serve(self, request: Json) -> Callable[[], Mapping[str, Any]]:
        """Take the place of a request in the order of requests; what it gives answers it.

        Requests of the buttons and of the sidebar. Both steps raise what is in the way.
        """
        button = self._buttons.get(request["type"])
        if button is not None:
            return partial(button, request)
        from gemini_magic.frontend.sidebar_requests import receive

        return receive(self, request)

    def close(self) -> None:
        """Take back the announcement and the prompts that wait."""
        self.front_end.detach()
        if self._prompts is not None:
            self._prompts.stop()
