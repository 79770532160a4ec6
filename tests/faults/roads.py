"""The same faults at further stages: a second round of ``--here``, a continuation, a typed answer.

What had arrived before, by the round or the request before, is kept whatever happens then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..replay import Asked
from . import wire
from .answer import MODES, Cut, Json, Kept, Mode, Stage, event, response
from .case import Case

STAGES: tuple[Stage, ...] = ("before headers", "first event", "mid text", "after it")
FAULTS = (
    *("reset", "close", "stall", "truncated", "html page", "gzip garbage", "invalid utf8"),
    *("400, json body", "503, json body", "503, RetryInfo, tried again"),
    "429, RetryInfo, out of tries",
)
BEGUN = "So far: "
CALL: Json = {
    "functionCall": {"name": "run_python", "args": {"code": "print(6 * 7)"}, "id": "h1"},
    "thoughtSignature": "aGVyZQ==",
}


def _good(mode: Mode, *bodies: Json) -> wire.Fault:
    """An answer of these bodies, whole."""
    sent = b"".join(map(event, bodies)) if mode == "stream" else json.dumps(bodies[0]).encode()
    return lambda asked, _=None: wire.whole(asked, mode, sent)


def _asks_to_run(mode: Mode) -> wire.Fault:
    return _good(mode, response(CALL, last=True))


def _stops(mode: Mode) -> wire.Fault:
    """The service stops in the middle, with a token to go on by."""
    body = response({"text": BEGUN}, last=True)
    body["candidates"][0] |= {"finishReason": "CONTINUATION", "continuationToken": "Cv8-_w=="}
    return _good(mode, body)


def roads(met: Iterable[Case]) -> Iterator[Case]:
    """The cases that ``met`` holds for these faults, on the further roads; and typed answers."""
    for case in met:
        if case.fault not in FAULTS or case.stage not in STAGES:
            continue
        begun = _asks_to_run(case.mode)
        yield replace(
            case, group="a round of --here", road="--here", answers=(begun, *case.answers)
        )
        yield replace(
            case,
            group="a continuation",
            road="continued",
            begun=_stops(case.mode),
            # It stays what it was: not finished, and to be continued again.
            status="truncated" if case.status == "failed" else case.status,
            kept=_behind(case.kept),
        )
    yield from _typed()


def _behind(kept: Kept | None) -> Kept:
    """What is kept of an answer that goes on: its text and the rest's are one."""
    if kept and kept[0][0] == "text":
        return [("text", BEGUN + kept[0][1]), *kept[1:]]
    return [("text", BEGUN), *(kept or [])]


# -- typed answers ---------------------------------------------------------------------------------

_SAID = ('{"total": ', "42}")


def _body(mode: Mode, *texts: str) -> tuple[bytes, ...]:
    if mode == "unary":
        whole = response(*({"text": text} for text in texts), last=True)
        return (json.dumps(whole).encode() + b"\n",)
    return tuple(
        event(response({"text": text}, last=number == len(texts)))
        for number, text in enumerate(texts, 1)
    )


def _cut(stage: Stage, mode: Mode) -> Cut:
    sent = _body(mode, *_SAID)
    whole = b"".join(sent)
    at = {"before headers": 0, "first event": 20, "mid text": len(whole) - 20}.get(
        stage, len(whole)
    )
    first = [("text", _SAID[0])] if stage == "mid text" and mode == "stream" else []
    kept = [("text", "".join(_SAID))] if stage == "after it" else first
    return Cut(stage, mode, whole[:at], whole[at:], False, kept)


def _typed() -> Iterator[Case]:
    errors = {
        wire.reset: ("ConnectionDropped",),
        wire.close: ("ConnectionDropped",),
        wire.stall: ("TimedOut",),
        wire.html_page: ("BadResponse",),
    }
    for mode in MODES:
        for fault, names in errors.items():
            for stage in STAGES:
                place = _cut(stage, mode)
                headless = fault is wire.html_page and stage == "before headers"
                yield Case(
                    "a typed answer",
                    fault.__name__.replace("_", " "),
                    stage,
                    mode,
                    (lambda asked, fault=fault, place=place: fault(asked, place),),
                    ("ConnectionDropped",) if headless else names,
                    kept=place.kept,
                    road="typed",
                )
        for what, said, error in (
            ("what fits", "".join(_SAID), None),
            ("what is no JSON", "It is 42.", "AnswerFailed"),
            ("another type", '{"total": "42"}', "AnswerFailed"),
            ("half a value", _SAID[0], "AnswerFailed"),
            ("NaN", '{"total": NaN}', "AnswerFailed"),
            ("a value a thousand deep", "[" * 1000 + "]" * 1000, "AnswerFailed"),
        ):
            yield Case(
                "a typed answer",
                what,
                "last event",
                mode,
                (lambda asked, m=mode, s=said: _whole(asked, m, s),),
                (error,) if error else (),
                "failed" if error else "complete",
                [("text", said)],
                road="typed",
            )


def _whole(asked: Asked, mode: Mode, said: str) -> None:
    wire.whole(asked, mode, b"".join(_body(mode, said)))
