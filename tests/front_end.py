"""A front end with our extension, as a real kernel sees one: the panel comm, and what is pushed.

Whatever the kernel sends is held against the types of the messages.
"""

from __future__ import annotations

import time
from typing import Any

from .kernel import Kernel
from .messages import check_answered, check_pushed

PANEL, NOTIFY = "gemini_magic.panel", "gemini_magic.notify"


class Page:
    """Opens the panel comm of ``kernel``; ``subshell``: in a subshell, as JupyterLab does.

    ``name``: the comm's id, where there are several pages.
    """

    def __init__(self, kernel: Kernel, *, subshell: bool = False, name: str = "panel") -> None:
        self._client = kernel.client
        self._name = name
        self._subshell: str | None = None
        self._asked = 0
        self.pushed: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        if subshell:
            request = self._client.session.msg("create_subshell_request", {})
            self._client.control_channel.send(request)
            reply = self._client.get_control_msg(timeout=60)
            self._subshell = reply["content"]["subshell_id"]
        opening = {"target_name": PANEL, "data": {"type": "hello", "notified": False}}
        self._post("comm_open", opening)
        self.wait_for(lambda: {"type": "hello"} in self.answers, "the kernel's hello")

    def _post(self, kind: str, content: dict[str, Any]) -> None:
        message = self._client.session.msg(kind, {"comm_id": self._name, **content})
        message["header"]["subshell_id"] = self._subshell
        self._client.shell_channel.send(message)

    def send(self, data: dict[str, Any]) -> None:
        self._post("comm_msg", {"data": data})

    def close(self) -> None:
        self._post("comm_close", {"data": {}})

    def ask(self, data: dict[str, Any]) -> int:
        """Send a request that is answered once; returns its id."""
        self._asked += 1
        self.send({**data, "id": self._asked})
        return self._asked

    def answer(self, number: int, timeout: float = 90) -> dict[str, Any]:
        """The answer to the request with this id."""
        return self.wait_for(
            lambda: next((one for one in self.answers if one.get("id") == number), None),
            f"the answer to request {number}",
            timeout,
        )

    def request(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        return self.answer(self.ask(data))

    def wait_for(self, condition: Any, what: str, timeout: float = 90) -> Any:
        """Read messages until ``condition()`` is true, and return its value."""
        end = time.monotonic() + timeout
        while not (found := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"waited {timeout:.0f} s for {what}")
            self._read()
        return found

    def _read(self) -> None:
        import queue

        try:
            message = self._client.get_iopub_msg(timeout=1)
        except queue.Empty:
            return
        if message["msg_type"] == "comm_msg":
            data = message["content"]["data"]
            mine = message["content"]["comm_id"] == self._name
            (check_answered if mine else check_pushed)(data)
            (self.answers if mine else self.pushed).append(data)
