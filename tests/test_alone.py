"""Who is to be alone is so, soon, and whoever has left by a failure stands in nobody's way."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from .alone import taking_turns


@pytest.fixture(autouse=True)
def a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", "one")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_one_that_is_to_be_alone_is_alone_and_is_not_overtaken():
    inside: list[str] = []
    seen: list[list[str]] = []
    over = threading.Event()

    def others(name: str) -> None:
        while not over.is_set():
            with taking_turns(alone=False):
                inside.append(name)
                time.sleep(0.005)
                inside.remove(name)

    workers = [threading.Thread(target=others, args=(name,)) for name in "abc"]
    for worker in workers:
        worker.start()
    try:
        for _ in range(5):
            with taking_turns(alone=True):
                seen.append([*inside])
                time.sleep(0.02)
                seen.append([*inside])
    finally:
        over.set()
        for worker in workers:
            worker.join(10)
    assert seen == [[]] * 10


def test_the_others_run_side_by_side():
    both = threading.Barrier(2)

    def other() -> None:
        with taking_turns(alone=False):
            both.wait(10)

    worker = threading.Thread(target=other)
    worker.start()
    with taking_turns(alone=False):
        both.wait(10)
    worker.join(10)


def test_a_failure_leaves_the_room():
    for alone in (True, False):
        with pytest.raises(ZeroDivisionError), taking_turns(alone):
            1 / 0  # noqa: B018
    with taking_turns(alone=True):
        pass
