"""Hypothesis strategies for parts and turns, hostile text included."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import strategies as st

from gemini_magic.turn.continuation import Continuation, Continued
from gemini_magic.turn.model_status import ModelStatus
from gemini_magic.turn.parts import (
    KINDS,
    Call,
    Code,
    File,
    Image,
    Opaque,
    Part,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.request import Attachment, Request
from gemini_magic.turn.turn import STATUSES, Turn
from gemini_magic.turn.usage import Usage

from .hostile import HOSTILE

# What markup, terminals and parsers react to, so that random text finds their combinations.
_MARKUP = st.sampled_from(
    [
        *("<", ">", "&", '"', "'", "`", "```", "~~~", "$", "$$", "\\", "\\(", "\\)", "\\[", "\\]"),
        *("[", "]", "(", ")", "](", "]:", "![", "*", "**", "_", "~~", "|", "#", ">", "- ", "1. "),
        *("\n", "\n\n", " ", "    ", "\t", "<img src=x onerror=alert(1)>", "<script>", "</div>"),
        *("javascript:alert(1)", "https://example.org/a", "<!--", "&lt;", "\x1b[31m", "\u202e"),
        *("a", "b", "html", "\\begin{x}", "\\end{x}", "\r", "\x00", "|-|-|", "---", "===", "[^1]"),
    ]
)
markup = st.lists(_MARKUP, max_size=40).map("".join)
texts = st.one_of(st.text(max_size=80), markup, st.sampled_from(sorted(HOSTILE.values())))
storable = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(storable, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(storable, json_values, max_size=3)
ids = st.none() | st.sampled_from(["a1", "b2", "call_46063"])
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\4\xb0\0\0\2\xee"  # the head of a 1200x750 picture
data = st.binary(max_size=40) | st.just(PNG)
mime_types = st.sampled_from(
    [
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/tiff"),
        *('image/png"><script>alert(1)</script>', "IMAGE/PNG; q=1"),
    ]
)
shared: dict[str, st.SearchStrategy[Any]] = {
    "signature": st.none() | st.sampled_from(["", "c2ln", "AbF9+/=="]),
    "extra": st.none() | st.dictionaries(storable, json_values, min_size=1, max_size=2),
}
either = {**shared, "thought": st.booleans()}
languages = st.sampled_from(["PYTHON", "python", "LANGUAGE_UNSPECIFIED", "", '"><b>'])
outcomes = st.sampled_from(
    [None, "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED", 'OUTCOME_"><script>']
)

shown = st.none() | st.lists(
    st.fixed_dictionaries(
        {
            "mime_type": mime_types
            | st.sampled_from(
                [
                    *("text/html", "image/svg+xml", "application/javascript", "text/markdown"),
                    *("text/latex", "application/vnd.plotly.v1+json", "application/json"),
                ]
            )
        },
        optional={
            "data": texts,
            "only": st.booleans(),
            "frame": st.sampled_from(["still", "live"]),
            "title": texts,
            "size": st.integers(0, 10**9),
        },
    ),
    min_size=1,
    max_size=2,
)

parts_by_kind: dict[str, st.SearchStrategy[Part]] = {
    "text": st.builds(Text, texts, **shared),
    "thought": st.builds(Thought, texts, **shared),
    "code": st.builds(Code, texts, languages, ids, **either),
    "result": st.builds(Result, outcomes, st.none() | texts, ids, **either),
    "image": st.builds(Image, mime_types, data, **either),
    "file": st.builds(File, st.none() | st.just("text/csv"), st.none(), data, **either)
    | st.builds(File, st.none() | mime_types, texts, st.none(), **either),
    "call": st.builds(Call, texts, st.none() | objects, ids, **either),
    "response": st.builds(
        Response, st.just("run_python") | texts, st.none() | objects, ids, shown, **either
    ),
    "opaque": st.builds(Opaque, objects, **either),
}
assert set(parts_by_kind) == set(KINDS)
parts: st.SearchStrategy[Part] = st.one_of(*parts_by_kind.values())

counts = st.integers(0, 10**9)
kinds = st.sampled_from(["input_audio_tokens", "cached_image_tokens", "output_video_tokens"])
usages = st.builds(
    Usage,
    *(counts, counts, counts, counts, counts, counts),
    details=st.dictionaries(kinds, st.integers(1, 2**31), max_size=2),
)
attachments = st.builds(
    Attachment,
    texts,
    st.just("text/csv"),
    counts,
    st.binary(max_size=8).map(lambda content: hashlib.sha256(content).hexdigest()),
)
requests = st.builds(
    Request,
    texts,
    texts,
    st.sampled_from(["developer", "vertex", "emulator"]),
    objects,
    st.lists(attachments, max_size=2).map(tuple),
    st.sampled_from(["", "developer@12345678"]),
)
pages = st.fixed_dictionaries({"uri": texts, "title": texts})
grounding = (
    st.none()
    | objects
    | st.fixed_dictionaries(
        {
            "groundingMetadata": st.fixed_dictionaries(
                {
                    "groundingChunks": st.lists(st.fixed_dictionaries({"web": pages}), max_size=3),
                    "searchEntryPoint": st.fixed_dictionaries({"renderedContent": texts}),
                }
            ),
            "urlContextMetadata": st.fixed_dictionaries(
                {
                    "urlMetadata": st.lists(
                        st.fixed_dictionaries({"retrievedUrl": texts}), max_size=2
                    )
                }
            ),
            "citationMetadata": st.dictionaries(
                st.sampled_from(["citations", "citationSources"]),
                st.lists(st.fixed_dictionaries({"uri": texts}, optional={"title": texts})),
            ),
        }
    )
)
optional = st.none() | texts
continuations = st.builds(Continuation, texts, counts, counts)
later = st.builds(Continued, st.just("2026-11-02T10:20:00+01:00"), counts, usages, optional)
turns: st.SearchStrategy[Turn] = st.builds(
    Turn,
    id=texts,
    request=requests,
    conversation=texts,
    cell=optional,
    status=st.sampled_from(STATUSES),
    reused=st.none() | st.fixed_dictionaries({"stored": texts}),
    parts=st.lists(parts, max_size=6).map(tuple),
    usage=usages,
    finish_reason=optional,
    message=optional,
    model_version=optional,
    response_id=optional,
    started=st.just("2026-11-02T10:00:00+01:00"),
    elapsed_ms=counts,
    grounding=grounding,
    model_status=st.none() | st.builds(ModelStatus, texts, optional, optional),
    notes=st.lists(texts, max_size=2).map(tuple),
    continuation=st.none() | continuations,
    continued=st.lists(later, max_size=2).map(tuple),
)


def answered(*given: Part, **fields: Any) -> Turn:
    """A complete turn with these parts; ``fields`` override."""
    request = Request("Which region grew fastest?", "gemini-3.8-flash", "developer")
    return Turn(**{"id": "t1", "request": request, "status": "complete", "parts": given, **fields})
