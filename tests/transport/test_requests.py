"""What leaves: address, headers and body of a request, for each backend and option."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from gemini_magic.errors import NoBackend
from gemini_magic.transport.protocol import Config

from ..replay import Answer
from .asking import DONE, PROMPT, chunks, serving

ANSWER = Answer(DONE)
THOUGHTS = {"thinkingConfig": {"includeThoughts": True}}
CODE = {"tools": [{"codeExecution": {}}], "generationConfig": THOUGHTS, "store": False}


def camel(value: Any) -> Any:
    """The SDK leaves the names inside ``thinkingConfig`` in snake case, which the service takes."""
    if isinstance(value, dict):
        return {_camel(key): camel(item) for key, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def body_of(model: str = "gemini-3.8-flash", **options: Any) -> dict[str, Any]:
    with serving(ANSWER) as (server, transport):
        chunks(transport, model=model, config=Config(**options))
        return dict(camel(server.asked[0].json))


def thinking(level: str, include: bool = True) -> dict[str, Any]:
    return {"thinkingConfig": {"thinkingLevel": level, "includeThoughts": include}}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, CODE),
        ({"code": False}, {"generationConfig": THOUGHTS, "store": False}),
        ({"search": True}, {**CODE, "tools": [{"codeExecution": {}}, {"googleSearch": {}}]}),
        (
            {"code": False, "urls": True},
            {"tools": [{"urlContext": {}}], "generationConfig": THOUGHTS, "store": False},
        ),
        (
            {"system": "Be brief."},
            {**CODE, "systemInstruction": {"parts": [{"text": "Be brief."}], "role": "user"}},
        ),
        ({"temperature": 0.0}, {**CODE, "generationConfig": {"temperature": 0.0, **THOUGHTS}}),
        ({"max_tokens": 7}, {**CODE, "generationConfig": {"maxOutputTokens": 7, **THOUGHTS}}),
        ({"seed": 0}, {**CODE, "generationConfig": {"seed": 0, **THOUGHTS}}),
        ({"thinking": "minimal"}, {**CODE, "generationConfig": thinking("MINIMAL")}),
        ({"thinking": "xhigh"}, {**CODE, "generationConfig": thinking("XHIGH")}),
    ],
    ids=str,
)
def test_an_option_is_in_the_body_and_nothing_else_is(
    options: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert body_of(**options) == {"contents": list(PROMPT), **expected}


@pytest.mark.parametrize(
    ("model", "level", "budget"),
    [
        ("gemini-2.5-flash", "minimal", 0),
        ("gemini-2.5-flash", "low", 1024),
        ("gemini-2.5-flash", "medium", 8192),
        ("gemini-2.5-flash-lite", "high", 24576),
        ("gemini-2.5-flash", "xhigh", 24576),
        ("models/gemini-2.5-pro", "minimal", 512),
        ("gemini-2.5-pro-preview-06-05", "xhigh", 32768),
    ],
)
def test_a_thinking_level_is_a_budget_on_models_before_3(
    model: str, level: str, budget: int
) -> None:
    sent = body_of(model, thinking=level)["generationConfig"]
    summaries = {"includeThoughts": True} if budget else {}
    assert sent == {"thinkingConfig": {"thinkingBudget": budget, **summaries}}


def test_the_history_leaves_exactly_as_it_is_kept() -> None:
    contents = [
        {"role": "user", "parts": [{"text": "plot \u2028 €"}, {"inlineData": {"data": "AA+/"}}]},
        {
            "role": "model",
            "parts": [
                {"executableCode": {"code": "1", "id": "c1"}, "thoughtSignature": "AA+/=="},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "id": "c1"}},
                {"somethingNew": {"some_key": [1, None, {"a-b": 2.5}]}},
                {"text": "", "thoughtSignature": "Bw=="},
            ],
        },
        *PROMPT,
    ]
    with serving(ANSWER) as (server, transport):
        chunks(transport, contents=contents)
        assert server.asked[0].json["contents"] == contents


def test_the_developer_api_is_asked_with_the_key_in_a_header_only() -> None:
    with serving(ANSWER, Answer(DONE), api_key="a-key-12345") as (server, transport):
        chunks(transport)
        chunks(transport, stream=False)
        streamed, unary = server.asked
    assert streamed.path == "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
    assert unary.path == "/v1beta/models/gemini-3.8-flash:generateContent"
    for asked in (streamed, unary):
        assert asked.method == "POST"
        assert asked.headers["x-goog-api-key"] == "a-key-12345"
        assert asked.headers["content-type"] == "application/json"
        assert not {"authorization", "x-server-timeout", "cookie"} & asked.headers.keys()
        assert "a-key" not in asked.path + asked.body.decode()


def test_a_base_url_may_have_a_path_and_the_version_is_settable() -> None:
    with serving(ANSWER) as (server, _):
        for version, start in (("v1beta", "/gate/way/v1beta/"), ("v1", "/gate/way/v1/")):
            with serving(ANSWER, base_url=server.url + "gate/way/", api_version=version) as (
                _,
                transport,
            ):
                chunks(transport)
            assert server.asked[-1].path.startswith(start + "models/gemini-3.8-flash:stream")


def test_vertex_is_asked_with_project_location_and_token() -> None:
    credentials = Credentials("a-token", quota_project_id="quota-project")
    with serving(
        ANSWER,
        kind="vertex",
        api_key=None,
        project="p1",
        location="europe-west4",
        credentials=credentials,
        api_version="v1beta1",
    ) as (server, transport):
        transport.warm()
        assert server.asked == []
        chunks(transport, config=Config(thinking="low", system="s"))
        (asked,) = server.asked
    start = "/v1beta1/projects/p1/locations/europe-west4/publishers/google/models/"
    assert asked.path == f"{start}gemini-3.8-flash:streamGenerateContent?alt=sse"
    assert asked.headers["authorization"] == "Bearer a-token"
    assert asked.headers["x-goog-user-project"] == "quota-project"
    assert "x-goog-api-key" not in asked.headers
    assert asked.json["contents"] == list(PROMPT)
    assert asked.json["tools"] == [{"codeExecution": {}}]


def test_vertex_express_is_asked_with_a_key_and_no_project(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "not-this")
    with serving(ANSWER, kind="vertex", api_key="express", api_version="v1beta1") as (
        server,
        transport,
    ):
        chunks(transport)
        (asked,) = server.asked
    start = "/v1beta1/publishers/google/models/"
    assert asked.path == f"{start}gemini-3.8-flash:streamGenerateContent?alt=sse"
    assert asked.headers["x-goog-api-key"] == "express"


def test_vertex_without_credentials_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with serving(ANSWER, kind="vertex", api_key=None, project="p1") as (server, transport):
        for ask in (lambda: chunks(transport), transport.models, transport.warm):
            with pytest.raises(NoBackend, match="gcloud auth application-default login"):
                ask()
        assert server.asked == []


def test_the_environment_changes_nothing_once_a_backend_is_chosen(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "another-key")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "false")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v9")
    with serving(ANSWER, api_key="the-key") as (server, transport):
        chunks(transport)
        (asked,) = server.asked
    assert asked.headers["x-goog-api-key"] == "the-key"
    assert asked.path.startswith("/v1beta/models/")
    assert capfd.readouterr().err == "", "the SDK's warnings must not reach a notebook"


def test_the_sdk_finds_a_setting_without_going_through_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gemini_magic.transport.sdk_values import Config as Given

    def refuse(self: Any) -> Any:
        raise AssertionError("the SDK goes through all fields, forty times")

    usual = body_of(search=True, temperature=0.5, system="Be short.")
    monkeypatch.setattr(Given, "__iter__", refuse)
    assert body_of(search=True, temperature=0.5, system="Be short.") == usual
    assert usual["generationConfig"]["temperature"] == 0.5
    assert usual["tools"] == [{"codeExecution": {}}, {"googleSearch": {}}]


def test_warming_sends_nothing_and_may_be_done_by_several_threads() -> None:
    with serving(ANSWER) as (server, transport):
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(transport.warm) for _ in range(4)]:
                done.result()
        assert server.asked == []
        assert len(chunks(transport)) == 1


def test_the_proxy_of_the_environment_is_used_and_no_proxy_is_kept_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(ANSWER) as (proxy, _):
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//user:pass@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with serving(ANSWER, base_url="http://gemini.invalid/") as (_, transport):
            chunks(transport)
        (asked,) = proxy.asked
        assert asked.path.startswith("http://gemini.invalid/v1beta/models/")
        assert asked.headers["proxy-authorization"] == "Basic dXNlcjpwYXNz"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with serving(ANSWER) as (server, transport):
            chunks(transport)
        assert len(server.asked) == 1
        assert len(proxy.asked) == 1


def test_a_redirect_is_followed_on_the_same_host_and_never_to_another() -> None:
    def moved(to: str) -> Answer:
        return Answer(b"", 307, "text/plain", headers={"location": to})

    with serving(moved("/v1beta/elsewhere"), ANSWER) as (server, transport):
        assert len(chunks(transport)) == 1
        assert server.asked[1].path == "/v1beta/elsewhere"
        assert server.asked[1].json == server.asked[0].json
    with serving(ANSWER) as (other, _):
        away = other.url.replace("127.0.0.1", "localhost")
        with serving(moved(away)) as (_, transport), pytest.raises(Exception, match="redirected"):
            chunks(transport)
        assert other.asked == []


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys, gemini_magic.transport.google as g, gemini_magic.transport.backends as b;"
        "g.GoogleTransport(b.Backend('developer', 'k'));"
        "heavy = {'google.genai', 'httpx2', 'httpcore2', 'pydantic'} & set(sys.modules);"
        "print(sorted(heavy))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
