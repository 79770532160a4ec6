"""Shows exactly what would be sent, and sends nothing (``--preview``)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import NoBackend
from gemini_magic.session.asking import refuse_unfit
from gemini_magic.session.limits import estimate
from gemini_magic.session.notes import told
from gemini_magic.text import counted, one_line
from gemini_magic.transport.keeping import kept

if TYPE_CHECKING:
    from gemini_magic.attach.item import Item
    from gemini_magic.session.question import Question
    from gemini_magic.session.sendable import Change
    from gemini_magic.session.session import Session
    from gemini_magic.transport.google import GoogleTransport
    from gemini_magic.transport.protocol import Outgoing

LONGEST = 400  # characters of one string in the shown body


def preview(session: Session, question: Question) -> None:
    """Print the request: where it would go, its size, the parts of its history, its body.

    The sizes are those of the real body; long strings (a prompt, an attachment's base64) are cut
    in what is shown, and the cut is named. The tokens are an estimate from the characters: to
    count them is a request of its own, and a preview sends nothing.
    """
    placed = session.engine.placed(question)
    try:
        connection, note = session.connect(), ""
    except NoBackend:
        connection = session.connections.stand_in()
        note = "No backend is configured; this is what the Developer API would be sent.\n"
    refuse_unfit(session, placed, connection.backend)
    placed = session.engine.fitted(placed, connection.backend.issuer)
    said = "".join(_changed(change) for change in placed.changes)
    said += "".join(_attached(item) for item in question.items) + _told(question)
    preview_request(
        session, connection.transport, placed.outgoing, estimate(placed), before=note, said=said
    )


def preview_request(
    session: Session,
    transport: GoogleTransport,
    outgoing: Outgoing,
    tokens: int,
    *,
    before: str = "",
    said: str = "",
) -> None:
    """Print one request; ``before`` stands above it, ``said`` above its body."""
    request = transport.preview(outgoing)
    contents = request.body.get("contents", [])
    session.say(
        f"{before}{request.method} {request.url}\n"
        f"{request.size:,} bytes, about {tokens:,} input "
        f"tokens, {len(contents)} contents ({len(contents) - 1} of them history); "
        "nothing was sent\n"
        f"kept by the service: {kept(transport.backend, outgoing.store)}\n"
        f"{said}" + json.dumps(_short(request.body), indent=2, ensure_ascii=False)
    )


def _changed(change: Change) -> str:
    return f"exchange {change.number}, {one_line(change.prompt, 40)!r}: {told(change.changed)}\n"


def _told(question: Question) -> str:
    """What goes before the prompt about the notebook, whole: in the body it is cut."""
    parts = question.told.parts if question.told is not None else ()
    texts = [str(part["text"]) for part in parts if "text" in part]
    pictures = len(parts) - len(texts)
    said = f"{counted(pictures, 'picture')} of cells\n" if pictures else ""
    return "".join(f"told of the notebook:\n{text}" for text in texts) + said


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
