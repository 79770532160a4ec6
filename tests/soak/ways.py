"""What happens in a long session beside cells that ask: other roads, changes of place, forks."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from gemini_magic.emulator import Emulator

from ..front_end import Page
from ..kernel import Kernel, Ran
from .expected import Expected

HOP = 4  # tokens after which an answer stops
_CHILD = """
import os, sys
child = os.fork()
if child == 0:
    status = 1
    try:
        from gemini_magic import ask
        status = 0 if ask("Say something, in a child.", stateless=True).status == "complete" else 2
    finally:
        os._exit(status)
print(os.waitpid(child, 0)[1])
"""


class Session(Protocol):
    """What the ways need of the session that they belong to."""

    found: Any
    _kernel: Kernel
    _emulator: Emulator
    _random: random.Random
    _expected: Expected

    def _run(self, cell: str, code: str) -> Ran: ...
    def _compare(self) -> None: ...
    def _sent(self, cell: str | None, prompt: str, requests: Sequence[int] = ...) -> None: ...


class Ways:
    """Asks by the sidebar and in the kernel, continues, forks, and goes to another service."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._page: Page | None = None
        self._backend, self._conversations = "developer", 1
        self.done: Counter[str] = Counter()

    def begin(self) -> None:
        """Do each once, so that what they bring along is there before anything is counted."""
        self._page = Page(self._session._kernel)
        for _ in ("vertex", "developer"):
            self.change_backend()
        self.fork_process()
        self.here("here", "Run this:\n```python\nprint(7)\n```")
        # Last, since it keeps its connection, and with it the thread that closes that one in time.
        self.sidebar("Say something, in the sidebar.")

    def sidebar(self, prompt: str) -> None:
        """Ask as the sidebar does: at the end of the conversation, in no cell."""
        session = self._session
        assert self._page is not None
        session._emulator.requests.clear()
        answer = self._page.request({"type": "ask", "prompt": prompt})
        assert answer["status"] == "complete", answer
        session._sent(None, prompt)
        session._expected = session._expected.asked(None, prompt, well=True)
        session._compare()
        self.done["sidebar"] += 1

    def here(self, cell: str, prompt: str) -> None:
        """Have the model's code run in the kernel: a second request holds what it gave."""
        session = self._session
        ran = session._run(cell, f"%%gemini --here --yes\n{prompt}")
        assert ran.ok, ran.error
        session._sent(cell, prompt, requests=(2, 3))
        session._expected = session._expected.asked(cell, prompt, well=True)
        session._compare()
        self.done["--here"] += 1

    def continued(self, cell: str, prompt: str) -> None:
        """Have the service stop in the middle, and go on with the answer to its end."""
        session = self._session
        session._emulator.hop = HOP
        ran = session._run(cell, f"%%gemini\n{prompt}")
        assert ran.ok, ran.error
        session._sent(cell, prompt)
        session._expected = session._expected.asked(cell, prompt, well=True)
        session._compare()
        goes_on = "continuation" in ran.turn
        while goes_on:
            if session._random.random() < 0.5:
                session._emulator.hop = None
            number = session._expected.numbered(cell)
            ran = session._run(f"{cell}-more", f"%gemini continue {number}")
            assert ran.ok, ran.error
            bodies = [request.body for request in session._emulator.generate_requests]
            assert len(bodies) == 1 and "continuationToken" in bodies[0]
            session._sent(cell, prompt)
            session._compare()
            goes_on = "continuation" in ran.turn
            self.done["continued"] += 1
        session._emulator.hop = None

    def change_backend(self) -> None:
        """Ask the other service from here on: with the whole conversation, in its own form."""
        self._backend = "vertex" if self._backend == "developer" else "developer"
        self._command(f"backend {self._backend}")
        self.done["backend"] += 1

    def fork_process(self) -> None:
        """Fork the kernel: the child asks on a connection of its own, and changes nothing here."""
        ran = self._session._run("fork", _CHILD)
        assert ran.ok and ran.stdout.strip().endswith("0"), (ran.stdout, ran.stream("stderr"))
        self._session._compare()
        self.done["process forks"] += 1

    def fork_conversation(self) -> None:
        """Go on in a copy of the conversation; the one before is deleted, or gone back to."""
        session, before = self._session, self._name
        self._conversations += 1
        self._command(f"conversation --fork {self._name}")
        copy = Expected(list(session._expected.entries))
        if session._random.random() < 0.5:
            self._command(f"conversation --delete {before}")
            session._expected = copy
        else:
            gone = self._name
            self._command(f"conversation {before}")
            self._command(f"conversation --delete {gone}")
            self._conversations -= 1
        session._compare()
        self.done["conversation forks"] += 1

    @property
    def _name(self) -> str:
        return "main" if self._conversations == 1 else f"fork-{self._conversations}"

    def _command(self, line: str) -> None:
        ran = self._session._kernel.run(f"%gemini {line}")
        assert ran.ok, (line, ran.error)
