"""Turns the service's error JSON into our errors: its message in one line, and a hint.

What it says is read in `refusal_facts`, which way is out is found in `refusal_hints`. Pure: no SDK,
no HTTP client.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gemini_magic.errors import (
    AccessDenied,
    BadRequest,
    BadResponse,
    GeminiError,
    ModelNotFound,
    RateLimited,
    ServiceUnavailable,
    Unreachable,
)
from gemini_magic.hints import Hint
from gemini_magic.transport.asked import Asked, refused_options
from gemini_magic.transport.quotas import of_money
from gemini_magic.transport.refusal_facts import (
    Found,
    detail_of,
    details_of,
    error_of,
    unknown_fields,
)
from gemini_magic.transport.refusal_hints import (
    access_hint,
    key_hint,
    money_hint,
    new_key,
    option_hint,
    quota_hint,
    request_hint,
)

_CODES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


_KEY_WORDS = re.compile(r"api key (expired|not valid|not found|invalid)", re.IGNORECASE)
_LEAKED = re.compile(r"\b(reported as leaked|leaked|compromised)\b", re.IGNORECASE)
# "You do not have permission to access the File abc or it may not exist." (reported), and the
# names of files; not "Unsupported file uri", which names an address of the user's own.
_FILE = re.compile(
    r"\bthe File [\w-]+|\bfiles/[\w-]+|\bFile \S+ (not found|is not in an ACTIVE)", re.I
)
# The first is recorded, the second reported.
_ADDRESS = re.compile(r"\bfile uri\b|cannot fetch content from the provided url", re.IGNORECASE)
_NO_UPLOADS = (403, 404, 405, 413, 501)  # a gateway without a Files API, or with a small limit


def refusal(
    body: Any,
    code: int = 0,
    headers: Mapping[str, str] | None = None,
    asked: Asked | None = None,
) -> GeminiError:
    """The error for what the service answered instead of content.

    ``code``: the HTTP status; 0 when the error came inside a stream (the body's code counts then).
    ``headers``: of the response, for Retry-After. ``asked``: what was asked, for the hint. Always a
    class that says what kind of failure it is, with one line for what happened and one for what to
    do.
    """
    error = error_of(body)
    status = error["status"] if isinstance(error.get("status"), str) else ""
    told = bool(code or error.get("code") or status)
    if not code:
        given = error.get("code")
        code = given if isinstance(given, int) and given else _CODES.get(status, 500)
    message = error["message"] if isinstance(error.get("message"), str) else detail_of(error)
    found = Found(code, status, message, details_of(error), headers or {}, told, asked or Asked())
    if code < 400:
        return _no_answer(found)
    if code == 407:
        return Unreachable(found.what("The proxy asks for a login"), _PROXY_LOGIN)
    found.unknown = unknown_fields(found)
    return _of_key(found) or _of_file(found) or _by_status(found)


def _of_key(found: Found) -> GeminiError | None:
    """The error of a refusal that is about the key, the place or the money behind it."""
    message = found.message
    if found.code in (400, 401, 403) and _LEAKED.search(message):
        return found.as_(AccessDenied, "The service refused the API key", new_key(found))
    if found.reason == "API_KEY_INVALID" or _KEY_WORDS.search(message):
        return found.as_(AccessDenied, "The service refused the API key", key_hint(found))
    if found.code == 429 or found.code >= 500:
        return None
    if of_money(message, found.reason) or found.code == 402:
        return found.as_(AccessDenied, "The service asks for billing", money_hint(found))
    if "location is not supported" in message.lower():
        return found.as_(
            AccessDenied,
            "The service refused this location",
            Hint.REGION if found.asked.backend == "vertex" else _LOCATION,
        )
    return None


def _of_file(found: Found) -> GeminiError | None:
    """The error of a refusal that is about an attachment, by what was asked."""
    kind: type[AccessDenied | BadRequest] = AccessDenied if found.code == 403 else BadRequest
    if found.asked.kind == "upload" and found.code in _NO_UPLOADS and not found.reason:
        return found.as_(
            kind, "The service takes no upload of this file", Hint.UPLOAD_REFUSED(size="more")
        )
    if found.asked.kind != "generate" or found.code not in (400, 403, 404):
        return None
    if "storage.objects" in found.message or "storage.buckets" in found.message:
        return found.as_(kind, "The service may not read the attached file", Hint.BUCKET_REFUSED)
    if _ADDRESS.search(found.message):
        return found.as_(kind, "The service refused an attached address", Hint.ADDRESS_REFUSED)
    if _FILE.search(found.message):
        return found.as_(kind, "The service refused an uploaded file", Hint.FILE_REFUSED)
    return None


def _by_status(found: Found) -> GeminiError:
    """The error of a refusal by its HTTP status."""
    code = found.code
    if code in (401, 403):
        return found.as_(AccessDenied, "The service refused access", access_hint(found))
    if code == 404:
        options, together = refused_options(found.message, found.asked)
        if options:
            return found.as_(BadRequest, _REQUEST, option_hint(options, together))
        hint = Hint.CHOOSE_MODEL_OR_REGION if found.asked.by_login else Hint.CHOOSE_MODEL
        return found.as_(ModelNotFound, "The service does not know this model or path", hint)
    if code == 429:
        scope = found.quota.scope
        return found.as_(RateLimited, _WANTING.get(scope, _WANTING[""]), quota_hint(found))
    if code == 499:
        return found.as_(ServiceUnavailable, "The service cancelled the request", Hint.ASK_LATER)
    if code == 408 or code >= 500:
        final = code == 503 and found.quota.again is not None
        advice = quota_hint(found) if final else Hint.ASK_LATER
        return found.as_(ServiceUnavailable, "The service failed", advice)
    return found.as_(BadRequest, _REQUEST, request_hint(found))


_REQUEST = "The service could not use the request"
_WANTING: Mapping[str, str] = {
    "": "Too many requests, or no quota left",
    "minute": "Too many requests for now",
    "day": "The quota of the day is used up",
    "long": "The quota of the week or month is used up",
    "never": "There is no quota for this at all (limit 0)",
    "credits": "The prepaid credits are used up",
    "cap": "The spending cap is reached",
    "billing": "Billing is not active",
}


def _no_answer(found: Found) -> GeminiError:
    return BadResponse(
        found.what("The service answered with a status that carries no answer"),
        "Check the base URL (GOOGLE_GEMINI_BASE_URL, GOOGLE_VERTEX_BASE_URL) and the proxy.",
    )


_LOCATION = (
    "Gemini is not offered where this request comes from; Vertex in a supported region may be "
    "(GOOGLE_GENAI_USE_VERTEXAI=true, GOOGLE_CLOUD_LOCATION)."
)
_PROXY_LOGIN = (
    "Put the proxy's user and password into HTTPS_PROXY (http://user:password@host:port)."
)
