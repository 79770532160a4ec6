"""Probes the way to a service without a request to the model: reachability, and its clock."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2

from gemini_magic.transport import proxies
from gemini_magic.transport.backends import DEVELOPER_URL, Backend
from gemini_magic.transport.deadlines import Deadlines
from gemini_magic.transport.http import HttpClient
from gemini_magic.transport.protocol import Stop
from gemini_magic.transport.receivers import warning
from gemini_magic.transport.service_errors import fault
from gemini_magic.transport.wire_call import WireCall

TIMEOUT = 15.0  # seconds


@dataclass(frozen=True)
class Reached:
    """An answer, of whatever status. ``skew``: seconds that this clock is ahead of the service's.

    None when the answer had no date.
    """

    status: int
    skew: float | None


def address(backend: Backend) -> str:
    """The base URL that requests of ``backend`` go to.

    Vertex: the SDK's rule (google.genai 3.4): one host for ``global``, ``LOCATION-`` before it for
    a region, a ``rep`` host for the multi-regions us and eu.
    """
    if backend.base_url:
        return backend.base_url
    if backend.kind != "vertex":
        return DEVELOPER_URL
    location = backend.location or "global"
    if location == "global" or backend.api_key is not None:
        return "https://aiplatform.googleapis.com/"
    if location in ("us", "eu"):
        return f"https://aiplatform.{location}.rep.googleapis.com/"
    return f"https://{location}-aiplatform.googleapis.com/"


def receiver(backend: Backend) -> str | None:
    """What is to be said of who receives the requests of ``backend``; None when nothing is."""
    try:
        return warning(httpx2.URL(address(backend)), backend)
    except httpx2.InvalidURL:
        return None  # told in full when something is asked


def reach(url: str, timeout: float = TIMEOUT) -> Reached:
    """Ask for ``url`` without any key, and say what came; any HTTP status is an answer.

    Raises our errors when none comes: the name, the connection, the proxy, TLS, the time.
    """
    client = HttpClient()
    call = WireCall(Deadlines.of(timeout), Stop(), "plain")
    try:
        with call.bound(), client.client.stream("GET", url, follow_redirects=False) as response:
            if response.status_code == 407:
                raise fault(httpx2.ProxyError("407 Proxy Authentication Required"))
            return Reached(response.status_code, _skew(response.headers.get("date")))
    except Exception as error:
        raise fault(call.failure or error, timeout, call.host) from error
    finally:
        call.close()
        client.close()


def _skew(date: str | None) -> float | None:
    if not date:
        return None
    try:
        theirs = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return (datetime.now(UTC) - theirs).total_seconds()


def proxy(url: str) -> str | None:
    """The proxy that requests to ``url`` go through, without its user and password."""
    found = proxies.proxy(url)
    return None if found is None else found.url
