"""Receivers: to whom the key and the prompts go, and what is said of one that is not Google.

The address may have been set by anybody whose ``.env`` or notebook was opened here, so it is told
before the first request goes there: once for each process (a kernel) and address.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from typing import Protocol

from gemini_magic.transport.backends import Backend

GOOGLE = "googleapis.com"


class Address(Protocol):
    """As much of a URL (httpx2's) as is looked at; ``host`` as it is resolved: lower case, IDNA."""

    @property
    def scheme(self) -> str: ...

    @property
    def host(self) -> str: ...

    @property
    def netloc(self) -> bytes: ...


def is_google(host: str) -> bool:
    """Whether a host is Google's for APIs: the very domain, or one below it."""
    name = host.lower().removesuffix(".")
    return name == GOOGLE or name.endswith(f".{GOOGLE}")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself; a name other than ``localhost`` is not known to be."""
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def set_by(backend: Backend) -> str:
    """Which variable the address of ``backend`` comes from."""
    if backend.kind == "developer":
        return "GOOGLE_GEMINI_BASE_URL"
    return "GOOGLE_VERTEX_BASE_URL" if backend.base_url else "GOOGLE_CLOUD_LOCATION"


def warning(address: Address, backend: Backend) -> str | None:
    """What is to be said before a request of ``backend`` goes to ``address``; None: nothing."""
    google, plain = is_google(address.host), address.scheme != "https"
    if not address.host or is_loopback(address.host) or (google and not plain):
        return None
    right = "API key" if backend.api_key is not None else "access token"
    to = address.netloc.decode("ascii", "replace")
    whose = "" if google else ", which is neither Google's nor this machine"
    how = ", unencrypted (http): whoever is on the way can read them" if plain else ""
    name = set_by(backend)
    return (
        f"Your {right} and your prompts go to {to}{whose}{how}.\n"
        f"{name} says so; if you have not set it (a .env file or a notebook may have), interrupt "
        f"this, unset {name} and replace the key."
    )


class Receivers:
    """Tells of each receiver once. Any thread may call."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.tell = tell
        self._told: set[tuple[str, bytes]] = set()
        self._lock = threading.Lock()

    def announce(self, address: Address, backend: Backend) -> None:
        """Tell who is about to receive a request, unless that was told or is no news."""
        known = (address.scheme, address.netloc)
        with self._lock:
            if known in self._told:
                return
        said = warning(address, backend)
        with self._lock:
            if known in self._told:
                return
            self._told.add(known)
        if said is not None:
            self.tell(said)
