"""The kernel's side of the front end, against comms that record what is sent on them."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import comm
import comm.base_comm
import pytest

from gemini_magic.frontend.link import CELLS, HELD, NOTIFY, PANEL, FrontEnd
from gemini_magic.turn.parts import Json, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import MIME, Turn


class Recorded(comm.base_comm.BaseComm):
    """A comm whose messages go into a list."""

    log: ClassVar[list[tuple[str, Recorded, Json]]] = []

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        Recorded.log.append((msg_type, self, data or {}))


class Kernel:
    """A kernel with a comm manager, and a front end's side of it."""

    def __init__(self, bundles: Mapping[str, tuple[Json, Json]] | None = None) -> None:
        self.comm_manager = comm.base_comm.CommManager()
        self.stopped: list[str] = []
        self.front_end = FrontEnd(
            self.stopped.append, lambda cells: dict(bundles or {}), {"echo": self.echo}
        )

    @staticmethod
    def echo(request: Json) -> Callable[[], Json]:
        if "refuse" in request:
            raise ValueError(request["refuse"])
        received = threading.current_thread().name

        def answer() -> Json:
            if "fail" in request:
                raise ValueError(request["fail"])
            thread = threading.current_thread().name
            return {"said": request["say"], "thread": thread, "received": received}

        return answer

    def open(self, session: str = "page-1", comm_id: str = "c1", notified: bool = True) -> None:
        self.comm_manager.comm_open(
            None,  # type: ignore[arg-type]
            "",
            {
                "header": {"session": session},
                "content": {
                    "comm_id": comm_id,
                    "target_name": PANEL,
                    "data": {"type": "hello", "notified": notified},
                },
            },
        )

    def request(self, data: Json, comm_id: str = "c1") -> list[Json]:
        """Send a request on the panel comm; returns what came back on it."""
        before = len(Recorded.log)
        self.comm_manager.comm_msg(
            None,  # type: ignore[arg-type]
            "",
            {"header": {}, "content": {"comm_id": comm_id, "data": data}},
        )
        return [
            answer
            for kind, on, answer in Recorded.log[before:]
            if on.target_name == PANEL and kind == "comm_msg"
        ]

    def pushed(self) -> list[Json]:
        return [
            data
            for kind, on, data in Recorded.log
            if on.target_name == NOTIFY and kind == "comm_msg"
        ]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    gc.collect()  # a comm of an earlier test that is collected later would send its close here
    monkeypatch.setattr(Recorded, "log", [])
    monkeypatch.setattr(comm, "create_comm", Recorded)
    monkeypatch.setattr(comm, "get_comm_manager", lambda: made.comm_manager)
    made.front_end.attach(made)
    return made


def turn(text: str = "", status: Any = "streaming", name: str = "t1") -> Turn:
    parts = (Text(text),) if text else ()
    return Turn(name, Request("ask", "m", "emulator"), cell="cell-1", status=status, parts=parts)


def bundle(of: Turn) -> tuple[Json, Json]:
    return {MIME: of.to_dict()}, {"gemini_magic": {"turn": of.id}}


def test_attaching_announces_itself_and_waits_for_nobody(kernel: Kernel) -> None:
    assert [(kind, on.target_name, data) for kind, on, data in Recorded.log] == [
        ("comm_open", NOTIFY, {"type": "hello"})
    ]
    assert PANEL in kernel.comm_manager.targets
    assert not kernel.front_end.watching("page-1")


def test_a_front_end_is_watching_from_its_hello_until_its_comm_closes(kernel: Kernel) -> None:
    kernel.open("page-1")
    assert kernel.front_end.watching("page-1")
    assert not kernel.front_end.watching("page-2")
    assert not kernel.front_end.watching(None)
    kernel.comm_manager.comm_close(
        None,  # type: ignore[arg-type]
        "",
        {"content": {"comm_id": "c1", "data": {}}},
    )
    assert not kernel.front_end.watching("page-1")


