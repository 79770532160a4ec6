"""Parses and runs ``jupyter gemini``, the command line.

Exit codes: 0 all well, 1 a notebook failed, 2 usage or an unreadable notebook, 3 no backend is
configured, 4 budget reached, 130 interrupted. Messages go to stderr, results to stdout.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_magic import __version__
from gemini_magic.batch import run_command, run_options
from gemini_magic.batch.hints import COMMAND_LINE
from gemini_magic.errors import BudgetReached, GeminiError, NoBackend, OptionError, speaking

if TYPE_CHECKING:
    from gemini_magic.magics.commands.doctor import Finding


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _say_everything()
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser().parse_args(run_options.shielded(words))
    with speaking(COMMAND_LINE):
        return _run(arguments)


def _say_everything() -> None:
    """Write as escapes what the encoding of stdout or stderr lacks: no run ends for a word."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _run(arguments: argparse.Namespace) -> int:
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
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("gemini-demo"),
        metavar="DIR",
        help="default: gemini-demo/",
    )
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
        help="check the setup, and say how to mend what is wrong",
        description="Look at packages, backend, key, network, clock and model, one by one, and say "
        "how to mend each. Settings are read from the environment.",
    )
    doctor.add_argument("--ask", action="store_true", help="also send a prompt of two tokens")
    doctor.set_defaults(run=_doctor)

    emulator = commands.add_parser(
        "emulator",
        help="serve the offline emulator until interrupted",
        description="Serve the offline emulator of the Gemini API on 127.0.0.1: scripted words, "
        "code that really runs in a bounded process on this machine. It answers only requests "
        "with its key and none of a browser; the key stands in a private file that is named, and "
        "GEMINI_MAGIC_EMULATOR_KEY or --key-file sets another one (at least 16 characters).",
    )
    emulator.add_argument(
        "--port", type=_port, default=0, metavar="N", help="default: any free port"
    )
    emulator.add_argument(
        "--profile",
        choices=("gemini-3", "gemini-2.5", "vertex"),
        default="gemini-3",
        help="how answers look on the wire (default: gemini-3)",
    )
    emulator.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="a loopback address, no other"
    )
    emulator.add_argument(
        "--key-file", type=Path, metavar="FILE", help="take the key from FILE, private to you"
    )
    emulator.add_argument("--show-key", action="store_true", help="print the key, too")
    emulator.add_argument(
        "--date",
        type=_day,
        metavar="YYYY-MM-DD",
        help="the day it plays, by which models are routed and shut down (default: today)",
    )
    emulator.add_argument("--key", nargs="?", type=_no_key, help=argparse.SUPPRESS)
    emulator.set_defaults(run=_emulator)
    return parser


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65_535:
        raise argparse.ArgumentTypeError(f"{word!r} is no port: it takes 0 (any free one) to 65535")
    return int(word)


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is no day: write 2026-12-01") from None


def _no_key(word: str) -> str:
    # Without the word: it may be one.
    raise argparse.ArgumentTypeError(
        "the process list would show it: use --key-file FILE or GEMINI_MAGIC_EMULATOR_KEY"
    )


def _demo(arguments: argparse.Namespace) -> int:
    from gemini_magic.batch.demo import demo

    return demo(arguments.out, lab=arguments.lab)


def _doctor(arguments: argparse.Namespace) -> int:
    """Print the findings; 0 when no problem is found, 3 without a backend, else 1."""
    from gemini_magic.magics.commands.doctor import examine
    from gemini_magic.session.session import Session

    found = []
    with closing(Session()) as session:
        for finding in examine(session, _extension(), dry_run=arguments.ask):
            session.say(str(finding))
            found.append(finding)
    problems = [finding.name for finding in found if finding.state == "problem"]
    if {"backend", "credentials", "project"} & set(problems):
        return 3
    return 1 if problems else 0


def _extension() -> Finding:
    from gemini_magic.magics.commands.doctor import Finding, extension_installed

    if extension_installed():
        return Finding("front end", "ok", "the JupyterLab extension is installed here")
    return Finding(
        "front end",
        "note",
        "the JupyterLab extension is not installed here: answers have no buttons and no sidebar",
        "pip install gemini-magic in the environment that runs the Jupyter server",
    )


def _emulator(arguments: argparse.Namespace) -> int:
    from gemini_magic.emulator import serve

    try:
        serve(
            arguments.port,
            arguments.profile,
            host=arguments.host,
            key_file=arguments.key_file,
            show_key=arguments.show_key,
            date=arguments.date,
        )
    except ValueError as error:
        what, _, hint = str(error).partition("\n")
        raise OptionError(what, hint) from None
    except OSError as error:
        raise GeminiError(
            f"Port {arguments.port} cannot be used: {error.strerror or error}.",
            "Choose another --port, or leave it out for any free one.",
        ) from None
    return 0


if __name__ == "__main__":
    sys.exit(main())
