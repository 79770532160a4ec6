"""A pool of workers that is forked while we import, ask and hold locks: none of them waits."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini_magic.magics.preloading import no_full_collections
from gemini_magic.session import forking
from gemini_magic.session.session import Session

from ..kernel import Kernel
from ..replay import Answer, Replay
from ..sse import ANSWER

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here"),
    # What Python says of it from 3.12 on; that it works all the same is what is shown here.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

# In each: imports what the preload is importing, or asks.
POOLS = {
    "a pool": (
        "import multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(3) as pool:\n"
        "    print(sorted(pool.map_async(work, range(6)).get(80)))"
    ),
    "an executor": (
        "import concurrent.futures, multiprocessing\n"
        "with concurrent.futures.ProcessPoolExecutor(\n"
        "    3, mp_context=multiprocessing.get_context('fork')\n"
        ") as pool:\n"
        "    print(sorted(pool.map(work, range(6), timeout=80)))"
    ),
    "a process for each": (
        "import multiprocessing\n"
        "fork = multiprocessing.get_context('fork'); queue = fork.SimpleQueue()\n"
        "ps = [fork.Process(target=lambda n=n: queue.put(work(n))) for n in range(6)]\n"
        "for p in ps: p.start(); time.sleep(0.15)\n"
        "for p in ps: p.join(80)\n"
        "print([p.exitcode for p in ps] == [0] * 6 and sorted(queue.get() for p in ps))\n"
        "[p.kill() for p in ps if p.is_alive()]"
    ),
    "from a thread": (
        "import multiprocessing\n"
        "def go():\n"
        "    with multiprocessing.get_context('fork').Pool(3) as pool:\n"
        "        print(sorted(pool.map_async(work, range(6)).get(80)))\n"
        "t = threading.Thread(target=go); t.start(); t.join()"
    ),
}
WORK = {
    "import": "def work(n):\n    import google.genai.types, gemini_magic.api\n    return n\n",
    "ask": "def work(n):\n    from gemini_magic import ask\n    ask(f'question {n}'); return n\n",
}
SHOWN = (("a pool", "import"), ("a process for each", "ask"))


@pytest.fixture(scope="module")
def server() -> Iterator[Replay]:
    with Replay(Answer(ANSWER)) as running:
        yield running


# Each starts a kernel, since it has to have loaded just now: two show it, the others are slow.
@pytest.mark.parametrize(
    ("pool", "work"),
    [
        pytest.param(
            POOLS[pool],
            WORK[work],
            id=f"{pool}-{work}",
            marks=[] if (pool, work) in SHOWN else pytest.mark.slow,
        )
        for pool in POOLS
        for work in WORK
    ],
)
def test_workers_forked_right_after_loading_work(
    pool: str, work: str, server: Replay, tmp_path: Path, start_kernel: type[Kernel]
):
    with start_kernel(
        tmp_path, GEMINI_API_KEY="test-key-1234567890", GOOGLE_GEMINI_BASE_URL=server.url
    ) as kernel:
        ran = kernel.run(f"import threading, time\n{work}{pool}", "a")
        assert ran.ok, ran.error
        assert ran.stdout == "[0, 1, 2, 3, 4, 5]\n"
        assert kernel.run("%%gemini\nhere?", "b").ok, "and this process goes on"


def in_child(work: str) -> int:
    """What `os.fork` leaves able to run: the exit code of a child that must end at once."""
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=globals()[work])
    process.start()
    process.join(20)
    alive = process.is_alive()
    process.kill()
    return -1 if alive else int(process.exitcode or 0)


_session = Session()


def use_the_session() -> None:
    assert _session.engine.running == {}
    conversation = _session.engine.conversations.get()
    assert conversation.undo() is None
    with forking.importing():
        assert gc.get_threshold() == (700, 10, 10)


def test_a_child_has_new_locks_whoever_held_the_old_ones(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(forking, "PATIENCE", 0.2)
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        locks = (_session._lock, _session.engine.conversations.get()._lock)
        with no_full_collections(), forking.importing(), locks[0], locks[1]:
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(20)
        assert in_child("use_the_session") == 0
    finally:
        done.set()
        thread.join()
        gc.set_threshold(*before)
    with forking.importing():
        assert _session.engine is not None


def nothing() -> None:
    return


def test_a_fork_waits_for_an_import_and_keeps_the_next_one_waiting():
    events: list[str] = []
    begun = threading.Event()

    def importing() -> None:
        with forking.importing():
            begun.set()
            time.sleep(0.3)
            events.append("imported")

    thread = threading.Thread(target=importing)
    thread.start()
    assert begun.wait(20)
    assert in_child("nothing") == 0
    events.append("forked")
    thread.join()
    assert events == ["imported", "forked"]
    assert not forking._taken, "all is released again"
    with forking.importing():
        assert in_child("nothing") == 0, "who imports may fork"
