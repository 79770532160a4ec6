"""Lists the sources of a grounded answer, and Google's search suggestions, as links.

Reads `Turn.grounding` (Gemini's groundingMetadata, urlContextMetadata and citationMetadata as they
came). Everything in it is foreign: a link is kept only when it is http or https.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from gemini_magic.text import one_line


@dataclass(frozen=True)
class Source:
    """A page: ``title`` in one line, and ``url`` when it is one that may be linked, else None."""

    title: str
    url: str | None = None


def linkable(url: Any) -> str | None:
    """``url`` when it is an http or https URL without white space or controls, else None."""
    if not isinstance(url, str) or len(url) > 8000:
        return None
    if any(char <= " " or char in "<>\"'`\\" or "\x7f" <= char <= "\x9f" for char in url):
        return None
    try:
        split = urlsplit(url)
    except ValueError:
        return None
    return url if split.scheme.lower() in ("http", "https") and split.netloc else None


def sources(grounding: Mapping[str, Any] | None) -> list[Source]:
    """The sources in the order of Gemini's chunk indices, then pages read and works cited."""
    found: list[Source] = []
    seen: set[str] = set()
    for title, url in _named(grounding or {}):
        link = linkable(url)
        key = link or f"{title}\0{url}"
        if key in seen:
            continue
        seen.add(key)
        words = title if isinstance(title, str) and title.strip() else url
        if isinstance(words, str) and words.strip():
            shown = one_line(words)
            if link is None and isinstance(url, str) and url != words:
                shown += f" ({one_line(url)})"
            found.append(Source(shown, link))
    return found


def _named(grounding: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    for chunk in _list(grounding.get("groundingMetadata"), "groundingChunks"):
        for kind in ("web", "maps", "retrievedContext", "image"):
            page = chunk.get(kind)
            if isinstance(page, Mapping):
                url = page.get("uri") or page.get("sourceUri")
                yield page.get("title") or page.get("domain"), url
    for page in _list(grounding.get("urlContextMetadata"), "urlMetadata"):
        status = page.get("urlRetrievalStatus")
        url = page.get("retrievedUrl")
        if status in (None, "URL_RETRIEVAL_STATUS_SUCCESS"):
            yield None, url
        elif isinstance(url, str) and isinstance(status, str):
            # Not readable: named with the reason, not counted as the same page when cited too.
            reason = status.removeprefix("URL_RETRIEVAL_STATUS_").lower()
            yield f"{one_line(url)} (not read: {reason})", url
    for name in ("citations", "citationSources"):  # as Vertex AI and the Gemini API call them
        for work in _list(grounding.get("citationMetadata"), name):
            yield work.get("title"), work.get("uri")


def _list(holder: Any, name: str) -> Iterator[Mapping[str, Any]]:
    items = holder.get(name) if isinstance(holder, Mapping) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping):
            yield item


def suggestions(grounding: Mapping[str, Any] | None) -> list[Source]:
    """Google's search suggestions (``searchEntryPoint.renderedContent``): text and link only.

    Google's terms ask for them to be shown; its HTML (style and SVG) is not used.
    """
    metadata = (grounding or {}).get("groundingMetadata")
    entry = metadata.get("searchEntryPoint") if isinstance(metadata, Mapping) else None
    rendered = entry.get("renderedContent") if isinstance(entry, Mapping) else None
    if not isinstance(rendered, str):
        return []
    reader = _Anchors()
    reader.feed(rendered)
    reader.close()
    return [Source(one_line(words), linkable(url)) for url, words in reader.found if words.strip()]


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._url: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._url, self._words = dict(attrs).get("href") or "", []

    def handle_data(self, data: str) -> None:
        if self._url is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._url is not None:
            self.found.append((self._url, "".join(self._words)))
            self._url = None
