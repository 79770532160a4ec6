"""Answers with grounding metadata, for requests with Google Search or URL context.

Nothing is searched and no page is read: sources, chips and text say that they are emulated.
"""

from __future__ import annotations

import html
import re

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Ground, Say, Script

_SOURCES = (
    ("https://example.com/emulated-source-1", "example.com (emulated)"),
    ("https://example.org/emulated-source-2", "example.org (emulated)"),
)
_CHIP = (
    "<style>\n.container {\n  display: flex;\n  font-family: sans-serif;\n}\n.chip {\n"
    "  border: solid 1px;\n  border-radius: 16px;\n  padding: 5px 16px;\n}\n</style>\n"
    '<div class="container">\n<a class="chip" href="https://www.google.com/search?q=emulated">'
    "%s</a>\n</div>\n"
)


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers when a search or URL tool is there and the prompt asks for nothing to compute."""
    urls = re.findall(r"https?://[^\s<>\"')]+", prompt)
    if conversation.may_read_urls and urls:
        return _read(urls)
    asks = re.search(
        r"\b(search|latest|news|today|current|who|when|look up|google)\b", prompt, re.I
    )
    if conversation.may_search and (asks or not conversation.may_run):
        return _searched(prompt)
    return None


def _searched(prompt: str) -> Script:
    query = " ".join(prompt.split())[:80]
    one = "The emulator did not search the web."
    two = "These sources stand where Gemini would name its own."
    yield Say(f"{one} {two}")
    yield Ground(
        {
            "webSearchQueries": [query],
            "searchEntryPoint": {"renderedContent": _CHIP % html.escape(f"{query} (emulated)")},
            "groundingChunks": [{"web": {"uri": uri, "title": title}} for uri, title in _SOURCES],
            "groundingSupports": [
                {
                    # Offsets count bytes of the answer's text; a start of 0 is left out.
                    "segment": {"endIndex": len(one.encode()), "text": one},
                    "groundingChunkIndices": [0],
                },
                {
                    "segment": {
                        "startIndex": len(one.encode()) + 1,
                        "endIndex": len(one.encode()) + 1 + len(two.encode()),
                        "text": two,
                    },
                    "groundingChunkIndices": [0, 1],
                },
            ],
        }
    )


def _read(urls: list[str]) -> Script:
    yield Say("The emulator reads no pages; Gemini would have read: " + ", ".join(urls) + ".")
    yield Ground(
        {"groundingChunks": [{"web": {"uri": url, "title": f"{url} (emulated)"}} for url in urls]},
        {
            "urlMetadata": [
                {"retrievedUrl": url, "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}
                for url in urls
            ]
        },
    )
