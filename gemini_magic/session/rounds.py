"""Receives an answer: one request, or several where functions answer the model in between.

Nothing is recorded here; whatever happens, the turn so far is handed back with its error.
"""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gemini_magic.errors import AnswerFailed, AnswerInterrupted, GeminiError
from gemini_magic.hints import Hint
from gemini_magic.session.question import Question
from gemini_magic.session.view import Guarded, View
from gemini_magic.tools.calling import ROUNDS, RUNS, respond, waiting
from gemini_magic.transport.deadlines import BETWEEN
from gemini_magic.transport.protocol import ON_SENT, Outgoing, Transport
from gemini_magic.turn.assembly import Assembly, Chunk, phase
from gemini_magic.turn.kernel_runs import NAME
from gemini_magic.turn.parts import Response
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage
from gemini_magic.turn.wire import content


def receive(
    assembly: Assembly,
    transport: Transport,
    outgoing: Outgoing,
    view: View,
    question: Question,
    check: Callable[[Outgoing, Usage], None],
) -> tuple[Turn, GeminiError | AnswerInterrupted | None, Outgoing, int]:
    """Send ``outgoing`` and what the functions return to it, until the answer has ended.

    Returns the turn, what it is to raise, the last request, and the milliseconds that this took.
    ``check`` is asked before each further request, with what those before it used.
    """
    started = time.monotonic()
    view = Guarded(view)

    def elapsed() -> int:
        return round((time.monotonic() - started) * 1000)

    def snapshot() -> Turn:
        return assembly.turn(elapsed())

    text = sum(len(getattr(part, "text", "")) for part in snapshot().parts)
    last: Any = ()
    # A view's threads run in copies of this context: what stands in it must not keep the view.
    known = weakref.ref(view)

    def sent_off() -> None:
        waiting_view = known()
        if waiting_view is not None:
            waiting_view.arrived(snapshot, phase(()), text)

    on_sent = ON_SENT.set(sent_off)
    runner = question.runner
    rounds = ROUNDS if runner is None else ROUNDS + RUNS
    try:
        if question.items:
            sent = ", ".join(item.summary for item in question.items)
            view.arrived(snapshot, f"sending {sent}", text)
        for _ in range(rounds + 1):
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
            if turn.status != "complete" or not question.answers_calls:
                return turn, error, outgoing, elapsed()
            calls = waiting(assembly.round())
            if not calls:
                return turn, error, outgoing, elapsed()
            asked = content("model", assembly.round())
            responses: list[Response] = []
            ended: AnswerInterrupted | None = None
            for call in calls:
                if runner is not None and call.name == NAME:
                    view.arrived(snapshot, f"run {runner.runs + 1} in this kernel", text)
                    back, ended = runner.respond(call, outgoing.stop)
                else:
                    view.arrived(snapshot, f"calling {call.name}", text)
                    limit = BETWEEN if question.timeout is None else question.timeout
                    back = respond(question.tools, call, limit, outgoing.stop)
                responses.append(back)
                assembly.add(Chunk((back,)))
                if ended is not None:
                    raise ended
            if runner is not None and runner.runs:
                view.arrived(snapshot, f"run {runner.runs}, asking again", text)
            assembly.proceed()
            answered = content("user", responses)
            contents = [*outgoing.contents, asked, answered]
            outgoing = replace(outgoing, contents=contents, continuation=None)
            check(outgoing, assembly.spent)
        raise AnswerFailed(
            f"The model called functions {rounds} times in a row without an answer.",
            "Ask for less at once, or let one function do more.",
        )
    except (AnswerInterrupted, GeminiError) as error:
        stopped = _stopped(error, assembly)
        return assembly.stopped(elapsed(), stopped), stopped, outgoing, elapsed()
    except KeyboardInterrupt:
        stopped = _stopped(interrupted(), assembly)
        return assembly.stopped(elapsed(), stopped), stopped, outgoing, elapsed()
    finally:
        ON_SENT.reset(on_sent)


def _stopped(
    error: GeminiError | AnswerInterrupted, assembly: Assembly
) -> GeminiError | AnswerInterrupted:
    """The error of a request that has ended; one that went on with an answer says so."""
    if not (assembly.goes_on and isinstance(error, AnswerInterrupted)):
        return error
    told = AnswerInterrupted(
        "The continuation was interrupted; what had arrived is kept.", Hint.CONTINUE_AGAIN
    )
    told.sent = error.sent
    return told


def interrupted() -> AnswerInterrupted:
    """The error of an answer that the user stopped."""
    return AnswerInterrupted(
        "The answer was interrupted; what had arrived is shown above.",
        Hint.KEPT_IN_HISTORY,
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
