"""Answers the model's calls of ``run_python``: asks the user, runs, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_magic.errors import AnswerInterrupted, redact
from gemini_magic.here.bounded import shares
from gemini_magic.here.consent import Ask, Choice, Word, unreadable
from gemini_magic.here.namespace import changes, snapshot
from gemini_magic.here.pictures import MOST_BYTES, pictures, small
from gemini_magic.here.running import Ran
from gemini_magic.here.shown import Keeper
from gemini_magic.text import b64encode, encodable, visible
from gemini_magic.tools.calling import RUNS, OutOfTime, within
from gemini_magic.transport.protocol import Stop
from gemini_magic.turn.kernel_runs import NAME, code_of
from gemini_magic.turn.parts import DEADLINE_EXCEEDED, FAILED, OK, Call, Json, Response

FOREVER = 10.0**8  # seconds, some years
DECLARATION: Json = {
    "name": NAME,
    "description": (
        "Runs Python code in the user's own Jupyter kernel, as a cell: variables of the notebook "
        "are there, and what you assign stays. The user reads the code and may decline it. "
        "Returns what was printed, the value of the last expression, the end of a traceback, "
        "pictures that were shown (matplotlib: plt.show()), and which variables are new, changed "
        "or gone. Print what you need to know, and little of it: you see nothing else. After an "
        "error you may correct the code and run it again. Do not change or delete the user's "
        "variables unless asked to."
    ),
    "parametersJsonSchema": {
        "type": "object",
        "properties": {"code": {"type": "string", "description": "Python source of one cell."}},
        "required": ["code"],
    },
}


@dataclass(frozen=True)
class Kernel:
    """What a runner needs of the kernel. ``run(code, ran)`` runs a cell; ``hidden``: names of
    IPython's own among the variables; ``ask``: None to run without asking."""

    namespace: MutableMapping[str, Any]
    hidden: Collection[str]
    run: Callable[[str, Ran], None]
    ask: Ask | None


class Runner:
    """The runs of one answer. ``timeout``: seconds for one run, None without a limit.

    ``pictures``: the model takes pictures in what a function returns.
    """

    def __init__(self, kernel: Kernel, timeout: float | None, *, pictures: bool) -> None:
        self._kernel = kernel
        self._timeout = timeout
        self._pictures = pictures
        self._asks = kernel.ask is not None
        self._keeper = Keeper()
        self.runs = 0

    def respond(self, call: Call, stop: Stop) -> tuple[Response, AnswerInterrupted | None]:
        """The response to a call, and what ends the answer with it, if anything does.

        A question that is interrupted raises KeyboardInterrupt: nothing of the code has run then.
        """
        code = code_of(call)
        if code is None:
            return _response(call, _refused("it is called with one argument, code, a string")), None
        source = code.code.replace("\r\n", "\n")
        self.runs += 1
        if self.runs > RUNS:
            why = f"the limit of {RUNS} runs for one answer is reached; conclude with what you have"
            return _response(call, _refused(why)), None
        why_not = unreadable(source)
        if why_not is not None:
            return _response(call, _refused(why_not)), None
        word = self._word(source)
        if word.choice is Choice.SKIP:
            said: Json = {"not_run": "The user did not run this."}
            return _response(call, {**said, **({"reason": word.why} if word.why else {})}), None
        if word.choice is Choice.STOP:
            said = {"not_run": "The user stopped the answer here."}
            ended = AnswerInterrupted("You stopped the answer.", "What had arrived is kept.")
            return _response(call, said), ended
        self._asks = self._asks and word.choice is not Choice.ALL
        return self._run(call, source, stop)

    def _word(self, source: str) -> Word:
        if not self._asks or self._kernel.ask is None:
            return Word(Choice.RUN)
        return self._kernel.ask(source, self.runs)

    def _run(
        self, call: Call, source: str, stop: Stop
    ) -> tuple[Response, AnswerInterrupted | None]:
        kernel = self._kernel
        before = snapshot(kernel.namespace, kernel.hidden)
        ran = Ran()
        late = stopped = False
        try:
            within(self._timeout or FOREVER, stop, lambda: kernel.run(source, ran))
        except OutOfTime:
            late = True
        except KeyboardInterrupt:
            stopped = True
        stopped = not late and (stopped or isinstance(ran.error, KeyboardInterrupt))
        outcome = DEADLINE_EXCEEDED if late else FAILED if stopped or ran.error is not None else OK
        texts = {
            "stdout": ran.stdout.text,
            "stderr": ran.stderr.text,
            "value": ran.value,
            "traceback": ran.traceback,
        }
        if late:
            texts["traceback"] += f"\nEnded after {self._timeout:g} s."
        elif ran.error is not None and not ran.traceback:
            texts["traceback"] = f"{type(ran.error).__name__}: {ran.error}"
        elif stopped and ran.error is None:
            texts["traceback"] = "KeyboardInterrupt"
        told: Json = {"outcome": outcome}
        told.update(shares({name: redact(visible(text)) for name, text in texts.items()}))
        drawn = pictures(ran.bundles)
        sent = self._fit(drawn) if self._pictures else []
        alone = drawn[len(sent) :]
        if alone or ran.more:
            told["pictures"] = f"{len(alone) + ran.more} shown to the user alone"
        if found := changes(before, kernel.namespace, kernel.hidden):
            told["variables"] = found
        ended = None
        if stopped:
            ended = AnswerInterrupted(
                "The answer was interrupted while its code ran.", "What had come by then is kept."
            )
        return _response(call, told, sent, self._keeper.keep(ran.bundles, alone)), ended

    def _fit(self, drawn: list[bytes]) -> list[bytes]:
        found, room = [], MOST_BYTES
        for picture in drawn:
            made = small(picture)
            if made is None or len(made) > room:
                break
            found.append(made)
            room -= len(made)
        return found


def _refused(why: str) -> Json:
    return {"outcome": FAILED, "traceback": f"Not run: {why}."}


def _response(
    call: Call,
    told: Json,
    drawn: Sequence[bytes] = (),
    shown: list[Json] | None = None,
) -> Response:
    blobs = [
        {"inlineData": {"mimeType": "image/png", "data": b64encode(picture)}} for picture in drawn
    ]
    extra = {"functionResponse": {"parts": blobs}} if blobs else None
    return Response(call.name, encodable(told), call.id, shown or None, extra=extra)
