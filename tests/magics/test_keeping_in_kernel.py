"""What the service is told to keep, on every road of a kernel to it; and what is said of that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_magic.emulator import Emulator
from gemini_magic.transport.keeping import NOT_KNOWN

from ..front_end import Page
from ..kernel import Kernel
from ..replay import Answer, Replay

EVENT = (
    b'data: {"candidates":[{"content":{"parts":[{"text":"4"}],"role":"model"},'
    b'"finishReason":"STOP"}]}\r\n\r\n'
)


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    with start_kernel(tmp_path_factory.mktemp("keeping")) as running:
        yield running


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def use(kernel: Kernel, url: str, key: str, **more: str) -> None:
    """Ask the service at ``url`` from now on, with the settings of a kernel that was just made."""
    wanted = {"GEMINI_API_KEY": key, "GOOGLE_GEMINI_BASE_URL": url, **more}
    ran = kernel.run(
        "import os\n"
        "for name in list(os.environ):\n"
        "    if name.startswith(('GOOGLE_', 'GEMINI_')): del os.environ[name]\n"
        f"os.environ.update({wanted!r})\n"
        "%unload_ext gemini_magic\n%load_ext gemini_magic\n"
        "from gemini_magic import ask\n"
        "def double(x: int) -> int:\n    'Twice a number.'\n    return 2 * x"
    )
    assert ran.ok, ran.error


def all_roads(kernel: Kernel) -> None:
    """Ask by a cell, with a function's rounds, whole, from Python, and in a sidebar."""
    for cell in (
        "%%gemini\nWhat is the 5th prime?",
        "%%gemini --stateless --no-code --tool double\nCall double(x=4)",
        "%%gemini --no-stream\nWhat is the 6th prime?",
        "%gemini ask What is the 7th prime?",
        "ask('What is the 8th prime?').status",
    ):
        ran = kernel.run(cell)
        assert ran.ok, ran.error
    page = Page(kernel, subshell=True)
    asked = {"type": "ask", "prompt": "What is the 9th prime?", "conversation": "main"}
    assert page.request(asked)["status"] == "complete"


def stores(requests: list[Any]) -> list[Any]:
    return [one.body.get("store", "absent") for one in requests]


def test_on_every_road_the_developer_api_is_told_to_keep_nothing(
    kernel: Kernel, emulator: Emulator
) -> None:
    use(kernel, emulator.url, emulator.key)
    all_roads(kernel)
    asked = emulator.generate_requests
    assert len(asked) == 7, "the function's answer is a request of its own"
    assert set(stores(asked)) == {False}
    assert "requests say store=false" in kernel.run("%gemini").stdout
    shown = kernel.run("%%gemini --preview\nWhat is 2 + 2?").stdout
    assert "kept by the service: nothing" in shown
    assert '"store": false' in shown


def test_the_trait_allows_it_on_every_road_and_an_option_decides_for_one_call(
    kernel: Kernel, emulator: Emulator
) -> None:
    use(kernel, emulator.url, emulator.key)
    assert kernel.run("%%gemini --store\nWhat is the 5th prime?").ok
    assert kernel.run("ask('What is the 6th prime?', store=True).status").ok
    assert stores(emulator.generate_requests) == ["absent"] * 2
    assert kernel.run("%config GeminiMagics.store = True").ok
    all_roads(kernel)
    assert set(stores(emulator.generate_requests)) == {"absent"}
    assert kernel.run("%%gemini --no-store\nWhat is the 5th prime?").ok
    assert stores(emulator.generate_requests)[-1] is False
    assert "up to 55 days" in kernel.run("%gemini").stdout
    assert kernel.run("%config GeminiMagics.store = False").ok


def test_vertex_is_never_told(kernel: Kernel, emulator: Emulator) -> None:
    more = {"GOOGLE_GENAI_USE_VERTEXAI": "true", "GOOGLE_VERTEX_BASE_URL": emulator.url}
    use(kernel, "", emulator.key, **more)
    all_roads(kernel)
    assert kernel.run("%%gemini --no-store\nWhat is the 5th prime?").ok
    assert set(stores(emulator.generate_requests)) == {"absent"}
    assert "Vertex has no store=false" in kernel.run("%gemini").stdout


def test_a_service_that_does_not_know_it_is_named_once_in_the_kernel(kernel: Kernel) -> None:
    message = 'Invalid JSON payload received. Unknown name "store": Cannot find field.'
    body = json.dumps({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}})
    refusal = Answer(body.encode(), 400, "application/json")
    with Replay(refusal, Answer(EVENT)) as server:
        use(kernel, server.url, "a-key-of-nobody")
        first = kernel.run("%%gemini\nWhat is 2 + 2?")
        assert first.ok, first.error
        assert first.stream("stderr").strip() == NOT_KNOWN
        second = kernel.run("%%gemini\nAnd 3 + 1?")
        assert second.ok and not second.stream("stderr")
        assert [one.json.get("store", "absent") for one in server.asked] == [
            False,
            "absent",
            "absent",
        ]
        assert "2 calls" in kernel.run("%gemini").stdout, "the refused one was billed nothing"
        assert "not known" in kernel.run("%gemini").stdout


def test_one_that_refuses_it_fails_with_what_sending_without_it_would_mean(
    kernel: Kernel,
) -> None:
    message = "store must be true for this project."
    body = json.dumps({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}})
    with Replay(Answer(body.encode(), 400, "application/json")) as server:
        use(kernel, server.url, "a-key-of-nobody")
        ran = kernel.run("%%gemini\nWhat is 2 + 2?")
        assert not ran.ok
        assert "may keep prompt, data and answer" in str(ran.error)
        assert "--store" in str(ran.error)
        assert len(server.asked) == 1


def test_a_tier_is_asked_for_priced_and_named_by_what_served(
    kernel: Kernel, emulator: Emulator
) -> None:
    use(kernel, emulator.url, emulator.key)
    ran = kernel.run("%%gemini --tier flex\nWhat is the 5th prime?")
    assert ran.ok, ran.error
    assert emulator.generate_requests[-1].body["serviceTier"] == "flex"
    assert ran.turn["usage"]["tier"] == "flex"
    assert ran.turn["request"]["config"]["tier"] == "flex"
    assert "(flex, prices of" in ran.displays[-1]["data"]["text/html"]
    emulator.fail(503)
    assert kernel.run("%config GeminiMagics.retries = 0").ok
    ran = kernel.run("%%gemini --tier flex,standard\nWhat is the 6th prime?")
    assert ran.ok, ran.error
    tiers = [one.body["serviceTier"] for one in emulator.generate_requests[1:]]
    assert tiers == ["flex", "standard"]
    assert "(standard, prices of" in ran.displays[-1]["data"]["text/html"]
    with Replay(
        Answer(EVENT.replace(b"}]}\r", b'}],"usageMetadata":{"promptTokenCount":9}}\r'))
    ) as server:
        use(kernel, server.url, "a-key-of-nobody")
        ran = kernel.run("%%gemini --tier flex\nWhat is 2 + 2?")
        assert ran.ok, ran.error
        assert "(tier not confirmed, prices of" in ran.displays[-1]["data"]["text/html"]
