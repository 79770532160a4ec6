"""A real ipykernel in a process of its own, driven as a front end drives it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

CLEARED = (
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_GENAI_USE_ENTERPRISE",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_VERTEX_BASE_URL",
    "GOOGLE_GENAI_API_VERSION",
    "GEMINI_MAGIC_BACKEND",
    "GEMINI_MAGIC_MODEL",
    "GEMINI_MAGIC_ANSWERS",
)

# What stays is put out of the collector's sight: each renewal collects all, over what is imported.
RENEWAL = """
import os, sys
if 'gemini_magic' in get_ipython().extension_manager.loaded:
    get_ipython().run_line_magic('unload_ext', 'gemini_magic')
get_ipython().config.pop('GeminiMagics', None)
os.environ.clear()
os.environ.update({environment!r})
os.chdir({folder!r})
for name in ('last_exc', 'last_type', 'last_value', 'last_traceback'):
    vars(sys).pop(name, None)
get_ipython().reset(new_session=False)
__import__('gc').freeze()
"""


def environment(folder: Path, **added: str) -> dict[str, str]:
    """This process's environment without anything that chooses a backend; config in ``folder``."""
    clean = {name: value for name, value in os.environ.items() if name not in CLEARED}
    return {
        **clean,
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **added,
    }


@dataclass
class Ran:
    """What one execution sent back."""

    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)  # of the messages, by time.monotonic()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.reply["status"] == "ok"

    @property
    def error(self) -> dict[str, Any]:
        return next(m["content"] for m in self.messages if m["msg_type"] == "error")

    @property
    def stdout(self) -> str:
        return self.stream("stdout")

    def stream(self, name: str) -> str:
        return "".join(
            m["content"]["text"]
            for m in self.messages
            if m["msg_type"] == "stream" and m["content"]["name"] == name
        )

    @property
    def displays(self) -> list[dict[str, Any]]:
        """Contents of the display messages and their updates, in order."""
        kinds = ("display_data", "update_display_data")
        return [m["content"] for m in self.messages if m["msg_type"] in kinds]

    @property
    def turn(self) -> dict[str, Any]:
        """The turn JSON of the last bundle."""
        return self.displays[-1]["data"]["application/vnd.gemini-magic.turn+json"]


class Kernel:
    """A kernel as a context manager; ``run`` executes one cell and waits for it."""

    def __init__(
        self,
        folder: Path,
        *,
        load: bool = True,
        python: str = sys.executable,
        log: Path | None = None,
        **added: str,
    ) -> None:
        """``load``: load the extension. ``log``: a file for what the process itself writes."""
        self.folder, self._load, self.python, self._log = folder, load, python, log
        self.environment = environment(folder, **added)
        self._began: dict[str, str] | None = None  # the variables of its process when it was new

    def make_manager(self) -> KernelManager:
        return KernelManager(kernel_name="python3")

    def __enter__(self) -> Kernel:
        self.manager = self.make_manager()
        assert self.manager.kernel_spec is not None
        self.manager.kernel_spec.argv[0] = self.python
        with contextlib.ExitStack() as open_files:
            written: dict[str, Any] = {}
            if self._log is not None:
                log = open_files.enter_context(self._log.open("wb"))
                written = {"stdout": log, "stderr": log}
            self.manager.start_kernel(env=self.environment, cwd=str(self.folder), **written)
        self.client: BlockingKernelClient = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        if self._load:
            self.load()
        return self

    def __exit__(self, *exc: object) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def renew(self, folder: Path, *, load: bool = True, **added: str) -> None:
        """Make it what a kernel is that was just started in ``folder`` with these variables.

        The user's variables, the environment and the last error are those of the beginning, and the
        extension is loaded anew (``load``) or not at all. What was imported stays imported.
        """
        if self._began is None:
            self._began = self.value("dict(__import__('os').environ)")
        self.folder = folder
        ran = self.run(RENEWAL.format(environment={**self._began, **added}, folder=str(folder)))
        assert ran.ok, ran.error
        if load:
            self.load()

    def load(self) -> None:
        loaded = self.run("%load_ext gemini_magic")
        assert loaded.ok, loaded.error
        assert not loaded.displays and not loaded.stdout, "loading prints nothing"

    def extend(self) -> None:
        """From here on this client is a front end with our JupyterLab extension."""
        hello = {"type": "hello", "notified": True}
        panel = {"comm_id": "panel", "target_name": "gemini_magic.panel", "data": hello}
        self.client.shell_channel.send(self.client.session.msg("comm_open", panel))
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == "panel":
                assert message["content"]["data"] == {"type": "hello"}
                return

    def send(
        self,
        code: str,
        cell: str | None = None,
        *,
        watched: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Send an execute request and return its message id; ``cell``: the id a front end sends."""
        message = self.client.session.msg(
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": watched,
                "stop_on_error": True,
            },
            metadata={**({"cellId": cell} if cell else {}), **(metadata or {})},
        )
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def collect(self, request: str, timeout: float = 90) -> Ran:
        """Everything that ``request`` sends back, to its idle status and its reply."""
        started = time.monotonic()
        ran = self.idle(request, timeout)
        while True:
            reply = self.client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == request:
                ran.reply = reply["content"]
                ran.seconds = time.monotonic() - started
                return ran

    def idle(self, request: str, timeout: float = 90, client: Any = None) -> Ran:
        """Everything that ``request`` sends back on iopub, to its idle status.

        ``client``: another one, of a session of its own.
        """
        ran = Ran()
        while True:
            message = (client or self.client).get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != request:
                continue
            ran.messages.append(message)
            ran.arrivals.append(time.monotonic())
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return ran

    def run(self, code: str, cell: str | None = None, *, watched: bool = True) -> Ran:
        """Execute ``code`` and return what came back."""
        return self.collect(self.send(code, cell, watched=watched))

    def value(self, expression: str) -> Any:
        """The value of an expression in the kernel, through its repr."""
        ran = self.run(f"print(repr({expression}))")
        assert ran.ok, ran.error
        return eval(ran.stdout)


FreshKernel: TypeAlias = Callable[..., contextlib.AbstractContextManager[Kernel]]