@pytest.mark.parametrize(("named", "welcome"), [("gemini", {}), ("ask", {"magic": "ask"})])
def test_a_page_is_told_what_the_magic_is_called_where_it_has_another_name(
    kernel: Kernel, named: str, welcome: Json
) -> None:
    kernel.front_end = FrontEnd(kernel.stopped.append, lambda cells: {}, magic=named)
    kernel.front_end.attach(kernel)
    kernel.open()
    assert Recorded.log[-1][0] == "comm_msg"
    assert Recorded.log[-1][1].target_name == PANEL
    assert Recorded.log[-1][2] == {"type": "hello", **welcome}


def test_a_front_end_that_knows_no_notify_comm_gets_a_new_one_and_only_one_is_open(
    kernel: Kernel,
) -> None:
    kernel.open(notified=False)
    kinds = [(kind, on.target_name) for kind, on, _ in Recorded.log[1:]]
    assert kinds == [("comm_open", NOTIFY), ("comm_close", NOTIFY), ("comm_msg", PANEL)]
    kernel.front_end.stream("t1", "cell-1").update(turn("a"), "writing")
    live = [on for kind, on, _ in Recorded.log if kind == "comm_open"][-1]
    assert Recorded.log[-1][1] is live


def test_streams_are_pushed_on_notify_and_never_on_the_panel(kernel: Kernel) -> None:
    kernel.open()
    answers = len([1 for _, on, _ in Recorded.log if on.target_name == PANEL])
    stream = kernel.front_end.stream("t1", "cell-1")
    stream.update(turn("a"), "writing")
    stream.close(*bundle(turn("a", "complete")))
    assert [message["type"] for message in kernel.pushed()] == ["delta", "end"]
    assert len([1 for _, on, _ in Recorded.log if on.target_name == PANEL]) == answers


def test_stop_is_passed_on_and_the_whole_answer_is_given_while_it_streams(kernel: Kernel) -> None:
    kernel.open()
    stream = kernel.front_end.stream("t1", "cell-1")
    stream.update(turn("a"), "writing")
    assert kernel.request({"type": "stop", "turn": "t1"}) == []
    assert kernel.stopped == ["t1"]
    (whole,) = kernel.request({"type": "turn", "turn": "t1"})
    assert (whole["seq"], whole["parts"]) == (1, [{"kind": "text", "text": "a"}])
    stream.close(*bundle(turn("a", "complete")))
    assert kernel.request({"type": "turn", "turn": "t1"}) == []


