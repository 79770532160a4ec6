"""Interrupts while the main thread forks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FORKING = """
import logging, os, signal, threading, time

forked = threading.Event()
held = []

def after():  # what logging has there takes less time to be struck
    if held:
        forked.set()
        time.sleep(0.3)
        held.pop()

os.register_at_fork(before=lambda: held.append(1), after_in_parent=after)

from gemini_magic.tools.calling import within
from gemini_magic.transport.protocol import Stop

def interrupt():
    forked.wait()
    os.kill(os.getpid(), signal.SIGINT)

def code():
    if not os.fork():
        os._exit(0)
    time.sleep(30)

threading.Thread(target=interrupt, daemon=True).start()
begun = time.monotonic()
try:
    within(60, Stop(), code)
except KeyboardInterrupt:
    assert not held, "what ran at the fork ran to its end"
    assert time.monotonic() - begun < 10, "the interrupt was not lost"
    print("interrupted")
"""


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="this system does not fork")
def test_an_interrupt_that_strikes_while_the_process_forks_is_not_lost() -> None:
    """As ``!command`` does. Python swallows what is raised by a function that runs at a fork."""
    ran = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.stdout, ran.stderr) == ("interrupted\n", "")
