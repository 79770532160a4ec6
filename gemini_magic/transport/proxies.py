"""Chooses the proxy of a request: what the environment, or else the system, sets for its address.

Rules on top of `urllib.request`, which reads the variables: loopback addresses are never asked
through a proxy (the emulator's prompts stay on this machine), nor is the metadata service of a
cloud machine, and NO_PROXY may hold CIDR blocks, which match addresses and not names, as in curl
and requests.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from gemini_magic.errors import Unreachable
from gemini_magic.transport.receivers import is_loopback

SCHEMES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True)
class Proxy:
    """A proxy's address and login. ``login``: user and password as bytes, in no repr."""

    scheme: str
    host: str
    port: int | None
    login: tuple[bytes, bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address without the login; this can be shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port is not None else "")


def proxy(url: str) -> Proxy | None:
    """The proxy that a request to ``url`` goes through, None when it goes straight.

    Raises `Unreachable` when the one that is set cannot be used, with the variable's name.
    """
    if not _any():
        return None
    parts = urlsplit(url)
    found = urllib.request.getproxies()
    given = (found.get(parts.scheme) or found.get("all") or "").strip()
    if not given or _straight(parts):
        return None
    where = _variable(given, parts.scheme)
    try:
        address = urlsplit(given if "://" in given else f"http://{given}")
        scheme, host, port = address.scheme.lower(), address.hostname, address.port
    except ValueError as error:
        raise Unreachable(f"The proxy in {where} cannot be used: {error}.", _WRITE) from None
    if scheme not in SCHEMES:
        raise Unreachable(
            f"The proxy in {where} is of a kind that is not known: {scheme}://.",
            f"Write {'socks5' if scheme.startswith('socks') else 'http'}:// there"
            + ("; older versions of SOCKS are not spoken." if scheme[5:6] == "4" else "."),
        )
    if not host:
        raise Unreachable(f"The proxy in {where} has no host.", _WRITE)
    login = None
    if address.username or address.password:
        # UTF-8 as RFC 7617 has it; httpcore2 takes ASCII alone where it is given text.
        login = (unquote(address.username or "").encode(), unquote(address.password or "").encode())
    return Proxy(scheme, host, port, login)


def _any() -> bool:
    """Whether there may be a proxy: looked at before each request, the usual case is fast."""
    if sys.platform in ("win32", "darwin"):  # where the system has settings of its own
        return True
    return any(name[-6:].lower() == "_proxy" for name in os.environ)


def unreached(through: Proxy, error: BaseException) -> Unreachable | None:
    """The error for a proxy that could not be connected to; None when ``error`` says no such thing.

    Behind a proxy it is the proxy's name that is looked up and the proxy that refuses, whatever
    host was asked for; only TLS and what comes after it are the service's.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, socket.gaierror | ConnectionRefusedError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    return Unreachable(
        f"The proxy {through.url} cannot be reached: {cause}.",
        "Check HTTPS_PROXY or ALL_PROXY, or unset it where no proxy is needed (or name the host in "
        "NO_PROXY).",
    )


_WRITE = "Write it as http://HOST:PORT (or socks5://HOST:PORT), or unset the variable."


def _straight(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    where = parts.netloc.rpartition("@")[2]
    return _near(host) or bool(urllib.request.proxy_bypass(where)) or _in_block(host)


def _near(host: str) -> bool:
    """Whether no proxy can lead to ``host``: this machine, or a cloud machine's own services."""
    if is_loopback(host) or host == "metadata.google.internal":
        return True
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def _in_block(host: str) -> bool:
    """Whether NO_PROXY has a CIDR block with ``host`` in it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    for block in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(","):
        try:
            if address in ipaddress.ip_network(block.strip(), strict=False):
                return True
        except ValueError:  # a name
            continue
    return False


def _variable(given: str, scheme: str) -> str:
    """Where ``given`` is set, for messages."""
    for name in (f"{scheme}_proxy", "all_proxy"):
        for spelt in (name, name.upper()):
            if os.environ.get(spelt, "").strip() == given:
                return spelt
    return "the system's settings"
