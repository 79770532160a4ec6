"""What was asked stays over a reload and goes with the extension; misread lines are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..kernel import Kernel
from ..replay import Answer, Replay
from ..sse import ANSWER


@pytest.fixture(scope="module")
def running(shared_kernel: Kernel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Replay(Answer(ANSWER)) as server:
        shared_kernel.renew(
            tmp_path_factory.mktemp("reloading"),
            GEMINI_API_KEY="test-key-1234567890",
            GOOGLE_GEMINI_BASE_URL=server.url,
        )
        yield shared_kernel


@pytest.fixture
def kernel(running: Kernel) -> Kernel:
    running.run("%unload_ext gemini_magic")
    assert running.run("%load_ext gemini_magic").ok
    return running


def test_conversations_and_what_was_spent_go_on_over_a_reload(kernel: Kernel):
    kernel.run("%%gemini\none", "a")
    kernel.run("%gemini conversation --new other")
    kernel.run("%%gemini\ntwo", "b")
    usage = kernel.run("%gemini usage").stdout
    for _ in range(2):
        assert kernel.run("%reload_ext gemini_magic").ok
    assert "conversation other: 1 exchange" in kernel.run("%gemini history").stdout
    assert kernel.run("%gemini usage").stdout == usage
    kernel.run("%gemini conversation main")
    kernel.run("%%gemini\none again", "a")
    history = kernel.run("%gemini history").stdout
    assert "main: 1 exchange\n" in history and "one again" in history
    kernel.run("%gemini undo")
    assert "one  (" in kernel.run("%gemini history").stdout


@pytest.mark.parametrize(
    "source",
    [
        "%unload_ext gemini_magic\n%load_ext gemini_magic",
        "%reload_ext gemini_magic\n%unload_ext gemini_magic\n%load_ext gemini_magic",
    ],
)
def test_unloading_ends_them(kernel: Kernel, source: str):
    kernel.run("%%gemini\none", "a")
    assert kernel.run(source).ok
    assert "main: 0 exchanges" in kernel.run("%gemini history").stdout


def test_the_cell_that_reloads_goes_on_asking(kernel: Kernel):
    kernel.run("%%gemini\none", "a")
    assert kernel.run("%reload_ext gemini_magic\n%gemini ask two", "b").ok
    assert kernel.run("%gemini ask three", "b").ok
    history = kernel.run("%gemini history").stdout
    assert "main: 2 exchanges" in history and "one" in history and "three" in history


MISREAD = (
    "%load_ext gemini_magic\n%gemini ask what is this?",
    "import os\n%load_ext gemini_magic\nx = 1\nif x:\n    %gemini ask and in a block?",
    "%load_ext gemini_magic\n%gemini ask two marks??\n1",
)


@pytest.mark.parametrize("source", MISREAD)
def test_a_line_that_ipython_read_before_we_were_loaded_is_told(kernel: Kernel, source: str):
    kernel.run("%unload_ext gemini_magic")
    ran = kernel.run(source)
    assert ran.error["ename"] == "OptionError"
    assert "into a cell of its own" in "\n".join(ran.error["traceback"])
    assert not ran.displays and "not found" not in ran.stdout
    assert kernel.run("%load_ext gemini_magic").ok
    assert kernel.run("%gemini ask what is this?").ok


WELL_READ = (
    "%load_ext gemini_magic\n%gemini ask what is this",
    "%load_ext gemini_magic\n%gemini?",
    "%load_ext gemini_magic\n%gemini ask what is this?  ",  # of no help to IPython either
    "%load_ext gemini_magic\nx = '''\n%gemini ask what is this?\n'''",
    "%load_ext gemini_magic\nprint('%gemini ask what?')",
    "%load_ext gemini_magic\n# %gemini ask what?",
)


@pytest.mark.parametrize("source", WELL_READ)
def test_other_lines_of_the_cell_that_loads_are_left_alone(kernel: Kernel, source: str):
    kernel.run("%unload_ext gemini_magic")
    ran = kernel.run(source)
    assert ran.ok, ran.error
