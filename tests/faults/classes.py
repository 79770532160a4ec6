"""One fault for each class of error, chosen by the prompt: for roads other than a cell."""

from __future__ import annotations

from ..replay import Asked
from . import wire
from .answer import ALL, EVENTS, Kept, cut
from .case import Answer
from .damage import ENDINGS
from .refusing import Refusal

_TEXT = cut("mid text", "stream")
_ENDED = {damage.error: damage.bytes_of("stream", 5) for damage in ENDINGS if damage.error}


def _ending(error: str) -> Answer:
    return lambda asked: wire.whole(asked, "stream", _ENDED[error])


# The answer that ends as this error, and what of it is kept.
CLASSES: dict[str, tuple[Answer, Kept]] = {
    "BadRequest": (Refusal(400), []),
    "AccessDenied": (Refusal(401), []),
    "ModelNotFound": (Refusal(404), []),
    "RateLimited": (Refusal(429, delay="3000s"), []),
    "ServiceUnavailable": (Refusal(501), []),
    "ConnectionDropped": (lambda asked: wire.reset(asked, _TEXT), _TEXT.kept),
    "TimedOut": (lambda asked: wire.stall(asked, _TEXT), _TEXT.kept),
    "BadResponse": (lambda asked: wire.html_page(asked, _TEXT), _TEXT.kept),
    "AnswerBlocked": (_ending("AnswerBlocked"), ALL),
    "AnswerFailed": (_ending("AnswerFailed"), ALL),
}


def answer_by_prompt(asked: Asked) -> None:
    """A prompt that is the name of a class meets its fault; any other is answered well."""
    prompt = asked.json["contents"][-1]["parts"][-1]["text"]
    if prompt in CLASSES:
        CLASSES[prompt][0](asked)
    else:
        wire.whole(asked, "stream", b"".join(EVENTS))
