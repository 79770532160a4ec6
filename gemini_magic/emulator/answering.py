"""Answers one generate request: script, sandbox, profile and faults come together here."""

from __future__ import annotations

import contextlib
import datetime
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gemini_magic.emulator import protocol, tokens
from gemini_magic.emulator.connection import CallerGone, Connection
from gemini_magic.emulator.continuation import Hop, Rest, asked, read
from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.faults import Fault
from gemini_magic.emulator.history import Ledger
from gemini_magic.emulator.models import Model
from gemini_magic.emulator.performer import Performer, decoded
from gemini_magic.emulator.profiles import Emitted, Ending, Envelope, Meter, Traits
from gemini_magic.emulator.scenarios import choose
from gemini_magic.sandbox import Cancelled, SandboxProcess

_HTML = b"<!DOCTYPE html>\n<html><title>Sign in</title><body>A proxy answered.</body></html>\n"
_UNARY, _EVENTS = "application/json; charset=UTF-8", "text/event-stream"


@dataclass(frozen=True)
class Answering:
    """What is needed to answer one request; `run` does it on a connection.

    ``hop``: tokens after which the answer stops and can be continued, None: it never does.
    ``rest``: the answer that the request goes on with.
    """

    conversation: Conversation
    contents: list[Mapping[str, Any]]
    model: Model
    traits: Traits
    fault: Fault
    ledger: Ledger
    open_session: Callable[[Mapping[str, bytes]], SandboxProcess]
    pace: float
    tier: str = "standard"
    hop: int | None = None
    rest: Rest | None = None

    @classmethod
    def resumed(cls, token: bytes | None, **rest: Any) -> Answering:
        """With the answer that ``token`` goes on with; ApiError 400 for a wrong one."""
        made = cls(**rest)
        if token is None:
            return made
        return replace(made, rest=read(token, asked(made.model.name, made.contents)))

    def run(self, connection: Connection, route: protocol.Route) -> None:
        """Send the answer; raises CallerGone when the client hangs up meanwhile."""
        stream = route.action == "streamGenerateContent"
        sender = _Sender(connection, replace(self.fault, delay=self.fault.delay or self.pace))
        if self.fault.no_body:
            connection.whole(200, b"", _EVENTS if stream else _UNARY)
            return
        if not stream:
            self._unary(connection, sender)
            return
        kind = _EVENTS if route.sse else _UNARY
        connection.start(200, kind, length=None, headers=self._headers)
        # Closed here and now when the client hangs up: code may be running.
        with contextlib.closing(self._chunks(connection)) as chunks:
            framed = map(protocol.event, chunks) if route.sse else _array(chunks)
            sender.send_all(framed, self._is_code)
        connection.finish()

    @staticmethod
    def _is_code(data: bytes) -> bool:
        return b'"executableCode": ' in data

    def _unary(self, connection: Connection, sender: _Sender) -> None:
        with self.open_session(self.conversation.files) as session:
            hop, envelope, meter = self._parts(session, connection, stream=False)
            if self.fault.block_reason:
                body = envelope.blocked(self.fault.block_reason, meter)
            else:
                body = envelope.unary(self._cut(hop), meter, lambda: hop.ending)
                self.ledger.remember(decoded(hop.sent))
        connection.wait(self.fault.gap_seconds)
        sender.send_unary(protocol.pretty(body), self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        # Recorded on the Developer API.
        return {} if self.traits.vertex else {"X-Gemini-Service-Tier": self.tier}

    def _chunks(self, connection: Connection) -> Generator[dict[str, Any]]:
        with self.open_session(self.conversation.files) as session:
            hop, envelope, meter = self._parts(session, connection, stream=True)
            if self.fault.block_reason:
                yield envelope.blocked(self.fault.block_reason, meter)
                return
            try:
                yield from envelope.chunks(self._cut(hop), meter, lambda: hop.ending)
            finally:
                self.ledger.remember(decoded(hop.sent))

    def _parts(
        self, session: SandboxProcess, connection: Connection, *, stream: bool
    ) -> tuple[Hop, Envelope, Meter]:
        performer = Performer(
            choose(self.conversation),
            self.conversation,
            self.traits,
            session,
            stream=stream,
            cancelled=connection.gone,
        )
        rest = self.rest
        about = asked(self.model.name, self.contents)
        hop = Hop(rest or performer, self.hop, about, list(rest.sent) if rest else [])
        envelope = Envelope(
            self.traits,
            self.model.served.name,
            secrets.token_urlsafe(17)[:23],
            datetime.datetime.now(datetime.UTC),
            self.tier,
            self.model.status(),
        )
        prompt = tokens.of_contents(self.contents) + tokens.of_text(self.conversation.system)
        effort = self.model.effort(self.conversation.config.get("thinkingConfig", {}))
        if rest is not None:
            prompt, effort = prompt + rest.tokens, 0
        return hop, envelope, Meter(prompt, effort)

    def _cut(self, hop: Hop) -> Iterator[Emitted]:
        """The events up to where the scheduled finishReason cuts them off."""
        try:
            for count, emitted in enumerate(hop.events()):
                if self.fault.finish_reason and count >= self.fault.after:
                    # The event at hand is not sent: it must not be remembered as sent either.
                    del hop.sent[-len(emitted.parts) :]
                    break
                yield emitted
        except Cancelled:
            raise CallerGone from None
        if self.fault.finish_reason:
            _end(hop.ending, self.fault)


def _end(ending: Ending, fault: Fault) -> None:
    ending.reason = fault.finish_reason or "STOP"
    ending.message = fault.finish_message
    ending.without_content = ending.reason != "MAX_TOKENS"
    ending.continuation = None


def _array(chunks: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """A stream without ``alt=sse``: a JSON array, its objects joined by ``,\\r\\n``."""
    before = b"["
    for chunk in chunks:
        yield before + protocol.line(chunk).encode()
        before = b",\r\n"
    yield b"]"


class _Sender:
    """Puts events on the wire the way the fault wants it."""

    def __init__(self, connection: Connection, fault: Fault) -> None:
        self._connection = connection
        self._fault = fault

    def send_all(self, events: Iterator[bytes], is_code: Callable[[bytes], bool]) -> None:
        """Send a stream; the fault happens once ``after`` events are out, also at its end."""
        count = 0
        for data in events:
            if count == self._fault.after:
                self._happen(data)
            self._send(data)
            count += 1
            if self._fault.gap_seconds and is_code(data):
                self._connection.wait(self._fault.gap_seconds)
        if count <= self._fault.after and (self._fault.dropping or self._fault.stall_seconds):
            self._happen(b"")

    def send_unary(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a unary body; any fault of a stream happens before it, or in its middle."""
        fault, connection = self._fault, self._connection
        if fault.stall_seconds:
            connection.wait(fault.stall_seconds)
        if fault.dropping or fault.garbling == "truncated":
            connection.start(200, _UNARY, length=len(body))
            connection.write(body[: len(body) // 2])
            connection.drop(fault.dropping or "close")
            raise Ended
        if fault.garbling:
            html = fault.garbling == "html"
            connection.whole(
                200, _HTML if html else b'{"candidates": [}\n', "text/html" if html else _UNARY
            )
            return
        if fault.midstream is not None:
            connection.whole(fault.midstream.code, protocol.pretty(fault.midstream.body()))
            return
        if not fault.bytewise:
            connection.wait(fault.delay)
            connection.whole(200, body, headers=headers)
            return
        connection.start(200, _UNARY, length=len(body))
        for at in range(len(body)):
            connection.wait(fault.delay)
            connection.write(body[at : at + 1])

    def _send(self, data: bytes) -> None:
        if not self._fault.bytewise:
            self._connection.wait(self._fault.delay)
            self._connection.write(data)
            return
        for at in range(len(data)):
            self._connection.wait(self._fault.delay)
            self._connection.write(data[at : at + 1])

    def _happen(self, data: bytes) -> None:
        fault, connection = self._fault, self._connection
        if fault.stall_seconds:
            connection.wait(fault.stall_seconds)
        if fault.midstream is not None:
            connection.write(protocol.pretty(fault.midstream.body()))
            connection.finish()
            connection.drop("close")
            raise Ended
        if fault.garbling == "truncated":
            connection.write(data[: len(data) // 2])
            connection.finish()
            connection.drop("close")
            raise Ended
        if fault.garbling:
            connection.write(
                _HTML if fault.garbling == "html" else b'data: {"candidates": [}\r\n\r\n'
            )
        if fault.dropping:
            connection.drop(fault.dropping)
            raise Ended


class Ended(Exception):
    """The scheduled fault ended the answer: there is nothing more to send."""
