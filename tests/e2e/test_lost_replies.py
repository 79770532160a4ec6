"""A server that loses replies of the kernel, as jupyter-server-documents does now and then."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browsing import KERNEL, App, until
from watching import message

pytestmark = pytest.mark.timeout(300)

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.wait_until_watched()\n"
AWAKE = (
    "from gemini_magic.extension import of\n"
    "print('heard while a cell runs:', of(get_ipython()).kernel.front_end.awake)"
)


def test_the_page_connects_anew_where_the_server_is_deaf_on_a_channel(lab: App) -> None:
    connections: list[Any] = []
    lost: list[str] = []

    def between(page: Any) -> None:
        deaf = not connections
        connections.append(page)
        server = page.connect_to_server()

        def received(frame: bytes | str) -> None:
            said = message(frame) if isinstance(frame, bytes) else None
            if deaf and said is not None and said.channel == "control":
                lost.append(said.kind)
            else:
                page.send(frame)

        server.on_message(received)

    lab.page.route_web_socket(re.compile(r"/channels\?"), between)
    lab.open(
        [LOAD + "s.answers(['Words.', ('a = 1', '')])", AWAKE, "%%gemini --insert code\nwhat?"]
    )
    # A server may pass nothing on while it takes up a connection again: what is lost there is not
    # what this is about.
    until(lambda: lab.js("true") and len(connections) > 1, "a second connection")
    until(lambda: lab.js(f"{KERNEL}?.status") == "idle", "the kernel to be heard again")
    assert "create_subshell_reply" in lost
    lab.run(0)
    lab.run(1)
    assert lab.outputs(1).strip() == "heard while a cell runs: True"
    lab.run(2)
    until(lambda: lab.turn(2).get_attribute("data-status") == "complete", "the answer")
    inserted = lab.cell(3).locator(".cm-content")
    until(lambda: inserted.inner_text().strip() == "a = 1", "the cell that is inserted")
    assert lab.own_errors == []
