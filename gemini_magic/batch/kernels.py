"""Kernels for batch runs: started by the forking provisioner where that is safe, ready at once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
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
        if message["parent_header"].get("msg_id") not in asked:
            return False
        self._handle_kernel_info_reply(message)
        return True

    async def _is_idle(self, asked: set[str], wait: float) -> bool:
        while await self.iopub_channel.socket.poll(int(wait * 1000)):
            message: Any = await self.iopub_channel.get_msg(timeout=0)
            if message["parent_header"].get("msg_id") in asked:
                return True
        return False

    async def _drain(self, asked: set[str]) -> None:
        """Take off shell the replies to the further requests; on iopub they are told apart."""
        while await self.shell_channel.socket.poll(0):
            await self.shell_channel.get_msg(timeout=0)


def manager(name: str, *, fork: bool, preload: Sequence[str] = ()) -> AsyncKernelManager:
    """A manager for the kernelspec ``name``; raises NoSuchKernel when there is none.

    ``fork``: start it through `gemini_magic.batch.forking`, which falls back to the ordinary
    start by itself. ``preload``: modules to be imported before.
    """
    made = AsyncKernelManager(
        kernel_name=name,
        client_class="gemini_magic.batch.kernels.ReadyClient",
        # Other users of this machine could read the sockets.
        transport_encryption="auto" if zmq.has("curve") else "disabled",
    )
    spec = made.kernel_spec
    assert spec is not None
    if fork and "kernel_provisioner" not in spec.metadata:
        stanza = {"provisioner_name": PROVISIONER, "config": {"preload": list(preload)}}
        metadata, spec.metadata = spec.metadata, {**spec.metadata, "kernel_provisioner": stanza}
        # Not there when this package runs from a checkout that was not installed.
        if not KernelProvisionerFactory.instance(parent=made).is_provisioner_available(spec):
            spec.metadata = metadata
    return made


async def stop(manager: AsyncKernelManager, client: Any, *, now: bool) -> None:
    """Shut a kernel down (``now``: by killing it) and give back what it held."""
    try:
        if client is not None:
            client.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=now)
    finally:
        await manager.cleanup_resources()


def kernel_name(metadata: Mapping[str, Any]) -> str:
    """The kernelspec that a notebook asks for, python3 when it asks for none."""
    return str(metadata.get("kernelspec", {}).get("name") or "python3")


__all__ = ["NoSuchKernel", "ReadyClient", "kernel_name", "manager", "stop"]
