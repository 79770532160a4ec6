"""Makes the TLS context that every request to a service shares, logins included.

The operating system's trust store, or what SSL_CERT_FILE and SSL_CERT_DIR name in its place, and
whatever REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE add: google.auth's own HTTP stack reads those, and a
company that set one for the login means the same certificate authority.
"""

from __future__ import annotations

import os
import ssl
import threading
from pathlib import Path

import httpcore2

from gemini_magic.errors import Unreachable

_INSTEAD = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_BESIDE = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_LOG = "SSLKEYLOGFILE"  # Python opens it with every context


class Trust:
    """The context in force, built when first needed (35 ms) and anew when a variable changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[dict[str, str], ssl.SSLContext] | None = None

    def check(self) -> None:
        """Raise `Unreachable` for certificates that are named and cannot be used; else do nothing.

        The SDK's client reads them too, when it is made, and says neither file nor variable.
        """
        if os.environ.get("SSL_CERT_FILE") == "":
            raise Unreachable(
                "SSL_CERT_FILE is set, and empty: the SDK takes that for a file's name.",
                "Unset SSL_CERT_FILE, or name a file of certificates with it.",
            )
        if any(os.environ.get(name) for name in (*_INSTEAD, *_BESIDE)):
            self.context()

    def context(self) -> ssl.SSLContext:
        """The context; raises `Unreachable` naming the variable whose file cannot be used."""
        named = {name: os.environ.get(name, "") for name in (*_INSTEAD, *_BESIDE, _LOG)}
        with self._lock:
            if self._made is None or self._made[0] != named:
                self._made = named, _context({k: v for k, v in named.items() if v and k != _LOG})
            return self._made[1]


TRUST = Trust()  # one for the process: it says what its environment says


def _context(named: dict[str, str]) -> ssl.SSLContext:
    for name, given in named.items():
        if not Path(given).exists():
            raise Unreachable(
                f"{name} names {given}, which does not exist.",
                f"Correct {name} or unset it; it is read again with the next request.",
            )
    try:
        context = httpcore2.default_ssl_context()
    except OSError as error:
        log = os.environ.get(_LOG)
        if log and error.filename == log:
            raise Unreachable(
                f"{_LOG} names {log}, which cannot be written: {error.strerror}.",
                f"Correct {_LOG} or unset it; it is read again with the next request.",
            ) from error
        instead = [name for name in _INSTEAD if name in named]
        if not instead:
            raise Unreachable(
                f"The certificates of this machine cannot be read: {error}.",
                "Name a file of PEM certificates with SSL_CERT_FILE.",
            ) from error
        raise _unusable(instead[0], named, error) from error
    for name in _BESIDE:
        if name in named:
            try:
                path = Path(named[name])
                folder, file = (str(path), None) if path.is_dir() else (None, str(path))
                context.load_verify_locations(file, folder)
            except OSError as error:
                raise _unusable(name, named, error) from error
    return context


def _unusable(name: str, named: dict[str, str], error: OSError) -> Unreachable:
    return Unreachable(
        f"The certificates in {named[name]} ({name}) cannot be read: "
        f"{error.strerror or type(error).__name__}.",
        f"{name} has to name a file of PEM certificates that you can read.",
    )
