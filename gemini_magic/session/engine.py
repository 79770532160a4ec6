"""Sends a question, receives the answer, shows and records it: the last step of `Session.ask`.

Whatever happens, the exchange is recorded, then the view is given the final turn (the partial
answer is never lost), and only then our error is raised.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from gemini_magic.errors import AnswerFailed, AnswerInterrupted, GeminiError, redact
from gemini_magic.hints import Hint
from gemini_magic.session import sendable
from gemini_magic.session.answering import Answering
from gemini_magic.session.conversation import Conversation, Exchange
from gemini_magic.session.conversations import Conversations
from gemini_magic.session.question import Placed, Question, Runner
from gemini_magic.session.rounds import receive
from gemini_magic.session.sendable import Receiver, fit
from gemini_magic.session.spending import Call, cost_text
from gemini_magic.session.view import View
from gemini_magic.text import one_line
from gemini_magic.transport.protocol import Outgoing, Stop, Transport
from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.parts import Json, Response
from gemini_magic.turn.request import Request
from gemini_magic.turn.request_json import Content, carrying
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.typed import misfit
from gemini_magic.turn.usage import Usage

RESUMABLE = 20  # unfinished answers of which it is kept what was sent


@dataclass(frozen=True)
class Resumable:
    """What an answer's own request held, for one that the service can go on with."""

    question: Question
    outgoing: Outgoing


@dataclass(frozen=True)
class Running:
    """A request under way: its turn as it began, what it is to replace, and its off switch.

    ``runner``: what runs its code in the kernel, by which it is known there.
    """

    begun: Turn
    replaces: str | None = None  # id of the turn whose place it takes
    view: View | None = None  # what shows it
    stop: Stop = field(default_factory=Stop)
    runner: Runner | None = None


