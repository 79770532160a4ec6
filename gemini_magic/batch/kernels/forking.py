"""Provisions kernels by forking them from a process with everything imported.

jupyter_client's own extension point; the entry point is called ``gemini-fork``. It starts Python
kernels of this very interpreter on Linux by a fork, in a third of the time, and anything else the
ordinary way: another interpreter or kernel, options that change how Python starts, redirected
output, a system without pidfd. Each kernel is still a process of its own, in a session of its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List, Unicode

from gemini_magic.batch.kernels.forked import Forked, forkable, same_start, server


class ForkingProvisioner(LocalProvisioner):
    """Starts a kernel by a fork where that is safe, else as `LocalProvisioner` does."""

    preload = List(Unicode(), help="modules to import before kernels are forked")

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel of ``cmd``; the same as the ordinary start for whoever uses it."""
        forked = await asyncio.to_thread(self._fork, cmd, kwargs)
        if forked is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked  # type: ignore[assignment]
        self.pid = self.pgid = forked.pid
        self.cwd = kwargs.get("cwd") or str(Path.cwd())
        return self.connection_info

    def _fork(self, cmd: Sequence[str], kwargs: Mapping[str, Any]) -> Forked | None:
        argv = forkable(cmd)
        if argv is None or any(kwargs.get(name) for name in ("stdin", "stdout", "stderr")):
            return None
        found = server(self.preload)
        env = kwargs.get("env") or os.environ
        if not same_start(env, found.environment):
            return None
        return found.start(argv, env, str(kwargs.get("cwd") or Path.cwd()))
