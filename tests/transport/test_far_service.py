"""A service 40 ms away: what a question waits for beside the way itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..certificate import pem
from ..certificate import serving as certificate_serving
from ..far import Far
from ..replay import Asked, Replay
from ..sse import ANSWER
from .asking import serving, texts

TRIP = 0.040  # seconds
MOST = TRIP / 2 + 0.005
QUESTIONS = 3, 60  # at least and at most: whoever else uses the machine only makes it slower


def answered(asked: Asked) -> None:
    asked.whole(ANSWER)


@pytest.fixture
def far(tmp_path: Path) -> Iterator[tuple[Far, Replay, str]]:
    """The way, the service, and its certificate's file."""
    certificate = pem(tmp_path)
    with Replay(answered, tls=certificate_serving(certificate)) as service:
        port = int(service.url.rstrip("/").rpartition(":")[2])
        with Far(port, TRIP) as way:
            yield way, service, str(certificate)


@pytest.mark.usefixtures("alone")
def test_the_second_question_leaves_at_once(
    far: tuple[Far, Replay, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    way, service, certificate = far
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with serving(answered, base_url=f"https://127.0.0.1:{way.port}/") as (_, transport):
        transport.warm()
        took: list[float] = []
        while len(took) < QUESTIONS[0] or min(took[1:]) >= MOST:
            before, started = len(way.arrived), time.monotonic()
            assert texts(transport)
            took.append(way.arrived[before].at - started)
            if len(took) == QUESTIONS[1]:
                break
    assert {asked.connection for asked in service.asked} == {1}
    assert {one.connection for one in way.arrived} == {1}, "and no handshake in between"
    assert min(took[1:]) < MOST, took
