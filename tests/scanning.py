"""Keys of three formats, a service that quotes them, and the search for them in what it wrote."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator

from .replay import Answer, Asked
from .sse import ANSWER, stream, text

KEYS = {
    "classic": "AIzaSyScanScanScanScanScanScanScanScan1",
    "new": "AQ.Ab8RN6IscanscanscanscanscanSCANscanscan2",
    "token": "ya29.a0AfB_byScanScanScanScanScanScanScan3",
}
LEAKED = "AIzaSyLeakLeakLeakLeakLeakLeakLeakLeak4"  # in what others say: URLs, headers, errors


def forms(key: str) -> Iterator[bytes]:
    """The key, and as base64 has it at each of its three alignments, and quoted for a URL."""
    yield key.encode()
    yield urllib.parse.quote(key, safe="").encode()
    for shift in range(3):
        encoded = base64.b64encode(b"x" * shift + key.encode())
        yield encoded[4:-4]


def found(data: bytes, *keys: str) -> list[str]:
    return [key[:10] for key in keys if any(form in data for form in forms(key))]


def service(asked: Asked) -> None:
    """Answers some and refuses others, quoting the key it was given and one of its own."""
    key = asked.headers.get("x-goog-api-key", "none")
    prompt = asked.body.decode("utf-8", "replace")
    if asked.path.partition("?")[0].endswith("/models"):
        Answer(b'{"models": [{"name": "models/gemini-3.8-flash"}]}', 200, "application/json")(asked)
    elif "refuse" in prompt:
        said = f"key {key} or {LEAKED} at https://host/v1?key={LEAKED} is not valid"
        error = {"error": {"code": 403, "message": said, "status": "PERMISSION_DENIED"}}
        headers = {"x-debug": key, "www-authenticate": f"Bearer {LEAKED}"}
        Answer(json.dumps(error).encode(), 403, "application/json", headers=headers)(asked)
    elif "redirect" in prompt:
        asked.head(307, location=f"http://elsewhere.example/?key={LEAKED}", content_length="0")
    elif "drop" in prompt:
        asked.head(content_type="text/event-stream")
        asked.send(stream(text("half")))
        asked.reset()
    elif "page" in prompt:
        Answer(f"<html><title>key={key}</title></html>".encode(), 200, "text/html")(asked)
    else:
        Answer(ANSWER)(asked)
