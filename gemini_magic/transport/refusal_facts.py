"""The facts in the service's error JSON: code, message, details, quota, how long to wait.

The body is ``{"error": {"code", "message", "status", "details"}}``, the same in an array, or
``{"message": text, "status": reason}`` where the SDK found no JSON. Pure.
"""

from __future__ import annotations

import datetime
import email.utils
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from gemini_magic import text as characters
from gemini_magic.errors import (
    AccessDenied,
    BadRequest,
    GeminiError,
    ModelNotFound,
    RateLimited,
    ServiceUnavailable,
)
from gemini_magic.hints import Advice, Hint
from gemini_magic.transport.asked import Asked
from gemini_magic.transport.quotas import Quota, quota, telling
from gemini_magic.transport.sse import not_json
from gemini_magic.turn.parts import Json

_MOST = 280  # characters of what the service said
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)s\s*")


class Found:
    """The facts in an error body."""

    def __init__(
        self,
        code: int,
        status: str,
        message: str,
        details: list[Json],
        headers: Mapping[str, str],
        told: bool,
        asked: Asked,
    ) -> None:
        self.code = code
        self.asked = asked
        self.told = told  # else the code is ours: the service gave none
        self.status = status
        self.message = message
        self.details = details
        self.unknown: frozenset[str] = frozenset()  # fields of ours, see `ServiceError`
        self.reason = str(self.detail("ErrorInfo").get("reason") or "")
        self.retry_after = _retry_after(self.detail("RetryInfo").get("retryDelay"), headers)

    def link(self) -> str:
        """The page that the service names for it, else empty."""
        metadata = self.detail("ErrorInfo").get("metadata")
        link = metadata.get("activationUrl") if isinstance(metadata, dict) else None
        links = self.detail("Help").get("links")
        if not link and isinstance(links, list) and links and isinstance(links[0], dict):
            link = links[0].get("url")
        return str(link or "")

    def detail(self, kind: str) -> Json:
        """The first detail whose type ends in ``kind``, else an empty dict."""
        for item in self.details:
            if str(item.get("@type", "")).endswith("." + kind):
                return item
        return {}

    @cached_property
    def quota(self) -> Quota:
        """The quota it speaks of, where it does."""
        violations = self.detail("QuotaFailure").get("violations")
        listed = violations if isinstance(violations, list) else []
        return quota(
            self.message,
            [one for one in listed if isinstance(one, dict)],
            self.detail("ErrorInfo"),
        )

    def told_of(self) -> str:
        """All that it says about fields: the message, and the violations in its details."""
        violations = self.detail("BadRequest").get("fieldViolations")
        listed = violations if isinstance(violations, list) else []
        return "\n".join([self.message, *(json.dumps(one, default=str) for one in listed)])

    def what(self, what: str) -> str:
        page = self.message.lstrip()[:1] == "<"
        said = one_line(self.message if page else telling(self.message, _MOST), _MOST)
        where = f" ({one_line(f'{self.code} {self.status}', 80)})" if self.told else ""
        return f"{what}{where}" + (f": {said}" if said else ".")

    def as_(
        self,
        kind: type[AccessDenied | BadRequest | ModelNotFound | RateLimited | ServiceUnavailable],
        what: str,
        hint: str | Hint | Advice,
    ) -> GeminiError:
        return kind(
            self.what(what),
            hint,
            code=self.code,
            status=self.status,
            retry_after=self.retry_after,
            again=self.quota.again if self.code in (429, 503) else None,
            scope=self.quota.scope if self.code in (429, 503) else "",
            unknown=self.unknown,
        )


# Google says 'Invalid JSON payload received. Unknown name "store": Cannot find field.'; the others
# are how OpenAI's and pydantic's servers, and gateways made with them, say it. A refusal of its
# value must not be taken for one of these: what was to be kept by nobody would be kept.
_NEW = r"(unknown|unrecogni[sz]ed|unexpected|unsupported|extra|undefined|no such)"
_NAMED = (
    r"(?:name|field|parameter|param|argument|property|key|option|input|member|attribute|keyword"
    r"|request|body|json|object|supplied|found|in|the|msg|message|s)s?"
)
_FIELD = r"(?:[\"'`]store[\"'`]|\bstore(?=\s*:)|\.store\b|^\W*store\b)"
_UNKNOWN = re.compile(
    rf"\b{_NEW}\W+(?:(?:{_NAMED}\W+){{1,4}}|[\"'`])(?<!the )store\b"
    rf"|(?:{_FIELD}|\b{_NAMED}\s+store\b)\W+(?:(?:is|was|an?|{_NAMED})\W+){{0,4}}"
    rf"(cannot find field|extra inputs|{_NEW}(?!\W+(?:\w+\W+)?(?:value|for|by|with)\b))",
    re.IGNORECASE,
)
_STORE = re.compile(
    r"[\"'`]store[\"'`]|\bstore\s*[=:]|\bstore (parameter|field|option)\b|^store\b"
    r"|\b(parameter|field|option|value|argument)( for| of)? store\b|\bstore (must|cannot)\b"
    r"|\b(storage|storing|logging) (cannot|can not|may not|must not) be (disabled|switched off)",
    re.IGNORECASE,
)


# "Thinking_config.include_thoughts is only enabled when thinking is enabled." and "Unable to submit
# request because thinking is not supported by this model." are known from public reports.
_THOUGHTS = re.compile(r"include_?thoughts", re.IGNORECASE)
_THINKING = re.compile(
    r"include_?thoughts|thinking_?config"
    r"|\bthinking( mode)? (is|are)? ?not (supported|enabled|available|allowed)"
    r"|not (support|enable|have) thinking\b",
    re.IGNORECASE,
)


def unknown_fields(found: Found) -> frozenset[str]:
    """The fields of ours that a refusal says it does not know, or that the model does not take."""
    if found.code not in (400, 422):
        return frozenset()
    said, asked = found.told_of(), found.asked
    unknown = set()
    if asked.unkept and _UNKNOWN.search(said):
        unknown.add("store")
    # With a level it may be the level that is refused.
    thinking = _THOUGHTS if "thinking" in asked.options else _THINKING
    if asked.thoughts and thinking.search(said):
        unknown.add("thoughts")
    return frozenset(unknown)


def refuses_store(found: Found) -> bool:
    """Whether a refusal is about ``store``, which it knows."""
    return found.asked.unkept and _STORE.search(found.told_of()) is not None


def error_of(body: Any) -> Json:
    """The error object in a body, of whatever shape."""
    if isinstance(body, list):
        body = next((item for item in body if isinstance(item, dict)), {})
    if not isinstance(body, dict):
        return {"message": str(body or "")}
    fault, errors = body.get("fault"), body.get("errors")  # of Apigee, and of other gateways
    if "error" not in body and isinstance(fault, dict):
        return {**fault, "message": str(fault.get("faultstring") or "")}
    if "error" not in body and "message" not in body and isinstance(errors, list):
        return error_of(errors)
    inner = body.get("error", body)
    return inner if isinstance(inner, dict) else {**body, "message": str(inner)}


def detail_of(error: Json) -> str:
    """What an error without a message says under ``detail``, as servers of FastAPI have it."""
    detail = error.get("detail")
    return detail if isinstance(detail, str) else json.dumps(detail) if detail else ""


def details_of(error: Json) -> list[Json]:
    """Its details, as far as they are objects."""
    details = error.get("details")
    if not isinstance(details, list):
        return []
    return [item for item in details if isinstance(item, dict)]


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