class Engine:
    """Asks questions for one session; owns its conversations and its usage.

    ``changed`` is called when a question has begun and when it has ended, from its thread.
    """

    def __init__(self, changed: Callable[[], object] = lambda: None) -> None:
        self._changed = changed
        self.conversations = Conversations()
        self.spent: list[Call] = []
        self.emulated = 0  # calls among them that the emulator answered
        self.answering = Answering()
        self.running: dict[str, Running] = {}
        self.resumable: dict[str, Resumable] = {}  # by turn: what was sent for it
        self.last: Turn | None = None

    def placed(self, question: Question) -> Placed:
        """``question`` at the place it has now; nothing is sent or recorded."""
        conversation = slot = None
        before: tuple[Exchange, ...] = ()
        history: list[Content] = []
        if not question.stateless:
            conversation = self.conversations.get(question.conversation)
            slot = conversation.place(question.cell, question.call)
            before = conversation.before(slot)
            history = conversation.fitted(before, None).contents
        outgoing = Outgoing(
            model=question.model,
            contents=[*history, _user(question, history)],
            config=question.config,
            stream=question.stream,
            timeout=question.timeout,
            tiers=question.tiers,
            store=question.store,
            thoughts=question.thoughts,
            retries=question.retries,
            stop=Stop(),
        )
        return Placed(question, conversation, slot, outgoing, before)

    def fitted(self, placed: Placed, issuer: str) -> Placed:
        """``placed`` with the history that the service ``issuer`` takes, and what was changed."""
        question = placed.question
        served = self.answering.served(question.model, issuer)
        receiver = Receiver.of(issuer, question.model, question.config, served)
        history, numbers, changes = (
            fit((), receiver)
            if placed.conversation is None
            else placed.conversation.fitted(placed.before, receiver)
        )
        user = placed.user
        if question.items and len(history) != len(placed.outgoing.contents) - 1:
            user = _user(question, history)  # names of files count those before them
        outgoing = replace(
            placed.outgoing,
            contents=[*history, user],
            served=served,
        )
        return replace(placed, outgoing=outgoing, numbers=tuple(numbers), changes=tuple(changes))

    def ask(
        self,
        asked: Question | Placed,
        backend: str,
        transport: Transport,
        view: View,
        issuer: str = "",
        check: Callable[[Outgoing, Usage], None] = lambda outgoing, usage: None,
        spent: Callable[[Turn], object] | None = None,
    ) -> Turn:
        """Ask, show and remember; returns the turn, or raises our error after showing it.

        ``spent`` is told a turn that was sent, once it is shown.

        ``backend`` is the word that the turn records: developer, vertex or emulator; ``issuer``
        (`Backend.issuer`) who signs there, by default that word. ``check`` is asked before each
        further request of the answer, with what those before it used. Raises `GeminiError`
        (blocked and failed answers too) and `AnswerInterrupted`.
        """
        issuer = issuer or backend
        placed = self.fitted(asked if isinstance(asked, Placed) else self.placed(asked), issuer)
        question = placed.question
        replaced = _replaced(placed)
        turn = Turn(
            id=secrets.token_hex(8),
            request=Request(
                prompt=question.prompt,
                model=question.model,
                backend=backend,
                config={**question.config.to_dict(), **question.noted},
                attachments=tuple(item.record for item in question.items),
                issuer="" if issuer == backend else issuer,
            ),
            conversation=placed.name,
            cell=question.cell,
            started=datetime.now().astimezone().isoformat(timespec="milliseconds"),
            carried=carrying(placed.outgoing.contents),
            priced=cost_text,
            replaced=replaced,
            context=(question.told.context or None) if question.told is not None else None,
            typed=question.answer_type,
        )
        running = Running(turn, replaced, view, placed.outgoing.stop, question.runner)
        self.running[turn.id] = running
        self._changed()
        try:
            turn, error, _ = self._receive(
                Assembly(turn), transport, placed.outgoing, view, question, check
            )
            called = error is None or error.sent or bool(turn.parts)  # else nothing left here
            if called:
                self.spent.append(Call.of(turn))
                self.emulated += turn.request.backend == "emulator"
            self.answering.saw(turn, issuer)
            turn = self.answering.noted(turn)
            self._record(turn, placed)
        finally:
            # After it stands in its conversation: whoever looks meanwhile finds it at least once.
            del self.running[running.begun.id]
        try:
            view.ended(turn)
        finally:
            self._changed()
            if called and spent is not None:
                spent(turn)
        if error is not None:
            _name_exchange(error, placed)
            raise error
        return turn

    def resume(
        self,
        turn: Turn,
        resumable: Resumable,
        conversation: Conversation | None,
        transport: Transport,
        view: View,
        check: Callable[[Outgoing, Usage], None] = lambda outgoing, usage: None,
    ) -> Turn:
        """Ask for the rest of ``turn``, show and remember; returns the turn with all of it.

        What fails, or is stopped, leaves the turn as it was with what came behind it, and is
        raised after showing it. It is counted as a call of its own; ``conversation`` is where the
        turn stands, None: in none; ``check`` as for `ask`.
        """
        assert turn.continuation is not None
        question = resumable.question
        outgoing = replace(resumable.outgoing, continuation=turn.continuation.token, stop=Stop())
        started = datetime.now().astimezone().isoformat(timespec="milliseconds")
        assembly = Assembly.resumed(turn, _round(turn, question))
        running = Running(assembly.turn(0), None, view, outgoing.stop, question.runner)
        self.running[turn.id] = running
        self._changed()
        try:
            ended, error, own = self._receive(assembly, transport, outgoing, view, question, check)
            if error is None or error.sent or ended.parts != turn.parts:
                hop = assembly.continued(started, own)
                ended = replace(ended, continued=(*turn.continued, hop))
                self.spent.append(Call.of(ended.apart()[-1]))
                self.emulated += turn.request.backend == "emulator"
            self.answering.saw(ended, sendable.issuer(turn))
            ended = self.answering.noted(ended)
            self.last = ended
            if conversation is not None:
                conversation.amend(ended)
        finally:
            del self.running[turn.id]
        try:
            view.ended(ended)
        finally:
            self._changed()
        if error is not None:
            raise error
        return ended

    def _receive(
        self,
        assembly: Assembly,
        transport: Transport,
        outgoing: Outgoing,
        view: View,
        question: Question,
        check: Callable[[Outgoing, Usage], None] = lambda outgoing, usage: None,
    ) -> tuple[Turn, GeminiError | AnswerInterrupted | None, int]:
        """The turn, what it is to raise, and the milliseconds that this took."""
        turn, error, last, took = receive(assembly, transport, outgoing, view, question, check)
        turn, error = _fitting(turn, error, Hint.ANSWER_MISFIT)
        if turn.continuation is None:
            self.resumable.pop(turn.id, None)
        else:
            # Kept, since its conversation may hold something else later. The token belongs to the
            # request that brought it, which functions may have followed by another.
            own = outgoing if turn.continuation.token == outgoing.continuation else last
            self._keep(turn, Resumable(question, replace(own, continuation=None)))
        return turn, error, took

    def _keep(self, turn: Turn, resumable: Resumable) -> None:
        """Keep what was sent for an unfinished answer; of the oldest it is made anew when wanted.

        From their conversation, as far as that is as it was: attachments are not held for ever.
        """
        self.resumable.pop(turn.id, None)
        self.resumable[turn.id] = resumable
        while len(self.resumable) > RESUMABLE:
            del self.resumable[next(iter(self.resumable))]

    def _record(self, turn: Turn, placed: Placed) -> None:
        self.last = turn
        if placed.conversation is not None and placed.slot is not None:
            placed.conversation.put(placed.slot, turn, placed.user)

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
            carried=carrying(placed.outgoing.contents),
            replaced=_replaced(placed),
            notes=(),
            typed=question.answer_type,
        )
        turn, error = _fitting(turn, None, Hint.STORED_MISFIT)
        if turn.continuation is not None and not question.answers_calls:
            self._keep(turn, Resumable(question, placed.outgoing))
        self._record(turn, placed)
        view.ended(turn)
        self._changed()
        if error is not None:
            raise error
        return turn

    def go_on(self, engine: Engine) -> None:
        """Take over what ``engine`` was asked and has spent; it is not to be used any more."""
        self.conversations, self.last = engine.conversations, engine.last
        self.spent, self.emulated = engine.spent, engine.emulated
        self.resumable = engine.resumable
        self.answering = engine.answering

    def forked(self) -> None:
        """In a forked process: what was under way goes on in the other one."""
        self.running = {}
        self.answering.forked()
        for conversation in self.conversations:
            conversation.forked()

    def stop(self, turn: str | None = None) -> bool:
        """Stop the request of ``turn`` (or all); False when there is none. Any thread may call."""
        found = [run for run in list(self.running.values()) if turn in (None, run.begun.id)]
        for run in found:
            run.stop.stop()
        return bool(found)


