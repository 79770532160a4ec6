"""Each row of the table of views: what is shown while an answer comes, and what at its end.

The table is the docs' (`gemini_magic.magics.front_ends.TABLE`); its programs are driven by
``python -m tests.stacks programs``.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from gemini_magic.magics.front_ends import (
    CAPTURED,
    COLAB,
    EXTENSION,
    NOTEBOOK,
    OTHER,
    SERVER,
    TABLE,
    TERMINAL,
    UNATTENDED,
    VSCODE,
)

from ..front_end import Page
from ..kernel import Kernel, Ran, environment
from ..replay import Replay
from ..showing import KINDS, MIME, SLOW, WHOLE, WORDS, captured, colab, notebook, numbered, vscode

HTML, MARKDOWN, PLAIN = "text/html", "text/markdown", "text/plain"
WIDGET = "application/vnd.jupyter.widget-view+json"
LASTING = {HTML, MARKDOWN, PLAIN, MIME}
DISPLAYED, UPDATED, CLEARED = "display_data", "update_display_data", "clear_output"
Shown = list[tuple[str, set[str]]]


@pytest.fixture(scope="module")
def server() -> Iterator[Replay]:
    with Replay(numbered) as replay:
        yield replay


@pytest.fixture(scope="module")
def kernel(
    shared_kernel: Kernel, server: Replay, tmp_path_factory: pytest.TempPathFactory
) -> Kernel:
    shared_kernel.renew(
        tmp_path_factory.mktemp("rows"),
        GEMINI_API_KEY="test-key-12345",
        GOOGLE_GEMINI_BASE_URL=server.url,
    )
    return shared_kernel


def shown(ran: Ran) -> Shown:
    """What was displayed, updated and cleared, with the forms that it had."""
    assert ran.reply.get("status", "ok") == "ok", ran.error
    return [
        (m["msg_type"], {*m["content"].get("data", ())})
        for m in ran.messages
        if m["msg_type"] in (DISPLAYED, UPDATED, CLEARED)
    ]


def once(found: Shown) -> None:
    assert found == [(DISPLAYED, LASTING)]


def in_a_notebook(kernel: Kernel) -> None:
    first, *updates, end = shown(notebook(kernel, KINDS["slow"], 1))
    assert first == (DISPLAYED, {MARKDOWN}) and end == (UPDATED, LASTING)
    assert updates and all(one == (UPDATED, {MARKDOWN}) for one in updates)


def in_vs_code(kernel: Kernel) -> None:
    found = shown(vscode(kernel, KINDS["slow"], 2))
    assert found == [
        (DISPLAYED, {WIDGET, PLAIN}),
        (CLEARED, set()),
        (DISPLAYED, {MARKDOWN, PLAIN, MIME}),
    ]
    assert shown(vscode(kernel, KINDS["ask"], 3)) == [(DISPLAYED, {MARKDOWN, PLAIN, MIME})]


def in_colab(kernel: Kernel) -> None:
    ran = colab(kernel, KINDS["slow"], 4)
    assert shown(ran) == [(DISPLAYED, {WIDGET, PLAIN}), (UPDATED, LASTING)]
    assert "<details" in ran.displays[-1]["data"][HTML]


def in_an_output_widget(kernel: Kernel) -> None:
    # The first display is the widget itself.
    once(shown(captured(kernel, KINDS["slow"], 5))[-1:])
    ran = kernel.run(
        "import ipywidgets as widgets\n"
        "button = widgets.Button()\n"
        "button.on_click(lambda _: get_ipython().run_line_magic('gemini', 'ask what, slowly?'))\n"
        "button.comm.comm_id"
    )
    [known] = [
        m["content"]["data"][PLAIN] for m in ran.messages if m["msg_type"] == "execute_result"
    ]
    click = {"method": "custom", "content": {"event": "click"}}
    message = kernel.client.session.msg("comm_msg", {"comm_id": known.strip("'"), "data": click})
    kernel.client.shell_channel.send(message)
    once(shown(kernel.idle(message["header"]["msg_id"])))


def with_the_extension(kernel: Kernel) -> None:
    kernel.extend()
    try:
        ran = notebook(kernel, KINDS["slow"], 6)
    finally:
        leave(kernel)
    assert shown(ran) == [(DISPLAYED, {MIME, PLAIN}), (UPDATED, LASTING)]
    sent = [m["content"]["data"] for m in ran.messages if m["msg_type"] == "comm_msg"]
    assert sum(one.get("type") == "delta" for one in sent) >= 2, "block by block"


def where_a_server_executes(kernel: Kernel) -> None:
    page = Page(kernel, subshell=True)
    client = kernel.manager.blocking_client()  # another session, and no cell ids
    client.start_channels()
    client.wait_for_ready(timeout=60)
    try:
        for code, wanted in (
            (KINDS["slow"], [(DISPLAYED, {MIME, PLAIN}), (CLEARED, set()), (DISPLAYED, LASTING)]),
            (KINDS["ask"], [(DISPLAYED, LASTING)]),
        ):
            known = len(page.pushed)
            request = client.execute(code, allow_stdin=False)
            where = page.wait_for(
                lambda known=known: next(
                    (one for one in page.pushed[known:] if one["type"] == "where"), None
                ),
                "the question where the cell is",
            )
            page.send({"type": "located", "id": where["id"], "cell": "cell-7"})
            assert shown(kernel.idle(request, client=client)) == wanted
    finally:
        client.stop_channels()
        page.close()


def elsewhere(kernel: Kernel) -> None:
    ran = kernel.run(KINDS["slow"])
    once(shown(ran))
    assert WHOLE.search(ran.displays[0]["data"][PLAIN])


def unattended(kernel: Kernel) -> None:
    once(shown(kernel.run(KINDS["slow"], watched=False)))


def in_a_terminal(kernel: Kernel) -> None:
    """The run and its result are printed while the model still writes its last words."""
    code = (
        "s = get_ipython()\ns.run_line_magic('load_ext', 'gemini_magic')\n"
        "s.run_cell_magic('gemini', '', 'what, slowly?')"
    )
    server = kernel.value("__import__('os').environ['GOOGLE_GEMINI_BASE_URL']")
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code],
        env=environment(
            kernel.folder, GEMINI_API_KEY="test-key-12345", GOOGLE_GEMINI_BASE_URL=server
        ),
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        lines = [(line, time.monotonic()) for line in program.stdout]
    assert program.returncode == 0
    came: dict[str, float] = {}
    for text, (line, at) in itertools.product(("42", WORDS), lines):
        if text in line:
            came.setdefault(text, at)  # the first: an answer's own number may be 42, too
    assert came[WORDS] - came["42"] > SLOW / 2
    assert WHOLE.search("".join(line for line, _ in lines)) and not any(
        "<" in line for line, _ in lines
    )


ROWS: dict[str, Callable[[Kernel], None]] = {
    EXTENSION.name: with_the_extension,
    SERVER.name: where_a_server_executes,
    NOTEBOOK.name: in_a_notebook,
    VSCODE.name: in_vs_code,
    COLAB.name: in_colab,
    CAPTURED.name: in_an_output_widget,
    OTHER.name: elsewhere,
    TERMINAL.name: in_a_terminal,
    UNATTENDED.name: unattended,
}


@pytest.mark.parametrize("row", [row.name for row in TABLE])
def test_what_is_shown_is_what_the_table_says(row: str, kernel: Kernel):
    ROWS[row](kernel)


def leave(kernel: Kernel) -> None:
    """Close the page that `Kernel.extend` has opened."""
    closing = kernel.client.session.msg("comm_close", {"comm_id": "panel", "data": {}})
    kernel.client.shell_channel.send(closing)
