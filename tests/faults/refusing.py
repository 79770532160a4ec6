"""Faults of the service: HTTP statuses, with and without word of when to come back."""

from __future__ import annotations

import email.utils
import json
import time
from dataclasses import dataclass, field

from ..replay import Asked
from .answer import Mode

CLASSES = {
    400: "BadRequest",
    401: "AccessDenied",
    403: "AccessDenied",
    404: "ModelNotFound",
    407: "Unreachable",
    408: "ServiceUnavailable",
    413: "BadRequest",
    429: "RateLimited",
    499: "ServiceUnavailable",
    500: "ServiceUnavailable",
    502: "ServiceUnavailable",
    503: "ServiceUnavailable",
    504: "ServiceUnavailable",
}
PASSING = (408, 429, 500, 502, 503, 504)
_WORDS = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
}
_PAGE = b"<html><head><title>%d Gateway</title></head></html>"


@dataclass(frozen=True)
class Refusal:
    """One refusal: ``kind`` of body is json, page or empty; ``delay`` is RetryInfo's."""

    code: int
    kind: str = "json"
    delay: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> None:
        body = self._body()
        given = {"content_type": "application/json", "content_length": str(len(body))}
        if self.kind == "page":
            given["content_type"] = "text/html"
        asked.head(self.code, **given, **self.headers)
        asked.send(body)

    def _body(self) -> bytes:
        if self.kind == "empty":
            return b""
        if self.kind == "page":
            return _PAGE % self.code
        details = []
        if self.delay is not None:
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            details.append({"@type": kind, "retryDelay": self.delay})
        error = {
            "code": self.code,
            "message": "refused for the test",
            "status": _WORDS.get(self.code, "INTERNAL"),
            "details": details,
        }
        return json.dumps({"error": error}, indent=2).encode()


def http_date(ahead: float, skew: float = 0.0) -> dict[str, str]:
    """Retry-After as a date ``ahead`` seconds from the service's now, which Date tells.

    ``skew``: seconds by which the service's clock is ahead of this machine's.
    """
    now = time.time() + skew
    return {
        "date": email.utils.formatdate(now, usegmt=True),
        "retry_after": email.utils.formatdate(now + ahead, usegmt=True),
    }


def redirect(asked: Asked, mode: Mode, status: int, location: str) -> None:
    """Send the client elsewhere."""
    asked.head(status, location=location, content_length="0")
