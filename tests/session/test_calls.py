"""What counts as a call: what left this machine, answered or not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gemini_magic.attach.item import Item
from gemini_magic.errors import GeminiError, NoBackend, OptionError, RateLimited, Unreachable
from gemini_magic.session.engine import Engine
from gemini_magic.session.pacing import Paced, SharedPace
from gemini_magic.session.question import Question
from gemini_magic.session.view import Silent
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.scripted import Scripted
from gemini_magic.turn.turn import Turn

from ..replay import Answer, Replay

ASKED = Question("hello", "gemini-3.8-flash", retries=0, timeout=30)
BUSY = Answer(b'{"error": {"code": 429, "message": "busy"}}', 429, "application/json")


def counted(transport: object, question: Question = ASKED) -> tuple[int, GeminiError]:
    engine = Engine()
    with pytest.raises(GeminiError) as raised:
        engine.ask(question, "developer", transport, Silent())  # type: ignore[arg-type]
    return len(engine.spent), raised.value


def developer(url: str) -> GoogleTransport:
    return GoogleTransport(Backend("developer", "no-key", base_url=url))


def test_a_refused_call_was_sent_and_counts():
    with Replay(BUSY) as server:
        count, error = counted(developer(server.url))
    assert (count, type(error)) == (1, RateLimited)


def test_where_nobody_answers_nothing_was_sent():
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        count, error = counted(developer(f"http://127.0.0.1:{taken.getsockname()[1]}/"))
    assert (count, type(error)) == (0, Unreachable)


def test_a_call_that_was_refused_and_then_found_nobody_counts(tmp_path: Path):
    unsent = Unreachable("gone")
    unsent.sent = False
    busy = RateLimited("busy", code=429, retry_after=0.0)
    count, error = counted(Paced(Scripted([busy], [unsent]), SharedPace(tmp_path / "pace.json")))
    assert (count, error) == (1, unsent)


@pytest.mark.parametrize("kind", [NoBackend, OptionError])
def test_what_was_refused_before_sending_is_no_call(kind: type[GeminiError]):
    assert counted(Scripted([kind("no")]))[0] == 0


def test_a_login_that_was_refused_is_no_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))
    count, error = counted(GoogleTransport(Backend("vertex", project="p", location="global")))
    assert (count, type(error)) == (0, NoBackend)


def test_an_upload_that_was_refused_is_no_call():
    with Replay(BUSY) as server:
        large = Item("n.csv", "text/csv", b"1" * 5_000_000)
        question = Question("hello", "gemini-3.8-flash", items=(large,), retries=0)
        count, error = counted(developer(server.url), question)
        assert all("generate" not in asked.path.lower() for asked in server.asked)
    assert (count, type(error)) == (0, RateLimited)


def test_an_attachment_that_vertex_does_not_take_is_no_call():
    with Replay(BUSY) as server:
        transport = GoogleTransport(Backend("vertex", "no-key", base_url=server.url))
        large = Item("n.csv", "text/csv", b"1" * 8_000_000)
        question = Question("hello", "gemini-3.8-flash", items=(large,), retries=0)
        count, error = counted(transport, question)
        assert server.asked == []
    assert (count, type(error)) == (0, OptionError)


class Phases(Silent):
    """A view that notes what it was told is happening."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        self.seen.append(phase)


def test_what_is_waited_for_is_the_connection_then_the_model() -> None:
    event = b'data: {"candidates":[{"content":{"parts":[{"text":"4"}]},"finishReason":"STOP"}]}\r\n'
    phases = Phases()
    with Replay(Answer(event + b"\r\n")) as server:
        Engine().ask(ASKED, "developer", developer(server.url), phases)
    assert phases.seen == ["connecting", "waiting for the model", "writing"]
