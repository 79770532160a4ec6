"""Turns foreign exceptions into ours: the SDK's, the HTTP client's, google.auth's, the system's.

One function, `fault`, with a completeness test. Messages keep at most one line of what the other
side said; keys are redacted by the tree itself.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
from typing import Any

import google.auth.exceptions as google_auth
import httpcore2
import httpx2
import pydantic

from gemini_magic.errors import (
    AccessDenied,
    BadRequest,
    BadResponse,
    ConnectionDropped,
    GeminiError,
    NoBackend,
    TimedOut,
    Unreachable,
)
from gemini_magic.hints import Advice, Hint
from gemini_magic.transport.asked import Asked
from gemini_magic.transport.refusal_facts import one_line
from gemini_magic.transport.refusals import refusal

_CONNECT_TIMEOUTS = (httpx2.ConnectTimeout, httpcore2.ConnectTimeout)
_TIMEOUTS = (httpx2.TimeoutException, httpcore2.TimeoutException, TimeoutError)
_CONNECT = (httpx2.ConnectError, httpcore2.ConnectError)
_PROXY = (httpx2.ProxyError, httpcore2.ProxyError)
_PROTOCOL = (httpx2.RemoteProtocolError, httpcore2.RemoteProtocolError)
_NETWORK = (httpx2.NetworkError, httpcore2.NetworkError, ConnectionError)
_URLS = (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpcore2.UnsupportedProtocol)
_HEADERS = (httpx2.LocalProtocolError, httpcore2.LocalProtocolError, UnicodeEncodeError)

_BETWEEN = "Something between here and Gemini may alter the response (a proxy, a wrong base URL)."


def fault(
    error: BaseException,
    timeout: float | None = None,
    host: str = "",
    asked: Asked | None = None,
) -> GeminiError:
    """The error of our tree for ``error``; ours come back as they are.

    ``timeout``: seconds the request was given, to be named when it ran out. ``host``: that was
    asked, with its port, to be named when nobody answers there. ``asked``: what was asked, for the
    hint.
    """
    asked = asked or Asked()
    if isinstance(error, GeminiError):
        return error
    module = type(error).__module__.partition(".")[0]
    sdk = sys.modules.get("google.genai.errors")  # loaded if any of its errors was raised
    if sdk is not None and isinstance(error, sdk.APIError):
        code = error.code if isinstance(error.code, int) else 0
        return refusal(error.details, code, _headers(error), asked)
    if isinstance(error, httpx2.HTTPStatusError):
        response = error.response
        return refusal({"message": response.reason_phrase}, response.status_code, asked=asked)
    if sdk is not None and type(error).__module__ == sdk.__name__:
        return _sdk(error)
    if isinstance(error, google_auth.GoogleAuthError):
        return _auth(error, asked)
    if isinstance(error, ssl.SSLError):
        return _tls(error)
    if isinstance(error, pydantic.ValidationError):
        return _validation(error)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
        return BadResponse("The response is damaged: its JSON cannot be read.", Hint.ASK_AGAIN_KEPT)
    if module in ("httpx2", "httpcore2") or isinstance(error, OSError | UnicodeEncodeError):
        return _wire(error, timeout, host)
    if isinstance(error, ValueError):
        return _value(error, asked)
    said = one_line(str(error))
    if module == "socksio":
        return _proxy("it does not speak SOCKS5")
    if isinstance(error, ImportError):
        missing = f"the module {error.name}" if error.name else said
        return Unreachable(
            f"The request could not be made: {missing} is needed and cannot be imported.",
            f"Install it beside gemini_magic (pip install {error.name or 'MODULE'}), then restart "
            "the kernel.",
        )
    if asked.kind == "upload" and isinstance(error, KeyError):
        # The SDK found no address to upload to in what was answered.
        return BadRequest(
            "The service names no address to upload to.", Hint.UPLOAD_REFUSED(size="more")
        )
    if isinstance(error, LookupError | TypeError | AttributeError):
        # Seen where the SDK or google.auth read what the environment gives them.
        return BadRequest(
            f"The request could not be made: {type(error).__name__}: {said}",
            Hint.CHECK_SETUP,
        )
    return BadResponse(
        f"The Gemini SDK failed: {type(error).__name__}" + (f": {said}" if said else "."),
        Hint.ASK_AGAIN_REPORT,
    )


def _headers(error: Any) -> dict[str, str]:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return dict(headers) if headers else {}


def _sdk(error: BaseException) -> GeminiError:
    said = one_line(str(error))
    if type(error).__name__ == "UnknownApiResponseError":
        return BadResponse("The response is damaged: its JSON cannot be read.", Hint.ASK_AGAIN_KEPT)
    if isinstance(error, ValueError):  # the three about functions
        return BadRequest(f"The SDK refused a function: {said}", Hint.LEAVE_OUT_TOOL)
    return ConnectionDropped(f"The answer was cut off: {said}", Hint.ASK_AGAIN_KEPT)


_LOGIN_FILE = "GOOGLE_APPLICATION_CREDENTIALS"


def _login(asked: Asked) -> Hint | Advice:
    """How to get the right to ask Vertex; a file or key that is in the way is named."""
    if _LOGIN_FILE in asked.environment:  # a login by gcloud would not be looked at
        return Hint.LOGIN_FILE(name=_LOGIN_FILE)
    key, way = asked.key_unused
    return Hint.KEY_UNUSED(key=key, way=way) if key else Hint.LOG_IN


def _auth(error: google_auth.GoogleAuthError, asked: Asked) -> GeminiError:
    # With the exception below it as second argument, str() is a tuple's.
    said = one_line(str(error.args[0] if error.args else error))
    if isinstance(error, google_auth.TransportError):
        way = None if error.__cause__ is None else fault(error.__cause__)
        if isinstance(way, Unreachable | TimedOut):  # TLS, the proxy, the name: it says which
            return type(way)(f"Google's login service: {way.what}", way.hint)
        return Unreachable(f"Google's login service cannot be reached: {said}", _NETWORK_HINT)
    if isinstance(error, google_auth.DefaultCredentialsError):
        # Nobody was ever allowed to ask: that is no backend, as with a key that is not there.
        why = "" if said.startswith("Your default credentials") else f": {said}"
        return NoBackend(
            f"There are no Google Cloud credentials for Vertex{why or '.'}", _login(asked)
        )
    return AccessDenied(f"The Google Cloud credentials did not work: {said}", _login(asked))


def _validation(error: pydantic.ValidationError) -> GeminiError:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(item) for item in first["loc"])
    if error.title.endswith(("Config", "Parameters")):
        return BadRequest(
            f"An option cannot be sent: {where}: {one_line(first['msg'])}", "Change its value."
        )
    return BadResponse(f"The response is not as documented: {where}.", Hint.ASK_AGAIN_KEPT)


def _value(error: ValueError, asked: Asked) -> GeminiError:
    said = one_line(str(error))
    if "URL" in said:  # urllib's words
        return _address(said)
    if "API key" in said and "No " in said:
        return NoBackend("No API key is set.", Hint.SET_KEY)
    if "project" in said.lower():
        key, way = asked.key_unused
        hint = Hint.KEY_UNUSED(key=key, way=way) if key else _PROJECT
        return NoBackend(f"Vertex needs a project: {said}", hint)
    if "Ephemeral" in type(error).__name__:
        return AccessDenied(said, "Set GEMINI_API_KEY to an API key.")
    return BadRequest(f"The request cannot be sent: {said}", "Change the prompt or the options.")


_PROJECT = "Set GOOGLE_CLOUD_PROJECT to your project's id."
_NETWORK_HINT = "Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and the base URL."


def _wire(error: BaseException, timeout: float | None, host: str) -> GeminiError:
    said = one_line(str(error))
    waited = "in time" if timeout is None else f"for {timeout:g} s"
    if isinstance(error, _CONNECT_TIMEOUTS):
        return TimedOut(f"No connection to the service {waited}.", _NETWORK_HINT)
    if isinstance(error, _TIMEOUTS):
        return TimedOut(
            f"Nothing complete arrived {waited}; the connection was closed.",
            Hint.RAISE_TIMEOUT,
        )
    if isinstance(error, _PROXY):
        return _proxy(said)
    if isinstance(error, _CONNECT):
        return _unreachable(error, host)
    if isinstance(error, _HEADERS):
        return AccessDenied(
            "The key or a header holds characters that cannot be sent.",
            "Copy the API key again, without line ends, quotes or spaces.",
        )
    if isinstance(error, _URLS):
        return _address(said)
    if isinstance(error, _PROTOCOL) and not _ended(said):
        return BadResponse(f"What answered does not speak HTTP: {said}", _BETWEEN)
    if isinstance(error, _NETWORK + _PROTOCOL):
        return ConnectionDropped(
            "The connection ended before the answer was complete.", Hint.ASK_AGAIN_KEPT
        )
    if isinstance(error, OSError):
        return _unreachable(error, host)
    if isinstance(error, httpx2.TooManyRedirects):
        return BadResponse("The service redirects in a circle.", _BETWEEN)
    return BadResponse(f"The response cannot be read: {said or type(error).__name__}", _BETWEEN)


def _proxy(said: str) -> Unreachable:
    return Unreachable(
        f"The proxy refused the connection: {said}",
        "Check HTTPS_PROXY or ALL_PROXY (with user and password if it asks for them) and NO_PROXY.",
    )


def _address(said: str) -> Unreachable:
    return Unreachable(
        f"The service's address cannot be used: {said}",
        "Check GOOGLE_GEMINI_BASE_URL or GOOGLE_VERTEX_BASE_URL, and the proxy's address.",
    )


def _ended(said: str) -> bool:
    return not said or "disconnected" in said or "closed connection" in said


def _unreachable(error: BaseException, host: str) -> GeminiError:
    """By what the system said: name, refusal, TLS, network."""
    cause = _system_cause(error)
    said = one_line(str(cause))
    if isinstance(cause, ssl.SSLError):
        return _tls(cause)
    if isinstance(cause, socket.gaierror):
        return Unreachable(
            f"The service's name cannot be resolved: {said}",
            "Check the network and DNS; behind a proxy set HTTPS_PROXY.",
        )
    file = getattr(cause, "filename", None)
    if isinstance(file, str):
        return Unreachable(
            f"A file that the request needs cannot be read: {file}: {said}",
            "Correct the path (GOOGLE_APPLICATION_CREDENTIALS, SSL_CERT_FILE, REQUESTS_CA_BUNDLE) "
            "or the file's permissions.",
        )
    if isinstance(cause, ConnectionRefusedError):
        where = host or "the service's address"
        return Unreachable(
            f"Nobody answers at {where}: {said}",
            Hint.CHECK_ADDRESS,
        )
    return Unreachable(f"The service cannot be reached: {said}", _NETWORK_HINT)


def _system_cause(error: BaseException) -> BaseException:
    seen = error
    while not isinstance(seen, OSError) and (seen.__cause__ or seen.__context__):
        seen = seen.__cause__ or seen.__context__ or seen
    return seen


def _tls(error: ssl.SSLError) -> Unreachable:
    said = one_line(str(error))
    if isinstance(error, ssl.SSLCertVerificationError):
        why = one_line(getattr(error, "verify_message", "") or said)
        return Unreachable(
            f"The service's certificate is not trusted: {why}",
            "Behind a proxy that opens TLS, set SSL_CERT_FILE to its certificate authority.",
        )
    return Unreachable(
        f"A secure connection could not be made: {said}",
        "Check the base URL (https or http, port) and the proxy.",
    )
