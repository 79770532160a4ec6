"""Starts and stops kernels for batch runs: forked where that is safe, ready at once.

Their sockets are files, where the system and the kernel can do that. TCP ports are a race:
jupyter_client takes five free ones, gives them back and writes their numbers down for the kernel,
and until the kernel has bound them any other socket of the machine (another kernel's, a connection
to the model) may be given one. With 400 ports to choose from, 7 of 96 kernels started eight at a
time were lost to "Address already in use" so; with files none.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

PROVISIONER = "gemini-fork"
START_TIMEOUT = 60.0  # seconds; as nbclient's


class ReadyClient(AsyncKernelClient):
    """A client that is ready when the kernel is.

    jupyter_client's own waits until iopub has been silent for 0.2 s; the idle status of our own
    kernel_info request says the same without the wait: iopub is connected, and nothing of the
    start is left in it.
    """

    language_info: Any = None  # as the kernel told it, once it is ready

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until kernel_info is answered on shell and on iopub; RuntimeError if it never is."""
        end = time.monotonic() + (START_TIMEOUT if timeout is None else timeout)
        asked: set[str] = set()
        answered = idle = False
        asked_at = 0.0
        while not (answered and idle):
            if time.monotonic() > end:
                raise RuntimeError("The kernel did not answer in time.")
            if not await self._async_is_alive():
                raise RuntimeError("The kernel died before it was ready.")
            # Messages sent before iopub is connected are lost: ask again until one comes through.
            if time.monotonic() - asked_at > (0.05 if answered else 1.0):
                asked.add(self.kernel_info())
                asked_at = time.monotonic()
            answered = answered or await self._has_reply(asked)
            idle = await self._is_idle(asked, 0.02 if answered else 0.0)
        await self._drain(asked)

    async def _has_reply(self, asked: set[str]) -> bool:
        if not await self.shell_channel.socket.poll(50):
            return False
        message: Any = await self.shell_channel.get_msg(timeout=0)
        if (message["parent_header"] or {}).get("msg_id") not in asked:
            return False
        self._handle_kernel_info_reply(message)
        self.language_info = message["content"].get("language_info")
        return True

    async def _is_idle(self, asked: set[str], wait: float) -> bool:
        while await self.iopub_channel.socket.poll(int(wait * 1000)):
            message: Any = await self.iopub_channel.get_msg(timeout=0)
            if (message["parent_header"] or {}).get("msg_id") in asked:
                return True
        return False

    async def _drain(self, asked: set[str]) -> None:
        """Take off shell the replies to the further requests; on iopub they are told apart."""
        while await self.shell_channel.socket.poll(0):
            await self.shell_channel.get_msg(timeout=0)


class Manager(AsyncKernelManager):
    """A kernel's manager; what the kernel needs on the disk is in one folder, gone with it."""

    folder: Path | None = None

    async def cleanup_resources(self, restart: bool = False) -> None:  # type: ignore[override]
        """As jupyter_client's, and the folder."""
        await super().cleanup_resources(restart)
        if self.folder is not None and not restart:
            shutil.rmtree(self.folder, ignore_errors=True)


def manager(name: str, *, fork: bool, preload: Sequence[str] = ()) -> AsyncKernelManager:
    """A manager for the kernelspec ``name``; raises NoSuchKernel when there is none.

    ``fork``: start it through the ``forking`` provisioner, which falls back to the ordinary start
    by itself. ``preload``: modules to be imported before.
    """
    made = Manager(kernel_name=name, client_class="gemini_magic.batch.kernels.manager.ReadyClient")
    # Other users of this machine could read the sockets; jupyter_client encrypts them from 8.10 on.
    if made.has_trait("transport_encryption"):
        made.transport_encryption = "auto" if zmq.has("curve") else "disabled"
    spec = made.kernel_spec
    assert spec is not None
    if _speaks_ipc(spec.argv):
        _in_files(made)
    if fork and "kernel_provisioner" not in spec.metadata:
        stanza = {"provisioner_name": PROVISIONER, "config": {"preload": list(preload)}}
        metadata, spec.metadata = spec.metadata, {**spec.metadata, "kernel_provisioner": stanza}
        # Not there when this package runs from a checkout that was not installed.
        if not KernelProvisionerFactory.instance(parent=made).is_provisioner_available(spec):
            spec.metadata = metadata
    return made


def _speaks_ipc(argv: Sequence[str]) -> bool:
    # Of other kernels it is not known: IRkernel makes an address of it that is none.
    return os.name == "posix" and zmq.has("ipc") and "ipykernel_launcher" in argv


def _in_files(made: Manager) -> None:
    """Let the kernel's sockets be files in a folder that only this user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="gm-"))
    if len(os.fsencode(folder / "k-0")) > zmq.IPC_PATH_MAX_LEN:
        folder.rmdir()  # the address of a socket has room for a hundred bytes
        return
    made.folder = folder
    made.transport, made.ip = "ipc", str(folder / "k")
    made.connection_file = str(folder / "kernel.json")
    if made.has_trait("transport_encryption"):
        made.transport_encryption = "disabled"


async def stop(manager: AsyncKernelManager, client: Any, *, now: bool) -> None:
    """Shut a kernel down (``now``: by killing it) and give back what it held."""
    try:
        if client is not None:
            client.stop_channels()
        if manager.has_kernel and now:
            await manager.shutdown_kernel(now=True)
        elif manager.has_kernel:
            # As `shutdown_kernel` without its first step, an interrupt: ipykernel, which has sent
            # the reply of its last cell and not yet left it, may take that into its event loop,
            # does not hear the request then, and is terminated after 2.5 s.
            manager.shutting_down = True
            await manager.request_shutdown()
            await manager.finish_shutdown(pollinterval=0.02)
    finally:
        await manager.cleanup_resources()


def kernel_name(metadata: Mapping[str, Any]) -> str:
    """The kernelspec that a notebook asks for, python3 when it asks for none."""
    return str(metadata.get("kernelspec", {}).get("name") or "python3")


__all__ = ["NoSuchKernel", "ReadyClient", "kernel_name", "manager", "stop"]
