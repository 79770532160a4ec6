"""Reads runs in the user's kernel off the calls and responses that carry them; pure.

With ``--here`` the model runs Python by calling one function, `NAME`, whose call and response stay
in the turn as they are on the wire. A reader sees code and results.

A response holds ``outcome`` (as code execution has it), ``stdout``, ``stderr``, ``value`` (the repr
of the last expression), ``traceback`` (its end), ``variables`` (which are new, changed or gone) and
``pictures`` (of how many it knows the number only); what is empty is left out. Neither
``output`` nor ``error`` is among them: the published description takes a response without these
two as the function's output, whole. Pictures that the model takes are ``functionResponse.parts`` on
the wire. Code that the user skipped has ``not_run``, and the ``reason`` that was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemini_magic.text import b64decode
from gemini_magic.turn.parts import Call, Code, Image, Part, Response, Result
from gemini_magic.turn.shown import shown_images

NAME = "run_python"
SKIPPED = "SKIPPED"  # the outcome of a run that the user did not want; never sent
TEXTS = ("stdout", "stderr", "value", "traceback")  # of a response, in reading order
_CHANGES = ("new", "changed", "gone")


def code_of(part: Part) -> Code | None:
    """The code that a call asks to be run in the kernel, None for any other part."""
    if not isinstance(part, Call) or part.name != NAME:
        return None
    code = (part.args or {}).get("code")
    return Code(code, id=part.id, thought=part.thought) if isinstance(code, str) else None


def result_of(part: Part) -> Result | None:
    """What came back from a run in the kernel, None for any other part."""
    if not isinstance(part, Response) or part.name != NAME:
        return None
    response = part.response or {}
    if "not_run" in response:
        return Result(SKIPPED, _text(response.get("reason")) or None, part.id)
    said = [_text(response.get(name)) for name in TEXTS]
    output = "".join(f"{text.removesuffix(chr(10))}\n" for text in said if text)
    outcome = response.get("outcome")
    return Result(outcome if isinstance(outcome, str) else None, output or None, part.id)


def images_of(part: Part) -> tuple[Image, ...]:
    """The pictures that a run in the kernel drew: as they were sent to the model, then others."""
    if not isinstance(part, Response) or part.name != NAME:
        return ()
    own = (part.extra or {}).get("functionResponse")
    blobs = own.get("parts") if isinstance(own, Mapping) else None
    found = []
    for blob in blobs if isinstance(blobs, list) else ():
        inline = blob.get("inlineData") if isinstance(blob, Mapping) else None
        if isinstance(inline, Mapping):
            kind, data = inline.get("mimeType"), inline.get("data")
            if isinstance(kind, str) and kind.startswith("image/") and isinstance(data, str):
                try:
                    found.append(Image(kind, b64decode(data)))
                except ValueError:
                    continue  # of a damaged file: what cannot be decoded is not shown
    return (*found, *shown_images(part))


def printed_of(part: Part) -> str:
    """What a run in the kernel wrote to stdout."""
    return _text((part.response or {}).get("stdout")) if isinstance(part, Response) else ""


def changes_of(part: Part) -> str:
    """Which variables a run made, changed or removed, by name: "new: growth; changed: total"."""
    if not isinstance(part, Response) or part.name != NAME:
        return ""
    variables = (part.response or {}).get("variables")
    if not isinstance(variables, Mapping):
        return ""
    said = []
    for kind in _CHANGES:
        names = variables.get(kind)
        if isinstance(names, list) and names:
            bare = (str(name).partition(" (")[0] for name in names)  # beside it stands its type
            said.append(f"{kind}: {', '.join(bare)}")
    return "; ".join(said)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
