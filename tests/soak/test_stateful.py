"""Any order of asking, failing, stopping, undoing, saving: what is sent is what is expected.

Also where an answer is continued, the service changes, or a copy takes the conversation's place.

The emulator checks every request (ids, signatures and order of the echoed answers); the model
(`expected.Expected`) says which prompts each must carry. `python -m tests.soak` runs it larger.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import psutil
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from gemini_magic.emulator import Emulator
from gemini_magic.emulator.faults import Fault
from gemini_magic.errors import AnswerInterrupted, GeminiError
from gemini_magic.session.conversation import Conversation
from gemini_magic.session.conversation_file import load_conversation, save_conversation
from gemini_magic.session.engine import Engine, Resumable
from gemini_magic.session.question import Question
from gemini_magic.session.view import Silent
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.turn.turn import Turn

from .expected import Expected

EXAMPLES = int(os.environ.get("GEMINI_MAGIC_SOAK_EXAMPLES", "12"))
STEPS = int(os.environ.get("GEMINI_MAGIC_SOAK_STEPS", "25"))
CODE = "Run this:\n```python\nprint(6 * 7)\n```"

FAULTS = [
    Fault.status(503),
    Fault.status(429, retry_delay="0s"),
    Fault.bad_key(),
    Fault.drop(0, "reset"),
    Fault.drop(1, "close"),
    Fault.garbage("json", 1),
    Fault.garbage("html"),
    Fault.garbage("truncated", 1),
    Fault.error_midstream(500),
    Fault.blocked(),
    Fault.finish("SAFETY", after=1),
    Fault.finish("OTHER", after=1),
    Fault.empty(),
]


def carried(body: Any) -> list[str]:
    """The prompts of a request's user Contents, in order."""
    return [item["parts"][-1]["text"] for item in body["contents"] if item["role"] == "user"]


