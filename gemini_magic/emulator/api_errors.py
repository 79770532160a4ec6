"""The service's refusals, with the wording that was recorded from it (or marked as assumed)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
MESSAGES = {
    400: "Request contains an invalid argument.",
    404: "Requested entity was not found.",
    499: "The operation was cancelled.",
    500: "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting",
    503: "The model is overloaded. Please try again later.",
    504: "Deadline expired before operation could complete.",
}
_TYPE = "type.googleapis.com/google.rpc."


class ApiError(Exception):
    """A refusal that becomes ``{"error": {...}}`` with this HTTP status."""

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        status: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.code = code
        self.status = status or STATUS.get(code, "UNKNOWN")
        self.message = message or MESSAGES.get(code, f"HTTP {code}")
        self.details = [dict(detail) for detail in details]
        self.headers: dict[str, str] = {}  # beside those that every answer has
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """The JSON body, fields in the order the service sends them."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}


def invalid(message: str) -> ApiError:
    """400 INVALID_ARGUMENT."""
    return ApiError(400, message)


def invalid_payload(field: str, description: str) -> ApiError:
    """400 for JSON that does not fit the message types, with its ``BadRequest`` detail."""
    violation = {"description": description}
    if field:
        violation = {"field": field, **violation}
    return ApiError(
        400,
        description,
        details=[{"@type": _TYPE + "BadRequest", "fieldViolations": [violation]}],
    )


def unknown_field(name: str, where: str) -> ApiError:
    """400 for a field the message does not have; ``where`` is the path of the message."""
    place = f" at '{where}'" if where else ""
    return invalid_payload(
        where, f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'
    )


def no_key() -> ApiError:
    """403: no identity at all on the Developer API."""
    return ApiError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def bad_key() -> ApiError:
    """400 (not 401): a key the Developer API does not know."""
    message = "API key not valid. Please pass a valid API key."
    return ApiError(
        400,
        message,
        details=[
            {
                "@type": _TYPE + "ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            },
            {"@type": _TYPE + "LocalizedMessage", "locale": "en-US", "message": message},
        ],
    )


def unauthenticated(reason: str, *, key_given: bool = False, vertex: bool = True) -> ApiError:
    """401 of Vertex; ``reason`` is CREDENTIALS_MISSING or ACCESS_TOKEN_TYPE_UNSUPPORTED.

    That of the Developer API, for a wrong token, was not recorded: its service's name is assumed.
    """
    message = (
        "API keys are not supported by this API. Expected OAuth2 access token or other "
        "authentication credentials that assert a principal. "
        "See https://cloud.google.com/docs/authentication"
        if key_given
        else "Request had invalid authentication credentials. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    metadata = {
        "method": "google.cloud.aiplatform.v1beta1.PredictionService.GenerateContent",
        "service": "aiplatform.googleapis.com",
    }
    info = {
        "@type": _TYPE + "ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata if vertex else {"service": "generativelanguage.googleapis.com"},
    }
    return ApiError(401, message, details=[info])


def model_not_found(model: str, version: str, action: str) -> ApiError:
    """404 of the Developer API."""
    return ApiError(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for "
        f"{action}. Call ListModels to see the list of available models and their supported "
        "methods.",
    )


def publisher_model_not_found(project: str, location: str, model: str) -> ApiError:
    """404 of Vertex."""
    name = f"projects/{project}/locations/{location}/publishers/google/models/{model}"
    return ApiError(404, f"Publisher Model `{name}` not found.")


def exhausted(retry_delay: str | None, quota: str, model: str = "") -> ApiError:
    """429 with QuotaFailure, Help and (on the Developer API) RetryInfo such as ``"3s"``."""
    violation: dict[str, Any] = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
        "quotaId": quota,
    }
    if model:
        violation["quotaDimensions"] = {"location": "global", "model": model}
    details: list[dict[str, Any]] = [
        {"@type": _TYPE + "QuotaFailure", "violations": [violation]},
        {
            "@type": _TYPE + "Help",
            "links": [
                {
                    "description": "Learn more about Gemini API quotas",
                    "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                }
            ],
        },
    ]
    if retry_delay is not None:
        details.append({"@type": _TYPE + "RetryInfo", "retryDelay": retry_delay})
    return ApiError(
        429, "You exceeded your current quota, please check your plan.", details=details
    )


def file_not_accessible(name: str) -> ApiError:
    """403 for a file that is unknown or expired (wording from public reports, not recorded)."""
    return ApiError(
        403, f"You do not have permission to access the File {name} or it may not exist."
    )
