"""What all tests share: their tiers, hypothesis without a clock, programs that can be interrupted.

A test's tier is what it starts, and no test names its own: the folder it lies in says it, or the
fixtures it uses. Only some cases of a parametrized one may be marked as ``slow``. ``unit`` are
those that start nothing, no process, no server, no connection, and are held to that. `pytest` alone
runs what a developer needs while working (`addopts`): all but ``browser``, ``batch`` and ``slow``,
and of those what is marked ``smoke``. ``pytest -m ""`` runs everything.
"""

from __future__ import annotations

import gc
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from gemini_magic import catalog
from gemini_magic.errors import speaking
from gemini_magic.magics.hints import MAGIC
from gemini_magic.transport.learned import LEARNED

from .alone import taking_turns
from .examples import choose, examples
from .kernel import FreshKernel, Kernel

TESTS = Path(__file__).parent

# By the name of a folder on the way to it, or of its file.
PLACES = {
    "e2e": "browser",
    "batch": "batch",
    "faults": "slow",
    "soak": "slow",
    "fuzz": "slow",
    "benchmarks": "slow",
    "test_costs": "alone",
    "test_streaming": "alone",
    "emulator": "service",
    "lab": "service",
    "transport": "service",
    "docs": "kernel",
    "test_commands": "batch",
    "test_site": "slow",
    "test_api": "service",
    "test_api_threads": "service",
    "test_cells_notebook": "batch",
    "test_cells_without_a_front_end": "batch",
    "test_config": "service",
    "test_data_notebook": "batch",
    "test_gallery_notebooks": "batch",
    "test_doctor": "service",
    "test_embedding": "service",
    "test_engine": "service",
    "test_exporters": "batch",
    "test_forking": "service",
    "test_link": "service",
    "test_kernelspec": "kernel",
    "test_keys": "service",
    "test_recorded_code": "service",
    "sandbox": "service",
    "test_sandbox": "service",
    "test_contracts": "service",
    "test_emulator_in_kernel": "kernel",
    "test_generated_types": "service",
    "test_files_in_kernel": "kernel",
    "test_hints": "service",
    "test_latex": "service",
    "test_levels": "service",
    "test_meaning": "service",
    "test_history_in_kernel": "kernel",
    "test_source": "kernel",
    "test_calls": "service",
    "test_changing_backends": "service",
    "test_effort": "service",
    "test_neutral": "service",
    "test_store": "service",
    "test_tools_forks": "service",
    "test_tools_rounds": "service",
    "test_typed_answers": "service",
    "test_uploads": "service",
    "test_verification": "service",
}
# By fixture. A kernel that a test starts itself, it starts by `start_kernel`.
FIXTURES = {
    "alone": "alone",
    "browser": "browser",
    "start_kernel": "kernel",
    "run_notebooks": "batch",
    "emulator": "service",
}
# Of the tiers that a developer does not run: one test of each that shows the whole road.
SMOKE = (
    "test_an_answer_streams_into_the_page_and_folds",
    "test_executed_to_a_page_with_folding_pictures_and_the_cells",
)
# Of the tiers that a developer runs, what computes for seconds and seldom finds anything new: slow.
LONG = (
    "test_a_recorded_first_answer_spoils_no_later_question_over_http",
    "test_a_long_output_in_another_order_is_compared_in_bounded_time",
    "test_fifty_megabytes_are_compared_in_bounded_time",
    "test_fifty_megabytes_of_output_are_bounded_and_judged",
    "test_the_captions_of_any_turn_are_the_same_words",
    "test_the_sources_pass",
    "test_what_the_schema_refuses_for_a_missing_field_or_its_type_is_not_read_either",
)
# Seconds that one may take on a busy machine, where it names no time of its own.
PATIENCE = {"browser": 400, "batch": 600}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for tier in tiers(item):
            item.add_marker(tier)
            if tier in PATIENCE and item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(PATIENCE[tier]))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files of which a run takes nothing: importing them is a third of collecting."""
    if config.getoption("markexpr") not in (config.getini("addopts")[-1], "unit"):
        return None
    if collection_path.suffix != ".py" or not collection_path.is_relative_to(TESTS):
        return None
    left_out = placed(collection_path) & {"browser", "batch", "slow"}
    if not left_out or any(name in collection_path.read_text() for name in SMOKE):
        return None
    return True


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep thousands of collected tests out of each full collection that follows."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before the clock of pytest-timeout runs
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    """Let it run beside those of the other workers of pytest-xdist, or alone."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    run = Path(item.config.getoption("basetemp")).parent
    with taking_turns(run, alone=item.get_closest_marker("alone") is not None):
        return (yield)


