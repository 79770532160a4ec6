"""What a session shares: one of each part, whoever asks first, and what it says to whom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gemini_magic.session import engine as engines
from gemini_magic.session.session import Session
from gemini_magic.transport import connections


@pytest.mark.parametrize(
    ("module", "name", "part"),
    [
        (engines, "Engine", lambda session: session.engine),
        (connections, "Connections", lambda session: session.connections),
    ],
)
def test_threads_that_ask_at_once_get_the_same_part(
    module: object, name: str, part: Callable[[Session], object], monkeypatch: pytest.MonkeyPatch
):
    made = getattr(module, name)
    begun = threading.Barrier(8)

    def slowly(*given: object) -> object:
        threading.Event().wait(0.05)  # long enough for the others to come by
        return made(*given)

    monkeypatch.setattr(module, name, slowly)
    session = Session()

    def ask(_: int) -> object:
        begun.wait(10)
        return part(session)

    with ThreadPoolExecutor(8) as threads:
        assert len({id(found) for found in threads.map(ask, range(8))}) == 1


def test_what_is_said_is_printed_unless_this_thread_listens(capsys: pytest.CaptureFixture[str]):
    session = Session()
    with session.listening() as said:
        session.say("to the sidebar")
        other = threading.Thread(target=session.say, args=("to the cell",))
        other.start()
        other.join()
    session.say("key: AIza" + "x" * 30)
    assert said == ["to the sidebar"]
    printed = capsys.readouterr().out
    assert printed.startswith("to the cell\nkey: ") and "AIza" not in printed


def test_a_session_without_a_surface_has_its_own_settings_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GEMINI_MAGIC_MODEL", "by-environment")
    session = Session()
    assert session.settings.model == "by-environment" and session.namespace == {}
    session.chosen["model"] = "chosen"
    assert session.settings.model == "chosen"


def test_closing_tells_who_registered_before_it_closes_what_is_open():
    session = Session()
    told: list[str] = []
    session.on_close.append(lambda: told.append("front end"))
    session.on_change.append(lambda: told.append("changed"))
    session.close()
    assert told == ["front end"]
    assert session.idle and not session.connected, "closing makes nothing"
