"""Sources and suggestions: what may be linked, numbered, and read off foreign HTML."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from gemini_magic.render.sources import Source, linkable, sources, suggestions
from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import chunk_from_wire

from ..fixtures import needs_recordings, of
from ..strategies import grounding


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "//example.org", "ftp://a", "https:///x", ""),
        *("https://a b", "https://a\nb", 'https://a"b', "https://a<b", "gs://b/x", "https://[", 5),
        None,
    ],
)
def test_no_other_address_is_linked(url: Any) -> None:
    assert linkable(url) is None


@pytest.mark.parametrize("url", ["https://example.org/a?b=c#d", "HTTP://example.org"])
def test_a_web_address_is_linked_as_it_is(url: str) -> None:
    assert linkable(url) == url


@given(grounding)
def test_any_grounding_gives_named_sources_with_web_links(given_grounding: Any) -> None:
    for source in [*sources(given_grounding), *suggestions(given_grounding)]:
        assert "\n" not in source.title
        assert source.url is None or source.url.lower().startswith(("http://", "https://"))


@pytest.mark.parametrize("name", ["citations", "citationSources", "citation_sources"])
def test_the_works_that_an_answer_cites_are_its_sources_on_either_service(name: str) -> None:
    works = [{"start_index": 3, "uri": "https://a.example"}, {"title": "B", "uri": "gs://b"}]
    chunk = chunk_from_wire({"candidates": [{"citationMetadata": {name: works}}]})
    found = sources(chunk.grounding)
    assert found == [Source("https://a.example", "https://a.example"), Source("B (gs://b)", None)]


def test_a_page_is_listed_once_and_numbered_by_its_chunk() -> None:
    found = sources(
        {
            "groundingMetadata": {
                "groundingChunks": [
                    {"web": {"uri": "https://a.example", "title": "A"}},
                    {"retrievedContext": {"uri": "gs://bucket/b", "title": "B"}},
                    {"maps": {"uri": "https://maps.example/c", "title": "C"}},
                ]
            },
            "urlContextMetadata": {
                "urlMetadata": [
                    {"retrievedUrl": "https://a.example"},
                    {
                        "retrievedUrl": "https://d.example",
                        "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_ERROR",
                    },
                ]
            },
        }
    )
    assert found == [
        Source("A", "https://a.example"),
        Source("B (gs://bucket/b)", None),
        Source("C", "https://maps.example/c"),
        Source("https://d.example (not read: error)", "https://d.example"),
    ]


def test_suggestions_are_text_and_link_alone() -> None:
    rendered = (
        "<style>.chip{}</style><svg><path d='M'/></svg>"
        "<a class='chip' href='https://google.example/?q=1'>one &amp; two</a>"
        "<a href='javascript:alert(1)'>three</a>"
    )
    found = suggestions({"groundingMetadata": {"searchEntryPoint": {"renderedContent": rendered}}})
    assert found == [Source("one & two", "https://google.example/?q=1"), Source("three", None)]


@needs_recordings
def test_recorded_search_answers_have_sources_and_suggestions() -> None:
    named, suggested = 0, 0
    for recording in of("grounding"):
        assembly = Assembly(Turn("t", Request("p", "m", "developer")))
        for raw in recording.raw():
            assembly.add(chunk_from_wire(raw))
        turn = assembly.turn(1)
        named += bool(sources(turn.grounding))
        suggested += bool(suggestions(turn.grounding))
    assert named > 5 and suggested > 2
