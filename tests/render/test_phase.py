"""A view's thread ends with the answer, and with the view where nobody ends the answer."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

from gemini_magic.render.live import LiveView, Look
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn


def ticking() -> int:
    return sum(thread.name == "gemini-status" for thread in threading.enumerate())


def wait_until_calm(before: int) -> None:
    end = time.monotonic() + 30
    while ticking() > before:
        assert time.monotonic() < end, "a thread goes on"
        time.sleep(0.02)


class Display:
    after = 0.0

    def live(self, data: Any, metadata: Any) -> bool:
        return True

    def end(self, data: Any, metadata: Any) -> None:
        return


def test_the_thread_of_a_view_ends_with_its_answer() -> None:
    before = ticking()
    view = LiveView(Display(), Look())
    assert ticking() == before + 1
    view.ended(Turn("t", Request("p", "m", "emulator"), status="complete"))
    wait_until_calm(before)


def test_the_thread_of_a_view_that_nobody_ends_ends_with_the_view() -> None:
    before = ticking()
    view = LiveView(Display(), Look())
    assert ticking() == before + 1
    del view
    gc.collect()
    wait_until_calm(before)
