"""A call of the model answered: arguments checked, function run, result as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gemini_magic.parts import Call, Json, Part, Response
from gemini_magic.tools.declaring import Tool
from gemini_magic.tools.patience import OutOfTime, within
from gemini_magic.transport.protocol import Stop

ROUNDS = 10  # requests of one question that may end in calls
LONGEST = 100_000  # characters of one result as JSON


def waiting(parts: Sequence[Part]) -> list[Call]:
    """The calls among ``parts`` that have no response among them, in order."""
    responses = [part for part in parts if isinstance(part, Response)]
    calls = []
    for part in parts:
        if not isinstance(part, Call):
            continue
        answered = next((r for r in responses if (r.id, r.name) == (part.id, part.name)), None)
        if answered is None:
            calls.append(part)
        else:
            responses.remove(answered)
    return calls


def answer(tools: Sequence[Tool], call: Call, seconds: float, stop: Stop) -> Response:
    """The response to a call: ``{"output": ...}``, or ``{"error": ...}`` that the model can read.

    An unknown name, arguments that do not fit, an exception and a function that is not done after
    ``seconds`` are errors of this kind. KeyboardInterrupt goes through.
    """
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        names = ", ".join(tool.name for tool in tools)
        return _response(call, {"error": f"There is no function {call.name!r}; there is: {names}."})
    arguments, wrong = _checked(tool, call.args or {})
    if wrong:
        return _response(call, {"error": f"Wrong arguments for {tool.name}: {wrong}"})
    try:
        result = within(seconds, stop, lambda: tool.function(**arguments))
    except OutOfTime:
        return _response(call, {"error": f"{tool.name} was ended after {seconds:g} s."})
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's function raises
        return _response(call, {"error": _encodable(f"{type(error).__name__}: {error}"[:LONGEST])})
    return _response(call, {"output": _plain(result)})


def _response(call: Call, response: Json) -> Response:
    text = json.dumps(response, ensure_ascii=False)
    if len(text) > LONGEST:
        response = {
            "output": text[:LONGEST],
            "truncated": f"the first {LONGEST:,} of {len(text):,} characters of the result",
        }
    return Response(call.name, response, call.id)


def _checked(tool: Tool, given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The arguments as their hints say, and what is wrong with them in words."""
    from pydantic import ValidationError

    wrong = [f"{name!r} is not a parameter" for name in given if name not in tool.adapters]
    wrong += [f"{name!r} is missing" for name in sorted(tool.required - given.keys())]
    arguments: dict[str, Any] = {}
    for name, adapter in tool.adapters.items():
        if name not in given:
            continue
        try:
            arguments[name] = adapter.validate_python(given[name])
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            where = "".join(f"[{step!r}]" for step in first["loc"])
            wrong.append(f"{name!r}{where}: {first['msg']}")
    return arguments, "; ".join(wrong)


def _plain(value: Any) -> Any:
    """The value as JSON has it; what JSON cannot hold as its text.

    Numbers of numpy become numbers, dataclasses and models objects, dates ISO 8601, NaN and
    infinity text ("NaN"), since the service takes none.
    """
    from pydantic_core import PydanticSerializationError, to_json

    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    try:
        return json.loads(to_json(value, fallback=_text, inf_nan_mode="strings"))
    except (PydanticSerializationError, ValueError, TypeError, RecursionError):
        return _encodable(str(value))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _text(value: Any) -> Any:
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
