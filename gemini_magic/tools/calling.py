"""Answers a call of the model: checks its arguments, runs the function, gives JSON back.

A time limit and an off switch for a function that runs in this thread: Python cannot end a
function from outside; what ends one in a notebook is SIGINT, which the main thread turns into
KeyboardInterrupt, also out of ``time.sleep``. So a watcher sends the main thread the same signal
that Kernel > Interrupt sends, and remembers that it did. A signal that arrives in the moment before
a call that waits does not wake it: the watcher sends it until it was heard.
"""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

from gemini_magic.text import utf8, worded
from gemini_magic.tools.declaring import Tool
from gemini_magic.tools.forks import FORKS, send_interrupt
from gemini_magic.transport.protocol import Stop
from gemini_magic.turn.parts import Call, Json, Part, Response

ROUNDS = 10  # requests of one question that may end in calls
RUNS = 25  # of code in the kernel, with --here
LONGEST = 100_000  # characters of one result as JSON
AGAIN = 0.05  # seconds after which a signal that nobody has heard is sent again


def waiting(parts: Sequence[Part]) -> list[Call]:
    """The calls among ``parts`` that have no response among them, in order."""
    responses = [part for part in parts if isinstance(part, Response)]
    calls = []
    for part in parts:
        if not isinstance(part, Call):
            continue
        answered = next((r for r in responses if (r.id, r.name) == (part.id, part.name)), None)
        if answered is None:
            calls.append(part)
        else:
            responses.remove(answered)
    return calls


def respond(tools: Sequence[Tool], call: Call, seconds: float, stop: Stop) -> Response:
    """The response to a call: ``{"output": ...}``, or ``{"error": ...}`` that the model can read.

    An unknown name, arguments that do not fit, an exception and a function that is not done after
    ``seconds`` are errors of this kind. KeyboardInterrupt goes through.
    """
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        names = ", ".join(tool.name for tool in tools)
        return _response(call, {"error": f"There is no function {call.name!r}; there is: {names}."})
    arguments, wrong = _checked(tool, call.args or {})
    if wrong:
        return _response(call, {"error": f"Wrong arguments for {tool.name}: {wrong}"})
    try:
        result = within(seconds, stop, lambda: tool.function(**arguments))
    except OutOfTime:
        return _response(call, {"error": f"{tool.name} was ended after {seconds:g} s."})
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's function raises
        said = f"{type(error).__name__}: {worded(error)}"
        return _response(call, {"error": utf8(said[:LONGEST]).decode()})
    return _response(call, {"output": _plain(result)})


def _response(call: Call, response: Json) -> Response:
    text = json.dumps(response, ensure_ascii=False)
    if len(text) > LONGEST:
        response = {
            "output": text[:LONGEST],
            "truncated": f"the first {LONGEST:,} of {len(text):,} characters of the result",
        }
    return Response(call.name, response, call.id)


def _checked(tool: Tool, given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The arguments as their hints say, and what is wrong with them in words."""
    from pydantic import ValidationError

    wrong = [f"{name!r} is not a parameter" for name in given if name not in tool.adapters]
    wrong += [f"{name!r} is missing" for name in sorted(tool.required - given.keys())]
    arguments: dict[str, Any] = {}
    for name, adapter in tool.adapters.items():
        if name not in given:
            continue
        try:
            arguments[name] = adapter.validate_python(given[name])
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            where = "".join(f"[{step!r}]" for step in first["loc"])
            wrong.append(f"{name!r}{where}: {first['msg']}")
    return arguments, "; ".join(wrong)


def _plain(value: Any) -> Any:
    """The value as JSON has it; what JSON cannot hold as its text.

    Numbers of numpy become numbers, dataclasses and models objects, dates ISO 8601, NaN and
    infinity text ("NaN"), since the service takes none.
    """
    from pydantic_core import to_json

    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    try:
        return json.loads(to_json(value, fallback=_text, inf_nan_mode="strings"))
    except Exception:  # noqa: BLE001 - what the value's own class raises, too
        return utf8(worded(value)).decode()


def _text(value: Any) -> Any:
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return worded(value)


class OutOfTime(Exception):
    """The function did not return within its seconds."""


def within(seconds: float, stop: Stop, function: Callable[[], Any]) -> Any:
    """What ``function`` returns; OutOfTime after ``seconds``, KeyboardInterrupt when stopped.

    Also where the function makes something else of the interrupt, as ``!command`` of IPython 9 does
    when it strikes while the command starts: who interrupts an answer means all of it.
    Only the main thread can be ended in the middle; in another thread the function runs to its
    end, and the limit is looked at then.
    """
    watcher = _Watcher(seconds)
    try:
        with _heard(watcher):
            try:
                # From here on the signal may come, so not a line earlier.
                stop.on_stop(lambda: watcher.end("stopped"))
                watcher.start()
                result = function()
            finally:
                # Signals that were sent before this arrive before the next statements are over.
                watcher.finish()
                if watcher.why:
                    time.sleep(0.01)
    except KeyboardInterrupt:
        if watcher.why != "time":
            raise
        raise OutOfTime from None
    except Exception as error:
        if watcher.interrupted:
            raise KeyboardInterrupt from error
        raise
    if watcher.why == "time":
        raise OutOfTime
    if stop.stopped or watcher.interrupted:
        raise KeyboardInterrupt
    return result


@contextlib.contextmanager
def _heard(watcher: _Watcher) -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt meanwhile, also where the process ignores it.

    ``watcher`` is told that it came.

    A shell starts what runs in its background with SIGINT ignored, and Python leaves it so: the
    limit would never end a function. A program that has set SIG_DFL would be killed by it.
    """
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if main else None
    if before is None:  # another thread, or a handler that is not Python's to put back
        watcher.heard = True
        yield
        return
    handle = before if callable(before) else signal.default_int_handler

    def hear(number: int, frame: FrameType | None) -> None:
        if FORKS.put_off():
            return
        if watcher.heard and watcher.again:  # the second of two that were sent for one end
            watcher.again -= 1
            return
        watcher.heard = True
        watcher.interrupted = watcher.interrupted or not watcher.why
        handle(number, frame)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Watcher:
    def __init__(self, seconds: float) -> None:
        self.why = ""
        self.heard = False
        self.interrupted = False  # by a signal that is none of its own
        self.again = 0  # signals that were sent once more, since none had been heard yet
        self._here = threading.current_thread() is threading.main_thread()
        self._lock = threading.Lock()
        self._finished = False
        self._timer = threading.Timer(seconds, self.end, ("time",))
        self._timer.daemon = True

    def start(self) -> None:
        self._timer.start()

    def end(self, why: str) -> None:
        with self._lock:
            if self._finished or self.why:
                return
            self.why = why
            if self._here:
                self._send()

    def _send(self) -> None:
        send_interrupt()
        again = threading.Timer(AGAIN, self._send_again)
        again.daemon = True
        again.start()

    def _send_again(self) -> None:
        with self._lock:
            if not (self._finished or self.heard):
                self.again += 1
                self._send()

    def finish(self) -> None:
        with self._lock:
            self._finished = True
        self._timer.cancel()
