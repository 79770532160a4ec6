"""Forked kernels: as good as others, nothing shared; the ordinary start where fork is not safe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from gemini_magic.batch.kernels.forked import Forked, forkable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")


class Provisioned(KernelManager):
    """A manager whose python3 kernels come from the forking provisioner."""

    @property
    def kernel_spec(self) -> Any:
        spec = super().kernel_spec
        if spec is not None:
            spec.argv[0] = sys.executable
            stanza = {"provisioner_name": "gemini-fork", "config": {}}
            spec.metadata["kernel_provisioner"] = stanza
        return spec


@contextmanager
def kernel(**added: str) -> Iterator[tuple[Provisioned, BlockingKernelClient]]:
    manager = Provisioned(kernel_name="python3")
    manager.start_kernel(env={**os.environ, **added})
    client: BlockingKernelClient = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def run(client: BlockingKernelClient, code: str) -> str:
    said: list[str] = []

    def hear(message: Any) -> None:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])

    reply = client.execute_interactive(code, output_hook=hear, timeout=60)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(said).strip()


def process(manager: Provisioned) -> Any:
    assert manager.provisioner is not None
    return manager.provisioner.process  # type: ignore[attr-defined]


LEAKS = """
import os, random, secrets, socket, sys, tempfile, threading, uuid
seen = [random.random(), secrets.token_hex(8), uuid.uuid4().hex, tempfile.mktemp(), os.getpid(),
        os.getsid(0)]
print(*seen, sep="\\n")
"""


PRELOADED = """
import sys
from gemini_magic.batch.kernels.forkserver import preload
preload(())
print(*sys.modules)
"""


def test_a_kernel_imports_next_to_nothing_by_itself():
    at_once = subprocess.run(
        [sys.executable, "-c", PRELOADED], capture_output=True, text=True, check=True
    ).stdout.split()
    with kernel() as (manager, client):
        assert isinstance(process(manager), Forked)
        own = set(run(client, "import sys; print(*sys.modules)").split()) - set(at_once)
    assert len(own) < 15, sorted(own)  # without the debugger it were a hundred and fifty more


def test_nothing_of_one_kernel_is_in_another():
    with kernel() as (one, first), kernel() as (two, second):
        assert isinstance(process(one), Forked) and isinstance(process(two), Forked)
        seen = [run(client, LEAKS).splitlines() for client in (first, second)]
        assert all(a != b for a, b in zip(*seen, strict=True)), seen
        run(first, "%load_ext gemini_magic\nsecret = 1\nimport os; os.environ['LEAK'] = '1'")
        assert run(second, "import os; print('secret' in globals(), 'LEAK' in os.environ)") == (
            "False False"
        )
        sockets = (
            "import psutil; print(*(c.laddr.port for c in psutil.Process().net_connections()))"
        )
        assert not set(run(first, sockets).split()) & set(run(second, sockets).split())


def test_the_environment_and_folder_are_those_asked_for(tmp_path: Path):
    with kernel(GEMINI_TEST_VALUE="here") as (_, client):
        assert run(client, "import os; print(os.environ['GEMINI_TEST_VALUE'])") == "here"
        assert run(client, "print(__name__, 'gemini_magic.batch' in __import__('sys').modules)")
        assert run(client, "import os; print(os.getsid(0) == os.getpid())") == "True"


def test_an_interrupt_reaches_the_cell_and_the_kernel_lives():
    with kernel() as (manager, client):
        sleep = "import time\nprint('on', flush=True)\ntime.sleep(60)"
        request = client.execute(sleep, stop_on_error=False)
        while client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
            pass
        manager.interrupt_kernel()
        while True:
            reply = client.get_shell_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == request:
                break
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert run(client, "print(1)") == "1"


def test_its_end_is_known_with_its_code():
    with kernel() as (manager, _):
        forked = process(manager)
        assert forked.poll() is None and manager.is_alive()
        os.kill(forked.pid, signal.SIGKILL)
        assert forked.wait(30) == -signal.SIGKILL
        assert not manager.is_alive()


# The control thread is slow to say that it has done the request; noted is whether it still runs
# at exit, where ipykernel ends the thread that it says it to.
SLOW_CONTROL = """
import threading, time
kernel = get_ipython().kernel
def slowly(*given, said=kernel._publish_status_and_flush):
    time.sleep(0.5)
    said(*given)
def at_exit():
    alive = [one.name for one in threading.enumerate() if one.name == "Control"]
    open({path!r}, "w").write(str(alive))
kernel._publish_status_and_flush = slowly
import atexit; atexit.register(at_exit)  # runs before what was registered earlier
"""


def test_the_control_thread_has_ended_before_what_it_writes_to(tmp_path: Path):
    path = tmp_path / "alive"
    with kernel() as (manager, client):
        run(client, SLOW_CONTROL.format(path=str(path)))
        manager.request_shutdown()
        process(manager).wait(10)
    assert path.read_text() == "[]"


def test_a_restart_is_a_new_process():
    with kernel() as (manager, client):
        pid = process(manager).pid
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        assert process(manager).pid != pid and not psutil.pid_exists(pid)
        assert run(client, "print(2)") == "2"


def test_a_fixed_part_of_the_environment_that_differs_means_the_ordinary_start():
    with kernel(PYTHONHASHSEED="7") as (manager, client):
        assert not isinstance(process(manager), Forked)
        assert run(client, "import sys; print(sys.flags.hash_randomization)")


@pytest.mark.parametrize(
    "words",
    [
        ["/usr/bin/other", "-m", "ipykernel_launcher", "-f", "x"],
        [sys.executable, "-O", "-m", "ipykernel_launcher", "-f", "x"],
        [sys.executable, "-m", "another_kernel", "-f", "x"],
        [],
    ],
)
def test_other_commands_are_not_forked(words: list[str]):
    assert forkable(words) is None


def test_ipykernels_own_command_is_forked():
    command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "x"]
    assert forkable(command) == ["ipykernel_launcher", "-f", "x"]
