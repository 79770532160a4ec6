"""The docs' table is the command's, and the command tells what it found."""

from __future__ import annotations

import pyperf
import pytest

from .__main__ import BLOCK, CLAIMS, PAGE, dated, main
from .measuring import Claim, Found, hold
from .table import row, suite

FAST = Claim("asking", "waiting", ratio=0.5, most=0.010)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_docs_have_the_rows_that_the_command_has():
    found = BLOCK.search(PAGE.read_text())
    assert found is not None
    lines = found[0].splitlines()
    shown = [cells(line) for line in lines if line.startswith("|")][2:]
    assert [(line[0], line[2]) for line in shown] == [(one.what, one.floor) for one in CLAIMS]
    assert "by `python -m tests.benchmarks`" in found[0]


def test_a_row_says_what_was_measured_and_whether_it_holds():
    kept = row(FAST, Found([0.004, 0.005, 0.009], [0.02]))
    assert kept == (
        "asking",
        "5.00 ms",
        "waiting",
        "20.0 ms",
        "0.25",
        "at most ratio 0.5, 10.0 ms",
        "yes",
    )
    assert row(FAST, Found([0.011], [0.1]))[-1] == "**no**", "too slow for its limit"
    assert row(FAST, Found([0.009], [0.01]))[-1] == "**no**", "too slow for its floor"


def test_what_has_no_floor_here_is_told_and_not_praised():
    peer = Claim("asking", "a peer", ratio=1 / 25)
    assert row(peer, Found([0.004], []))[3:] == ("not installed here", "", "at most ratio 1/25", "")


def test_a_broken_ratio_fails_by_name_and_a_missing_floor_does_not():
    hold(lambda: {FAST: Found([1.0], [])})
    with pytest.raises(AssertionError, match=r"asking: 2 times waiting, not at most 0\.5"):
        hold(lambda: {FAST: Found([1.0], [0.5])})


def test_what_was_measured_on_a_busy_machine_is_measured_again():
    busy, calm = {FAST: Found([1.0], [0.5])}, {FAST: Found([0.2], [0.5])}
    measured = [busy, busy, calm, busy]
    hold(lambda: measured.pop(0))
    assert measured == [busy], "no more often than it takes"
    with pytest.raises(AssertionError, match="2 times waiting"):
        hold(lambda: busy)


def test_every_value_can_be_given_to_pyperf():
    made = suite({FAST: Found([0.1, 0.2], [0.4])})
    assert made.get_benchmark("asking").get_values() == (0.1, 0.2)
    assert made.get_benchmark("asking: waiting").get_values() == (0.4,)
    assert isinstance(made, pyperf.BenchmarkSuite)


def test_the_command_prints_the_table_of_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["benchmarks", "--quick", "--only", "inserting"])
    assert main() in (0, 1)  # a loaded machine may break a claim: then it says so
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Measured on ") and "by `python -m tests.benchmarks`" in said[0]
    assert cells(said[-1])[0] == "inserting 100 cells"


def test_the_table_names_its_day_and_machine():
    assert "google-genai" in dated({FAST: Found([0.1], [0.2])}).splitlines()[0]
