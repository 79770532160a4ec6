"""One `genai.Client` per backend, over our own HTTP client (`gemini_magic.transport.http`)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gemini_magic.transport.backends import Backend
from gemini_magic.transport.logs import keep_keys_out_of_logs

if TYPE_CHECKING:
    from google import genai

    from gemini_magic.transport.http import HttpClient

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


def build(backend: Backend) -> tuple[genai.Client, HttpClient]:
    """The SDK's client for ``backend``, and the HTTP client below it; sends nothing itself.

    On Vertex without credentials the application default ones are looked up, which may ask the
    metadata service of a Google machine. Raises what the SDK and google.auth raise.
    """
    built = _build(backend)
    keep_keys_out_of_logs()  # here, where the libraries have been imported and have their loggers
    return built


def _build(backend: Backend) -> tuple[genai.Client, HttpClient]:
    from google import genai
    from google.genai import types

    from gemini_magic.transport.http import HttpClient

    # Without a handler of its own the SDK's warnings go to stderr, which a notebook shows in red.
    # Handlers the user has set up higher still get them.
    logger = logging.getLogger("google_genai")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    http = HttpClient()
    options = types.HttpOptions(
        api_version=backend.api_version,
        base_url=backend.base_url,
        httpx_client=http.client,
        httpx_async_client=http.unused_async_client,
    )
    if backend.kind != "vertex":
        return genai.Client(vertexai=False, api_key=backend.api_key, http_options=options), http
    if backend.api_key is not None:
        return genai.Client(vertexai=True, api_key=backend.api_key, http_options=options), http
    credentials, project = backend.credentials, backend.project
    if credentials is None:
        # Looked up here: with a base URL of its own the SDK would send without project and token.
        import google.auth

        credentials, found = google.auth.default(scopes=_SCOPES)
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
