"""Runs ``jupyter gemini run``: notebooks in, executed notebooks and a report out."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import shutil
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_magic.batch import run_options
from gemini_magic.batch.job import FAILED, INTERRUPTED, Job, Outcome, exit_code
from gemini_magic.batch.kernels.forked import SUPPORTED, server
from gemini_magic.batch.parameters import inject, read
from gemini_magic.batch.run_options import parameters
from gemini_magic.errors import GeminiError, MissingExtra, OptionError, StorageError, redact
from gemini_magic.session.batch_run import PACE, SPENT, WAITS, BatchRun
from gemini_magic.session.conversation_file import make_folder
from gemini_magic.settings import ENVIRONMENT
from gemini_magic.text import counted

if TYPE_CHECKING:
    from gemini_magic.batch.journal import Journal
    from gemini_magic.batch.progress import Told

BASE_URLS = ("GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns its exit code, raises our errors for usage."""
    needs = ["nbclient", "filelock", *(["nbconvert"] if arguments.html else [])]
    for module in needs:
        if find_spec(module) is None:
            raise MissingExtra("jupyter gemini run", module, "batch")
    if SUPPORTED and not arguments.no_fork and arguments.scheduler is None:
        server(arguments.preload)  # imports what kernels need while this process does the same
    started, began = datetime.now().astimezone(), time.monotonic()
    jobs = _jobs(arguments)
    folder = _folder(arguments.out)
    from gemini_magic.batch.journal import Journal

    with _alone(folder, arguments.out):
        journal = Journal(folder)
        if not arguments.resume:
            _forget(folder)
        first = journal.begin(started.isoformat(timespec="milliseconds"), resume=arguments.resume)
        shared = _shared(arguments, folder, first)
        shared.write()
        _receiver()
        outcomes = _outcomes(arguments, jobs, journal, shared)
        from gemini_magic.batch.progress import advice, cut_short, left_alone
        from gemini_magic.batch.report import report, summary, write

        seen = {call.turn for outcome in outcomes for call in outcome.calls}
        calls = shared.calls()
        unseen = {call["turn"] for call in calls} - seen
        ended = {call["turn"]: call.get("status") for call in calls}  # continued: as it ended last
        lost = {turn for turn in unseen if ended[turn] == "truncated"}
        truncated = bool(lost) or any(outcome.truncated for outcome in outcomes)
        code = _code(outcomes, fail=truncated and arguments.on_truncated == "fail")
        data = report(
            outcomes,
            started=started.isoformat(timespec="seconds"),
            elapsed=time.monotonic() - began,
            exit_code=code,
            unseen=len(unseen),
            unseen_truncated=len(lost),
        )
        _say(summary(data) + _elsewhere(shared, unseen))
        if arguments.report is not None:
            _say("Report: " + ", ".join(map(str, write(data, arguments.report))))
        for line in cut_short(outcomes):
            _say(line)
        if lost:
            _say(f"Cut short, in no notebook: {counted(len(lost), 'answer')}.")
        for line in [*left_alone(outcomes), *advice(outcomes)]:
            _say(line)
    return code


def _elsewhere(shared: BatchRun, unseen: Collection[str]) -> str:
    """What was called and stands in no notebook: by ``ask()``, or by a run that was stopped."""
    if not unseen:
        return ""
    from gemini_magic.session.prices import dollars

    calls, cost = counted(len(unseen), "more call"), dollars(shared.spent(unseen))
    return f"; {calls} in no notebook (by ask(), or stopped before): {cost}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _receiver() -> None:
    """Say to whom the key and the prompts of this run go, when that is neither Google nor here."""
    if not any(os.environ.get(name, "").strip() for name in BASE_URLS):
        return
    from gemini_magic.settings import from_environment
    from gemini_magic.transport.backends import choose
    from gemini_magic.transport.probe import receiver

    try:
        said = receiver(choose(from_environment().get("backend", "auto")))
    except GeminiError:
        return  # the first cell that asks says what is in the way
    if said is not None:
        _say(redact(said))


def _jobs(arguments: argparse.Namespace) -> list[Job]:
    """The jobs, every input having been read; OptionError on the first that cannot be."""
    from gemini_magic.batch.notebooks import read_notebook

    values = read(parameters(arguments))
    paths = run_options.output_paths(arguments.notebooks, arguments.out)
    for source in paths:
        inject(read_notebook(source), values, source.name)
    _report_apart(arguments, paths)
    return [
        Job(
            source=str(source),
            output=str(output),
            html=str(output.with_suffix(".html")) if arguments.html else None,
            parameters=values,
            insert=arguments.insert,
            run_inserted=arguments.run_inserted,
            keep_going=arguments.on_error == "continue",
            timeout=arguments.timeout,
            folder=str(Path.cwd()),
            fork=not arguments.no_fork,
            preload=tuple(arguments.preload),
        )
        for source, output in paths.items()
    ]


