"""Whose call is it: loops, cells in cells, threads, timers and tasks, in a real kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ..kernel import Kernel
from ..replay import Answer, Replay
from ..sse import ANSWER

SETUP = """
import asyncio, concurrent.futures, threading, time
from gemini_magic import ask
shell = get_ipython()
asked = threading.Event()
def held():
    from gemini_magic.extension import of
    session = of(get_ipython()).session
    return [(one.turn.request.prompt, one.turn.cell) for one in session.engine.conversations.get()]
def until(count):
    ends = time.monotonic() + 60
    while len(held()) < count and time.monotonic() < ends:
        time.sleep(0.02)
    return held()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Replay]:
    with Replay(Answer(ANSWER)) as running:
        yield running


@pytest.fixture(scope="module")
def running(
    server: Replay, tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("executions")
    with start_kernel(
        folder, GEMINI_API_KEY="test-key-1234567890", GOOGLE_GEMINI_BASE_URL=server.url
    ) as kernel:
        assert kernel.run(SETUP).ok
        yield kernel


@pytest.fixture
def kernel(running: Kernel) -> Kernel:
    """The kernel, with an empty conversation."""
    running.run("%unload_ext gemini_magic\n%load_ext gemini_magic")
    return running


def run(kernel: Kernel, source: str, cell: str) -> None:
    ran = kernel.run(source, cell)
    assert ran.ok, ran.error


def held(kernel: Kernel, count: int | None = None) -> list[str]:
    """The prompts of the conversation, once there are ``count``, with the cells they belong to."""
    ends = time.monotonic() + 60
    found = kernel.value("held()")
    while len(found) < (count or 0) and time.monotonic() < ends:  # each look lets tasks go on
        found = kernel.value("held()")
    return [prompt if cell is None else f"{cell}:{prompt}" for prompt, cell in found]


LOOPS = {
    "run_cell of magics": "for x in 'ABC': shell.run_cell(f'%%gemini\\n{x}')",
    "ask around a nested cell": "ask('A'); shell.run_cell('1 + 1'); ask('B'); ask('C')",
    "an empty nested cell": "ask('A'); shell.run_cell(''); ask('B'); shell.run_cell(' '); ask('C')",
    "a nested cell that fails": "ask('A'); shell.run_cell('1 / 0'); ask('B'); ask('C')",
    "a nested cell with a syntax error": "ask('A'); shell.run_cell('1 +'); ask('B'); ask('C')",
    "a nested cell that is interrupted": (
        "ask('A'); shell.run_cell('raise KeyboardInterrupt'); ask('B'); ask('C')"
    ),
    "a nested cell that exits": "ask('A'); shell.run_cell('raise SystemExit'); ask('B'); ask('C')",
    "a silent nested cell": "ask('A'); shell.run_cell('ask(\"B\")', silent=True); ask('C')",
    "cells three deep": (
        'shell.run_cell(\'ask("A"); shell.run_cell("ask(\\\\"B\\\\")"); ask("C")\')'
    ),
    "capture": "%%capture\nask('A'); ask('B')\nshell.run_cell('ask(\"C\")')",
    "line magics": "%gemini ask A\n%gemini ask B\n%gemini ask C",
    "an await": "ask('A')\nawait asyncio.sleep(0)\nask('B')\nawait asyncio.sleep(0.01)\nask('C')",
    "tasks that are awaited": (
        "async def one(x): ask(x)\nfor x in 'ABC': await asyncio.create_task(one(x))"
    ),
    "threads one after another": (
        "for x in 'ABC':\n  t = threading.Thread(target=ask, args=(x,)); t.start(); t.join()"
    ),
    "to_thread": "for x in 'ABC': await asyncio.to_thread(ask, x)",
    "a cell that runs itself async": (
        "a = 'ask(\"A\")'; await shell.run_cell_async(a, transformed_cell=a); ask('B'); ask('C')"
    ),
}


@pytest.mark.parametrize("source", LOOPS.values(), ids=LOOPS)
def test_every_call_of_a_cell_is_kept_once_and_replaced_by_its_next_run(
    source: str, kernel: Kernel
):
    run(kernel, "ask('before')", "zero")
    run(kernel, source, "one")
    run(kernel, "ask('after')", "two")
    expected = ["zero:before", "one:A", "one:B", "one:C", "two:after"]
    assert held(kernel) == expected
    run(kernel, source, "one")
    assert held(kernel) == expected


def test_rerun_asks_as_the_cell_that_reruns(kernel: Kernel):
    run(kernel, "ask('A')  # again", "one")
    run(kernel, "ask('X')\n%rerun -g again\nask('Z')", "two")
    assert held(kernel) == ["one:A", "two:X", "two:A", "two:Z"]


def test_a_nested_cell_that_asks_less_forgets_only_what_its_own_cell_asked(kernel: Kernel):
    loop = "for x in 'ABC'[:n]: shell.run_cell(f'ask({x!r})')"
    run(kernel, f"n = 3\n{loop}", "one")
    run(kernel, "ask('other')", "two")
    run(kernel, f"n = 1\n{loop}", "one")
    assert held(kernel) == ["one:A", "two:other"]
    run(kernel, "%gemini undo", "three")
    assert held(kernel) == ["one:A", "one:B", "one:C", "two:other"]


def test_undo_brings_back_what_a_rerun_replaced_and_a_question_ends_redo(kernel: Kernel):
    run(kernel, "first = ask('A')", "one")
    run(kernel, "ask('B')", "two")
    run(kernel, "second = ask('A2')", "one")
    assert kernel.value("(first.replaced, second.replaced == first.id)") == (None, True)
    assert kernel.run("%gemini history").stdout.count("replaced an earlier answer") == 1
    undone = kernel.run("%gemini undo")
    assert "removed: A2" in undone.stdout and "brought back: A " in undone.stdout
    assert held(kernel) == ["one:A", "two:B"]
    redone = kernel.run("%gemini redo")
    assert "removed: A " in redone.stdout and "brought back: A2" in redone.stdout
    assert held(kernel) == ["one:A2", "two:B"]
    kernel.run("%gemini undo")
    run(kernel, "ask('C')", "three")
    assert "nothing to redo" in kernel.run("%gemini redo").stdout
    kernel.run("%gemini reset")
    assert held(kernel) == []
    kernel.run("%gemini undo")
    assert held(kernel) == ["one:A", "two:B", "three:C"]


LATE = {
    "thread": "threading.Thread(target=lambda: (asked.wait(60), ask('late'))).start()",
    "timer": "threading.Timer(0.1, lambda: (asked.wait(60), ask('late'))).start()",
    "task": (
        "async def later():\n"
        "    while not asked.is_set(): await asyncio.sleep(0.01)\n"
        "    ask('late')\n"
        "task = asyncio.ensure_future(later())"
    ),
    "pool": (
        "pool = concurrent.futures.ThreadPoolExecutor(1)\n"
        "job = pool.submit(lambda: (asked.wait(60), ask('late')))"
    ),
    "magic in a thread": (
        "threading.Thread(target=lambda: (asked.wait(60), "
        "shell.run_cell_magic('gemini', '', 'late'))).start()"
    ),
    "cell in a thread": (
        "threading.Thread(target=lambda: (asked.wait(60), shell.run_cell('ask(\"late\")'))).start()"
    ),
    "a thread that a thread starts": (
        "def second(): threading.Thread(target=ask, args=('late',)).start()\n"
        "threading.Thread(target=lambda: (asked.wait(60), second())).start()"
    ),
}


@pytest.mark.parametrize("source", LATE.values(), ids=LATE)
def test_what_asks_after_its_cell_has_ended_is_a_further_exchange(source: str, kernel: Kernel):
    run(kernel, "asked.clear()\nask('B')", "two")
    run(kernel, f"{source}\nask('A')", "one")
    # The last request is one of cell two's from here on.
    run(kernel, "ask('B2')", "two")
    run(kernel, "asked.set()", "three")
    assert held(kernel, 3) == ["two:B2", "one:A", "late"]
    run(kernel, "ask('A2')", "one")
    assert held(kernel) == ["two:B2", "one:A2", "late"]


@pytest.mark.parametrize(
    "kind", ["thread", "timer", "task", "magic in a thread", "cell in a thread"]
)
def test_what_asks_while_another_cell_runs_touches_nothing_of_it(kind: str, kernel: Kernel):
    wait = "await asyncio.sleep(0.5)\n" if kind == "task" else "until(3); time.sleep(0.1)\n"
    run(kernel, f"asked.clear()\n{LATE[kind]}\nask('A')", "one")
    run(kernel, f"asked.set()\nask('B')\n{wait}ask('C')", "two")
    found = held(kernel, 4)
    assert [one for one in found if one != "late"] == ["one:A", "two:B", "two:C"]
    assert "late" in found
    run(kernel, "ask('B2')\nask('C2')", "two")
    again = held(kernel)
    assert [one for one in again if one != "late"] == ["one:A", "two:B2", "two:C2"]
    assert again.count("late") == 1


def test_three_magics_in_threads_at_once_are_three_exchanges(kernel: Kernel):
    source = (
        "gate = threading.Barrier(3)\n"
        "def one(x): gate.wait(); shell.run_cell_magic('gemini', '', x)\n"
        "threads = [threading.Thread(target=one, args=(x,)) for x in 'ABC']\n"
        "[t.start() for t in threads]; [t.join() for t in threads]"
    )
    for _ in range(2):
        run(kernel, source, "one")
        assert sorted(held(kernel)) == ["one:A", "one:B", "one:C"]


def test_three_cells_in_threads_at_once_are_three_exchanges(kernel: Kernel):
    source = (
        "gate = threading.Barrier(3)\n"
        "def one(x): gate.wait(); shell.run_cell(f'%%gemini\\n{x}')\n"
        "threads = [threading.Thread(target=one, args=(x,)) for x in 'ABC']\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; ask('D')"
    )
    run(kernel, source, "one")
    found = held(kernel)
    assert sorted(found) == ["one:A", "one:B", "one:C", "one:D"]


def test_the_cell_that_loads_the_extension_may_run_cells_too(kernel: Kernel):
    source = "%load_ext gemini_magic\nfor x in 'ABC': shell.run_cell(f'%%gemini\\n{x}')\nask('D')"
    for _ in range(2):
        kernel.run("%unload_ext gemini_magic")
        run(kernel, source, "one")
        assert held(kernel) == ["one:A", "one:B", "one:C", "one:D"]
    run(kernel, "ask('E')", "two")
    run(kernel, "ask('A')", "one")
    assert held(kernel) == ["one:A", "two:E"]


WRAPPED = {
    "capture": "%%capture\n%%gemini\nwhat?",
    "capture twice": "%%capture\n%%capture\n%%gemini\nwhat?",
    "time": "%%time\n%%gemini\nwhat?",
    "a magic of the user's": "%%twice\n%%gemini\nwhat?",
    "a wrapper that calls the magic": "%%hand\nwhat?",
    "typed in a cell that a program runs": "shell.run_cell('%%gemini\\nwhat?')",
}


@pytest.mark.parametrize("source", WRAPPED.values(), ids=WRAPPED)
def test_a_wrapping_magic_adds_no_line_end_to_the_prompt(source: str, kernel: Kernel):
    kernel.run(
        "from IPython.core.magic import register_cell_magic\n"
        "@register_cell_magic\n"
        "def twice(line, cell): shell.run_cell(cell)\n"
        "@register_cell_magic\n"
        "def hand(line, cell): shell.run_cell_magic('gemini', '', cell)\n"
    )
    run(kernel, source, "one")
    assert held(kernel) == ["one:what?"]


@pytest.mark.parametrize(
    "source",
    [
        "%%capture\n%%gemini\nwhat?\n",
        "%%gemini\nwhat?\n",
        "shell.run_cell('%%gemini\\nwhat?\\n')",
    ],
)
def test_a_line_end_that_was_typed_stays(source: str, kernel: Kernel):
    run(kernel, source, "one")
    assert held(kernel) == ["one:what?\n"]
