"""One HTTP exchange with a Gemini endpoint, checked in both directions against the schemas."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from . import Api, Name, problems


@dataclass(frozen=True)
class Route:
    """What a path means: the API, and the messages it takes (None for a GET) and answers."""

    api: Api
    request: Name | None
    response: Name


_PATH = re.compile(
    r"""(?:^|/)(?:v1|v1beta|v1beta1|v1alpha)/
        (?P<parents>(?:[a-z]+/[^/:]+/)*?)           # projects/p/locations/l/publishers/google/
        models
        (?:/(?P<model>[^/:]+)(?::(?P<method>[A-Za-z]+))?)?$""",
    re.VERBOSE,
)
_METHODS: dict[str, tuple[Name, Name]] = {
    "generateContent": ("request", "response"),
    "streamGenerateContent": ("request", "response"),
    "countTokens": ("count_request", "count_response"),
}


def route(path: str) -> Route:
    """The route of a URL path, whatever proxy prefix and query it has.

    With ``publishers/google`` it is Vertex AI's, else the Developer API's. Raises ValueError for a
    path that neither API publishes.
    """
    found = _PATH.search(path.partition("?")[0])
    if found is None:
        raise ValueError(f"not a Gemini path: {path!r}")
    api: Api = "vertex" if "publishers/google/" in found["parents"] else "developer"
    method = found["method"]
    if method is None:
        return Route(api, None, "models" if found["model"] is None else "model")
    if method not in _METHODS:
        raise ValueError(f"no schema here for the method {method!r} of {path!r}")
    return Route(api, *_METHODS[method])


def exchange_problems(
    path: str, request: Any, response: bytes, *, stream: bool = False, status: int = 200
) -> list[str]:
    """What is wrong with an exchange, request first; [] when both sides are valid.

    ``request`` is the parsed body, None for a GET; ``response`` the bytes as sent. ``stream``: the
    answer is server-sent events (``alt=sse``), or a JSON array without that. An error answer is
    held to google.rpc.Status, alone, in a one-item array, or bare in the middle of a stream.
    """
    way = route(path)
    found: list[str] = []
    if way.request is not None:
        wrong = problems(request, api=way.api, message=way.request)
        found += [f"request: {line}" for line in wrong]
    elif request is not None:
        found.append("request: a GET has no body")
    try:
        bodies = response_bodies(response, stream=stream and status < 400)
    except ValueError as error:
        return [*found, f"response: {error}"]
    for index, body in enumerate(bodies):
        is_error = status >= 400 or (isinstance(body, dict) and "error" in body)
        message: Name = "error" if is_error else way.response
        where = f"response[{index}]" if len(bodies) > 1 else "response"
        wrong = problems(body, api=way.api, message=message)
        found += [f"{where}: {line}" for line in wrong]
    return found


def assert_valid_exchange(
    request_record: tuple[str, Any], response_bytes: bytes, stream: bool, status: int = 200
) -> None:
    """Fail with every problem of the exchange; ``request_record`` is (URL path, parsed body)."""
    path, body = request_record
    found = exchange_problems(path, body, response_bytes, stream=stream, status=status)
    assert not found, f"{path}, status {status}:\n" + "\n".join(found)


def response_bodies(response: bytes, *, stream: bool) -> list[Any]:
    """The JSON bodies of an answer: one, or one an event. ValueError when it is not JSON."""
    text = response.decode("utf-8")
    if not stream:
        body = json.loads(text)
        return body if isinstance(body, list) else [body]
    if text.lstrip().startswith("["):
        array: list[Any] = json.loads(text)
        return array
    found = [_event_body(block) for block in _BLANK_LINE.split(text) if block.strip()]
    if not found:
        raise ValueError("a stream without events")
    return found


_BLANK_LINE = re.compile(r"\r?\n\r?\n")


def _event_body(block: str) -> Any:
    lines = block.splitlines()
    if not any(line.startswith("data:") for line in lines):
        return json.loads(block)  # an error in mid-stream comes bare, without "data:"
    strange = [line for line in lines if not line.startswith("data:")]
    if strange:
        raise ValueError(f"{strange[0]!r} is not a data line")
    return json.loads("\n".join(line[5:].removeprefix(" ") for line in lines))