def _fitting(
    turn: Turn, error: GeminiError | AnswerInterrupted | None, hint: Hint
) -> tuple[Turn, GeminiError | AnswerInterrupted | None]:
    """A complete answer that does not fit the type it was asked for has failed; its text stays."""
    if turn.typed is None or turn.status != "complete":
        return turn, error
    what = misfit(turn)
    if what is None:
        return turn, error
    what = redact(what)
    turn = replace(turn, status="failed", message=what)
    failed = AnswerFailed(what, hint)
    failed.turn = turn
    return turn, failed


def _round(turn: Turn, question: Question) -> int:
    """The first part of the model's last Content: behind what functions have returned."""
    if not question.answers_calls:
        return 0
    responses = [at for at, part in enumerate(turn.parts) if isinstance(part, Response)]
    return responses[-1] + 1 if responses else 0


def _replaced(placed: Placed) -> str | None:
    """The id of the turn whose place a question takes, None when it is a new one."""
    replaced = placed.slot.replaces if placed.slot is not None else None
    return None if replaced is None else replaced.turn.id


def _user(question: Question, history: list[Content]) -> Content:
    """The prompt's wire Content, what is attached first."""
    attached: list[Json] = []
    if question.items:
        from gemini_magic.attach.content import count, parts

        attached = parts(question.items, first=count(history))
    told = question.told.parts if question.told is not None else ()
    return Content(role="user", parts=[*attached, *told, {"text": question.prompt}])


_WHERE = re.compile(r"contents[\[.](\d+)")


def _name_exchange(error: GeminiError | AnswerInterrupted, placed: Placed) -> None:
    """Say which exchange a refusal speaks of, where it speaks of the history and that is known."""
    if getattr(error.advice, "fact", None) is not Hint.REFUSED_HISTORY:
        return
    if not placed.numbers:
        error.advice = Hint.CHANGE_REQUEST
        return
    found = _WHERE.search(error.what)
    at = int(found[1]) if found else -1
    where = ""
    if 0 <= at < len(placed.numbers):
        number = placed.numbers[at]
        prompt = one_line(placed.before[number - 1].turn.request.prompt, 40)
        where = f" (exchange {number}, {prompt!r})"
    error.advice = Hint.REFUSED_HISTORY(where=where)
