"""A Dask cluster of processes of its own, for a test."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from ..kernel import environment
from .running import until

DASK = str(Path(sys.executable).with_name("dask"))


@contextlib.contextmanager
def process(
    folder: Path, *words: str, ready: str, **added: str
) -> Iterator[tuple[psutil.Popen, str]]:
    """A dask process, once it has said ``ready``; what the match's group says."""
    log = folder / f"{words[0]}-{len(list(folder.glob('*.log')))}.log"
    with log.open("w") as file:
        started = psutil.Popen(
            [DASK, *words],
            env=environment(folder, **added),
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: re.search(ready, log.read_text()) or started.poll() is not None)
        found = re.search(ready, log.read_text())
        assert found, log.read_text()
        yield started, found[1]
    finally:
        family = [started, *started.children(recursive=True)] if started.is_running() else []
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        started.wait(30)


@contextlib.contextmanager
def cluster(
    folder: Path, workers: int, threads: int = 1, **added: str
) -> Iterator[tuple[str, list[psutil.Popen]]]:
    """A scheduler's address and its workers, each a process of its own without a nanny."""
    with contextlib.ExitStack() as stack:
        words = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        scheduler = process(folder, *words, ready=r"Scheduler at:\s+(tcp://\S+)")
        _, address = stack.enter_context(scheduler)
        started = []
        for _ in range(workers):
            words = ("worker", address, "--nthreads", str(threads), "--no-nanny", "--no-dashboard")
            worker = process(folder, *words, ready=r"Registered to:\s+(tcp://\S+)", **added)
            started.append(stack.enter_context(worker)[0])
        yield address, started