def _report_apart(arguments: argparse.Namespace, paths: Mapping[Path, Path]) -> None:
    """OptionError where the report would replace an input or a result, or has no folder."""
    if arguments.report is None:
        return
    from gemini_magic.batch.report import files

    pages = [path.with_suffix(".html") for path in paths.values()] if arguments.html else []
    taken = {*paths, *paths.values(), *pages}
    for path in files(arguments.report):
        if path.resolve() in taken:
            raise OptionError(f"The report would replace {path}.", "Choose another --report FILE.")
        if path.is_dir():
            raise OptionError(f"{path} is a folder.", "Write --report with the name of a file.")
    folder = arguments.report.parent
    _usable(folder, str(folder), "Choose another --report FILE.")


def _folder(out: Path) -> Path:
    return _usable(out.resolve() / ".run", str(out), "Choose another --out DIR.", private=True)


def _usable(folder: Path, what: str, hint: str, *, private: bool = False) -> Path:
    """``folder``, made; an OptionError when it cannot be: nothing has been run yet."""
    try:
        return make_folder(folder, what, hint, private=private)
    except StorageError as error:
        raise OptionError(error.what, error.hint) from None


@contextlib.contextmanager
def _alone(folder: Path, out: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise OptionError(
            f"Another run is writing to {out}.", "Wait for it, or choose another --out DIR."
        ) from None
    except OSError as error:
        raise OptionError(
            f"{out} cannot be written to: {error.strerror or error}.", "Choose another --out DIR."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _forget(folder: Path) -> None:
    """Take away what an earlier run has left for its resumption."""
    for name in (SPENT, PACE, WAITS):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "begun", ignore_errors=True)


def _shared(arguments: argparse.Namespace, folder: Path, first: str) -> BatchRun:
    """What the kernels of this run share; ``first``: when it was first started."""
    named = arguments.answers or os.environ.get(ENVIRONMENT["answers_dir"], "").strip()
    store = Path(named).expanduser() if named else arguments.out / ".answers"
    if named:
        _usable(store, f"The answer store {store}", "Choose another --answers DIR.")
    reuse = bool(named) and not arguments.fresh
    return BatchRun(
        folder=str(folder),
        answers_dir=str(store.resolve()),
        started=first,
        reuse=reuse or arguments.resume,
        # What the run itself had stored before it was stopped, and nothing older.
        since=None if reuse else first,
        max_cost=arguments.max_cost,
        allow_here=arguments.allow_here,
        tier=arguments.tier,
    )


def _outcomes(
    arguments: argparse.Namespace, jobs: list[Job], journal: Journal, shared: BatchRun
) -> list[Outcome]:
    from gemini_magic.batch.progress import Told
    from gemini_magic.batch.waiting import Watch

    found: dict[str, Outcome] = {}
    if arguments.resume:
        for job in jobs:
            outcome = journal.done(job)
            if outcome is not None:
                found[job.source] = outcome

    def note(job: Job, outcome: Outcome) -> None:
        if not outcome.resumed and outcome.status != "not run":
            journal.add(job, outcome)

    told = Told(len(jobs), as_json=arguments.json, notify=note)
    todo = [job for job in jobs if job.source not in found]
    try:
        for job in jobs:
            if job.source in found:
                told.finished(job, found[job.source])
        with Watch(Path(shared.folder), told.note):
            ran = _run(arguments, todo, shared, told)
        for job, outcome in zip(todo, ran, strict=True):
            found[job.source] = outcome
    finally:
        told.close()
    return [found[job.source] for job in jobs]


def _run(
    arguments: argparse.Namespace, jobs: list[Job], shared: BatchRun, told: Told
) -> list[Outcome]:
    keep_going = arguments.on_error == "continue"
    if not jobs:
        return []
    if arguments.scheduler is not None:
        from gemini_magic.batch.cluster import run_on_cluster

        return run_on_cluster(
            jobs,
            shared.folder,
            told,
            arguments.scheduler,
            side_by_side=arguments.jobs,
            keep_going=keep_going,
        )
    from gemini_magic.batch.runner import run_jobs

    gc.freeze()  # the modules stay: the collector need not look at them after each notebook
    return asyncio.run(
        run_jobs(jobs, shared.folder, told, side_by_side=arguments.jobs or 1, keep_going=keep_going)
    )


def _code(outcomes: list[Outcome], *, fail: bool) -> int:
    """The exit code of the run; ``fail``: there are answers cut short, and they count as failed."""
    code = exit_code({outcome.exit_code for outcome in outcomes})
    # Nothing failed, and yet not all were started: somebody stopped the run in between.
    if code == 0 and any(outcome.status == "not run" for outcome in outcomes):
        return INTERRUPTED
    return code or (FAILED if fail else 0)
