"""Outlines a turn: chooses the steps a view shows, their order, and those that stand open.

One answer for all forms: failed attempts are folded, the last good result is open, pictures sent
twice in a row are shown once (the sandbox sends a plot for ``savefig`` and again for ``show``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gemini_magic.settings import SHOWS
from gemini_magic.turn.parts import Image, Opaque, Part, Text, Thought
from gemini_magic.turn.steps import CodeRun, Step, last_good, steps

GOOGLE, EMULATED = "Google's sandbox", "the offline emulator's sandbox"
KERNEL = "this kernel"


@dataclass(frozen=True)
class Entry:
    """A step to show.

    ``open``: its result is unfolded; ``last``: nothing has come after it. ``code``, ``results``:
    which side of a run is shown; ``sandbox``: where its code ran, in words.
    """

    step: Step
    open: bool = False
    last: bool = False
    code: bool = True
    results: bool = True
    sandbox: str = GOOGLE


def outline(
    parts: Sequence[Part], show: str = "all", sandbox: str = GOOGLE, *, typed: bool = False
) -> list[Entry]:
    """The entries of ``parts`` for ``show``; raises ValueError on an unknown ``show``.

    ``typed``: a schema was asked for, so that a text may be JSON, which Markdown would alter.
    """
    if show not in SHOWS:
        raise ValueError(f"show is {show!r}, not one of {', '.join(SHOWS)}")
    found = steps(_joined(parts))
    if typed:
        found = [_as_code(step) for step in found]
    good = last_good(found)
    entries = [
        Entry(step, at == good, at == len(found) - 1, sandbox=sandbox)
        for at, step in enumerate(found)
    ]
    if show == "answer":
        return [entry for entry in entries if isinstance(entry.step, Text)]
    if show == "code":
        return [
            replace(entry, results=False)
            for entry in entries
            if isinstance(entry.step, CodeRun) and entry.step.code is not None
        ]
    if show == "results":
        return [
            replace(entry, code=False)
            for entry in entries
            if isinstance(entry.step, Image)
            or (isinstance(entry.step, CodeRun) and (entry.step.results or entry.step.images))
        ]
    return entries


def _as_code(step: Step) -> Step:
    """An object or a list in JSON as a block of code; any other step as it is."""
    if not isinstance(step, Text) or not step.text.lstrip().startswith(("{", "[")):
        return step
    return Text(f"```json\n{step.text.strip()}\n```")


def _joined(parts: Sequence[Part]) -> list[Part]:
    """``parts`` with neighbouring texts joined, empty ones and lone signatures dropped.

    A signed text stays a part of its own in the turn, even in the middle of a word; a reader sees
    one text. Signatures are of no use here.
    """
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Text | Thought) and not part.text:
            continue
        if isinstance(part, Opaque) and part.signature_alone:
            continue
        before = found[-1] if found else None
        if isinstance(part, Text) and isinstance(before, Text):
            found[-1] = Text(before.text + part.text)
        elif isinstance(part, Thought) and isinstance(before, Thought):
            found[-1] = Thought(before.text + part.text)
        else:
            found.append(part)
    return found


def pictures(images: Sequence[Image]) -> list[tuple[Image, int]]:
    """Each picture with how many times in a row the same bytes were sent."""
    found: list[tuple[Image, int]] = []
    for image in images:
        if found and (found[-1][0].data, found[-1][0].mime_type) == (image.data, image.mime_type):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((image, 1))
    return found
