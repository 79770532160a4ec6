"""No foreign exception gets past: each is an error of ours with a next step."""

from __future__ import annotations

import inspect
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import google.auth.exceptions
import httpcore2
import httpx2
import pydantic
import pytest
from google.genai import errors as sdk
from google.genai import types

from gemini_magic.errors import (
    AccessDenied,
    BadRequest,
    BadResponse,
    ConnectionDropped,
    GeminiError,
    NoBackend,
    RateLimited,
    ServiceUnavailable,
    TimedOut,
    Unreachable,
)
from gemini_magic.transport.service_errors import fault

pytestmark = pytest.mark.usefixtures("in_a_cell")


def exceptions_of(module: Any) -> Iterator[type[Exception]]:
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, Exception) and not issubclass(found, Warning):
            yield found


def made(kind: type[Exception]) -> Exception:
    """An instance with whatever its constructor wants."""
    request = httpx2.Request("GET", "http://127.0.0.1/")
    if issubclass(kind, sdk.APIError):
        code = 503 if kind is sdk.ServerError else 400
        return kind(code, {"error": {"code": code, "message": "said", "status": "SAID"}})
    for arguments in ((), ("said",), ("said", "more"), ("said", "more", "most")):
        for names in (
            {},
            {"request": request},
            {"request": request, "response": httpx2.Response(503)},
        ):
            try:
                return kind(*arguments, **names)
            except TypeError:
                continue
    error = kind.__new__(kind)
    error.args = ("said",)
    return error


FOREIGN = sorted(
    {
        found
        for module in (sdk, httpx2, httpcore2, google.auth.exceptions)
        for found in exceptions_of(module)
    },
    key=lambda kind: (kind.__module__, kind.__name__),
)


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_exception_of_the_libraries_below_is_mapped(kind: type[Exception]) -> None:
    error = fault(made(kind), 5)
    assert isinstance(error, GeminiError)
    assert type(error) is not GeminiError
    assert error.hint
    assert 2 <= len(str(error).splitlines()) <= 3
    assert "SDK failed" not in error.what, "only the last resort knew it"


def test_there_are_foreign_exceptions_of_all_four_libraries() -> None:
    assert len(FOREIGN) > 60
    assert {kind.__module__.partition(".")[0] for kind in FOREIGN} >= {
        "google",
        "httpx2",
        "httpcore2",
    }


def caused(kind: type[Exception], cause: BaseException) -> Exception:
    try:
        raise kind("said") from cause
    except Exception as error:  # noqa: BLE001
        return error


def test_where_nobody_answers_is_named() -> None:
    refused = caused(httpcore2.ConnectError, ConnectionRefusedError(111, "Connection refused"))
    assert fault(refused, host="127.0.0.1:8099").what.startswith(
        "Nobody answers at 127.0.0.1:8099: "
    )
    assert "at the service's address" in fault(refused).what


CERTIFICATE = ssl.SSLCertVerificationError(1, "certificate verify failed")
CERTIFICATE.verify_message = "self-signed certificate"


@pytest.mark.parametrize(
    ("error", "kind", "hint"),
    [
        (caused(httpcore2.ConnectError, socket.gaierror(-2, "Name unknown")), Unreachable, "DNS"),
        (caused(httpcore2.ConnectError, ConnectionRefusedError()), Unreachable, "base URL"),
        (caused(httpcore2.ConnectError, CERTIFICATE), Unreachable, "SSL_CERT_FILE"),
        (caused(httpx2.ConnectError, OSError(101, "unreachable")), Unreachable, "proxy"),
        (ssl.SSLError(1, "wrong version number"), Unreachable, "https or http"),
        (httpcore2.ProxyError("407 Login"), Unreachable, "HTTPS_PROXY"),
        (httpx2.UnsupportedProtocol("no scheme"), Unreachable, "GOOGLE_GEMINI_BASE_URL"),
        (httpx2.InvalidURL("bad"), Unreachable, "GOOGLE_GEMINI_BASE_URL"),
        (httpcore2.ConnectTimeout("slow"), TimedOut, "network"),
        (httpcore2.ReadTimeout("slow"), TimedOut, "--timeout"),
        (TimeoutError(), TimedOut, "--timeout"),
        (httpcore2.ReadError("reset"), ConnectionDropped, "again"),
        (ConnectionResetError(104, "reset"), ConnectionDropped, "again"),
        (httpcore2.RemoteProtocolError("Server disconnected without sending a response."),
         ConnectionDropped, "again"),
        (httpcore2.RemoteProtocolError("illegal status line"), BadResponse, "proxy"),
        (httpx2.DecodingError("not gzip"), BadResponse, "proxy"),
        (json.JSONDecodeError("no", "{", 0), BadResponse, "again"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), BadResponse, "again"),
        (UnicodeEncodeError("ascii", "kéy", 1, 2, "no"), AccessDenied, "Copy the API key"),
        (sdk.UnknownApiResponseError("no JSON"), BadResponse, "again"),
        (sdk.ClientError(429, {"error": {"code": 429, "message": "m"}}), RateLimited, "Wait"),
        (sdk.ServerError(503, {"error": {"code": 503}}), ServiceUnavailable, "again"),
        (google.auth.exceptions.DefaultCredentialsError("no"), NoBackend, "gcloud auth"),
        (google.auth.exceptions.RefreshError("expired"), AccessDenied, "gcloud auth"),
        (google.auth.exceptions.TransportError("down"), Unreachable, "network"),
        (ValueError("No API key was provided. Please pass a valid API key."), NoBackend, "GEMINI"),
        (ValueError("Could not resolve project using application default credentials."),
         NoBackend, "GOOGLE_CLOUD_PROJECT"),
        (ValueError("contents are required."), BadRequest, "prompt"),
        (RuntimeError("surprise"), BadResponse, "report"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_a_cause_has_its_class_and_its_own_hint(
    error: Exception, kind: type[GeminiError], hint: str
) -> None:
    found = fault(error, 5)
    assert type(found) is kind
    assert hint in found.hint


def test_a_timeout_names_the_seconds() -> None:
    assert "for 2.5 s" in fault(httpcore2.ReadTimeout("slow"), 2.5).what


def test_an_option_the_sdk_refuses_is_named() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        types.GenerateContentConfig.model_validate({"temperature": "hot"})
    found = fault(caught.value)
    assert type(found) is BadRequest
    assert "temperature" in found.what


def test_an_object_the_sdk_cannot_read_is_a_bad_response() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        types.GenerateContentResponse.model_validate({"candidates": 7})
    assert type(fault(caught.value)) is BadResponse


def test_ours_come_back_as_they_are() -> None:
    ours = BadResponse("what", "hint")
    assert fault(ours) is ours


def test_keys_are_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "abcdefgh-a-secret")
    for quoted in ("AIzaSyA1234567890abcdefghij_-KLMNOPQ", "abcdefgh-a-secret"):
        for error in (
            httpcore2.ProxyError(f"403 for key {quoted}"),
            ValueError(f"Invalid {quoted}"),
            sdk.ClientError(400, {"error": {"code": 400, "message": f"bad key {quoted}"}}),
        ):
            assert quoted not in str(fault(error))
