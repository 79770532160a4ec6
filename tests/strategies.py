"""Hypothesis strategies for parts and turns, hostile text included."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import strategies as st

from gemini_magic.parts import (
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
from gemini_magic.turn import STATUSES, Attachment, Request, Turn, Usage

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

parts_by_kind: dict[str, st.SearchStrategy[Part]] = {
    "text": st.builds(Text, texts, **shared),
    "thought": st.builds(Thought, texts, **shared),
    "code": st.builds(Code, texts, languages, ids, **either),
    "result": st.builds(Result, outcomes, st.none() | texts, ids, **either),
    "image": st.builds(Image, mime_types, data, **either),
    "file": st.builds(File, st.none() | st.just("text/csv"), st.none(), data, **either)
    | st.builds(File, st.none() | mime_types, texts, st.none(), **either),
    "call": st.builds(Call, texts, st.none() | objects, ids, **either),
    "response": st.builds(Response, texts, st.none() | objects, ids, **either),
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
        }
    )
)
optional = st.none() | texts
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
)


def answered(*given: Part, **fields: Any) -> Turn:
    """A complete turn with these parts; ``fields`` override."""
    request = Request("Which region grew fastest?", "gemini-3.8-flash", "developer")
    return Turn(**{"id": "t1", "request": request, "status": "complete", "parts": given, **fields})
