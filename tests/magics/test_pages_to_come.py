"""A server that executes cells sends the first of them before its page has said hello.

The kernel then waits for the page: without it a cell owns no answer, and each re-run adds one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from gemini_magic.frontend import link

from ..front_end import Page
from ..kernel import Kernel
from ..replay import Replay
from ..showing import KINDS, MIME, numbered

PATIENT = "from gemini_magic.frontend import link; link.GREETING = link.LOCATING = {}"


@pytest.fixture(scope="module")
def server() -> Iterator[Replay]:
    with Replay(numbered) as replay:
        yield replay


@pytest.fixture
def kernel(
    shared_kernel: Kernel, server: Replay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kernel]:
    """One that a Jupyter server has started, in which the extension has just been loaded."""
    shared_kernel.renew(
        tmp_path_factory.mktemp("coming"),
        GEMINI_API_KEY="test-key-12345",
        GOOGLE_GEMINI_BASE_URL=server.url,
        JPY_SESSION_NAME="a.ipynb",
    )
    assert shared_kernel.run(PATIENT.format(600)).ok
    yield shared_kernel
    assert shared_kernel.run(PATIENT.format("5.0") + "; link.GREETING = 3.0").ok


@pytest.fixture
def executing(kernel: Kernel) -> Iterator[BlockingKernelClient]:
    """The server's own client: another session, which names no cell."""
    client = kernel.manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()


def where(page: Page, since: int = 0) -> dict[str, Any]:
    return page.wait_for(
        lambda: next((one for one in page.pushed[since:] if one["type"] == "where"), None),
        "the question where the cell is",
    )


def answer(kernel: Kernel, client: BlockingKernelClient, request: str) -> dict[str, Any]:
    ran = kernel.idle(request, client=client)
    [turn] = [one["data"][MIME] for one in ran.displays if MIME in one["data"]][-1:]
    return turn


def test_the_first_page_says_hello_while_the_first_question_waits_for_it(
    kernel: Kernel, executing: BlockingKernelClient
):
    request = executing.execute(KINDS["quick"], allow_stdin=False)
    page = Page(kernel, subshell=True)
    try:
        page.send({"type": "located", "id": where(page)["id"], "cell": "cell-1"})
        assert answer(kernel, executing, request)["cell"] == "cell-1"
    finally:
        page.close()


def test_a_page_that_is_loaded_anew_is_asked_while_the_old_one_is_waited_for(
    kernel: Kernel, executing: BlockingKernelClient
):
    old = Page(kernel, subshell=True, name="old")
    request = executing.execute(KINDS["quick"], allow_stdin=False)
    where(old)
    new = Page(kernel, subshell=True, name="new")
    try:
        new.send({"type": "located", "id": where(new)["id"], "cell": "cell-2"})
        assert answer(kernel, executing, request)["cell"] == "cell-2"
    finally:
        new.close()
        old.close()


def test_a_page_that_does_not_show_the_cell_is_not_waited_for(
    kernel: Kernel, executing: BlockingKernelClient
):
    request = executing.execute(KINDS["quick"], allow_stdin=False)
    page = Page(kernel, subshell=True)
    try:
        page.send({"type": "located", "id": where(page)["id"], "cell": None})
        assert answer(kernel, executing, request)["cell"] is None
    finally:
        page.close()


def test_where_no_server_has_started_the_kernel_no_page_is_waited_for(
    kernel: Kernel, executing: BlockingKernelClient
):
    assert kernel.run("import os; del os.environ['JPY_SESSION_NAME']").ok
    request = executing.execute(KINDS["quick"], allow_stdin=False)
    assert answer(kernel, executing, request)["cell"] is None


def test_long_after_it_was_loaded_no_first_page_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(link, "LOCATING", 600)
    monkeypatch.setattr(link, "GREETING", 0)
    front_end = link.FrontEnd(lambda turn: None, lambda cells: {})
    assert front_end.locate("%%gemini\nwhat?", greeting=True) is None
