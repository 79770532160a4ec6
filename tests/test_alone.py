"""Who is to be alone is so, soon, and whoever has left by a failure stands in nobody's way."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from .alone import taking_turns


def test_one_that_is_to_be_alone_is_alone_and_is_not_overtaken(tmp_path: Path):
    inside: list[str] = []
    seen: list[list[str]] = []
    over = threading.Event()

    def others(name: str) -> None:
        while not over.is_set():
            with taking_turns(tmp_path, alone=False):
                inside.append(name)
                time.sleep(0.005)
                inside.remove(name)

    workers = [threading.Thread(target=others, args=(name,)) for name in "abc"]
    for worker in workers:
        worker.start()
    try:
        for _ in range(5):
            with taking_turns(tmp_path, alone=True):
                seen.append([*inside])
                time.sleep(0.02)
                seen.append([*inside])
    finally:
        over.set()
        for worker in workers:
            worker.join(10)
    assert seen == [[]] * 10


def test_the_others_run_side_by_side(tmp_path: Path):
    both = threading.Barrier(2)

    def other() -> None:
        with taking_turns(tmp_path, alone=False):
            both.wait(10)

    worker = threading.Thread(target=other)
    worker.start()
    with taking_turns(tmp_path, alone=False):
        both.wait(10)
    worker.join(10)


def test_a_failure_leaves_the_room(tmp_path: Path):
    for alone in (True, False):
        with pytest.raises(ZeroDivisionError), taking_turns(tmp_path, alone):
            1 / 0  # noqa: B018
    with taking_turns(tmp_path, alone=True):
        pass
