"""How many notebooks a minute: the runner against plain nbclient, on this machine, now.

Run as ``python -m tests.batch.scaling`` (about five minutes a round on two cores): each way of
running the same notebooks is a process of its own, they take turns, and what is compared are the
medians of their times. Absolute times say as much about the machine and its other work as about the
code; ratios of runs that took turns say something about the code.

The notebooks import the SDK, make a client and wait for a model that takes two seconds. Measured is
the whole command, start of the process and all. A Dask cluster stands before it is measured, as
clusters do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ..kernel import environment
from ..replay import Answer, Asked, Replay
from ..sse import ANSWER
from .clusters import cluster
from .running import notebook

PLAIN = Path(__file__).with_name("plain.py")
CALL = """from google import genai
client = genai.Client(api_key="k", http_options={{"base_url": {url!r}}})
for chunk in client.models.generate_content_stream(model="gemini-3.8-flash", contents="What?"):
    print(chunk.text)"""
# What is to hold on an idle machine with two cores: (slower, faster, at least this many times).
GATES = (
    ("nbclient at 8", "--jobs 8", 2.2),
    ("nbclient at 1", "--jobs 8", 6.0),
    ("nbclient at 8", "--jobs 8 --no-fork", 1 / 1.15),
    ("nbclient at 1", "--jobs 1 --no-fork", 1 / 1.15),
    ("--jobs 8", "Dask, 8 threads", 1 / 1.3),
)
MEMORY = 1.1  # the runner's after all notebooks, times its after a tenth of them


@dataclass
class Measured:
    """What one way of running has taken: seconds of the clock, of the processors (all children)."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{statistics.median(self.wall):6.1f} s, {statistics.median(self.cpu):5.1f} CPU-s"


@contextmanager
def model(wait: float) -> Iterator[str]:
    """The address of a model that answers after ``wait`` seconds."""
    answer = Answer(ANSWER)

    def slow(asked: Asked) -> None:
        time.sleep(wait)
        answer(asked)

    with Replay(slow) as server:
        yield server.url


def notebooks(folder: Path, count: int, *cells: str) -> list[str]:
    """The names of ``count`` notebooks in ``folder``."""
    names = [f"n{number}.ipynb" for number in range(count)]
    for name in names:
        notebook(folder / name, *cells)
    return names


def took(folder: Path, *command: str) -> tuple[float, float]:
    """Run to the end, which must be good: seconds of the clock, and of the processors."""
    began = time.monotonic()
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, *command],
            env=environment(folder),
            cwd=folder,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (folder / "said.txt").read_text()
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def plain(jobs: int) -> Callable[[Path, list[str]], tuple[float, float]]:
    return lambda folder, names: took(folder, str(PLAIN), str(jobs), *names)


def ours(*words: str) -> Callable[[Path, list[str]], tuple[float, float]]:
    command = ("-m", "gemini_magic.batch.cli", "run")
    return lambda folder, names: took(folder, *command, *names, *words)


def compare(count: int, wait: float, rounds: int) -> dict[str, Measured]:
    """Every way of running ``count`` notebooks, ``rounds`` times in turn."""
    ways = {
        "nbclient at 1": plain(1),
        "nbclient at 8": plain(8),
        "--jobs 8": ours("--jobs", "8"),
        "--jobs 8 --no-fork": ours("--jobs", "8", "--no-fork"),
        "--jobs 1 --no-fork": ours("--jobs", "1", "--no-fork"),
    }
    found = {name: Measured() for name in [*ways, "Dask, 8 threads"]}
    with tempfile.TemporaryDirectory(prefix="s") as short, model(wait) as url:
        folder = Path(short)
        cell = CALL.format(url=url)
        names = notebooks(folder, count, *cell.split("\n", 1))
        with cluster(folder, workers=2, threads=4) as (address, _):
            ways["Dask, 8 threads"] = ours("--scheduler", address)
            for number in range(rounds):
                for name, way in ways.items():
                    wall, cpu = way(folder, names)
                    found[name].wall.append(wall)
                    found[name].cpu.append(cpu)
                    print(
                        f"round {number + 1}: {name:20} {wall:6.1f} s {cpu:6.1f} CPU-s", flush=True
                    )
    return found


def memory(count: int) -> list[tuple[int, float]]:
    """The runner's resident memory (MB) after each notebook of ``count``: (done, memory)."""
    with tempfile.TemporaryDirectory(prefix="s") as short:
        folder = Path(short)
        names = notebooks(folder, count, "print('x' * 1000)", "'y' * 100_000")
        process = psutil.Popen(
            [sys.executable, "-m", "gemini_magic.batch.cli", "run", *names, "--jobs", "8"],
            env=environment(folder),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        found = []
        for done, _ in enumerate(process.stdout, 1):
            found.append((done, process.memory_info().rss / 1e6))
        assert process.wait(60) == 0
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.batch.scaling", description=__doc__)
    parser.add_argument("--notebooks", type=int, default=20)
    parser.add_argument("--wait", type=float, default=2.0, help="the model's seconds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, default=200, help="notebooks; 0 for none")
    given = parser.parse_args()
    good = True
    if given.rounds:
        found = compare(given.notebooks, given.wait, given.rounds)
        print(f"\n{given.notebooks} notebooks, model {given.wait:g} s, load {os.getloadavg()}")
        for name, measured in found.items():
            minute = 60 * given.notebooks / statistics.median(measured.wall)
            print(f"{name:20} {measured} {minute:5.0f} a minute")
        for slow, fast, least in GATES:
            ratios = [a / b for a, b in zip(found[slow].wall, found[fast].wall, strict=True)]
            ratio = statistics.median(ratios)
            good = good and ratio >= least
            print(
                f"{fast} is {ratio:.2f} times as fast as {slow} "
                f"[{min(ratios):.2f}-{max(ratios):.2f}], at least {least:.2f}: "
                f"{'yes' if ratio >= least else 'NO'}"
            )
    if given.memory:
        sizes = memory(given.memory)
        early, late = sizes[given.memory // 10][1], sizes[-1][1]
        good = good and late <= MEMORY * early
        print(f"memory of the runner: {early:.0f} MB after a tenth, {late:.0f} MB after all")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
