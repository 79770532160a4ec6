"""Was the echoed history altered? Every answer is signed and remembered, every echo compared.

Gemini asks callers to send a model turn back as it came: ids, thought signatures on their own
parts, in order. It checks little of that itself; the emulator checks all of it, so that a client
which loses or moves something is found out. What it allows: unsigned text parts joined, empty
unsigned text left out, either base64 alphabet, names in either case.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from gemini_magic.emulator.api_errors import ApiError, invalid

# Documented for histories that come from elsewhere.
_DUMMIES = ("context_engineering_is_the_way_to_go", "skip_thought_signature_validator")
# As bytes, which the SDK encodes, or written into the JSON as they stand, which reads as base64.
DUMMY_SIGNATURES = frozenset(
    {*(dummy.encode() for dummy in _DUMMIES), *map(base64.urlsafe_b64decode, _DUMMIES)}
)
# No secret: it only tells answers of this emulator (any process) from everything else.
_KEY = b"gemini_magic offline emulator"
_NONCE = 16

Part = Mapping[str, Any]
Canonical = tuple[str, ...]


def canonical(parts: Sequence[Part]) -> Canonical:
    """The parts in one form: bytes as hex, empty unsigned text dropped, unsigned text joined."""
    found: list[dict[str, Any]] = []
    for part in parts:
        one = {name: _plain(value) for name, value in part.items() if value is not None}
        if one.get("thought") is False:
            del one["thought"]
        if one.keys() == {"thoughtSignature"}:
            one["text"] = ""  # an empty signed text part may come back without its empty text
        joinable = one.keys() <= {"text", "thought"}
        if joinable and not one.get("text"):
            continue
        before = found[-1] if found else {}
        if joinable and before.keys() == one.keys():
            found[-1] = {**before, "text": before["text"] + one["text"]}
        else:
            found.append(one)
    return tuple(json.dumps(one, sort_keys=True) for one in found)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def sign(before: Sequence[Part], part: Part, nonce: bytes) -> bytes:
    """The signature of a part: it covers the part and everything before it in its answer."""
    return b"\x12\x50" + nonce + _digest(before, part, nonce)


def _digest(before: Sequence[Part], part: Part, nonce: bytes) -> bytes:
    bare = {name: value for name, value in part.items() if name != "thoughtSignature"}
    chain = [*canonical(before), *(canonical([bare]) or ("",))]
    return hmac.new(_KEY, nonce + json.dumps(chain).encode(), hashlib.sha512).digest()


def _genuine(before: Sequence[Part], part: Part) -> bool:
    signature = part["thoughtSignature"]
    nonce = signature[2 : 2 + _NONCE]
    return hmac.compare_digest(signature, sign(before, part, nonce))


class Ledger:
    """Every model Content this server sent, by its ids, signatures and code. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_mark: dict[str, set[Canonical]] = {}

    def remember(self, parts: Sequence[Part]) -> None:
        """Keep an answer, complete or cut short, as it was sent."""
        sent = canonical(parts)
        with self._lock:
            for mark in _marks(parts):
                self._by_mark.setdefault(mark, set()).add(sent)

    def check(self, contents: Sequence[Mapping[str, Any]]) -> None:
        """Raise ApiError 400 when a model Content is not what was answered."""
        # The SDK's chats keep one Content a chunk: model Contents in a row are one answer.
        answer: list[Part] = []
        for index, content in enumerate(contents):
            if content.get("role") == "model":
                answer.extend(content.get("parts", []))
            elif answer:
                self._check_one(answer, f"contents[{index - 1}]")
                answer = []

    def _check_one(self, parts: Sequence[Part], where: str) -> None:
        signatures = [part["thoughtSignature"] for part in parts if "thoughtSignature" in part]
        if any(signature in DUMMY_SIGNATURES for signature in signatures):
            return
        echoed = canonical(parts)
        with self._lock:
            known = [self._by_mark[mark] for mark in _marks(parts) if mark in self._by_mark]
        if known and not signatures and not any(mark.startswith("id:") for mark in _marks(parts)):
            # Recognised by its code alone: another service may have answered the same code.
            plain = [{sent for sent in answers if not _signed(sent)} for answers in known]
            known = [answers for answers in plain if answers]
            if any(_without_its_end(sent, echoed) for answers in known for sent in answers):
                return
        if known:
            if not any(echoed in answers for answers in known):
                raise _altered(
                    where, min(known[0], key=lambda sent: _distance(sent, echoed)), echoed
                )
            return
        for index, part in enumerate(parts):
            if "thoughtSignature" in part and not _genuine(parts[:index], part):
                raise invalid(
                    f"Corrupted thought signature at {where}.parts[{index}] (emulator: it does "
                    "not belong to this part after these parts)."
                )


