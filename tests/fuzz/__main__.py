"""``python -m tests.fuzz [TARGET...]``: fuzz, led by coverage, until something is wrong.

Needs atheris (``pip install atheris``; Linux and macOS). ``--seconds N``: for each target (60).
``--corpus DIR``: where what was found interesting is kept. Every target runs in a process of its
own; exits with 1 when one failed, after its input was printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found,unused-ignore]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all of them by default")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--corpus", type=Path, help="folder for interesting inputs")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _fuzz(given.one, given.seconds, given.corpus)
        return 0
    from .targets import TARGETS

    failed = []
    with tempfile.TemporaryDirectory() as kept:
        for name in given.targets or TARGETS:
            corpus = (given.corpus or Path(kept)) / name
            corpus.mkdir(parents=True, exist_ok=True)
            _begin(corpus, name)
            words = [sys.executable, "-m", "tests.fuzz", "--one", name]
            words += ["--seconds", str(given.seconds), "--corpus", str(corpus)]
            print(f"== {name}, {given.seconds} s", flush=True)
            if subprocess.run(words, check=False).returncode:
                failed.append(name)
    print(f"failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def _begin(corpus: Path, name: str) -> None:
    """Give the fuzzer good inputs to begin with."""
    from hypothesis import Phase, given, settings

    from .damaged import GOOD

    @settings(max_examples=30, database=None, phases=[Phase.generate])
    @given(GOOD[name])
    def write(value: object) -> None:
        data = json.dumps(value).encode()
        data = b"\x40data: " + data + b"\r\n\r\n" if name == "wire" else data
        (corpus / f"good-{hash(data) & 0xFFFFFFFF:08x}").write_bytes(data)

    write()


def _fuzz(name: str, seconds: int, corpus: Path) -> None:
    with atheris.instrument_imports(include=["gemini_magic"]):
        from .targets import TARGETS
    limits = [f"-max_total_time={seconds}", "-max_len=16384", "-timeout=20", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={corpus}/", str(corpus)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
