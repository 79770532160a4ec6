"""Command lines, good and bad, and exactly what becomes of each: in a real kernel, on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gemini_magic.magics.commands.table import SUBCOMMANDS
from gemini_magic.magics.options import OPTIONS
from gemini_magic.session.prices import source

from ..kernel import Kernel, Ran
from ..replay import Answer, Asked, Replay
from ..sse import stream, text
from .command_lines import HELP, LINES, Refused, Said, Sent

LISTED = {
    "models": [
        {
            "name": f"models/{name}",
            "displayName": name.title(),
            "inputTokenLimit": 1000,
            "outputTokenLimit": 10,
            "supportedGenerationMethods": [method],
        }
        for name, method in (
            ("gemini-3.8-flash", "generateContent"),
            ("gemini-2.5-pro", "generateContent"),
            ("gemini-4-mystery", "generateContent"),
            ("embedding-1", "embedContent"),
        )
    ]
}
RESET = """
from gemini_magic.session.conversations import Conversations
m = get_ipython()._gemini_magic.magics.session
m.chosen.clear(); m.listed_models.clear(); m.input_limits.clear()
get_ipython()._gemini_magic.magics.kernel.failure = None
m.engine.conversations = Conversations(); m.engine.spent.clear(); m.engine.last = None
word = 'blue'
# Who answers for a name, and prices, change by date.
import datetime
from gemini_magic import catalog
catalog.now = lambda day=datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC): day
del datetime, catalog
"""


def service(asked: Asked) -> None:
    path = asked.path.partition("?")[0]
    if path.endswith("/models"):
        Answer(json.dumps(LISTED).encode(), 200, "application/json")(asked)
    elif path.endswith(":generateContent"):
        Answer(json.dumps(text("ok", finish="STOP")).encode(), 200, "application/json")(asked)
    else:
        Answer(stream(text("ok", finish="STOP", prompt=3, candidates=1, total=4)))(asked)


@dataclass
class Lines:
    """A kernel whose every line starts from nothing, and the server it asks."""

    kernel: Kernel
    server: Replay
    folder: Path

    def run(self, line: str) -> tuple[Ran, list[Asked]]:
        reset = self.kernel.run(RESET)
        assert reset.ok, reset.error
        self.server.asked.clear()
        ran = self.kernel.run(line)
        assert ran.stream("stderr") == ""
        return ran, [asked for asked in self.server.asked if asked.method == "POST"]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]) -> Iterator[Lines]:
    folder = tmp_path_factory.mktemp("lines")
    with (
        Replay(service) as server,
        start_kernel(
            folder, GEMINI_API_KEY="table-key-12345", GOOGLE_GEMINI_BASE_URL=server.url
        ) as kernel,
    ):
        yield Lines(kernel, server, folder)


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_a_line_does_exactly_this(lines: Lines, line: str, expected: Refused | Said | Sent):
    ran, sent = lines.run(line)
    prices = source()
    named = f"{prices['source']} {prices['version']} for {prices['date']}"
    match expected:
        case Refused(name, message):
            assert not ran.ok
            message = message.replace("PRICES", named).replace("FOLDER", str(lines.folder))
            assert (ran.error["ename"], ran.error["evalue"]) == (name, message)
            assert len(message.splitlines()) == 2
            assert (ran.stdout, ran.displays, sent) == ("", [], [])
        case Said(printed):
            assert ran.ok, ran.error
            address = lines.server.url.removeprefix("http://").rstrip("/")
            assert ran.stdout == printed.replace("PRICES", named).replace("SERVER", address)
            assert (ran.displays, sent) == ([], [])
        case Sent():
            assert ran.ok, ran.error
            assert len(sent) == 1
            (content,) = sent[0].json["contents"]
            path = f"/models/{expected.model}:{expected.method}"
            assert sent[0].path.partition("?")[0].endswith(path)
            assert content["parts"][-1] == {"text": expected.prompt}
            assert sum("inlineData" in part for part in content["parts"]) == expected.attached
            rest = {k: v for k, v in sent[0].json.items() if k != "contents"}
            thoughts = {"thinkingConfig": {"include_thoughts": True}}
            body = {"store": False, "generationConfig": {**thoughts, **expected.generation}}
            if expected.tools is not None:
                body["tools"] = expected.tools
            if expected.system is not None:
                body["systemInstruction"] = {"parts": [{"text": expected.system}], "role": "user"}
            assert rest == body
            assert ran.displays


def test_the_table_is_long_enough_and_every_option_and_subcommand_is_in_help():
    assert len(LINES) >= 120
    for option in OPTIONS:
        assert option.usage in HELP.text
    for command in SUBCOMMANDS:
        assert f"  {command.usage}" in HELP.text