def _marks(parts: Sequence[Part]) -> list[str]:
    """What an answer is recognised by, ids first: they are unique, code may recur."""
    ids, signatures, codes = [], [], []
    for part in parts:
        for kind in ("executableCode", "codeExecutionResult", "functionCall"):
            if part.get(kind, {}).get("id"):
                ids.append("id:" + part[kind]["id"])
        signature = part.get("thoughtSignature")
        if signature and signature not in DUMMY_SIGNATURES:
            signatures.append("signature:" + signature.hex())
        if code := part.get("executableCode", {}).get("code"):
            codes.append("code:" + code)
    return [*ids, *signatures, *codes]


def _signed(sent: Canonical) -> bool:
    return any("thoughtSignature" in json.loads(part) for part in sent)


def _without_its_end(sent: Canonical, echoed: Canonical) -> bool:
    """Whether an answer that was cut off at a code came back with that code as text, or without.

    A code without its result is not to be sent on.
    """
    kept = sent[:-1]
    if not kept or not echoed or "executableCode" not in json.loads(sent[-1]):
        return False
    if echoed == kept:
        return True
    last, former = json.loads(echoed[-1]), json.loads(kept[-1])
    if last.keys() != {"text"}:
        return False
    if echoed[:-1] == kept:
        return True
    # Unsigned texts are joined, so it may be the end of the text before.
    joined = former.keys() == {"text"} and last["text"].startswith(former["text"])
    return joined and echoed[:-1] == kept[:-1]


def _distance(sent: Canonical, echoed: Canonical) -> int:
    same = sum(one == two for one, two in zip(sent, echoed, strict=False))
    return max(len(sent), len(echoed)) - same


def _altered(where: str, sent: Canonical, echoed: Canonical) -> ApiError:
    for index, (one, two) in enumerate(zip(sent, echoed, strict=False)):
        if one != two:
            return invalid(
                f"History altered at {where}.parts[{index}] (emulator): answered {_short(one)}, "
                f"echoed {_short(two)}."
            )
    return invalid(
        f"History altered at {where} (emulator): answered {len(sent)} parts, echoed {len(echoed)}."
    )


def _short(part: str) -> str:
    return part if len(part) <= 120 else part[:117] + "..."


def encode(signature: bytes) -> str:
    """Standard base64, as the service sends signatures."""
    return base64.b64encode(signature).decode()


def check_responses(contents: Sequence[Mapping[str, Any]]) -> None:
    """Raise ApiError 400 unless each function response answers a call of the turn before.

    And unless each call has its response: in the next Content, or in its own, where the service
    has called. The wording is from public reports, not recorded.
    """
    for index, content in enumerate(contents):
        if content.get("role") == "model":
            _check_answered(content, contents[index + 1] if index + 1 < len(contents) else {})
        responses = [
            p["functionResponse"] for p in content.get("parts", []) if "functionResponse" in p
        ]
        if not responses or content.get("role") == "model":
            continue
        before = contents[index - 1] if index else {}
        calls = [p["functionCall"] for p in before.get("parts", []) if "functionCall" in p]
        if before.get("role") != "model" or not calls:
            raise invalid(
                "Please ensure that function response turn comes immediately after a function "
                "call turn."
            )
        if len(calls) != len(responses):
            raise invalid(_UNEQUAL)
        # The SDK's automatic function calling sends no id: then the name has to do.
        named = {(call.get("id"), call.get("name")) for call in calls}
        named |= {(None, call.get("name")) for call in calls}
        for response in responses:
            if (response.get("id"), response.get("name")) not in named:
                raise invalid(
                    f"Function response {response.get('name')!r} with id {response.get('id')!r} "
                    "answers no call of the turn before (emulator)."
                )


_UNEQUAL = (
    "Please ensure that the number of function response parts is equal to the number of function "
    "call parts of the function call turn."
)


def _check_answered(model: Mapping[str, Any], following: Mapping[str, Any]) -> None:
    calls, own, back = (
        sum(kind in part for part in content.get("parts", []))
        for content, kind in (
            (model, "functionCall"),
            (model, "functionResponse"),
            (following, "functionResponse"),
        )
    )
    if calls > own and calls - own != back:
        raise invalid(_UNEQUAL)
