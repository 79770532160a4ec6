"""Hints know what was asked: the request, its options, the backend and the environment."""

from __future__ import annotations

import json
from typing import Any

import google.auth.exceptions
import pytest

from gemini_magic.batch.hints import COMMAND_LINE
from gemini_magic.errors import (
    AccessDenied,
    BadRequest,
    GeminiError,
    ModelNotFound,
    NoBackend,
    speaking,
)
from gemini_magic.hints import API
from gemini_magic.transport.asked import Asked, asked
from gemini_magic.transport.backends import Backend, choose
from gemini_magic.transport.protocol import Config
from gemini_magic.transport.refusals import refusal
from gemini_magic.transport.service_errors import fault

from ..replay import Answer
from .asking import serving, until_error

pytestmark = pytest.mark.usefixtures("in_a_cell")

FUNCTION = ({"name": "f", "description": "", "parametersJsonSchema": {}},)
DEVELOPER = Backend("developer", api_key="no-key", key_source="GEMINI_API_KEY")
EXPRESS = Backend("vertex", api_key="no-key", key_source="GOOGLE_API_KEY")
LOGIN = Backend("vertex", project="p", location="global")


def said(
    message: str,
    code: int = 400,
    backend: Backend = DEVELOPER,
    config: Config | None = None,
    *,
    kind: Any = "generate",
    reason: str = "",
    environ: dict[str, str] | None = None,
) -> GeminiError:
    error: dict[str, Any] = {"code": code, "message": message}
    if reason:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    request = asked(kind, backend, "gemma-3-27b-it", config or Config(), environ=environ or {})
    return refusal({"error": error}, code, asked=request)


