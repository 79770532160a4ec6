"""``python -m gemini_magic.emulator --port N --profile P``."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

from gemini_magic.emulator.profiles import PROFILES
from gemini_magic.emulator.server import HOST
from gemini_magic.emulator.serving import serve


def main() -> None:
    """Read the options and serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m gemini_magic.emulator",
        description="An offline Gemini: scripted words, really executed code.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--host", default=HOST, help="a loopback address")
    parser.add_argument("--profile", choices=PROFILES, default="gemini-3")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="the key, in a private file")
    parser.add_argument("--show-key", action="store_true", help="print the key")
    parser.add_argument(
        "--date",
        type=datetime.date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="the day it plays, for what models do then (default: today)",
    )
    given = parser.parse_args()
    try:
        serve(
            given.port,
            given.profile,
            host=given.host,
            key_file=given.key_file,
            show_key=given.show_key,
            date=given.date,
        )
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
