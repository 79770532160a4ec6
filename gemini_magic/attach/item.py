"""An attachment as a value: a name, a MIME type, bytes (or a URI), and what to say about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from gemini_magic.errors import OptionError
from gemini_magic.turn import Attachment


@dataclass(frozen=True)
class Item:
    """One thing to attach.

    ``name``: a file name without folders, safe anywhere. ``data``: its bytes; empty when ``uri``
    (gs:// or https://) says where the service finds it. ``about``: facts for the model, such as
    rows, columns and types; never content.
    """

    name: str
    mime_type: str
    data: bytes = b""
    about: str = ""
    uri: str | None = None

    @cached_property
    def sha256(self) -> str:
        """Of the bytes, in hex; of the URI where there are none here."""
        return hashlib.sha256(self.data if self.uri is None else self.uri.encode()).hexdigest()

    @property
    def record(self) -> Attachment:
        """What the turn keeps of it: no content."""
        return Attachment(self.name, self.mime_type, len(self.data), self.sha256)

    @property
    def summary(self) -> str:
        """``sales.csv (5,000 rows x 6 columns, 210.3 kB)``."""
        facts = [self.about.partition(";")[0], size_text(len(self.data)) if not self.uri else ""]
        return f"{self.name} ({', '.join(fact for fact in facts if fact) or self.mime_type})"


def size_text(size: int) -> str:
    """A number of bytes in words: ``812 bytes``, ``210.3 kB``, ``31.2 MB``, ``3.0 GB``."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    for unit, scale in (("kB", 10**3), ("MB", 10**6)):
        if size < 999.95 * scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 10**9:,.1f} GB"


def too_large(what: str, size: str, limit: int, smaller: str, needed: int) -> OptionError:
    """The refusal of what is over ``max_attachment_bytes``: the sizes, and three ways on.

    ``what`` and ``size``: what it is and how large; ``smaller``: how to send less of it;
    ``needed``: bytes, to be named as the limit that would do.
    """
    return OptionError(
        f"{what} is {size}; attachments may have {size_text(limit)} in one request, and nothing "
        "was sent.",
        f"Three ways on: send less ({smaller}); allow more: "
        f"%config GeminiMagics.max_attachment_bytes = {needed}; or put it into a bucket and "
        "attach its address: --attach gs://BUCKET/NAME (Vertex).",
    )
