"""Connections: one open transport per backend, made when first needed, kept for the kernel.

Building a client costs tens of milliseconds and a TLS handshake, so each backend's is kept. The
emulator is started here, in threads of this process; everything else meets it over HTTP only.
"""

from __future__ import annotations

import importlib.util
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import MissingExtra
from gemini_magic.transport.backends import Backend, choose, colab_key

if TYPE_CHECKING:
    from gemini_magic.transport.google import GoogleTransport


EMULATOR_NEEDS = ("numpy", "matplotlib", "pandas")  # what its scripts and their plots import


@dataclass(frozen=True)
class Connection:
    """A backend and the open transport to it."""

    backend: Backend
    transport: GoogleTransport


class Connections:
    """The connections of one kernel or process."""

    def __init__(self) -> None:
        self._open: list[Connection] = []
        self._emulator: Any = None
        self._secret: tuple[str, str] | None = None  # of Colab: the key and its name
        self._lock = threading.Lock()

    def get(self, name: str, api_version: str | None = None) -> Connection:
        """The connection for a backend name (auto, developer, vertex, emulator).

        The environment is read each time, so that a key set later, or changed, is used. Raises
        NoBackend when nobody is configured, MissingExtra when the emulator's extra is missing.
        """
        backend = choose(name, api_version, secret=self._colab)
        with self._lock:
            if backend.kind == "emulator":
                backend = replace(backend, base_url=self._emulator_url())
            return self._opened(backend)

    def stand_in(self) -> Connection:
        """A connection to the Developer API without a key: for what sends nothing, a preview."""
        with self._lock:
            return self._opened(choose("developer", secret=lambda: ("no-key", "nowhere")))

    def _opened(self, backend: Backend) -> Connection:
        for connection in self._open:
            if (connection.backend, connection.backend.api_key) == (backend, backend.api_key):
                return connection
        from gemini_magic.transport.google import GoogleTransport

        self._open.append(Connection(backend, GoogleTransport(backend)))
        return self._open[-1]

    def _colab(self) -> tuple[str, str] | None:
        # Asked once a kernel: the answer takes a way to the browser and back.
        if self._secret is None and threading.current_thread() is threading.main_thread():
            self._secret = colab_key()
        return self._secret

    def forget_secret(self) -> None:
        """Ask Colab anew for its secret with the next connection: the user may have changed it."""
        self._secret = None

    def _emulator_url(self) -> str:
        if self._emulator is None:
            for module in EMULATOR_NEEDS:
                if importlib.util.find_spec(module) is None:
                    raise MissingExtra("The emulator", module, "batch")
            from gemini_magic.emulator import Emulator

            self._emulator = Emulator()
            self._emulator.__enter__()
        return str(self._emulator.url)

    def close(self) -> None:
        """Close every connection, and the emulator when it runs here."""
        with self._lock:
            for connection in self._open:
                connection.transport.close()
            self._open.clear()
            if self._emulator is not None:
                self._emulator.__exit__(None, None, None)
                self._emulator = None
