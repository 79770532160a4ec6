"""Keeps one open transport per backend, made when first needed.

Building a client costs tens of milliseconds and a TLS handshake, so each backend's is kept. The
emulator is started here, in threads of this process; everything else meets it over HTTP only.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gemini_magic.errors import MissingExtra, NoBackend
from gemini_magic.transport.backends import Backend, choose, colab_key

if TYPE_CHECKING:
    from gemini_magic.emulator import Emulator
    from gemini_magic.transport.google import GoogleTransport
    from gemini_magic.transport.keep_alive import KeepAlive
    from gemini_magic.transport.receivers import Receivers
    from gemini_magic.transport.uploads import Uploaded


EMULATOR_NEEDS = ("numpy", "matplotlib", "pandas")  # what its scripts and their plots import


@dataclass(frozen=True)
class Connection:
    """A backend and the open transport to it."""

    backend: Backend
    transport: GoogleTransport


class Connections:
    """Opens and keeps the connections of one kernel or process.

    ``tell``: what a user is to know before a request is sent (`gemini_magic.transport.receivers`).
    """

    def __init__(self, tell: Callable[[str], object] = lambda said: None) -> None:
        self._tell = tell
        self._receivers: Receivers | None = None
        self._keep: KeepAlive | None = None
        self._asked: object = None  # the service that was wanted last
        self._open: list[Connection] = []
        self._others: list[Connection] = []  # of the process that forked this one
        self._emulator: Emulator | None = None
        self._secret: tuple[str, str] | None = None  # of Colab: the key and its name
        self._silent = False  # Colab's page did not answer: not asked again, it costs 10 s
        self._lock = threading.Lock()

    def get(self, name: str, api_version: str | None = None) -> Connection:
        """The connection for a backend name (auto, developer, vertex, emulator).

        The environment is read each time, so that a key set later, or changed, is used. Raises
        NoBackend when nobody is configured, MissingExtra when the emulator's extra is missing.
        """
        backend = choose(name, api_version, secret=self._colab)
        with self._lock:
            if backend.kind == "emulator":
                emulator = self._started_emulator()
                backend = replace(backend, base_url=emulator.url, api_key=emulator.key)
            service = (backend.kind, backend.base_url, backend.location)
            if self._keep is not None and self._asked != service:
                self._keep.close()
            self._asked = service
            return self._opened(backend)

    def issuer(self, name: str, api_version: str | None = None) -> str:
        """Who would sign an answer (`Backend.issuer`); starts no emulator. Raises as `get`."""
        backend = choose(name, api_version, secret=self._colab)
        if backend.kind == "emulator":
            # One that is yet to be started has signed nothing.
            emulator = self._emulator
            return replace(backend, base_url="new" if emulator is None else emulator.url).issuer
        return backend.issuer

    def stand_in(self) -> Connection:
        """A connection to the Developer API without a key: for what sends nothing, a preview."""
        with self._lock:
            return self._opened(choose("developer", secret=lambda: ("no-key", "nowhere")))

    def _opened(self, backend: Backend) -> Connection:
        for connection in self._open:
            if (connection.backend, connection.backend.api_key) == (backend, backend.api_key):
                return connection
        from gemini_magic.transport.google import GoogleTransport

        if self._receivers is None:
            from gemini_magic.transport.receivers import Receivers

            self._receivers = Receivers(self._tell)
        if self._keep is None:
            from gemini_magic.transport.keep_alive import KeepAlive

            self._keep = KeepAlive()
        transport = GoogleTransport(backend, self._receivers, self._keep)
        self._open.append(Connection(backend, transport))
        return self._open[-1]

    def _colab(self) -> tuple[str, str] | None:
        # Asked once a kernel: the answer takes a way to the browser and back.
        if self._secret is None and threading.current_thread() is threading.main_thread():
            if self._silent:
                raise TimeoutError
            try:
                self._secret = colab_key()
            except TimeoutError:
                self._silent = True
                raise
        return self._secret

    def forget_secret(self) -> None:
        """Ask Colab anew for its secret with the next connection: the user may have changed it."""
        self._secret, self._silent = None, False

    def _started_emulator(self) -> Emulator:
        if self._emulator is None:
            for module in EMULATOR_NEEDS:
                if importlib.util.find_spec(module) is None:
                    raise MissingExtra("The emulator", module, "batch")
            from gemini_magic.emulator import Emulator

            try:
                self._emulator = Emulator()
            except ValueError as error:  # the key that the environment sets is none
                what, _, hint = str(error).partition("\n")
                raise NoBackend(what, hint) from None
        return self._emulator

    @property
    def uploaded(self) -> list[tuple[Connection, Uploaded]]:
        """The files that were uploaded from here and that a service still has."""
        return [(one, file) for one in list(self._open) for file in one.transport.uploaded]

    def locks(self) -> list[threading.Lock]:
        """What a fork of this process waits for: a transport or the emulator is being made."""
        return [self._lock]

    def forked(self) -> None:
        """In a forked process: its own connections, to the emulator of the other one too."""
        self._lock = threading.Lock()
        # Kept, so that nothing closes sockets that the other process is using.
        self._others, self._open, self._receivers = self._open, [], None
        if self._keep is not None:
            self._keep.forked()

    def close(self) -> None:
        """Close every connection, and the emulator when it runs here."""
        with self._lock:
            for connection in self._open:
                connection.transport.close()
            self._open.clear()
            if self._keep is not None:
                self._keep.close()
            if self._emulator is not None:
                self._emulator.close()
                self._emulator = None