class Conversing(RuleBasedStateMachine):
    """Two named conversations of one engine, and what is expected of them."""

    cells = Bundle("cells")

    def __init__(self) -> None:
        super().__init__()
        self.emulator = Emulator()
        self.transports = [
            GoogleTransport(Backend(kind, api_key=self.emulator.key, base_url=self.emulator.url))
            for kind in ("developer", "vertex")
        ]
        self.engine = Engine()
        self.expected = {"main": Expected(), "other": Expected()}
        self.number = 0

    def _prompt(self) -> str:
        self.number += 1
        return f"Say something, number {self.number}."

    @property
    def transport(self) -> GoogleTransport:
        """That of the service in force."""
        return self.transports[0]

    def _ask(self, name: str, cell: str | None, prompt: str, *, stream: bool, well: bool) -> None:
        before, model = len(self.emulator.generate_requests), self.expected[name]
        question = Question(
            prompt, "gemini-3.8-flash", conversation=name, cell=cell, stream=stream, retries=0,
            timeout=20,
        )  # fmt: skip
        try:
            turn = self._answered(question)
        except (GeminiError, AnswerInterrupted) as error:
            assert not well, error
            assert self.engine.last is not None
            assert self.engine.last.status in ("failed", "blocked", "interrupted")
        else:
            assert well, turn
            assert turn.status == "complete"
        (request,) = self.emulator.generate_requests[before:]
        assert carried(request.body) == [*model.carried(cell), prompt]
        self.expected[name] = model.asked(cell, prompt, well=well)

    def _answered(self, question: Question) -> Turn:
        backend = self.transport.backend
        return self.engine.ask(question, backend.kind, self.transport, Silent(), backend.issuer)

    @rule(cell=cells, hop=st.integers(1, 8), stream=st.booleans(), vain=st.booleans())
    def run_a_cell_and_continue(self, cell: str, hop: int, stream: bool, vain: bool) -> None:
        """The service stops in the middle, and goes on in as many requests as it takes."""
        name, prompt = cell.partition(":")[0], self._prompt()
        model, first = self.expected[name], len(self.emulator.generate_requests)
        self.emulator.hop = hop
        turn = self._answered(
            Question(
                prompt, "gemini-3.8-flash", conversation=name, cell=cell, stream=stream,
                retries=0, timeout=20,
            )
        )  # fmt: skip
        self.expected[name] = model.asked(cell, prompt, well=True)
        conversation = self.engine.conversations.get(name)
        while turn.continuation is not None:
            before, resumable = turn, self.engine.resumable[turn.id]
            if vain:
                vain = False
                self.emulator.fail(Fault.drop(0, "close"))
                try:
                    self._resumed(turn, resumable, conversation)
                except GeminiError:
                    turn = next(one.turn for one in conversation if one.turn.id == turn.id)
                    assert turn.continuation is not None and turn.text == before.text
                continue
            turn = self._resumed(turn, resumable, conversation)
            assert turn.id == before.id and turn.text.startswith(before.text)
        self.emulator.hop = None
        assert turn.status == "complete"
        for request in self.emulator.generate_requests[first:]:
            assert carried(request.body) == [*model.carried(cell), prompt]

    def _resumed(self, turn: Turn, resumable: Resumable, conversation: Conversation) -> Turn:
        return self.engine.resume(turn, resumable, conversation, self.transport, Silent())

    @rule()
    def go_to_the_other_service(self) -> None:
        self.transports.reverse()

    @rule(name=st.sampled_from(["main", "other"]))
    def fork_and_go_on_in_the_copy(self, name: str) -> None:
        conversations = self.engine.conversations
        copy = conversations.fork(name, "copy")
        conversations.delete(name)
        conversations.delete(copy.name)
        copy.name = name
        conversations.add(copy)
        self.expected[name].loaded()  # a copy has no changes before it

    @rule(target=cells, name=st.sampled_from(["main", "other"]), stream=st.booleans())
    def ask_in_a_new_cell(self, name: str, stream: bool) -> Any:
        cell = f"{name}:{self.number}"
        self._ask(name, cell, self._prompt(), stream=stream, well=True)
        return multiple(cell)

    @rule(name=st.sampled_from(["main", "other"]))
    def ask_without_a_cell(self, name: str) -> None:
        self._ask(name, None, self._prompt(), stream=True, well=True)

    @rule(cell=cells, stream=st.booleans())
    def run_a_cell_again(self, cell: str, stream: bool) -> None:
        self._ask(cell.partition(":")[0], cell, self._prompt(), stream=stream, well=True)

    @rule(cell=cells)
    def run_a_cell_with_code(self, cell: str) -> None:
        self._ask(cell.partition(":")[0], cell, CODE, stream=True, well=True)

    @rule(cell=cells, fault=st.sampled_from(FAULTS), stream=st.booleans())
    def run_a_cell_in_vain(self, cell: str, fault: Fault, stream: bool) -> None:
        self.emulator.fail(fault)
        self._ask(cell.partition(":")[0], cell, self._prompt(), stream=stream, well=False)

    @rule(target=cells, name=st.sampled_from(["main", "other"]), fault=st.sampled_from(FAULTS))
    def ask_in_a_new_cell_in_vain(self, name: str, fault: Fault) -> Any:
        self.emulator.fail(fault)
        cell = f"{name}:{self.number}"
        self._ask(name, cell, self._prompt(), stream=True, well=False)
        return multiple(cell)

    @rule(cell=cells, after=st.integers(0, 1), stream=st.booleans())
    def stop_a_cell(self, cell: str, after: int, stream: bool) -> None:
        self.emulator.fail(Fault.stall(60, after))
        before = len(self.emulator.generate_requests)

        def press() -> None:
            self.emulator.wait_until(lambda: len(self.emulator.generate_requests) > before)
            self.engine.stop()

        thread = threading.Thread(target=press)
        thread.start()
        self._ask(cell.partition(":")[0], cell, self._prompt(), stream=stream, well=False)
        thread.join()

    @rule(name=st.sampled_from(["main", "other"]))
    def undo(self, name: str) -> None:
        self.engine.conversations.get(name).undo()
        self.expected[name].undo()

    @rule(name=st.sampled_from(["main", "other"]))
    def redo(self, name: str) -> None:
        self.engine.conversations.get(name).redo()
        self.expected[name].redo()

    @rule(name=st.sampled_from(["main", "other"]))
    def reset(self, name: str) -> None:
        self.engine.conversations.get(name).reset()
        self.expected[name].reset()

    @rule(name=st.sampled_from(["main", "other"]))
    def save_and_load(self, name: str) -> None:
        conversations = self.engine.conversations
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kept.json"
            save_conversation(conversations.get(name), path, "2026-11-02T10:00:00+01:00")
            conversations.get(name).reset()
            conversations.add(load_conversation(path))
        self.expected[name].loaded()  # a file holds what there is, not what there was

    @invariant()
    def the_exchanges_are_those_expected(self) -> None:
        for name, model in self.expected.items():
            found = [
                (one.turn.cell, one.turn.request.prompt, one.sent and _prompt_of(one.sent.user))
                for one in self.engine.conversations.get(name)
            ]
            assert found == [(entry.cell, entry.asked, entry.sent) for entry in model.entries]
        assert not self.engine.running

    def teardown(self) -> None:
        for transport in self.transports:
            transport.close()
        self.emulator.close()
        port = self.emulator.port
        left = [
            one
            for one in psutil.Process().net_connections(kind="tcp")
            if one.raddr and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
        ]
        assert left == [], "a connection was left open"


def _prompt_of(user: Any) -> str:
    return str(user["parts"][-1]["text"])


TestConversing = Conversing.TestCase
TestConversing.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True
)
