"""Makes the body of a refusal what the SDK expects: JSON or text, in UTF-8, without a frame.

Google sends that; what stands between may send a page in any charset, or frame the JSON as an
event. Pure: no I/O and no SDK.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import re

from gemini_magic.errors import BadResponse
from gemini_magic.transport.sse import EventReader

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def in_utf8(body: bytes, content_type: str) -> bytes:
    """``body`` in UTF-8, read by the charset that ``content_type`` declares.

    What is valid UTF-8 is taken for that whatever is declared (a default of the server's), but for
    a charset whose text would hold zero bytes.
    """
    declared = _CHARSET.search(content_type)
    name = _known(declared[1]) if declared else "utf-8"
    if b"\0" not in body:
        with contextlib.suppress(UnicodeDecodeError):
            body.decode("utf-8")
            return body
    return body.decode(name, "replace").encode("utf-8", "replace")


def _known(charset: str) -> str:
    try:
        found = codecs.lookup(charset)
    except LookupError:
        return "utf-8"
    # Python has codecs that are none of texts (zip, rot13).
    return found.name if getattr(found, "_is_text_encoding", True) else "utf-8"


def unframed(body: bytes) -> bytes:
    """``body``, or the JSON in it where that stands in an event of a stream."""
    if not body.lstrip().startswith(b"data:"):
        return body
    reader = EventReader()
    try:
        events = [*reader.feed(body), *reader.finish()]
    except BadResponse:
        return body
    return json.dumps(events[0]).encode() if events else body
