"""From the start of a cell to its request on the wire, with a history behind it.

Measured from outside, in one kernel: from the execute request, as a front end sends it, to the
moment the server has the whole request, which keeps the connection. The floors are cells of the
same kernel: the same bytes sent by `http.client` over a connection of its own, the SDK's
`generate_content_stream` over one that it keeps as well, and `client.chats` with the same history.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from ..kernel import Kernel
from ..replay import Asked, Replay
from ..sse import ANSWER
from .history import contents, saved
from .measuring import Claim, Found, Results, in_turn
from .warming import warmed

SIZES = (1, 10, 100, 1000)
MOST = {1: 0.008, 100: 0.015, 1000: 0.025}


def _named(turns: int) -> str:
    return f"cell start to request sent, {turns:,} {'turn' if turns == 1 else 'turns'} before it"


RAW = {
    turns: Claim(_named(turns), "`http.client` with the same bytes", ratio=5, most=MOST.get(turns))
    for turns in SIZES
}
CHATS = Claim(_named(1000), "`client.chats`", ratio=1 / 40)
SDK = Claim(
    "cell start to request sent, no turn before it", "the SDK's own call, and 1 ms", ratio=1.25
)
CLAIMS = (*RAW.values(), SDK, CHATS)

LAST = "And the sum below 1,000?"
RAW_SEND = """
import http.client
def send(path):
    with open(path, "rb") as file:
        data = file.read()
    connection = http.client.HTTPConnection(ADDRESS)
    connection.request("POST", "/raw", data, {"content-type": "application/json"})
    connection.getresponse().read()
    connection.close()
"""
CHAT = """
import json
from google import genai
from google.genai import types
client = genai.Client(
    api_key="k" * 12, http_options=types.HttpOptions(base_url=f"http://{ADDRESS}/")
)
def chat(path):
    with open(path, "rb") as file:
        history = [types.Content.model_validate(one) for one in json.load(file)["contents"][:-1]]
    return client.chats.create(model="gemini-3.8-flash", config=config, history=history)
config = types.GenerateContentConfig(tools=[types.Tool(code_execution={})])
def call():
    for chunk in client.models.generate_content_stream(
        model="gemini-3.8-flash", contents="And the sum below 1,000?", config=config
    ):
        pass
def ask(chat):
    for chunk in chat.send_message_stream("And the sum below 1,000?"):
        pass
"""


class Clock:
    """An answer that notes when each request had arrived whole."""

    def __init__(self) -> None:
        self.arrived = 0.0
        self.asked: Asked

    def __call__(self, asked: Asked) -> None:
        self.arrived, self.asked = time.monotonic(), asked
        asked.whole(ANSWER)


def measure(folder: Path, rounds: int, sizes: tuple[int, ...] = SIZES, chats: int = 3) -> Results:
    """``rounds`` of each size; ``chats`` of the slow one, which takes a second each."""
    clock, results = Clock(), {}
    with (
        Replay(clock) as server,
        Kernel(folder, GEMINI_API_KEY="k" * 12, GOOGLE_GEMINI_BASE_URL=server.url) as kernel,
    ):

        def sent(code: str, cell: str | None = None) -> float:
            started = time.monotonic()
            ran = kernel.run(code, cell=cell)
            assert ran.ok, ran.error
            return clock.arrived - started

        def done(code: str) -> None:
            assert kernel.run(code).ok, code

        def sending(turns: int) -> dict[str, Callable[[], float]]:
            def ours() -> float:
                done("1")
                found = sent(f"%%gemini\n{LAST}", "bench")
                assert len(clock.asked.json["contents"]) == 2 * turns + 1
                return found

            def raw() -> float:
                done("1")
                return sent(f"send({str(body)!r})")

            body = folder / f"body-{turns}.json"
            asked = [*contents(turns), {"role": "user", "parts": [{"text": LAST}]}]
            body.write_text(json.dumps({"contents": asked, "tools": [{"codeExecution": {}}]}))
            done(f"%gemini load {saved(folder, turns)}")
            return {"ours": ours, "raw": raw}

        warmed(kernel)
        done(f"ADDRESS = {server.url.split('/')[2]!r}" + RAW_SEND)
        for turns in sizes:
            found = in_turn(rounds, sending(turns), warm=2)
            results[RAW[turns]] = Found(found["ours"], found["raw"])
        done(CHAT)

        def ours() -> float:
            done("1")
            return sent(f"%%gemini --stateless\n{LAST}", "bench")

        def sdk() -> float:
            done("1")
            return sent("call()") + 0.001

        found = in_turn(2 * rounds, {"ours": ours, "sdk": sdk}, warm=2)
        results[SDK] = Found(found["ours"], found["sdk"])
        if chats:
            prepared = f"talk = chat({str(folder / 'body-1000.json')!r})"

            def chatting() -> float:
                done(prepared)
                return sent("ask(talk)")

            took = in_turn(chats, {"chats": chatting})["chats"]
            results[CHATS] = Found(results[RAW[1000]].ours, took)
    return results
