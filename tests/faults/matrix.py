"""The matrix: every fault at every stage where it is possible, streamed and unary.

On a connection that was kept and, where that makes a difference, on a fresh one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from . import answer, wire
from .answer import ALL, IN_BODY, MODES, PARTS, STAGES, Cut, Mode, Stage, cut
from .case import GRACE, TIMEOUT, Case
from .connecting import connecting
from .damage import BORNE, ENDINGS, FATAL, Damage
from .keeping import keeping
from .refusing import CLASSES, PASSING, Refusal, http_date, redirect
from .roads import roads

DROPPED, BAD, TIMED_OUT = ("ConnectionDropped",), ("BadResponse",), ("TimedOut",)


def _wire_case(fault: wire.Fault, place: Cut, errors: tuple[str, ...]) -> Case:
    return Case(
        "the wire",
        fault.__name__.replace("_", " "),
        place.stage,
        place.mode,
        (lambda asked: fault(asked, place),),
        errors,
        kept=place.kept,
    )


def _wire() -> Iterator[Case]:
    for mode in MODES:
        for stage in STAGES:
            place = cut(stage, mode)
            headless = stage in ("before headers", "in headers")
            yield _wire_case(wire.reset, place, DROPPED)
            yield _wire_case(wire.close, place, DROPPED)
            yield _wire_case(wire.stall, place, TIMED_OUT)
            yield _wire_case(wire.trickle, place, TIMED_OUT)
            # What ends before any headers have is told as ended, whatever it was.
            yield _wire_case(wire.html_page, place, DROPPED if headless else BAD)
            # A gigabyte may be cut off by its size or by the time it takes.
            yield _wire_case(wire.flood, place, BAD + TIMED_OUT)
            if not headless:
                yield _truncated(place)
                yield _wire_case(wire.gzip_garbage, place, BAD)
            if stage != "in headers":  # HTTP lets any byte stand in a header
                yield _wire_case(wire.invalid_utf8, place, BAD)
    events = replace(
        _wire_case(wire.flood_of_events, cut("mid text", "stream"), BAD), kept=None, seconds=60
    )
    yield replace(
        events, stage="first event", answers=(_flooding(cut("before headers", "stream")),)
    )


def _flooding(place: Cut) -> wire.Fault:
    start = replace(place, stage="first event")
    return lambda asked: wire.flood_of_events(asked, start)


def _truncated(place: Cut) -> Case:
    """A clean end is no error where it can be one of the answer."""
    case = _wire_case(wire.truncated, place, BAD)
    if place.stage == "after it":
        return replace(case, errors=(), status="complete")
    if place.at_boundary and place.mode == "stream":
        return replace(case, errors=(), status="truncated")
    return case


def _contents() -> Iterator[Case]:
    numbers = {stage: answer.place(stage) for stage in IN_BODY if stage != "after it"}
    for mode in MODES:
        for stage, number in numbers.items():
            for damage in (*BORNE, *FATAL):
                yield _damaged(damage, stage, number, mode)
        for damage in ENDINGS:
            yield _damaged(damage, "last event", len(PARTS) - 1, mode)
        for what, empty in (("nothing", b""), ("an empty list", b"[]"), ("an empty object", b"{}")):
            yield Case(
                "the content",
                what,
                "first event",
                mode,
                (lambda asked, m=mode, body=empty: wire.whole(asked, m, body),),
                ("AnswerFailed",),
            )
        for kind in ("text/plain", "text/html"):
            yield Case(
                "the content",
                f"content type {kind}",
                "in headers",
                mode,
                (
                    lambda asked, m=mode, k=kind: wire.whole(
                        asked, m, answer.body(m), content_type=k
                    ),
                ),
                status="complete",
                kept=ALL,
            )


def _damaged(damage: Damage, stage: Stage, number: int, mode: Mode) -> Case:
    body = damage.bytes_of(mode, number)
    unread = [] if mode == "unary" else answer.kept(PARTS[:number])
    unreadable = damage.error is not None and damage.status == "complete"
    return Case(
        "the content",
        damage.name,
        stage,
        mode,
        (lambda asked: wire.whole(asked, mode, body),),
        (damage.error,) if damage.error else (),
        "failed" if unreadable else damage.status,
        unread if unreadable else None,
        damage.shown,
        damage.hidden,
    )


def _refusals() -> Iterator[Case]:
    for mode in MODES:
        for code, error in CLASSES.items():
            for kind in ("json", "page", "empty"):
                yield _refused(f"{code}, {kind} body", mode, error, Refusal(code, kind))
        for code in PASSING:
            error = CLASSES[code]
            soon, later = Refusal(code, delay="0.05s"), Refusal(code, delay="3000s")
            yield _refused(f"{code}, RetryInfo, tried again", mode, None, soon, soon, retries=2)
            yield _refused(f"{code}, RetryInfo, out of tries", mode, error, soon, soon, retries=1)
            yield _refused(f"{code}, RetryInfo of an hour", mode, error, later, retries=4)
            header = Refusal(code, headers={"retry_after": "0"})
            yield _refused(f"{code}, Retry-After, tried again", mode, None, header, retries=1)
        yield from _redirects(mode)


def _refused(name: str, mode: Mode, error: str | None, *answers: Refusal, retries: int = 0) -> Case:
    return Case(
        "the service",
        name,
        "before headers",
        mode,
        answers,
        (error,) if error else (),
        "failed" if error else "complete",
        [] if error else ALL,
        retries=retries,
    )


def _redirects(mode: Mode) -> Iterator[Case]:
    def case(name: str, error: str | None, *answers: tuple[int, str]) -> Case:
        steps = [
            lambda asked, s=status, to=location: redirect(asked, mode, s, to or asked.path)
            for status, location in answers
        ]
        made = _refused(name, mode, error)
        return replace(made, answers=tuple(steps))

    yield case("redirect 307 on the same host", None, (307, ""))
    yield case("redirect 308 on the same host", None, (308, ""))
    yield case("redirect to another host", "BadResponse", (307, "http://elsewhere.invalid/"))
    yield case("redirect in a circle", "BadResponse", *[(307, "")] * 25)
    yield case("redirect to nowhere", "BadResponse", (307, "http://["))


def _clocks() -> Iterator[Case]:
    for mode in MODES:
        for hours in (-25, 25):
            yield Case(
                "the clock",
                f"jump of {hours} h in mid-answer",
                "mid text",
                mode,
                (lambda asked, m=mode: _paused(asked, m),),
                (),
                "complete",
                ALL,
                setup="import threading, time_machine, datetime\n"
                f"jump = time_machine.travel(datetime.timedelta(hours={hours}), tick=True)\n"
                "threading.Timer(0.15, jump.start).start()",
                teardown="jump.stop()",
            )
        skewed = Refusal(503, headers=http_date(0, skew=7200))
        yield replace(
            _refused("Retry-After of a service two hours ahead", mode, None, skewed, retries=1),
            group="the clock",
        )


def _paused(asked: object, mode: Mode) -> None:
    import time

    place = cut("mid text", mode)
    asked.send(wire.head(mode) + wire.chunk(place.before))  # type: ignore[attr-defined]
    time.sleep(0.4)
    asked.send(wire.chunk(place.rest) + wire.END)  # type: ignore[attr-defined]


def cases() -> list[Case]:
    """Every case, in a fixed order: on the connection that the turn before has left.

    Those that end a connection, or may, also on one of their own.
    """
    met = [*_wire(), *_refusals(), *_clocks()]
    fresh = [replace(case, fresh=True) for case in met if case.seconds <= TIMEOUT + GRACE]
    return [*met, *fresh, *_contents(), *connecting(), *keeping(), *roads(met)]
