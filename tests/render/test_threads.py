"""What draws beside an answer runs in threads that are used again."""

from __future__ import annotations

import contextvars
import threading
import time

import pytest

from gemini_magic.render.threads import start

WHOSE: contextvars.ContextVar[str] = contextvars.ContextVar("whose", default="nobody's")


def ran(name: str) -> tuple[str, threading.Thread, str]:
    """The name, the thread and the context that a piece of work saw."""
    found: list[tuple[str, threading.Thread, str]] = []
    done = threading.Event()

    def work() -> None:
        thread = threading.current_thread()
        found.append((thread.name, thread, WHOSE.get()))
        done.set()

    start(name, work)
    assert done.wait(30)
    return found[0]


def waits(thread: threading.Thread) -> bool:
    """Whether ``thread`` waits for more, in the end; it does not where another one does."""
    end = time.monotonic() + 30
    while thread.is_alive() and thread.name != "gemini-idle":
        assert time.monotonic() < end
        time.sleep(0.002)
    return thread.is_alive()


def test_work_runs_under_its_name_and_in_the_context_of_who_starts_it() -> None:
    WHOSE.set("one's")
    name, _, whose = ran("gemini-one")
    assert (name, whose) == ("gemini-one", "one's")
    WHOSE.set("another's")
    assert ran("gemini-two")[0::2] == ("gemini-two", "another's")


def test_a_thread_is_used_again_and_two_at_once_have_two() -> None:
    while not waits(thread := ran("gemini-one")[1]):
        pass
    held = threading.Event()
    start("gemini-held", lambda: held.wait(30))
    assert thread.name == "gemini-held"
    other = ran("gemini-other")[1]
    assert other is not thread
    waits(other)
    held.set()
    thread.join(30)
    assert not thread.is_alive(), "no more than one waits"


def test_work_that_fails_takes_no_later_work_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda what: failed.set())

    def fail() -> None:
        raise ValueError("for the test")

    start("gemini-failing", fail)
    assert failed.wait(30), "it is told as of any thread"
    for number in range(3):
        assert ran(f"gemini-{number}")[0] == f"gemini-{number}"
