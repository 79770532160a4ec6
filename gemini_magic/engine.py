"""The one use case: a question goes out, events come in, a turn is shown and remembered.

The notebook cell, the sidebar and batch runs all ask through `Engine.ask`; they differ only in
the `View` they pass. Whatever happens, the exchange is recorded, then the view is given the final
turn (the partial answer is never lost), and only then our error is raised.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from gemini_magic.contents import Content
from gemini_magic.conversation import Conversations
from gemini_magic.errors import AnswerFailed, AnswerInterrupted, GeminiError
from gemini_magic.events import Assembly, Chunk, phase
from gemini_magic.parts import Json, Response
from gemini_magic.question import Placed, Question
from gemini_magic.tools.calling import ROUNDS, answer, waiting
from gemini_magic.transport.protocol import Outgoing, Stop, Transport
from gemini_magic.turn import Request, Turn, Usage
from gemini_magic.wire import content


class View(Protocol):
    """Where an answer is shown while it streams and when it has ended."""

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        """Something happened; ``snapshot()`` makes the turn so far, ``text``: characters so far.

        Called for every event; a view decides itself how often it draws.
        """
        ...

    def ended(self, turn: Turn) -> None:
        """The answer has ended, well or not; draws the lasting form."""
        ...


class Silent:
    """A view that shows nothing."""

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        return

    def ended(self, turn: Turn) -> None:
        return


@dataclass(frozen=True)
class Running:
    """A request under way: its turn as it began, what it is to replace, and its off switch."""

    begun: Turn
    replaces: str | None = None  # id of the turn whose place it takes
    stop: Stop = field(default_factory=Stop)


class Engine:
    """Asks questions for one kernel (or one process); owns its conversations and its usage.

    ``changed`` is called when a question has begun and when it has ended, from its thread.
    """

    def __init__(self, changed: Callable[[], object] = lambda: None) -> None:
        self._changed = changed
        self.conversations = Conversations()
        self.spent: list[tuple[str, str, Usage]] = []  # (model, conversation, usage) of each call
        self.emulated = 0  # calls among them that the emulator answered
        self.running: dict[str, Running] = {}
        self.last: Turn | None = None

    def placed(self, question: Question) -> Placed:
        """``question`` at the place it has now; nothing is sent or recorded."""
        conversation = place = None
        history: list[Content] = []
        if not question.stateless:
            conversation = self.conversations.get(question.conversation)
            place = conversation.place(question.cell, question.call)
            history = conversation.contents(place)
        outgoing = Outgoing(
            model=question.model,
            contents=[*history, _user(question, history)],
            config=question.config,
            stream=question.stream,
            timeout=question.timeout,
            retries=question.retries,
            stop=Stop(),
        )
        return Placed(question, conversation, place, outgoing)

    def ask(self, asked: Question | Placed, backend: str, transport: Transport, view: View) -> Turn:
        """Ask, show and remember; returns the turn, or raises our error after showing it.

        ``backend`` is the word that the turn records: developer, vertex or emulator. Raises
        `GeminiError` (blocked and failed answers too) and `AnswerInterrupted`.
        """
        placed = asked if isinstance(asked, Placed) else self.placed(asked)
        question = placed.question
        turn = Turn(
            id=secrets.token_hex(8),
            request=Request(
                prompt=question.prompt,
                model=question.model,
                backend=backend,
                config={**question.config.to_dict(), **question.noted},
                attachments=tuple(item.record for item in question.items),
            ),
            conversation=placed.name,
            cell=question.cell,
            started=datetime.now().astimezone().isoformat(timespec="milliseconds"),
        )
        replaced = placed.place.replaces if placed.place is not None else None
        running = Running(
            turn, None if replaced is None else replaced.turn.id, placed.outgoing.stop
        )
        self.running[turn.id] = running
        self._changed()
        try:
            turn, error = self._receive(Assembly(turn), transport, placed.outgoing, view, question)
        finally:
            del self.running[turn.id]
        self.spent.append((turn.model, turn.conversation, turn.usage))
        self.emulated += turn.request.backend == "emulator"
        self._record(turn, placed)
        view.ended(turn)
        self._changed()
        if error is not None:
            raise error
        return turn

    def _receive(
        self,
        assembly: Assembly,
        transport: Transport,
        outgoing: Outgoing,
        view: View,
        question: Question,
    ) -> tuple[Turn, GeminiError | AnswerInterrupted | None]:
        started = time.monotonic()

        def elapsed() -> int:
            return round((time.monotonic() - started) * 1000)

        def snapshot() -> Turn:
            return assembly.turn(elapsed())

        text = 0
        last: Any = ()
        try:
            if question.items:
                sent = ", ".join(item.summary for item in question.items)
                view.arrived(snapshot, f"sending {sent}", text)
            for _ in range(ROUNDS + 1):
                with contextlib.closing(_events(transport, outgoing)) as events:
                    for event in events:
                        if isinstance(event, Chunk):
                            assembly.add(event)
                            text += sum(len(getattr(part, "text", "")) for part in event.parts)
                            last = event.parts or last
                            view.arrived(snapshot, phase(last), text)
                        else:
                            view.arrived(snapshot, event.text or event.phase, text)
                turn, error = assembly.ended(elapsed())
                if turn.status != "complete" or not question.tools:
                    return turn, error
                calls = waiting(assembly.round())
                if not calls:
                    return turn, error
                asked = content("model", assembly.round())
                responses: list[Response] = []
                for call in calls:
                    view.arrived(snapshot, f"calling {call.name}", text)
                    responses.append(answer(question.tools, call, question.timeout, outgoing.stop))
                    assembly.add(Chunk((responses[-1],)))
                assembly.proceed()
                answered = content("user", responses)
                outgoing = replace(outgoing, contents=[*outgoing.contents, asked, answered])
            raise AnswerFailed(
                f"The model called functions {ROUNDS} times in a row without an answer.",
                "Ask for less at once, or let one function do more.",
            )
        except (AnswerInterrupted, GeminiError) as error:
            return assembly.stopped(elapsed(), error), error
        except KeyboardInterrupt:
            stopped = interrupted()
            return assembly.stopped(elapsed(), stopped), stopped

    def _record(self, turn: Turn, placed: Placed) -> None:
        self.last = turn
        if placed.conversation is not None and placed.place is not None:
            placed.conversation.put(placed.place, turn, placed.user)

    def recall(self, placed: Placed, turn: Turn, view: View) -> Turn:
        """Show and remember ``turn``, a stored answer, as the answer to a question.

        Nothing is sent, and its usage is not counted again.
        """
        question = placed.question
        # What is wished for now, not what was when the answer was stored.
        config = {**question.config.to_dict(), **question.noted}
        turn = replace(
            turn,
            request=replace(turn.request, config=config),
            conversation=placed.name,
            cell=question.cell,
        )
        self._record(turn, placed)
        view.ended(turn)
        self._changed()
        return turn

    def stop(self, turn: str | None = None) -> bool:
        """Stop the request of ``turn`` (or all); False when there is none. Any thread may call."""
        found = [run for run in list(self.running.values()) if turn in (None, run.begun.id)]
        for run in found:
            run.stop.stop()
        return bool(found)


def _user(question: Question, history: list[Content]) -> Content:
    """The prompt's wire Content, what is attached first."""
    attached: list[Json] = []
    if question.items:
        from gemini_magic.attach.content import count, parts

        attached = parts(question.items, first=count(history))
    return Content(role="user", parts=[*attached, {"text": question.prompt}])


def interrupted() -> AnswerInterrupted:
    """The error of an answer that the user stopped."""
    return AnswerInterrupted(
        "The answer was interrupted; what had arrived is shown above.",
        "It is kept in %gemini history, but is not sent with later prompts. Run the cell again "
        "to ask anew.",
    )


def _events(transport: Transport, outgoing: Outgoing) -> Any:
    # A generator of our own, so that `closing` reaches any iterator a transport returns.
    source = transport.send(outgoing)
    try:
        yield from source
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()