OPTIONS = {
    "code": ("Code execution is not enabled for models/gemma-3-27b-it", Config(), "--no-code"),
    "code, by its name on the wire": (
        "Invalid JSON payload received. Unknown name \"codeExecution\" at 'tools[0]'.",
        Config(),
        "--no-code",
    ),
    "code, on Vertex": (
        "code_execution tool is not supported by this model",
        Config(),
        "--no-code",
    ),
    "code, with what it does not go with": (
        "Unable to use code execution with audio input.",
        Config(),
        "--no-code",
    ),
    "search": (
        "Search Grounding is not supported.",
        Config(code=False, search=True),
        "Leave out --search,",
    ),
    "search, by its name on the wire": (
        "Invalid JSON payload received. Unknown name \"google_search\" at 'tools[0]'",
        Config(search=True),
        "Leave out --search,",
    ),
    "urls": ("Browse tool is not supported.", Config(urls=True), "Leave out --urls,"),
    "urls, beside code": (
        "URL context is not enabled for models/gemini-2.0-flash",
        Config(urls=True),
        "Leave out --urls,",
    ),
    "tools": (
        "Function calling is not enabled for models/gemma-3-12b-it",
        Config(code=False, functions=FUNCTION),
        "Leave out --tool,",
    ),
    "any tool": (
        "Tools are not supported by this model",
        Config(search=True),
        "Leave out the sandbox (--no-code) and --search,",
    ),
    "the system prompt": (
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        Config(code=False, system="Be brief."),
        "Leave out --system,",
    ),
    "the temperature": (
        "Unsupported value: temperature is not supported with this model",
        Config(code=False, temperature=0.5),
        "Leave out --temperature,",
    ),
    "together, in other words": (
        "Search grounding is not supported with code execution.",
        Config(search=True),
        "all but one",
    ),
    "together": (
        "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools "
        "with Function calling.",
        Config(functions=FUNCTION),
        "leave out the sandbox (--no-code) and --tool, all but one",
    ),
    "search tools alone": (
        "Multiple tools are supported only when they are all search tools.",
        Config(search=True),
        "all but one",
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("code", [400, 404])
def test_an_option_the_model_does_not_take_is_named_by_what_is_in_use(name: str, code: int) -> None:
    message, config, way = OPTIONS[name]
    error = said(message, code, config=config)
    assert type(error) is BadRequest
    assert way in error.hint, error.hint
    assert "models lists" not in error.hint


def test_a_request_without_the_option_is_not_told_to_leave_it_out() -> None:
    error = said("Code execution is not enabled for models/m", config=Config(code=False))
    assert "--no-code" not in error.hint


def test_an_unknown_model_stays_an_unknown_model_whatever_is_in_use() -> None:
    error = said(
        "models/m is not found for API version v1beta, or is not supported for generateContent.",
        404,
        config=Config(search=True, functions=FUNCTION),
    )
    assert type(error) is ModelNotFound


def test_the_transport_knows_the_options_of_its_request() -> None:
    body = {"error": {"code": 400, "message": "Code execution is not enabled for models/m"}}
    raw = json.dumps(body).encode()
    for answer in (
        Answer(raw, 400, "application/json"),
        Answer(b"data: " + raw + b"\r\n\r\n"),  # in a stream
    ):
        with serving(answer) as (_, transport):
            _, error = until_error(transport)
            assert isinstance(error, BadRequest)
            assert "--no-code" in error.hint


KEYS = {
    "leaked": (
        "Your API key was reported as leaked. Please use another API key.",
        403,
        DEVELOPER,
        "",
        ("new key", "aistudio.google.com/apikey", "GEMINI_API_KEY"),
    ),
    "leaked, for Vertex": (
        "Your API key was reported as leaked. Please use another API key.",
        403,
        EXPRESS,
        "",
        ("new key", "console.cloud.google.com", "GOOGLE_API_KEY"),
    ),
    "not valid, for Vertex": (
        "API key not valid. Please pass a valid API key.",
        400,
        EXPRESS,
        "API_KEY_INVALID",
        ("GOOGLE_API_KEY", "console.cloud.google.com"),
    ),
    "expired": (
        "API key expired. Please renew the API key.",
        400,
        DEVELOPER,
        "",
        ("GEMINI_API_KEY", "aistudio.google.com/apikey"),
    ),
    "of Vertex, at the Gemini API": (
        "Request had invalid authentication credentials. Expected OAuth 2 access token.",
        401,
        DEVELOPER,
        "ACCESS_TOKEN_TYPE_UNSUPPORTED",
        ("The Gemini API does not take what GEMINI_API_KEY holds", "aistudio.google.com"),
    ),
    "of the Gemini API, at Vertex": (
        "API keys are not supported by this API. Expected OAuth2 access token.",
        401,
        EXPRESS,
        "CREDENTIALS_MISSING",
        ("Vertex does not take what GOOGLE_API_KEY holds", "%gemini backend developer"),
    ),
    "none, at Vertex": (
        "Request is missing required authentication credential. Expected OAuth 2 access token.",
        401,
        LOGIN,
        "CREDENTIALS_MISSING",
        ("gcloud auth",),
    ),
    "restricted to referrers": (
        "Requests from referer <empty> are blocked.",
        403,
        DEVELOPER,
        "API_KEY_HTTP_REFERRER_BLOCKED",
        ("restrictions", "console.cloud.google.com"),
    ),
    "restricted, without a reason": (
        "Requests to this API method are blocked.",
        403,
        DEVELOPER,
        "",
        ("restrictions",),
    ),
    "suspended": (
        "Permission denied: Consumer 'projects/1' has been suspended.",
        403,
        DEVELOPER,
        "CONSUMER_SUSPENDED",
        ("another project",),
    ),
    "without the role": (
        "Permission 'aiplatform.endpoints.predict' denied on resource.",
        403,
        LOGIN,
        "IAM_PERMISSION_DENIED",
        ("Vertex AI User",),
    ),
    "without billing": (
        "This API method requires billing to be enabled.",
        403,
        LOGIN,
        "BILLING_DISABLED",
        ("Set up billing", "console.cloud.google.com/billing"),
    ),
    "without a free tier": (
        "Gemini API free tier is not available in your country. Please enable billing on your "
        "project in Google AI Studio.",
        400,
        DEVELOPER,
        "",
        ("Set up billing",),
    ),
}


@pytest.mark.parametrize("name", KEYS)
def test_advice_about_a_key_fits_the_backend_in_use(name: str) -> None:
    message, code, backend, reason, words = KEYS[name]
    error = said(message, code, backend, reason=reason)
    assert type(error) is AccessDenied
    for word in words:
        assert word in error.hint, error.hint


def test_the_developer_api_is_not_told_of_roles_and_vertex_not_of_ai_studio() -> None:
    for message, code, backend, reason, _ in KEYS.values():
        hint = said(message, code, backend, reason=reason).hint
        if backend is DEVELOPER:
            assert "role" not in hint and "gcloud" not in hint
        else:
            assert "aistudio" not in hint


def test_of_two_keys_the_one_in_use_is_said() -> None:
    both = {"GOOGLE_API_KEY": "a", "GEMINI_API_KEY": "b"}
    error = said("API key not valid.", environ=both)
    assert "GOOGLE_API_KEY is used before GEMINI_API_KEY" in error.hint


@pytest.mark.parametrize(
    ("project", "location", "way"),
    [
        ("p", "", "GOOGLE_CLOUD_PROJECT"),
        ("", "us-central1", "GOOGLE_CLOUD_LOCATION"),
        ("p", "global", "GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION"),
    ],
)
@pytest.mark.parametrize("key", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
def test_a_key_that_vertex_does_not_use_is_named_with_what_is_in_its_way(
    project: str, location: str, way: str, key: str
) -> None:
    environ = {
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_CLOUD_PROJECT": project,
        "GOOGLE_CLOUD_LOCATION": location,
        key: "no-key",
    }
    request = asked("generate", choose(environ=environ, secret=lambda: None), environ=environ)
    none = google.auth.exceptions.DefaultCredentialsError("Your default credentials were not found")
    refused = google.auth.exceptions.RefreshError("expired")
    project_less = ValueError("no project in the environment or the credentials")
    for error in (none, refused, project_less):
        ours = fault(error, asked=request)
        assert isinstance(ours, NoBackend | AccessDenied)
        assert ours.hint.startswith(f"{key} is set, and not used because of {way}: "), ours.hint


def test_without_a_key_vertex_is_told_to_log_in() -> None:
    none = google.auth.exceptions.DefaultCredentialsError("Your default credentials were not found")
    assert "gcloud auth" in fault(none, asked=asked("generate", LOGIN, environ={})).hint


@pytest.mark.parametrize("project", ["", "p"])
@pytest.mark.parametrize("key", ["", "no-key"])
def test_a_file_of_credentials_is_named_since_a_login_would_not_be_looked_at(
    project: str, key: str
) -> None:
    environ = {
        "GOOGLE_CLOUD_PROJECT": project,
        "GOOGLE_API_KEY": key,
        "GOOGLE_APPLICATION_CREDENTIALS": "gone.json",
    }
    none = google.auth.exceptions.DefaultCredentialsError("File gone.json was not found.")
    for error in (none, google.auth.exceptions.RefreshError("invalid_grant")):
        hint = fault(error, asked=asked("generate", LOGIN, environ=environ)).hint
        assert hint.startswith("GOOGLE_APPLICATION_CREDENTIALS is set, "), hint


FILES = {
    "expired": (403, "You do not have permission to access the File abc or it may not exist."),
    "by its resource name": (404, "files/abc not found."),
    "not ready": (400, "The File abc is not in an ACTIVE state and usage is not allowed."),
    "of another project": (403, "Permission denied on resource files/abc-123."),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_stays_refused_is_the_file_and_no_role_or_model(name: str) -> None:
    code, message = FILES[name]
    error = said(message, code)
    assert type(error) in (AccessDenied, BadRequest)
    assert "Attach it anew" in error.hint
    assert "abc" in error.what


def test_a_bucket_that_vertex_may_not_read_is_the_bucket() -> None:
    message = "service-1@x does not have storage.objects.get access to the object."
    error = said(message, 403, LOGIN)
    assert "Storage Object Viewer" in error.hint


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported file uri: https://example.com/image.png",
        "Cannot fetch content from the provided URL.",
    ],
)
def test_an_address_that_the_service_cannot_read_is_to_be_downloaded(message: str) -> None:
    assert "attach the file itself" in said(message, 400).hint


def test_vertex_is_told_of_its_regions() -> None:
    unknown = said("Publisher Model `projects/p/x` not found.", 404, LOGIN)
    place = said("User location is not supported for the API use.", 400, LOGIN)
    for error in (unknown, place):
        assert "GOOGLE_CLOUD_LOCATION" in error.hint
        assert "USE_VERTEXAI" not in error.hint


@pytest.mark.parametrize("kind", ["count", "list"])
def test_other_requests_are_not_told_of_files(kind: str) -> None:
    assert "Attach" not in said(FILES["expired"][1], 403, kind=kind).hint


@pytest.mark.parametrize("code", [403, 404, 405, 413, 501])
def test_a_refused_upload_is_no_unknown_model(code: int) -> None:
    error = said("Not Found", code, kind="upload")
    assert type(error) in (AccessDenied, BadRequest)
    assert "inline" not in error.what
    assert "attach less" in error.hint


def test_an_upload_that_is_refused_for_its_key_is_about_the_key() -> None:
    message = "API key not valid. Please pass a valid API key."
    assert "GEMINI_API_KEY" in said(message, 400, kind="upload", reason="API_KEY_INVALID").hint


@pytest.mark.parametrize("surface", [API, COMMAND_LINE])
def test_other_surfaces_say_it_in_their_own_words(surface: Any) -> None:
    error = said("Code execution is not enabled for models/m", config=Config())
    with speaking(surface):
        assert "code=False" in error.hint


def test_a_request_of_which_nothing_is_known_gets_the_general_advice() -> None:
    assert Asked() == Asked("generate", "", "", "", (), ())
    assert "role Vertex AI User" in refusal({"message": "no"}, 403).hint
