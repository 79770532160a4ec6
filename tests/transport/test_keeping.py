"""What the service may keep: store=false in requests, and services that do not take it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from gemini_magic.errors import BadRequest
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.keeping import NOT_KNOWN, kept
from gemini_magic.transport.receivers import Receivers

from ..replay import Answer, Replay
from .asking import DONE, chunks, outgoing, refused, serving, texts, until_error

GOOGLES = {
    "error": {
        "code": 400,
        "message": 'Invalid JSON payload received. Unknown name "store": Cannot find field.',
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [
                    {
                        "description": 'Invalid JSON payload received. Unknown name "store": '
                        "Cannot find field."
                    }
                ],
            }
        ],
    }
}
UNKNOWN: list[tuple[int, Any]] = [
    (400, GOOGLES),
    (400, {"error": {"message": "Unrecognized request argument supplied: store"}}),
    (400, {"error": {"message": "Unknown parameter: 'store'.", "code": "unknown_parameter"}}),
    (400, {"error": {"code": 400, "message": "* store: unknown field"}}),
    (
        422,
        {
            "detail": [
                {
                    "type": "extra_forbidden",
                    "loc": ["body", "store"],
                    "msg": "Extra inputs are not permitted",
                }
            ]
        },
    ),
    (400, {"error": {"message": "Invalid JSON: unknown field `store`, expected `contents`"}}),
    (400, {"error": {"message": "Additional properties are not allowed ('store' was unexpected)"}}),
    (400, {"error": {"message": "got an unexpected keyword argument 'store'"}}),
    (400, {"error": {"message": "GenerateContentRequest.store: unknown field"}}),
    (400, {"error": {"message": "Unrecognized key(s) in object: 'store'"}}),
    (400, {"error": {"message": "Unknown field store in body."}}),
]


def refusal(status: int, body: Any) -> Answer:
    return refused(json.dumps(body).encode(), status)


def stores(server: Replay) -> list[Any]:
    return [asked.json.get("store", "absent") for asked in server.asked]


@pytest.mark.parametrize("stream", [True, False])
def test_the_developer_api_is_told_to_keep_nothing_unless_allowed(stream: bool) -> None:
    with serving(Answer(DONE), Answer(DONE)) as (server, transport):
        chunks(transport, stream=stream)
        chunks(transport, stream=stream, store=True)
        assert stores(server) == [False, "absent"]
        assert transport.preview(outgoing(stream=stream)).body["store"] is False


def test_vertex_has_no_such_field() -> None:
    for login in ({"api_key": "express"}, {"api_key": None, "credentials": Credentials("t")}):
        project = {} if login["api_key"] else {"project": "p1", "location": "global"}
        with serving(Answer(DONE), kind="vertex", **login, **project) as (server, transport):
            chunks(transport)
            chunks(transport, store=True)
            assert stores(server) == ["absent", "absent"]


@pytest.mark.parametrize(("status", "body"), UNKNOWN, ids=range(len(UNKNOWN)))
def test_a_service_that_does_not_know_the_field_is_asked_once_more_without_it(
    status: int, body: Any
) -> None:
    said: list[str] = []
    with Replay(refusal(status, body), Answer(DONE)) as server:
        for _ in range(2):  # another connection to the same address knows, too
            backend = Backend("developer", "no-key", base_url=server.url)
            transport = GoogleTransport(backend, Receivers(said.append))
            assert texts(transport) == ["!"]
            assert texts(transport) == ["!"]
            transport.close()
        assert stores(server) == [False, *["absent"] * 4]
        assert said == [NOT_KNOWN]
        assert "not known" in kept(backend, store=False)
        with serving(Answer(DONE)) as (other, transport):
            chunks(transport)
            assert stores(other) == [False], "another service has refused nothing"


def test_a_service_that_refuses_it_always_is_not_asked_for_ever() -> None:
    with serving(refusal(400, GOOGLES)) as (server, transport):
        _, error = until_error(transport, retries=3)
        assert type(error) is BadRequest
        assert stores(server) == [False, "absent"]


@pytest.mark.parametrize(
    "message",
    [
        "`store` must be true for requests with this model.",
        "store=false is not permitted for this project.",
        "Invalid value at 'store' (type.googleapis.com/google.protobuf.BoolValue), false",
        "Unsupported value: 'store' does not support false with this model.",
        "Unsupported parameter value for store: false.",
        "store: unexpected value; permitted: true",
        "Field store must be true for this project.",
        "Data storage cannot be disabled for this model.",
    ],
)
def test_one_that_knows_the_field_and_refuses_it_is_not_asked_without_a_word(message: str) -> None:
    body = {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
    with serving(refusal(400, body), Answer(DONE)) as (server, transport):
        _, error = until_error(transport)
        assert type(error) is BadRequest
        assert message.rstrip(".") in error.what
        assert "55 days" in error.hint
        assert "store=True" in error.hint
        assert len(server.asked) == 1
        assert texts(transport, store=True) == ["!"], "as the message says"


@pytest.mark.parametrize(
    "message",
    [
        "The file search store fileSearchStores/abc is not found or unknown.",
        'Unknown name "storage": Cannot find field.',
        "Request contains an invalid argument.",
        "Unable to restore the session: unexpected end.",
        "The vector store is unknown.",
        "Unknown file search store.",
        "Unexpected key in the store.",
    ],
)
def test_other_refusals_are_not_taken_for_one_of_the_field(message: str) -> None:
    with serving(refusal(400, {"error": {"code": 400, "message": message}})) as (server, transport):
        _, error = until_error(transport)
        assert isinstance(error, BadRequest)
        assert "55 days" not in error.hint
        assert len(server.asked) == 1


def test_what_is_kept_is_said_for_each_backend() -> None:
    assert "store=false" in kept(Backend("developer", "k"), store=False)
    assert "55 days" in kept(Backend("developer", "k"), store=True)
    assert "Google Cloud project" in kept(Backend("vertex", "k"), store=False)
    assert "this machine" in kept(Backend("emulator"), store=False)
