"""The service's own error JSON to our errors: what it said in one line, and what to do next.

The body is ``{"error": {"code", "message", "status", "details"}}``, the same in an array, or
``{"message": text, "status": reason}`` where the SDK found no JSON. Pure: no SDK, no HTTP client.
"""

from __future__ import annotations

import datetime
import email.utils
import re
from collections.abc import Mapping
from typing import Any

from gemini_magic import characters
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
from gemini_magic.parts import Json
from gemini_magic.transport.sse import not_json

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
_KEY_PAGE = "https://aistudio.google.com/apikey"
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)s\s*")
_ABOUT_MODEL = re.compile(r"\bmodel\b.*(support|format)|(support|enabled).*\bmodels?\b")
_REFUSED_LEVEL = re.compile(r"thinking level (\w+) is not supported", re.IGNORECASE)


_KEY_WORDS = re.compile(r"api key (expired|not valid|not found)", re.IGNORECASE)


def refusal(body: Any, code: int = 0, headers: Mapping[str, str] | None = None) -> GeminiError:
    """The error for what the service answered instead of content.

    ``code``: the HTTP status; 0 when the error came inside a stream (the body's code counts then).
    ``headers``: of the response, for Retry-After. Always a class that says what kind of failure it
    is, with one line for what happened and one for what to do.
    """
    error = _error(body)
    status = error["status"] if isinstance(error.get("status"), str) else ""
    told = bool(code or error.get("code") or status)
    if not code:
        given = error.get("code")
        code = given if isinstance(given, int) and given else _CODES.get(status, 500)
    message = error["message"] if isinstance(error.get("message"), str) else ""
    found = _Found(code, status, message, _details(error), headers or {}, told)
    if code < 400:
        return _no_answer(found)
    if code == 407:
        return Unreachable(found.what("The proxy asks for a login"), _PROXY_LOGIN)
    if found.reason == "API_KEY_INVALID" or _KEY_WORDS.search(message):
        return found.as_(AccessDenied, "The service refused the API key", _KEY)
    if "location is not supported" in message.lower():
        return found.as_(AccessDenied, "The service refused this location", _LOCATION)
    if code in (401, 403):
        return found.as_(AccessDenied, "The service refused access", _access_hint(found))
    if code == 404:
        return found.as_(ModelNotFound, "The service does not know this model or path", _MODELS)
    if code == 429:
        return found.as_(RateLimited, "Too many requests, or no quota left", _quota_hint(found))
    if code == 499:
        return found.as_(ServiceUnavailable, "The service cancelled the request", _LATER)
    if code == 408 or code >= 500:
        return found.as_(ServiceUnavailable, "The service failed", _LATER)
    return found.as_(BadRequest, "The service could not use the request", _request_hint(found))


class _Found:
    """What an error body says, picked out."""

    def __init__(
        self,
        code: int,
        status: str,
        message: str,
        details: list[Json],
        headers: Mapping[str, str],
        told: bool,
    ) -> None:
        self.code = code
        self.told = told  # else the code is ours: the service gave none
        self.status = status
        self.message = message
        self.details = details
        self.reason = str(self.detail("ErrorInfo").get("reason") or "")
        self.retry_after = _retry_after(self.detail("RetryInfo").get("retryDelay"), headers)

    def detail(self, kind: str) -> Json:
        """The first detail whose type ends in ``kind``, else an empty dict."""
        for item in self.details:
            if str(item.get("@type", "")).endswith("." + kind):
                return item
        return {}

    def what(self, what: str) -> str:
        said = one_line(self.message)
        where = f" ({one_line(f'{self.code} {self.status}', 80)})" if self.told else ""
        return f"{what}{where}" + (f": {said}" if said else ".")

    def as_(
        self,
        kind: type[AccessDenied | BadRequest | ModelNotFound | RateLimited | ServiceUnavailable],
        what: str,
        hint: str,
    ) -> GeminiError:
        return kind(
            self.what(what),
            hint,
            code=self.code,
            status=self.status,
            retry_after=self.retry_after,
        )


def _error(body: Any) -> Json:
    if isinstance(body, list):
        body = next((item for item in body if isinstance(item, dict)), {})
    if not isinstance(body, dict):
        return {"message": str(body or "")}
    inner = body.get("error", body)
    return inner if isinstance(inner, dict) else {**body, "message": str(inner)}


def _details(error: Json) -> list[Json]:
    details = error.get("details")
    if not isinstance(details, list):
        return []
    return [item for item in details if isinstance(item, dict)]


