"""The emulator in the foreground, for a terminal."""

from __future__ import annotations

import json
import sys

from gemini_magic.emulator.server import Emulator

# Seconds before each event, so that an answer is seen to stream.
PACE = 0.03


def serve(port: int = 0, profile: str = "gemini-3") -> None:
    """Serve until interrupted; says on stderr where, what it is and how to reach it."""
    try:
        with Emulator(port, profile, pace=PACE) as emulator:
            options = json.dumps({"base_url": emulator.url, "api_version": "v1beta"})
            _tell(
                f"Offline Gemini emulator ({profile}) on {emulator.url}\n"
                "Its words are scripted and say so; the Python it returns is really run, on this "
                "machine, in a bounded process.\n"
                f"google-genai:  genai.Client(api_key='any', http_options={options})\n"
                f"environment:   GOOGLE_GEMINI_BASE_URL={emulator.url} GEMINI_API_KEY=any\n"
                "Ctrl-C ends it."
            )
            # In slices: a Ctrl-C between the last bytecode and an endless wait would be lost.
            while not emulator.closing.wait(0.5):
                pass
    except KeyboardInterrupt:
        _tell("Emulator stopped.")


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