def test_a_request_triggers_no_cell_events(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comm package would run post_execute, and so flush the figures of a running cell."""
    triggered: list[str] = []
    shell = SimpleNamespace(events=SimpleNamespace(trigger=triggered.append))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    kernel.open()
    assert kernel.request({"type": "hello", "notified": True}) == [{"type": "hello"}]
    assert triggered == []


def test_an_answer_is_offered_until_a_front_end_has_shown_it(kernel: Kernel) -> None:
    kernel.open()
    asked = {"type": "turns", "cells": ["cell-1", "cell-2"]}
    assert kernel.request(asked) == [{"type": "turns", "turns": {}}]
    stream = kernel.front_end.stream("t1", "cell-1", {MIME: {"show": "code"}})
    stream.update(turn("a"), "writing")
    (streaming,) = kernel.request(asked)[0]["turns"]["cell-1"]
    assert streaming["data"][MIME]["status"] == "streaming"
    assert streaming["metadata"] == {MIME: {"show": "code"}}
    stream.close(*bundle(turn("a", "complete")))
    (ended,) = kernel.request(asked)[0]["turns"]["cell-1"]
    assert (ended["turn"], ended["shown"]) == ("t1", False)
    assert ended["data"][MIME]["status"] == "complete"
    assert kernel.request({"type": "turns", "cells": ["cell-2"]})[0]["turns"] == {}
    kernel.request({"type": "shown", "turn": "t1"})
    assert kernel.request(asked) == [{"type": "turns", "turns": {}}]


def test_the_kernel_offers_what_it_has_as_shown_before(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"cell-1": bundle(turn("a", "complete")), "cell-9": bundle(turn("z", "complete"))}
    monkeypatch.setattr(kernel.front_end, "_bundles", lambda cells: known)
    kernel.open()
    (answer,) = kernel.request({"type": "turns", "cells": ["cell-1"]})
    assert list(answer["turns"]) == ["cell-1"]
    assert [(one["turn"], one["shown"]) for one in answer["turns"]["cell-1"]] == [("t1", True)]
    kernel.front_end.stream("t1", "cell-1").close(*known["cell-1"])
    (again,) = kernel.request({"type": "turns", "cells": ["cell-1"]})
    assert [one["shown"] for one in again["turns"]["cell-1"]] == [False], "offered once, as lost"


def test_answers_are_kept_only_for_a_front_end_and_not_without_end(kernel: Kernel) -> None:
    kernel.front_end.stream("t0", "cell-0").close({}, {})
    kernel.open()
    for n in range(HELD + 5):
        kernel.front_end.stream(f"t{n}", f"cell-{n}").close({}, {})
    cells = [f"cell-{n}" for n in range(HELD + 5)]
    (answer,) = kernel.request({"type": "turns", "cells": cells})
    assert list(answer["turns"]) == cells[5:]


@pytest.mark.parametrize(
    "data", [{}, {"type": "later"}, {"type": "stop"}, {"type": "turns", "cells": "all"}]
)
def test_a_request_that_is_not_understood_changes_nothing(kernel: Kernel, data: Json) -> None:
    kernel.open()
    assert kernel.request(data) == []
    assert kernel.stopped == []


def test_a_service_is_received_here_and_answered_from_a_thread_with_the_requests_id(
    kernel: Kernel,
) -> None:
    kernel.open()
    here = threading.current_thread().name
    kernel.request({"type": "echo", "id": 7, "say": "hello"})
    kernel.request({"type": "echo", "id": 8, "fail": "no such thing"})
    kernel.request({"type": "echo", "id": 9, "refuse": "not understood"})
    for thread in threading.enumerate():
        if thread.name == "gemini-service":
            thread.join(30)
    found = [data for kind, on, data in Recorded.log if data.get("type") == "echo"]
    hello = {"type": "echo", "id": 7}
    assert sorted(found, key=lambda data: int(data["id"])) == [
        {**hello, "said": "hello", "thread": "gemini-service", "received": here},
        {"type": "echo", "id": 8, "error": "no such thing"},
        {"type": "echo", "id": 9, "error": "not understood"},
    ]


def test_cells_go_out_on_a_comm_of_their_own_that_is_closed_at_once(kernel: Kernel) -> None:
    kernel.front_end.insert({"turn": "t1", "cells": []})
    kinds = [(kind, data) for kind, on, data in Recorded.log if on.target_name == CELLS]
    assert kinds[0] == ("comm_open", {"turn": "t1", "cells": []})
    assert [kind for kind, _ in kinds] == ["comm_open", "comm_close"]
    assert not [on for on in kernel.comm_manager.comms.values() if on.target_name == CELLS]


def test_detaching_leaves_no_trace(kernel: Kernel) -> None:
    kernel.open()
    stream = kernel.front_end.stream("t1", "cell-1")
    kernel.front_end.detach()
    kernel.front_end.detach()
    stream.update(turn("a"), "writing")
    stream.close({}, {})
    assert kernel.comm_manager.targets == {}
    assert kernel.comm_manager.comms == {}
    assert not kernel.front_end.watching("page-1")
    closed = {on.target_name for kind, on, _ in Recorded.log if kind == "comm_close"}
    assert closed == {PANEL, NOTIFY}


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, gemini_magic.frontend.link; "
        "print([name for name in ('ipywidgets', 'google.genai', 'nbformat', 'IPython',"
        " 'gemini_magic.turn.turn', 'gemini_magic.frontend.deltas') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "message",
    [
        *(None, 5, "hello", [], ["type"], {}, {"type": None}, {"type": ["echo"]}, {"type": {}}),
        *({"type": "stop"}, {"type": "stop", "turn": 5}, {"type": "follow", "on": "yes"}),
        *({"type": "turn", "turn": "x" * 1_000_000}, {"type": "turns", "cells": "abc"}),
        *({"type": "shown", "turn": "nobody's"}, {"type": "__init__"}, {"type": "_serve"}),
    ],
    ids=lambda message: str(message)[:30],
)
def test_a_message_that_makes_no_sense_does_nothing(kernel: Kernel, message: Any) -> None:
    kernel.open()
    assert kernel.request(message) == []
    assert kernel.stopped == []
    assert kernel.request({"type": "hello", "notified": True}) == [{"type": "hello"}], "it goes on"