def tiers(item: pytest.Item) -> set[str]:
    """The markers of a test."""
    found = placed(item.path)
    found |= {FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in FIXTURES}
    found = found or {"unit"}
    # Of a parametrized test, `pytest.mark.slow` says it of some of its cases.
    if getattr(item, "originalname", item.name) in LONG or item.get_closest_marker("slow"):
        found = (found - {"unit"}) | {"slow"}
    return found | ({"smoke"} if item.name in SMOKE else set())


def placed(path: Path) -> set[str]:
    """The markers of the tests of a file, by where it lies."""
    within = path.relative_to(TESTS)
    return {PLACES[name] for name in (*within.parts, within.stem) if name in PLACES}


TODAY = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be a day that the tests know, for what changes by date: who answers, and prices.

    In this process; a kernel has the real day unless its test sets another.
    """
    monkeypatch.setattr(catalog, "now", lambda: TODAY)


@pytest.fixture(autouse=True)
def starts_nothing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the tests of the tier ``unit`` to what it says."""
    if request.node.get_closest_marker("unit") is None:
        return

    def refuse(*args: Any, **more: Any) -> Any:
        pytest.fail("It starts a process or talks to a server: its tier is missing in PLACES.")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "listen", refuse)


@pytest.fixture
def alone() -> None:
    """Used by a test that measures speed: no other test of this run goes on beside it."""


@pytest.fixture(autouse=True)
def nothing_learned() -> None:
    """Each test begins with services that have refused nothing: a port may be used again."""
    LEARNED.forget()


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what the modules of tests need when they are imported.

    It is `TODAY` for the cases that they make, too. The rest is how many random examples are taken,
    and a cheap jsonschema, which nbformat imports: it would build 38 grammars, in a second and a
    half, for a format that no schema here names.

    How long one takes says nothing on two shared cores: speed is held in the tests that measure it,
    as ratios, and not by hypothesis' deadline and its check for slow strategies.
    """
    choose(config)
    catalog.now = lambda: TODAY
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    settings.register_profile(
        "shared cores",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        max_examples=examples(100),
    )
    settings.load_profile("shared cores")


# A shell that starts the suite in the background has it ignore SIGINT, and every program that the
# tests start inherits that: those that are to be interrupted would run on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def start_kernel() -> type[Kernel]:
    """Starts a real ipykernel; as a fixture, so that whoever has one is known."""
    return Kernel


@pytest.fixture(scope="session")
def run_notebooks() -> tuple[str, ...]:
    """The command that runs notebooks; as a fixture, so that whoever runs one is known."""
    return sys.executable, "-m", "gemini_magic.batch.cli", "run"


@pytest.fixture(scope="session")
def kernel_of_the_run(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    with start_kernel(tmp_path_factory.mktemp("kernel"), load=False) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def shared_kernel(kernel_of_the_run: Kernel, tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    """A kernel that is as if it were the file's own; its process is that of all such files."""
    kernel_of_the_run.renew(tmp_path_factory.mktemp("kernel"), load=False)
    return kernel_of_the_run


@pytest.fixture
def fresh_kernel(shared_kernel: Kernel) -> FreshKernel:
    """Used as `start_kernel`, where the process need not be new: the file's own, as if it were."""

    @contextmanager
    def fresh(folder: Path, **more: Any) -> Iterator[Kernel]:
        shared_kernel.renew(folder, **more)
        yield shared_kernel

    return fresh


@pytest.fixture(scope="module")
def in_a_cell() -> Iterator[None]:
    """Errors advise in the words of the magic, as where it is loaded."""
    with speaking(MAGIC):
        yield
