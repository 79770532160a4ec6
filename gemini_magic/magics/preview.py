"""``--preview``: exactly what would be sent, and nothing sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import NoBackend
from gemini_magic.magics.asking import refuse_tools
from gemini_magic.magics.length import estimate

if TYPE_CHECKING:
    from gemini_magic.attach.item import Item
    from gemini_magic.magics.magic import GeminiMagics
    from gemini_magic.question import Question

LONGEST = 400  # characters of one string in the shown body


def preview(magics: GeminiMagics, question: Question) -> None:
    """Print the request: where it would go, its size, the parts of its history, its body.

    The sizes are those of the real body; long strings (a prompt, an attachment's base64) are cut
    in what is shown, and the cut is named. The tokens are an estimate from the characters: to
    count them is a request of its own, and a preview sends nothing.
    """
    outgoing = magics.engine.placed(question).outgoing
    try:
        connection, note = magics.connect(), ""
    except NoBackend:
        connection = magics.connections.stand_in()
        note = "No backend is configured; this is what the Developer API would be sent.\n"
    refuse_tools(question, connection.backend.kind)
    request = connection.transport.preview(outgoing)
    contents = request.body.get("contents", [])
    magics.say(
        f"{note}{request.method} {request.url}\n"
        f"{request.size:,} bytes, about {estimate(magics.engine, question, outgoing):,} input "
        f"tokens, {len(contents)} contents ({len(contents) - 1} of them history); "
        "nothing was sent\n"
        + "".join(_attached(item) for item in question.items)
        + json.dumps(_short(request.body), indent=2, ensure_ascii=False)
    )


def _attached(item: Item) -> str:
    how = item.uri.partition("?")[0] if item.uri is not None else f"{len(item.data):,} bytes"
    about = f"; {item.about}" if item.about else ""
    return f"attached: {item.name}, {item.mime_type}, {how}, sha256 {item.sha256[:12]}{about}\n"


def _short(value: Any) -> Any:
    match value:
        case {"fileUri": str(address)} if "?" in address:
            # A signed address carries a secret, and the notebook keeps what is shown.
            rest = {name: inner for name, inner in value.items() if name != "fileUri"}
            place, _, query = address.partition("?")
            return {**rest, "fileUri": f"{place}?... ({len(query):,} characters)"}
        case dict():
            return {name: _short(inner) for name, inner in value.items()}
        case list():
            return [_short(inner) for inner in value]
        case str() if len(value) > LONGEST:
            return f"{value[:LONGEST]}... ({len(value):,} characters)"
    return value