def _no_answer(found: _Found) -> GeminiError:
    return BadResponse(
        found.what("The service answered with a status that carries no answer"),
        "Check the base URL (GOOGLE_GEMINI_BASE_URL, GOOGLE_VERTEX_BASE_URL) and the proxy.",
    )


_KEY = (
    f"Check the key or get one at {_KEY_PAGE}; GOOGLE_API_KEY is used before GEMINI_API_KEY "
    "when both are set."
)
_LOCATION = (
    "Gemini is not offered where this request comes from; Vertex in a supported region may be "
    "(GOOGLE_GENAI_USE_VERTEXAI=true, GOOGLE_CLOUD_LOCATION)."
)
_MODELS = "%gemini models lists the models; choose one with -m, or another api_version."
_LATER = "Run the cell again in a while; if it keeps failing, try another model (-m)."
_PROXY_LOGIN = (
    "Put the proxy's user and password into HTTPS_PROXY (http://user:password@host:port)."
)


def _access_hint(found: _Found) -> str:
    metadata = found.detail("ErrorInfo").get("metadata")
    link = metadata.get("activationUrl") if isinstance(metadata, dict) else None
    links = found.detail("Help").get("links")
    if not link and isinstance(links, list) and links and isinstance(links[0], dict):
        link = links[0].get("url")
    if found.reason == "SERVICE_DISABLED":
        where = f" at {one_line(str(link))}" if link else ""
        return f"Switch the API on for the project{where}, wait a minute and run the cell again."
    if found.reason == "ACCESS_TOKEN_TYPE_UNSUPPORTED" or "OAuth" in found.message:
        return (
            "Vertex takes Google Cloud credentials: run `gcloud auth application-default login`, "
            "or choose the Gemini API with a key (%gemini backend developer)."
        )
    if "unregistered callers" in found.message or "without established identity" in found.message:
        return f"No key arrived: set GEMINI_API_KEY (get one at {_KEY_PAGE})."
    if found.code == 401:
        return "Check the key or token; for Vertex run `gcloud auth application-default login`."
    return (
        "The key or account may not do this: check the key's restrictions, or on Vertex that the "
        "account has the role Vertex AI User in this project."
    )


def _quota_hint(found: _Found) -> str:
    violations = found.detail("QuotaFailure").get("violations")
    quota = ""
    if isinstance(violations, list) and violations and isinstance(violations[0], dict):
        quota = str(violations[0].get("quotaId") or "")
    metadata = found.detail("ErrorInfo").get("metadata")
    if not quota and isinstance(metadata, dict):
        quota = str(metadata.get("quota_limit") or "")
    match found.retry_after:
        case None:
            again = "Wait a while and run"
        case 0:
            again = "Run"
        case seconds:
            again = f"Wait {seconds:g} s and run"
    over = f" Quota: {one_line(quota)}." if quota else ""
    return f"{again} the cell again, or use another model or key.{over}"


def _request_hint(found: _Found) -> str:
    message = found.message.lower()
    level = _REFUSED_LEVEL.search(message)
    if level:
        # The levels every thinking model since Gemini 3 is known to take.
        left = [name for name in ("low", "medium", "high") if name != level[1]]
        return f"This model takes --thinking {' or '.join(left)}."
    if "thinking" in message:
        return "Leave --thinking out, or choose a model that thinks (%gemini models)."
    if found.code == 413 or "token count" in message or "payload size" in message:
        return "Send less: a smaller attachment, or %gemini conversation --new for a fresh history."
    if _ABOUT_MODEL.search(message):
        return _MODELS
    return (
        "Change the prompt, the attachments or the options; %%gemini --preview shows the request."
    )


def _retry_after(delay: Any, headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: RetryInfo's duration ("34.4s"), else the header (seconds or a date)."""
    found = _DURATION.fullmatch(delay) if isinstance(delay, str) else None
    if found:
        return float(found[1])
    given = {name.lower(): value.strip() for name, value in headers.items()}
    header = given.get("retry-after", "")
    if re.fullmatch(r"\d+(\.\d+)?", header):
        return float(header)
    when = _date(header)
    if when is None:
        return None
    # By the service's own clock, where it tells it: this machine's may be hours away.
    now = _date(given.get("date", "")) or datetime.datetime.now(datetime.UTC)
    return max(0.0, (when - now).total_seconds())


def _date(header: str) -> datetime.datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=datetime.UTC)


def one_line(text: str, most: int = 280) -> str:
    """``text`` as one line of at most ``most`` characters; of a web page its title."""
    if text.lstrip()[:1] == "<":
        return not_json(text.encode()).what
    return characters.one_line(text, most)
