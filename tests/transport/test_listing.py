"""What a backend tells besides answers: a preview, its models, a count of tokens."""

from __future__ import annotations

from google.oauth2.credentials import Credentials

from gemini_magic.transport.protocol import Config, ModelInfo

from ..replay import Answer
from .asking import DONE, PROMPT, outgoing, serving

ANSWER = Answer(DONE)


def test_a_preview_is_the_request_that_would_be_sent_and_sends_nothing() -> None:
    with serving(ANSWER, Answer(DONE.removeprefix(b"data: "))) as (server, transport):
        for stream in (True, False):
            asking = outgoing(stream=stream, config=Config(system="s", thinking="low"))
            preview = transport.preview(asking)
            assert len(server.asked) == (0 if stream else 1)
            list(transport.send(asking))
            sent = server.asked[-1]
            assert preview.url == server.url.rstrip("/") + sent.path
            assert (preview.method, preview.body) == (sent.method, sent.json)
            assert preview.size == len(sent.body)


MODELS = b"""{"models": [
  {"name": "models/gemini-3.8-flash", "displayName": "Gemini 3.8 Flash", "inputTokenLimit": 1048576,
   "outputTokenLimit": 65536, "supportedGenerationMethods": ["generateContent", "countTokens"]},
  {"name": "models/gemini-new", "somethingNew": {"a": 1}}]}"""


def test_models_are_listed_with_what_the_service_says_of_them() -> None:
    with serving(Answer(MODELS, content_type="application/json")) as (server, transport):
        assert transport.models() == [
            ModelInfo(
                "gemini-3.8-flash",
                "Gemini 3.8 Flash",
                1048576,
                65536,
                ("generateContent", "countTokens"),
            ),
            ModelInfo("gemini-new"),
        ]
        assert server.asked[0].path.startswith("/v1beta/models")


def test_tokens_are_counted_by_the_service() -> None:
    with serving(Answer(b'{"totalTokens": 31}', content_type="application/json")) as (
        server,
        transport,
    ):
        assert transport.count_tokens(outgoing()) == 31
        (asked,) = server.asked
    assert asked.path == "/v1beta/models/gemini-3.8-flash:countTokens"
    assert asked.json == {"contents": list(PROMPT)}


def test_tokens_on_vertex_are_counted_with_tools_and_system_instruction() -> None:
    with serving(
        Answer(b'{"totalTokens": 31}', content_type="application/json"),
        kind="vertex",
        api_key=None,
        project="p1",
        location="global",
        credentials=Credentials("a-token"),
    ) as (server, transport):
        assert transport.count_tokens(outgoing(config=Config(system="s"))) == 31
        sent = server.asked[0].json
    assert sent["contents"] == list(PROMPT)
    assert sent["tools"] == [{"codeExecution": {}}]
    assert sent["systemInstruction"]["parts"] == [{"text": "s"}]
