"""What is wrong with a cell that met a fault, with a good one, and with the request after it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..kernel import Ran
from ..replay import Asked
from . import answer
from .case import Case

TURN = "application/vnd.gemini-magic.turn+json"


def shown_turn(ran: Ran) -> dict[str, Any] | None:
    """The turn that a cell shows in the end."""
    shown = [display["data"][TURN] for display in ran.displays if TURN in display["data"]]
    return shown[-1] if shown else None


def kept(turn: Mapping[str, Any]) -> answer.Kept:
    """What the turn's JSON holds of texts, code and results."""
    said = {"text": "text", "code": "code", "result": "output"}
    return [
        (part["kind"], part.get(said.get(part["kind"], ""), ""))
        for part in turn["parts"]
        if part["kind"] in said
    ]


def faults_of_good(ran: Ran) -> list[str]:
    """What is wrong with a cell that met no fault."""
    turn = shown_turn(ran)
    if not ran.ok:
        return [f"failed: {ran.error['ename']}: {ran.error['evalue']}"]
    if turn is None or turn["status"] != "complete" or kept(turn) != answer.ALL:
        return [f"not as sent: {turn}"]
    return []


def faults_of(case: Case, ran: Ran) -> list[str]:
    """What is wrong with the cell that met the fault."""
    wrong = []
    ended = "ok" if ran.ok else ran.error["ename"]
    if ended not in (case.errors or ("ok",)):
        said = "" if ran.ok else f": {ran.error['evalue']}"
        wrong.append(f"ended as {ended}{said}, expected {case.errors or 'ok'}")
    elif not ran.ok:
        lines = ran.error["evalue"].splitlines()
        if not 2 <= len(lines) <= 3 or "test-key-12345" in ran.error["evalue"]:
            wrong.append(f"its message: {lines}")
    turn = shown_turn(ran)
    if turn is None:
        return [*wrong, "no answer was displayed"]
    if turn["status"] != case.status:
        wrong.append(f"status {turn['status']}, expected {case.status}")
    if case.kept is not None and kept(turn) != case.kept:
        wrong.append(f"kept {str(kept(turn))[:300]}, expected {case.kept}")
    held = json.dumps(turn, ensure_ascii=False)
    escaped = [json.dumps(text, ensure_ascii=False)[1:-1] for text in case.shown]
    wrong += [f"does not hold {text[:80]!r}" for text in escaped if text not in held]
    wrong += [f"holds {text!r}" for text in case.hidden if text in held]
    return wrong


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def faults_of_history(case: Case, asked: Asked) -> list[str]:
    """What is wrong with the request after the fault: its history is the good exchanges'."""
    try:
        body = json.loads(asked.body, parse_constant=_refuse_constant)
    except ValueError as error:
        return [f"the next request is no JSON: {error}"]
    contents = body["contents"]
    last = [content["parts"][-1] for content in contents if content["role"] == "user"]
    prompts = [part["text"] for part in last if "text" in part]  # none is what a run gave back
    expected = ["Seed.", *(["Fault."] if case.remembered else []), "And then?"]
    wrong = []
    if prompts != expected:
        wrong.append(f"the next request asks {prompts}, expected {expected}")
    if contents[1]["parts"] != answer.ECHO:
        wrong.append(f"the history was altered: {contents[1]['parts']}")
    return wrong
