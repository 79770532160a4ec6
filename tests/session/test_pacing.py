"""Pacing: what processes learn of a quota, with a clock and a service of the test's own."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import RateLimited, ServiceUnavailable
from gemini_magic.session.pacing import Pace, Paced, SharedPace
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.transport.scripted import Scripted
from gemini_magic.turn.assembly import Chunk, Progress
from gemini_magic.turn.parts import Text

ASKED = Outgoing("m", [{"role": "user", "parts": [{"text": "one"}]}])


class Service:
    """A quota of ``most`` requests in ``window`` seconds, sliding or in fixed windows."""

    def __init__(self, most: int, window: float, *, sliding: bool) -> None:
        self.most, self.window, self.sliding = most, window, sliding
        self.taken: deque[float] = deque()
        self.requests = 0

    def ask(self, now: float) -> float:
        """0 when answered, else the seconds it asks to wait."""
        self.requests += 1
        start = now - self.window if self.sliding else now - now % self.window
        while self.taken and self.taken[0] <= start:
            self.taken.popleft()
        if len(self.taken) < self.most:
            self.taken.append(now)
            return 0.0
        first = self.taken[0] if self.sliding else start
        return first + self.window - now


def simulate(service: Service, workers: int, turns: int, gap: float) -> float:
    """``workers`` ask ``turns`` times in all, ``gap`` seconds apart; returns when all are done."""
    pace = Pace()
    queue = [(1000.0 + n * gap / workers, n) for n in range(workers)]
    heapq.heapify(queue)
    done, now = 0, 1000.0
    while done < turns:
        now, worker = heapq.heappop(queue)
        wait = pace.wait(now)
        if wait:
            heapq.heappush(queue, (now + wait, worker))
            continue
        pace.send(now)
        delay = service.ask(now + 0.01)
        if delay:
            pace.refused(now, now + 0.02, delay)
            heapq.heappush(queue, (now + 0.02, worker))
        else:
            done += 1
            heapq.heappush(queue, (now + gap, worker))
    return now - 1000.0


@given(
    most=st.integers(2, 20),
    window=st.sampled_from([1.0, 2.0, 10.0, 60.0]),
    workers=st.integers(1, 8),
    gap=st.sampled_from([0.05, 0.5, 2.0]),
    sliding=st.booleans(),
)
def test_few_requests_are_wasted_and_the_quota_is_used(
    most: int, window: float, workers: int, gap: float, sliding: bool
):
    service = Service(most, window, sliding=sliding)
    took = simulate(service, workers, 50, gap)
    assert service.requests <= 1.6 * 50
    least = max((50 / most - 1) * window, 50 * gap / workers)
    assert took <= 3 * least + 2 * window + 1


def test_nothing_is_slowed_while_nothing_is_refused():
    pace = Pace()
    for number in range(1000):
        assert pace.wait(number / 100) == 0
        pace.send(number / 100)


def test_a_refusal_is_known_to_all_until_its_time(tmp_path: Path):
    now = [100.0]
    one, two = (SharedPace(tmp_path / "pace.json", clock=lambda: now[0]) for _ in range(2))
    wait, sent = one.start()
    assert (wait, sent) == (0, 100.0)
    one.refused(sent, 7.0)
    assert two.start()[0] == pytest.approx(7.0, abs=0.5)
    now[0] = 107.5
    assert two.start()[0] == 0


def test_refusals_are_waited_out_beyond_the_retries_of_a_call(tmp_path: Path):
    refused = [[RateLimited("too many", code=429, retry_after=0.01)] for _ in range(10)]
    inner = Scripted(*refused, ["the answer"])
    paced = Paced(inner, SharedPace(tmp_path / "pace.json"))
    events = list(paced.send(replace(ASKED, retries=2)))
    answer = next(event for event in events if isinstance(event, Chunk))
    assert answer.parts == (Text("the answer"),)
    assert any(isinstance(event, Progress) and "retrying" in event.text for event in events)
    assert all(sent.retries == 0 for sent in inner.sent), "only one of the two repeats"


def test_other_failures_are_repeated_as_often_as_the_call_says(tmp_path: Path):
    down = [ServiceUnavailable("down", code=503, retry_after=0.001)]
    inner = Scripted(down, down, down, ["never reached"])
    with pytest.raises(ServiceUnavailable):
        list(Paced(inner, SharedPace(tmp_path / "pace.json")).send(replace(ASKED, retries=2)))
    assert len(inner.sent) == 3


def test_an_answer_that_has_begun_is_not_asked_for_again(tmp_path: Path):
    inner = Scripted(["half", RateLimited("too many", code=429, retry_after=0.0)], ["other"])
    with pytest.raises(RateLimited):
        list(Paced(inner, SharedPace(tmp_path / "pace.json")).send(ASKED))
    assert len(inner.sent) == 1


@pytest.mark.parametrize(("again", "asked"), [(0, 1), (1, 2)])
def test_what_waiting_does_not_cure_holds_nobody_else(tmp_path: Path, again: int, asked: int):
    refused = RateLimited("no", code=429, retry_after=0.01, again=again)
    inner = Scripted(*[[refused]] * 9)
    pace = SharedPace(tmp_path / "pace.json")
    with pytest.raises(RateLimited):
        list(Paced(inner, pace).send(replace(ASKED, retries=4)))
    assert len(inner.sent) == asked
    for model in (ASKED.model, "another"):
        assert pace.of(model).start()[0] == 0


def test_a_model_waits_for_its_own_quota_alone(tmp_path: Path):
    one = SharedPace(tmp_path / "pace.json", clock=lambda: 100.0)
    _, sent = one.of("one").start()
    one.of("one").refused(sent, 30.0)
    assert one.of("one").start()[0] > 29
    assert one.of("two").start()[0] == 0


def test_each_wait_is_told_with_what_it_is_for(tmp_path: Path):
    told: list[tuple[str, float]] = []
    inner = Scripted(
        [RateLimited("no", code=429, retry_after=0.05, scope="minute")],
        [ServiceUnavailable("down", code=503, retry_after=0.01)],
        ["the answer"],
    )
    paced = Paced(inner, SharedPace(tmp_path / "pace.json"), lambda *wait: told.append(wait))
    list(paced.send(ASKED))
    reasons = list(dict.fromkeys(reason for reason, _ in told))
    assert reasons == [
        "the quota per minute of m (refused 1 of 20 times)",
        "the service failed (503) of m",
    ]
    assert all(0 < seconds < 1 for _, seconds in told)
