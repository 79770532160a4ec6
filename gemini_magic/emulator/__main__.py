"""``python -m gemini_magic.emulator --port N --profile P``."""

from __future__ import annotations

import argparse

from gemini_magic.emulator.profiles import PROFILES
from gemini_magic.emulator.serving import serve


def main() -> None:
    """Read the options and serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m gemini_magic.emulator",
        description="An offline Gemini: scripted words, really executed code.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--profile", choices=PROFILES, default="gemini-3")
    options = parser.parse_args()
    serve(options.port, options.profile)


if __name__ == "__main__":
    main()
