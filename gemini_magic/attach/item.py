"""An attachment as a value: a name, a MIME type, bytes (or a URI), and what to say about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from gemini_magic.errors import OptionError
from gemini_magic.hints import Hint
from gemini_magic.text import size_text
from gemini_magic.turn.request import Attachment


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


def too_large(what: str, size: str, limit: int, smaller: str, needed: int) -> OptionError:
    """The refusal of what is over ``max_attachment_bytes``: the sizes, and three ways on.

    ``what`` and ``size``: what it is and how large; ``smaller``: how to send less of it;
    ``needed``: bytes, to be named as the limit that would do.
    """
    return OptionError(
        f"{what} is {size}; attachments may have {size_text(limit)} in one request, and nothing "
        "was sent.",
        Hint.ATTACH_LESS(smaller=smaller, needed=needed),
    )
