"""Tries the package on stacks of versions: ``python -m tests.stacks [--wheel FILE] [NAME...]``.

Names are those of the stacks, by default all of them, of programs that show answers, each with the
packages that it needs (`tests.stacks.table`), ``stacks``, ``programs``, and ``everything``.

Each is a virtual environment in ``--folder``, which is kept for the next time; the wheel (by
default built here) is installed into it by pip like any package, which is to leave the stack as it
is. Exits with 1 when anything fails.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from . import programs
from .script import run
from .table import PROGRAMS, STACKS

CHECKOUT = Path(__file__).parents[2]
# What code of answers uses when it is run or verified here.
BESIDE = ("matplotlib", "numpy")
PINNED = re.compile(r"[=<>~!]")  # where a requirement's name ends
GROUPS = {
    "stacks": [*STACKS],
    "programs": [*PROGRAMS],
    "everything": [*STACKS, *PROGRAMS],
}


def versions(python: Path) -> dict[str, str]:
    said = subprocess.check_output(
        [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"], text=True
    )
    return {one["name"].lower().replace("_", "-"): one["version"] for one in json.loads(said)}


def pip(python: Path, *arguments: str) -> None:
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments],
        check=True,
    )


def fill(python: Path, *names: str) -> None:
    """Installs a stack by uv, in a tenth of the time; by pip where uv reaches no index."""
    quickly = [sys.executable, "-m", "uv", "-q", "pip", "install", "--python", str(python), *names]
    if subprocess.run(quickly, check=False).returncode:
        pip(python, *names)


def made(name: str, folder: Path, wheel: Path) -> tuple[Path, list[str]]:
    """The stack's interpreter, with the wheel installed, and which of its versions that moved."""
    place = folder / name
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
        fill(python, *packages(name), *BESIDE)
    before = versions(python)
    if name in STACKS:
        pip(python, str(wheel))
        pip(python, f"{wheel}[batch]")
    else:
        fill(python, str(wheel))
    if "gemini-magic" in before:  # perhaps another build of the same version
        pip(python, "--force-reinstall", "--no-deps", str(wheel))
    pinned = {PINNED.split(one)[0].replace("_", "-").lower() for one in packages(name)}
    after = versions(python)
    return python, [
        f"{one} {before[one]} -> {after[one]}"
        for one in sorted(pinned | {"jupyter-client"})
        if one in before and before[one] != after[one]
    ]


def packages(name: str) -> tuple[str, ...]:
    return STACKS[name] if name in STACKS else PROGRAMS[name][1]


def built(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, CHECKOUT],
        check=True,
    )
    return max(folder.glob("*.whl"), key=lambda one: one.stat().st_mtime)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        default=["stacks"],
        help=f"of {', '.join([*STACKS, *PROGRAMS, *GROUPS])}",
    )
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    names = [name for given in options.names for name in GROUPS.get(given, [given])]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        wheel = options.wheel or built(folder)
        for name in names:
            started = time.monotonic()
            installed = started
            try:
                python, moved = made(name, folder, wheel)
                installed = time.monotonic()
                wrong = [f"installing moved {one}" for one in moved]
                kernel = Path(scratch) / f"{name}-kernel"
                kernel.mkdir()
                if name in STACKS:
                    wrong += run(str(python), kernel, print)
                else:
                    wrong += programs.DRIVERS[PROGRAMS[name][0]](folder / name, kernel)
            except Exception as error:  # noqa: BLE001 - the next ones are tried all the same
                wrong = [f"{type(error).__name__}: {error}"[:2000]]
            failed += len(wrong)
            times = f"{installed - started:.0f} s to install, {time.monotonic() - installed:.0f} s"
            print(f"{name}: {'; '.join(wrong) if wrong else 'all well'} ({times})", flush=True)
    if not failed:
        print(f"{len(names)} passed, 0 failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
