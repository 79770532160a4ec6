"""``jupyter gemini``: the command line.

Exit codes: 0 all well, 1 a notebook failed, 2 usage or an unreadable notebook, 3 no backend is
configured, 4 budget reached, 130 interrupted. Messages go to stderr, results to stdout.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gemini_magic import __version__
from gemini_magic.batch import run_command, run_options
from gemini_magic.errors import BudgetReached, GeminiError, NoBackend, OptionError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser().parse_args(run_options.shielded(words))
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except GeminiError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return _exit_code(error)


def _exit_code(error: GeminiError) -> int:
    match error:
        case NoBackend():
            return 3
        case BudgetReached():
            return 4
        case OptionError():
            return 2
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter gemini", description="Gemini code execution in notebooks, from a shell."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    demo = commands.add_parser(
        "demo",
        help="run the quickstart notebook and say where the result is",
        description="Run the quickstart notebook: with real Gemini when a key or Vertex is "
        "configured, else with the offline emulator, and say which.",
    )
    demo.add_argument("--out", type=Path, default=Path("gemini-demo"), metavar="DIR")
    demo.add_argument("--lab", action="store_true", help="open the executed notebook in JupyterLab")
    demo.set_defaults(run=_demo)

    running = commands.add_parser(
        "run",
        help="execute notebooks, with answers, cells, costs and a report",
        description=run_options.DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run_options.add_arguments(running)
    running.set_defaults(run=run_command.run)

    doctor = commands.add_parser(
        "doctor",
        help="what is in the way of an answer, and how to mend it",
        description="Look at packages, backend, key, network, clock and model, one by one, and say "
        "how to mend each. Settings are read from the environment.",
    )
    doctor.add_argument("--ask", action="store_true", help="also send a prompt of two tokens")
    doctor.set_defaults(run=_doctor)

    emulator = commands.add_parser(
        "emulator",
        help="serve the offline emulator until interrupted",
        description="Serve the offline emulator of the Gemini API on 127.0.0.1: scripted words, "
        "code that really runs in a bounded process on this machine.",
    )
    emulator.add_argument(
        "--port", type=_port, default=0, metavar="N", help="default: any free port"
    )
    emulator.add_argument(
        "--profile", choices=("gemini-3", "gemini-2.5", "vertex"), default="gemini-3"
    )
    emulator.set_defaults(run=_emulator)
    return parser


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65_535:
        raise argparse.ArgumentTypeError(f"{word!r} is no port: it takes 0 (any free one) to 65535")
    return int(word)


def _demo(arguments: argparse.Namespace) -> int:
    from gemini_magic.batch.demo import demo

    return demo(arguments.out, lab=arguments.lab)


def _doctor(arguments: argparse.Namespace) -> int:
    from gemini_magic.batch.check import check

    return check(ask=arguments.ask)


def _emulator(arguments: argparse.Namespace) -> int:
    from gemini_magic.emulator import serve

    try:
        serve(arguments.port, arguments.profile)
    except OSError as error:
        raise GeminiError(
            f"Port {arguments.port} cannot be used: {error.strerror or error}.",
            "Choose another --port, or leave it out for any free one.",
        ) from None
    return 0


if __name__ == "__main__":
    sys.exit(main())
