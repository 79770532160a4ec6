"""Thinking is seen while it goes on: in the status line, within moments of its event."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from browsing import App, until
from watching import QUIET

sys.path.insert(0, str(Path(__file__).parents[1]))
from replay import Asked, Replay

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("kept_page")]

FIRST, LINE = "Weighing the options", "I am looking at them"
SECOND, WORDS = "Counting the primes", "It is 328."
TRIES = 5  # whoever else uses the machine only ever makes it slower
APART = 1.5  # seconds from one summary to the next, and from that to the first words

# Notes when words are first on screen in the status line below a cell, or in the answer's text.
WATCH = """([at, words]) => {
  const shown = window.shown = {};
  const cell = document.querySelectorAll('.jp-NotebookPanel .jp-Cell')[at];
  const look = () => {
    const found = cell.querySelectorAll('.gm-Status, .gm-Text');
    const text = [...found].filter(one => one.checkVisibility()).map(one => one.textContent).join();
    for (const word of words) {
      if (!(word in shown) && text.includes(word)) {
        shown[word] = 0;
        // After the frame in which the words were laid out, so that they are on screen.
        requestAnimationFrame(() => setTimeout(() => {
          shown[word] = performance.timeOrigin + performance.now();
        }));
      }
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def event(text: str, **more: Any) -> bytes:
    part = {"text": text, **more}
    body = {"candidates": [{"content": {"role": "model", "parts": [part]}}]}
    if not more:
        body["candidates"][0]["finishReason"] = "STOP"
    return b"data: " + json.dumps(body).encode() + b"\r\n\r\n"


class Thinking:
    """A service that thinks for three seconds; notes when each event left."""

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}

    def __call__(self, asked: Asked) -> None:
        asked.head(content_type="text/event-stream")
        time.sleep(0.5)
        sent: dict[str, float] = {}
        for words, data in (
            (FIRST, event(f"**{FIRST}**\n\n{LINE}.\n\n", thought=True)),
            (SECOND, event(f"**{SECOND}**\n\n", thought=True)),
            (WORDS, event(WORDS)),
        ):
            if sent:
                time.sleep(APART)
            sent[words] = self.sent[words] = time.time()
            asked.send(data)


def ask(url: str) -> str:
    return (
        "%load_ext gemini_magic\n"
        "import os, scripting as s; s.wait_until_watched()\n"
        f"os.environ['GOOGLE_GEMINI_BASE_URL'] = {url!r}\n"
        "os.environ['GEMINI_API_KEY'] = 'no-key-at-all'"
    )


@pytest.mark.usefixtures("alone")
def test_the_newest_thought_is_on_screen_within_moments_of_its_event(app: App) -> None:
    thinking = Thinking()
    with Replay(thinking) as server:
        app.open([ask(server.url), *["%%gemini --stateless\nHow much is it?"] * TRIES])
        app.run(0)
        app.js(QUIET)
        best: dict[str, float] = {}
        for at in range(1, TRIES + 1):
            app.js(WATCH, [at, [LINE, SECOND, WORDS]])
            app.start(at)
            until(lambda: len(app.js("window.shown")) == 3, "the words")
            until(lambda: all(app.js("window.shown").values()), "their frames")
            shown = app.js("window.shown")
            shown[FIRST] = shown.pop(LINE)
            took = {words: when / 1000 - thinking.sent[words] for words, when in shown.items()}
            print({words: f"{seconds * 1000:.0f} ms" for words, seconds in took.items()})
            best = {words: min(took[words], best.get(words, 9)) for words in took}
            app.wait(at)
            if max(best.values()) < 0.2:
                break
        assert max(best.values()) < 0.2, best
        body = server.asked[0].json
        assert body["generationConfig"]["thinkingConfig"] == {"include_thoughts": True}
        assert body["store"] is False


def test_the_status_line_shows_the_newest_thought_alone_and_the_section_keeps_all(lab: App) -> None:
    thinking = Thinking()
    with Replay(thinking) as server:
        lab.open([ask(server.url), "%%gemini --stateless\nHow much is it?"])
        lab.run(0)
        lab.start(1)
        turn = lab.turn(1)
        status = turn.locator(".gm-Status")
        until(lambda: LINE in status.inner_text(), "the first thought")
        assert "Thinking" in status.inner_text()
        until(lambda: SECOND in status.inner_text(), "the newest thought")
        assert LINE not in status.inner_text()
        lab.wait(1)
        assert not status.is_visible()
        assert WORDS in turn.inner_text()
        thoughts = turn.locator("details.gm-Thought")
        thoughts.locator("summary").click()
        until(lambda: FIRST in thoughts.inner_text() and SECOND in thoughts.inner_text(), "both")


def test_with_thoughts_off_none_is_asked_for(lab: App) -> None:
    with Replay(Thinking()) as server:
        off = "%config GeminiMagics.show_thoughts = False"
        lab.open([ask(server.url), off, "%%gemini --stateless\nHow much is it?"])
        for at in range(3):
            lab.run(at)
        (body,) = [asked.json for asked in server.asked]
        assert "thinkingConfig" not in body.get("generationConfig", {})
        assert lab.turn(2).locator("details.gm-Thought").count() == 0
