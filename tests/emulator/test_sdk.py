"""The real google-genai client talks to the emulator as to Gemini."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials

from gemini_magic.emulator import Emulator, Fault

PROMPT = "What is the sum of the first 50 prime numbers?"
CONFIG = types.GenerateContentConfig(
    tools=[types.Tool(code_execution=types.ToolCodeExecution())],
    thinking_config=types.ThinkingConfig(include_thoughts=True),
    system_instruction="be brief",
)
MODEL = "gemini-3.8-flash"


@contextlib.contextmanager
def client(emulator: Emulator, kind: str = "developer") -> Iterator[genai.Client]:
    options: dict[str, Any] = {"base_url": emulator.url}
    if kind == "vertex":
        made = genai.Client(
            enterprise=True,
            project="p1",
            location="global",
            credentials=Credentials(token=emulator.key),  # type: ignore[no-untyped-call]
            http_options=options,
        )
    else:
        if kind != "v1":
            options["api_version"] = "v1beta"
        made = genai.Client(api_key=emulator.key, http_options=options)
    with contextlib.closing(made):
        yield made


def streamed(using: genai.Client, contents: Any) -> list[types.Part]:
    parts: list[types.Part] = []
    for chunk in using.models.generate_content_stream(
        model=MODEL, contents=contents, config=CONFIG
    ):
        parts.extend(chunk.parts or [])
    return [part for part in parts if part != types.Part(text="")]


@pytest.mark.parametrize("kind", ["developer", "v1", "vertex"])
@pytest.mark.parametrize("profile", ["gemini-3", "gemini-2.5", "vertex"])
def test_a_conversation_streams_and_is_echoed(kind: str, profile: str) -> None:
    with Emulator(profile=profile) as emulator, client(emulator, kind) as using:
        first = streamed(using, PROMPT)
        results = [part.code_execution_result for part in first if part.code_execution_result]
        assert results[0].outcome == types.Outcome.OUTCOME_OK
        assert results[0].output == "count: 50\nlast: 229\nsum: 5117\n"
        contents = [
            types.UserContent(PROMPT),
            types.ModelContent(parts=first),
            types.UserContent("Now the same for the first 100."),
        ]
        second = streamed(using, contents)
        assert "24133" in "".join(part.text or "" for part in second)


@pytest.mark.parametrize("kind", ["developer", "vertex"])
def test_unary_answers_and_counts(emulator: Emulator, kind: str) -> None:
    with client(emulator, kind) as using:
        answer = using.models.generate_content(model=MODEL, contents=PROMPT, config=CONFIG)
        assert answer.candidates is not None
        assert answer.candidates[0].finish_reason == types.FinishReason.STOP
        assert answer.usage_metadata is not None
        assert (answer.usage_metadata.tool_use_prompt_token_count or 0) > 0
        counted = using.models.count_tokens(model=MODEL, contents="a" * 40)
        assert counted.total_tokens == 10


def test_the_chat_of_the_sdk_goes_on(emulator: Emulator) -> None:
    with client(emulator) as using:
        chat = using.chats.create(model=MODEL, config=CONFIG)
        for _ in chat.send_message_stream(PROMPT):
            pass
        answer = chat.send_message("Now the same for the first 100.")
        assert "24133" in str(answer.text)


@pytest.mark.parametrize("kind", ["developer", "vertex"])
def test_models_are_listed(emulator: Emulator, kind: str) -> None:
    with client(emulator, kind) as using:
        config = types.ListModelsConfig(page_size=4, query_base=True)
        names = [model.name or "" for model in using.models.list(config=config)]
        assert any(name.endswith(f"models/{MODEL}") for name in names)
        assert len(names) == len(set(names)) > 10
        assert str(using.models.get(model=MODEL).name).endswith(f"models/{MODEL}")


def test_functions_of_the_sdk_are_called(emulator: Emulator) -> None:
    asked: list[str] = []

    def weather(city: str) -> str:
        """The weather of a city."""
        asked.append(city)
        return "snow"

    with client(emulator) as using:
        config = types.GenerateContentConfig(tools=[weather])
        answer = using.models.generate_content(
            model=MODEL, contents='Call weather with {"city": "Bern"}', config=config
        )
    assert asked == ["Bern"]
    assert '{"result": "snow"}' in str(answer.text)


def test_an_uploaded_file_is_used(emulator: Emulator, tmp_path: Any) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("a\n1\n2\n")
    with client(emulator) as using:
        file = using.files.upload(file=path, config={"mime_type": "text/csv"})
        code = "```python\nprint(open('input_file_0.csv').read())\n```"
        answer = using.models.generate_content(model=MODEL, contents=[file, code], config=CONFIG)
    assert answer.code_execution_result == "a\n1\n2\n\n"


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.status(429, retry_delay="2s"), 429), (Fault.bad_key(), 400)]
)
def test_refusals_are_client_errors(emulator: Emulator, fault: Fault, status: int) -> None:
    emulator.fail(fault)
    with client(emulator) as using, pytest.raises(errors.ClientError) as caught:
        list(using.models.generate_content_stream(model=MODEL, contents=PROMPT))
    assert caught.value.code == status


def test_an_error_in_the_middle_comes_after_the_good_chunks(emulator: Emulator) -> None:
    emulator.fail(Fault.error_midstream(503, after=2))
    received = []
    with client(emulator) as using, pytest.raises(errors.ServerError):
        for chunk in using.models.generate_content_stream(model=MODEL, contents=PROMPT):
            received.append(chunk)
    assert len(received) == 2
