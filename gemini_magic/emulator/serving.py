"""The emulator in the foreground, for a terminal."""

from __future__ import annotations

import datetime
import os
import shlex
import signal
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gemini_magic.emulator.keys import filed, key_in
from gemini_magic.emulator.server import HOST, Emulator

# Seconds before each event, so that an answer is seen to stream.
PACE = 0.03


def serve(
    port: int = 0,
    profile: str = "gemini-3",
    *,
    host: str = HOST,
    key_file: Path | None = None,
    show_key: bool = False,
    date: datetime.date | None = None,
) -> None:
    """Serve until interrupted; says on stderr where, what it is and how to reach it.

    ``key_file``: a file with the key. Without one the key (that of GEMINI_MAGIC_EMULATOR_KEY, else
    a random one) is written to a private file that is gone afterwards. ``show_key``: print the
    key, too. ``date``: the day it plays, for what models do then. Raises what `Emulator` raises,
    and ValueError, in two lines, for the file.
    """
    try:
        with _ended_politely(), ExitStack() as held:
            key = None if key_file is None else key_in(key_file)
            emulator = held.enter_context(
                Emulator(port, profile, host=host, key=key, pace=PACE, date=date)
            )
            path = key_file
            if path is None or not path.is_file():  # a pipe is read once
                path = held.enter_context(filed(emulator.key, f"emulator-{emulator.port}"))
            _tell(_said(emulator, path.absolute(), show_key=show_key))
            # In slices: a Ctrl-C between the last bytecode and an endless wait would be lost.
            while not emulator.closing.wait(0.5):
                pass
    except KeyboardInterrupt:
        _tell("Emulator stopped.")


def _said(emulator: Emulator, path: Path, *, show_key: bool) -> str:
    lines = [
        f"Offline Gemini emulator ({emulator.profile}) on {emulator.url}",
        "Its words are scripted and say so; the Python it returns is really run, on this machine, "
        "in a bounded process.",
        "It answers only who has its key, which stands in a file that only you can read. "
        "Where you ask:",
        f"export GOOGLE_GEMINI_BASE_URL={emulator.url}",
        f"export GEMINI_API_KEY=$(cat {shlex.quote(str(path))})",
        *(["export NO_PROXY=127.0.0.1,localhost"] if _proxied() else []),
        *(["unset GOOGLE_API_KEY"] if os.environ.get("GOOGLE_API_KEY") else []),
        *([f"key:           {emulator.key}"] if show_key else []),
        'google-genai:  genai.Client(http_options={"api_version": "v1beta"})',
        "Ctrl-C ends it.",
    ]
    return "\n".join(lines)


def _proxied() -> bool:
    """Whether another program here would ask this one through a proxy, with the key."""
    found = urllib.request.getproxies()
    return bool(found.get("http") or found.get("all")) and not urllib.request.proxy_bypass(HOST)


@contextmanager
def _ended_politely() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end it as Ctrl-C does: the file with the key goes, too."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in names]
        # Not where it is ignored: nohup wants to go on.
        numbers = [one for one in numbers if signal.getsignal(one) is signal.SIG_DFL]
        before = {one: signal.signal(one, signal.default_int_handler) for one in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
