"""Paths, identity, framing and refusals are those of the service."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from google.ai.generativelanguage_v1beta import HarmCategory, SafetySetting
from google.genai import types
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gemini_magic.emulator import Emulator
from gemini_magic.emulator.harms import HARMS, THRESHOLDS

from ..examples import examples
from .asking import CODE_EXECUTION, MODEL, VERTEX, ask, request, user

EXPRESS = "/v1beta1/publishers/google/models/gemini-3.8-flash"
STORY = "Write a story about a snake"


@pytest.mark.parametrize(
    "path", [MODEL, "/v1/models/gemini-3.8-flash", "/v1beta1/models/gemini-3.8-flash", VERTEX]
)
@pytest.mark.parametrize("stream", [False, True])
def test_every_path_of_both_apis_answers(emulator: Emulator, path: str, stream: bool) -> None:
    answer = ask(emulator, STORY, path=path, stream=stream)
    assert answer.status == 200
    assert "snake" in answer.text
    assert answer.finish == "STOP"


def test_a_stream_is_framed_with_crlf_and_spaced_json(emulator: Emulator) -> None:
    answer = ask(emulator, STORY)
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.body.endswith(b"\r\n\r\n")
    assert re.fullmatch(rb"(data: \{.*\}\r\n\r\n)+", answer.body)
    assert answer.body.startswith(b'data: {"candidates": [{"content": {"parts": [{"text": "')


def test_text_is_cut_in_the_middle_of_words(emulator: Emulator) -> None:
    texts = [part["text"] for part in ask(emulator, STORY).parts if part.get("text")]
    assert any(one[-1].isalpha() and two[0].isalpha() for one, two in pairwise(texts))


def test_a_stream_without_sse_is_a_json_array_joined_by_crlf(emulator: Emulator) -> None:
    answer = ask(emulator, STORY, sse=False)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert b"},\r\n{" in answer.body
    assert len(answer.json) > 2


def test_response_id_and_model_version_are_constant(emulator: Emulator) -> None:
    chunks = ask(emulator, STORY).chunks
    assert len({(chunk["responseId"], chunk["modelVersion"]) for chunk in chunks}) == 1


def test_no_key_is_403_and_a_bad_key_is_400(emulator: Emulator) -> None:
    path, body = f"{MODEL}:generateContent", {"contents": [user("hello")]}
    json_body = {"Content-Type": "application/json"}
    nobody = request(emulator, "POST", path, body, headers=json_body)
    assert (nobody.status, nobody.error["status"]) == (403, "PERMISSION_DENIED")
    assert "unregistered callers" in nobody.error["message"]
    wrong = request(emulator, "POST", path, body, headers={"x-goog-api-key": "bad", **json_body})
    assert (wrong.status, wrong.error["status"]) == (400, "INVALID_ARGUMENT")
    assert wrong.error["details"][0]["reason"] == "API_KEY_INVALID"
    address = f"{path}?key={emulator.key}"
    assert request(emulator, "POST", address, body, headers=json_body).status == 403


def test_vertex_wants_a_token_and_express_takes_a_key(emulator: Emulator) -> None:
    body, json_body = {"contents": [user("hello")]}, {"Content-Type": "application/json"}
    key = {"x-goog-api-key": emulator.key, **json_body}
    for headers in (json_body, key, {"Authorization": "Bearer bad", **json_body}):
        refused = request(emulator, "POST", f"{VERTEX}:generateContent", body, headers=headers)
        assert (refused.status, refused.error["status"]) == (401, "UNAUTHENTICATED")
    assert request(emulator, "POST", f"{EXPRESS}:generateContent", body, headers=key).status == 200


def test_keys_are_not_in_the_records(emulator: Emulator) -> None:
    written = "".join(f"%{ord(letter):02x}" for letter in emulator.key)
    queries = ("key=secret", "%6bEy=secret", f"q={emulator.key}", f"q={written}", "a=1&key=secret;")
    headers = {
        "x-goog-api-key": emulator.key,
        "Content-Type": "application/json",
        "Cookie": "secret",
        "X-Note": f"my key is {emulator.key}",
    }
    for query in queries:
        path = f"{MODEL}:generateContent?{query}"
        assert request(emulator, "POST", path, {"contents": [user("hi")]}, headers=headers).status
    assert len(emulator.requests) == len(queries)
    request(emulator, "POST", f"{MODEL}:generateContent", {"contents": [user("hello")]})
    said = repr((emulator, emulator.requests, vars(emulator)))
    assert not any(one in said for one in ("secret", emulator.key, written))
    recorded = emulator.requests[-1]
    assert (recorded.method, recorded.body) == ("POST", {"contents": [user("hello")]})
    assert json.loads(recorded.raw) == recorded.body


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_model_is_404_with_the_words_of_each_api(
    emulator: Emulator, stream: bool
) -> None:
    answer = ask(emulator, "hello", path="/v1beta/models/gemini-9", stream=stream)
    assert answer.status == 404
    assert answer.error["message"].startswith(
        "models/gemini-9 is not found for API version v1beta, or is not supported for generate"
    )
    vertex = ask(emulator, "hello", path=VERTEX.replace("3.8", "9"), stream=stream)
    assert vertex.error["message"] == (
        "Publisher Model `projects/p1/locations/global/publishers/google/models/gemini-9-flash` "
        "not found."
    )


def test_errors_of_a_stream_are_plain_json_or_in_a_list(emulator: Emulator) -> None:
    sse = ask(emulator, "hello", path="/v1beta/models/nope")
    assert sse.headers["Content-Type"] == "text/event-stream"
    assert isinstance(sse.json, dict)
    assert isinstance(ask(emulator, "hello", path="/v1beta/models/nope", sse=False).json, list)


def test_latest_aliases_are_on_v1beta_only(emulator: Emulator) -> None:
    assert ask(emulator, STORY, path="/v1/models/gemini-flash-latest").status == 404
    answer = ask(emulator, STORY, path="/v1beta/models/gemini-flash-latest")
    assert answer.chunks[0]["modelVersion"] == "gemini-3.8-flash"


def test_another_path_is_an_html_404(emulator: Emulator) -> None:
    answer = request(emulator, "POST", "/v1beta/nothing", {})
    assert (answer.status, answer.headers["Content-Type"][:9]) == (404, "text/html")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"frob": 1}, 'Unknown name "frob": Cannot find field.'),
        ({"generationConfig": {"logProbs": 2}}, "\"logProbs\" at 'generation_config': Cannot find"),
        ({"tools": [{"codeRunning": {}}]}, "\"codeRunning\" at 'tools[0]'"),
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"x": 1}}]}]},
            "\"x\" at 'tools[0].function_declarations[0].parameters'",
        ),
        ({"generationConfig": {"temperature": "hot"}}, "'generation_config.temperature' (TYPE_FL"),
        ({"generationConfig": {"seed": 1.5}}, "'generation_config.seed' (TYPE_INT32)"),
        ({"generationConfig": {"temperature": 3}}, "temperature value of 3"),
        ({"generationConfig": {"candidateCount": 2}}, "Multiple candidates"),
        (
            {"safetySettings": [{"category": "HARM_CATEGORY_RUDE", "threshold": "BLOCK_NONE"}]},
            "'safety_settings[0].category' (TYPE_ENUM)",
        ),
        (
            {"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "ALL"}]},
            "'safety_settings[0].threshold' (TYPE_ENUM)",
        ),
        ({"tools": [{"functionDeclarations": [{"name": "1bad name"}]}]}, "Invalid function name"),
        ({"tools": [{"functionDeclarations": [{"name": "f" * 129}]}]}, "Invalid function name"),
        ({"contents": "text"}, "'contents[0]' (TYPE_MESSAGE)"),
        ({"contents": []}, "contents is not specified"),
        ({"contents": [{"role": "tool", "parts": [{"text": "x"}]}]}, "valid role: user, model"),
        ({"contents": [{"role": "user", "parts": []}]}, "must not be empty"),
        ({"contents": [{"role": "user", "parts": [{}]}]}, "required oneof field 'data'"),
        (
            {"contents": [{"parts": [{"inlineData": {"mimeType": "text/csv", "data": "%%"}}]}]},
            "Base64 decoding failed",
        ),
        (
            {"contents": [user("a"), {"role": "model", "parts": [{"text": "b"}]}]},
            "ends with a user turn",
        ),
        ({"contents": [{"parts": [{"fileData": {"fileUri": "https://x/y"}}]}]}, "Unsupported file"),
    ],
)
def test_what_the_service_refuses_is_400(
    emulator: Emulator, body: dict[str, Any], message: str
) -> None:
    full = {"contents": [user("hello")], **body}
    answer = request(emulator, "POST", f"{MODEL}:generateContent", full)
    assert (answer.status, answer.error["status"]) == (400, "INVALID_ARGUMENT")
    assert message in answer.error["message"]


def test_what_the_service_takes_is_taken(emulator: Emulator) -> None:
    published = [one.name for one in HarmCategory]
    known = [one.name for one in types.HarmCategory]
    assert set(HARMS) == {*published, *known}
    assert set(THRESHOLDS) == {one.name for one in SafetySetting.HarmBlockThreshold}
    body = {
        "contents": [user("hello")],
        "safetySettings": [{"category": name, "threshold": "BLOCK_NONE"} for name in published],
        "tools": [{"functionDeclarations": [{"name": "_a.b:c-9"}]}],
    }
    assert request(emulator, "POST", f"{MODEL}:generateContent", body).status == 200


def test_broken_json_is_400(emulator: Emulator) -> None:
    answer = request(emulator, "POST", f"{MODEL}:generateContent", raw=b'{"contents": [')
    assert (answer.status, answer.error["status"]) == (400, "INVALID_ARGUMENT")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["contents", "parts", "text", "role", "tools", "thoughtSignature"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON_VALUES)
@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_json_makes_the_server_stumble(emulator: Emulator, body: Any) -> None:
    answer = request(emulator, "POST", f"{MODEL}:generateContent", body)
    assert answer.status in {200, 400}


def test_snake_case_and_either_base64_alphabet_are_accepted(emulator: Emulator) -> None:
    for data in ("/+/+", "_-_-", "_-8"):
        content = {
            "role": "user",
            "parts": [{"inline_data": {"mime_type": "application/pdf", "data": data}}],
        }
        answer = ask(
            emulator,
            content,
            "What is this?",
            system_instruction=user("be brief"),
            generation_config={"thinking_config": {"include_thoughts": True}},
            checked=False,
        )
        assert answer.status == 200
        assert "`input_file_0.pdf`" in answer.text
        assert "System instruction received: be brief" in answer.text
        assert answer.kinds[0] == "thought"


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        (
            "gemini-3.8-flash",
            {"thinkingLevel": "LOW", "thinkingBudget": 100},
            "You can only set only one of thinking budget and thinking level.",
        ),
        (
            "gemini-3.8-flash",
            {"thinkingLevel": "MINIMAL"},
            "Thinking level MINIMAL is not supported for this model. "
            "Please retry with other thinking level.",
        ),
        ("gemini-3.8-flash", {"thinkingLevel": "XHIGH"}, "Thinking level XHIGH is not supported"),
        ("gemini-2.5-flash", {"thinkingLevel": "LOW"}, "Thinking level is not supported"),
        ("gemini-2.5-pro", {"thinkingBudget": 0}, "value between 128 and 32768"),
        ("gemini-3.8-flash", {"thinkingLevel": "low"}, None),
        ("gemini-3.6-flash", {"thinkingLevel": "MINIMAL"}, None),
        ("gemini-2.5-flash", {"thinkingBudget": 0}, None),
        ("gemini-2.5-flash", {"thinkingBudget": -1}, None),
    ],
)
def test_thinking_is_checked_by_model(
    emulator: Emulator, name: str, config: dict[str, Any], message: str | None
) -> None:
    answer = ask(
        emulator,
        STORY,
        path=f"/v1beta/models/{name}",
        stream=False,
        generationConfig={"thinkingConfig": config},
        checked=False,
    )
    if message is None:
        assert answer.status == 200
    else:
        assert (answer.status, message in answer.error["message"]) == (400, True)


def test_built_in_tools_beside_functions_need_gemini_3(emulator: Emulator) -> None:
    tools = [*CODE_EXECUTION, {"functionDeclarations": [{"name": "look"}]}]
    assert ask(emulator, "hello", tools=tools).status == 200
    old = ask(emulator, "hello", tools=tools, path="/v1beta/models/gemini-2.5-flash")
    assert old.status == 400


@pytest.mark.parametrize("path", [MODEL, VERTEX])
def test_tokens_are_counted(emulator: Emulator, path: str) -> None:
    body = {"contents": [user("a" * 40)]}
    answer = request(emulator, "POST", f"{path}:countTokens", body)
    assert answer.json["totalTokens"] == 10
    streamed = ask(emulator, "a" * 40, path=path, tools=())
    assert streamed.usage["promptTokenCount"] == 10


def test_models_are_listed_by_version_and_page(emulator: Emulator) -> None:
    names = {model["name"] for model in request(emulator, "GET", "/v1/models").json["models"]}
    assert "models/gemini-3.8-flash" in names
    assert "models/gemini-flash-latest" not in names
    page = request(emulator, "GET", "/v1beta/models?pageSize=5").json
    assert len(page["models"]) == 5
    after = request(emulator, "GET", f"/v1beta/models?pageToken={page['nextPageToken']}").json
    assert after["models"][0] not in page["models"]
    one = request(emulator, "GET", MODEL).json
    assert one["name"] == "models/gemini-3.8-flash"
    assert "generateContent" in one["supportedGenerationMethods"]
