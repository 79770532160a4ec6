"""Says what the service keeps of prompts and answers, as requests now ask for it.

On the Developer API, paid projects made since 26 October 2026 keep prompts, data and answers up to
55 days by default; ``"store": false`` in a request forbids it, whatever the project says. Vertex
has no such field: there it is settled for the Google Cloud project.
"""

from __future__ import annotations

from gemini_magic.transport.backends import Backend
from gemini_magic.transport.learned import LEARNED

NOT_KNOWN = (
    "This service does not know the field store: it was asked without it.\n"
    "What it keeps of prompts and answers is its own affair."
)


def kept(backend: Backend, store: bool) -> str:
    """What ``backend`` keeps of a request with the setting ``store``, in a line."""
    if backend.kind == "emulator":
        return "nothing leaves this machine (emulator)"
    if backend.kind == "vertex":
        return "what the Google Cloud project says (Vertex has no store=false)"
    if store:
        return "what the project says: up to 55 days, where it is a paid one (store=True)"
    if LEARNED.refused(backend.issuer, "store"):
        return "not known: this service does not know store=false, and is asked without it"
    return "nothing: requests say store=false"
