"""No browsers: what a web page can make a browser send is refused by how it looks.

A page may send requests to any address of the machine it is read on, and a name that belongs to
an attacker may be pointed at 127.0.0.1 (DNS rebinding). The key keeps both out already; this is a
second door in front of it, for a key that has leaked into a page. What marks a browser:

- ``Origin`` on every request a script makes elsewhere, on every POST, on a WebSocket;
- ``Sec-Fetch-Site`` on every request to a loopback address (Fetch Metadata), ``none`` only when
  the user typed the address;
- ``Host``, the name in the page's address, which no page can choose otherwise;
- a media type that a page may POST without asking first (Fetch: CORS-safelisted).

There are no CORS headers in any answer, so nothing that asks first is ever allowed.
"""

from __future__ import annotations

import ipaddress
import re
from email.message import Message

from gemini_magic.emulator.api_errors import ApiError

_HOST = re.compile(r"(?P<name>localhost|[0-9.]+|\[::1\])(:(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"([\w.+-]+/[\w.+-]+)[ \t]*(;.*)?", re.ASCII)
_OF_FORMS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
_OF_SOCKETS = ("Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version")


def check_caller(method: str, headers: Message, port: int, *, uploaded: bool) -> None:
    """Raise ApiError 403 for what may come from a web page; looks at the head alone.

    ``port``: the server's own. ``uploaded``: the bytes of a file are sent, which may have any
    media type but those of forms, or none, as Google's own client libraries send them.
    """
    if not _is_own(headers.get("Host", ""), port):
        raise _refused(f"Host has to be 127.0.0.1:{port} or localhost:{port}")
    if "Origin" in headers:
        raise _refused("a request with Origin comes from a web page")
    if any(site.strip().lower() != "none" for site in headers.get_all("Sec-Fetch-Site", [])):
        raise _refused("a request with Sec-Fetch-Site comes from a web page")
    if any(name in headers for name in _OF_SOCKETS):
        raise _refused("there are no WebSockets here")
    if method in {"POST", "PUT", "PATCH"} and not _is_of_api(headers, uploaded=uploaded):
        raise _refused("Content-Type has to be application/json")


def is_loopback(name: str) -> bool:
    """Whether ``name`` is localhost, an address of 127.0.0.0/8, or [::1]; asks no DNS."""
    if name.lower() in {"localhost", "[::1]"}:
        return True
    try:
        return ipaddress.IPv4Address(name).is_loopback
    except ValueError:
        return False


def _is_own(host: str, port: int) -> bool:
    found = _HOST.fullmatch(host.strip())
    # Without a port it is that of HTTP.
    return found is not None and is_loopback(found["name"]) and int(found["port"] or 80) == port


def _is_of_api(headers: Message, *, uploaded: bool) -> bool:
    given = headers.get("Content-Type")
    if given is None:
        return uploaded
    found = _MEDIA_TYPE.fullmatch(given.strip())
    if found is None:
        return False
    kind = found[1].lower()
    return kind not in _OF_FORMS if uploaded else kind == "application/json"


def _refused(why: str) -> ApiError:
    # The emulator's own words: the service has no such rule.
    return ApiError(403, f"The emulator runs code on this machine and answers no browser: {why}.")
