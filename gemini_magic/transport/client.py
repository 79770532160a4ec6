"""Builds one `genai.Client` per backend, over our own HTTP client (`gemini_magic.transport.http`).

It also keeps keys out of the logs of the libraries below. A user who switches DEBUG on for
``httpcore2`` or ``httpx2`` gets requests and responses written: URLs, and headers in which a proxy
may echo what was sent. A filter on a logger sees only what that very logger is given, so each of
the libraries' loggers gets one.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import OptionError, redact
from gemini_magic.transport.backends import Backend

if TYPE_CHECKING:
    from google import genai

    from gemini_magic.transport.http import HttpClient
    from gemini_magic.transport.keep_alive import KeepAlive

_LOGGING = ("google_genai", "google", "httpcore2", "httpx2", "urllib3")
# Of modules that are imported in the middle of a request, when a token is fetched for Vertex.
SDK = (3, 4)  # the oldest that takes our HTTP client; also in pyproject.toml
LATER = (
    "google.auth.compute_engine._metadata",
    "google.auth.compute_engine.credentials",
    "google.auth.transport.requests",
    "google.oauth2._client",
    "google.oauth2.service_account",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)


def build(
    backend: Backend, announce: Callable[[Any], object], keep: KeepAlive | None = None
) -> tuple[genai.Client, HttpClient]:
    """The SDK's client for ``backend``, and the HTTP client below it; sends nothing itself.

    ``announce``: called with the URL of each request before it is sent. ``keep``: where its
    connections are kept.
    On Vertex without credentials the application default ones are looked up, which may ask the
    metadata service of a Google machine. Raises what the SDK and google.auth raise.
    """
    built = _build(backend, announce, keep)
    keep_keys_out_of_logs()  # here, where the libraries have been imported and have their loggers
    return built


def _build(
    backend: Backend, announce: Callable[[Any], object], keep: KeepAlive | None
) -> tuple[genai.Client, HttpClient]:
    from google import genai
    from google.genai import types

    from gemini_magic.transport.http import HttpClient

    check_sdk(genai.__version__)

    # Without a handler of its own the SDK's warnings go to stderr, which a notebook shows in red.
    # Handlers the user has set up higher still get them.
    logger = logging.getLogger("google_genai")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    http = HttpClient(announce, keep)
    options = types.HttpOptions(
        api_version=backend.api_version,
        base_url=backend.base_url,
        httpx_client=http.client,
        httpx_async_client=http.unused_async_client,
        # For its live connections, which are not used: without it the SDK reads all certificates.
        async_client_args={"ssl": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)},
    )
    if backend.kind == "emulator" and not (backend.api_key and backend.base_url):
        # The SDK would take the user's key from the environment, and Google's address.
        raise ValueError("the emulator is not started")
    if backend.kind != "vertex":
        return genai.Client(vertexai=False, api_key=backend.api_key, http_options=options), http
    if backend.api_key is not None:
        return genai.Client(vertexai=True, api_key=backend.api_key, http_options=options), http
    credentials, project = backend.credentials, backend.project
    if credentials is None:
        # Looked up here: with a base URL of its own the SDK would send without project and token.
        from gemini_magic.transport.logins import application_default

        credentials, found = application_default(http)
        project = project or found
    if project is None:
        raise ValueError("no project in the environment or the credentials")
    client = genai.Client(
        vertexai=True,
        project=project,
        location=backend.location or "global",
        credentials=credentials,
        http_options=options,
    )
    return client, http


def check_sdk(found: str) -> None:
    """OptionError when the SDK of version ``found``, the one that is loaded, is too old."""
    numbers = [int(one) for one in re.findall(r"\d+", found)[:2]]
    if tuple(numbers) < SDK:
        needed = ".".join(map(str, SDK))
        raise OptionError(
            f"google-genai {found} is too old: {needed} or newer is needed.",
            f'pip install --upgrade "google-genai>={needed}", then restart the kernel.',
        )


class _Redact(logging.Filter):
    """Writes out a record's message at once, with keys replaced."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


_REDACT = _Redact()  # one for the process, as loggers are


def keep_keys_out_of_logs() -> None:
    """Replace keys in what the libraries' loggers, as far as there are any yet, write from now."""
    for name in {*logging.root.manager.loggerDict, *LATER}:
        if name.split(".")[0] in _LOGGING:
            logger = logging.getLogger(name)
            if _REDACT not in logger.filters:
                logger.addFilter(_REDACT)
