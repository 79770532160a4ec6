"""Checks everything between a prompt and its answer, one by one (``%gemini doctor``).

Sends a request without a key to the base URL (reachability, clock), asks for the list of models
and counts the tokens of one word (key, model): none of these is billed. Only ``--ask`` sends a
prompt, for an answer of two tokens at most.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as canonical

from gemini_magic import __version__, catalog
from gemini_magic.errors import (
    AnswerError,
    GeminiError,
    ModelNotFound,
    NoBackend,
    OptionError,
    Unreachable,
    did_you_mean,
)
from gemini_magic.magics import front_ends
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.situation import Situation
from gemini_magic.session.models import close, list_models
from gemini_magic.session.session import Session
from gemini_magic.text import counted
from gemini_magic.transport.deadlines import deadlines
from gemini_magic.transport.keeping import kept
from gemini_magic.transport.protocol import Config, Outgoing
from gemini_magic.turn.standing import standing

if TYPE_CHECKING:
    from gemini_magic.transport.connections import Connection

State: TypeAlias = Literal["ok", "note", "problem"]
DISTRIBUTION = "gemini-magic"
EXTENSION = "gemini-magic"  # the folder below share/jupyter/labextensions
SKEW = 60.0  # seconds; tokens of Google Cloud are refused from about five minutes on
_WORD = ({"role": "user", "parts": [{"text": "Hi"}]},)


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, how it is, and how to mend it."""

    name: str
    state: State
    what: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.state:<8} {self.name:<10} {self.what}"
        return line + (f"\n{'':<20}fix: {self.fix}" if self.fix else "")


def doctor(session: Session, kernel: KernelState, rest: str) -> None:
    """Print the findings as they are made; with ``--ask`` also a dry run that is billed."""
    if rest not in ("", "--ask"):
        near = did_you_mean(rest, ["--ask"]) or "Write %gemini doctor, or %gemini doctor --ask."
        raise OptionError(f"%gemini doctor does not take {rest[:60]!r}.", near)
    problems = 0
    page = front_end(kernel, kernel.situation)
    for finding in examine(session, page, dry_run=rest == "--ask"):
        session.say(kernel.named(str(finding)))
        problems += finding.state == "problem"
    session.say(f"{counted(problems, 'problem')} found" if problems else "no problems found")


def examine(session: Session, page: Finding, *, dry_run: bool = False) -> Iterator[Finding]:
    """The findings, in the order in which one thing needs another.

    ``page``: the finding about the front end. What cannot be looked at because something before it
    is broken is left out.
    """
    yield from packages()
    yield page
    try:
        connection = session.connect()
    except GeminiError as error:
        yield _problem("backend", error)
        return
    yield Finding("backend", "ok", str(connection.backend))
    yield from _terms(session, connection)
    yield from _key(connection)
    try:
        connection.transport.warm()
    except GeminiError as error:
        unnamed = connection.backend.kind == "vertex" and not connection.backend.project
        nobody = isinstance(error, NoBackend) and not unnamed
        yield _problem("credentials" if nobody else "client", error)
        if unnamed:
            yield Finding(
                "project",
                "problem",
                "no Google Cloud project is named",
                "set GOOGLE_CLOUD_PROJECT to your project's id",
            )
        return
    reached = False
    for finding in _way(connection):
        yield finding
        reached = reached or (finding.name, finding.state) == ("network", "ok")
    if not reached:
        return
    usable = False
    for finding in _service(session, connection):
        yield finding
        usable = (finding.name, finding.state) == ("model", "ok")
    if dry_run and usable:
        yield _dry_run(session)


def packages(
    required: Iterable[str] | None = None, installed: Callable[[str], str] = version
) -> Iterator[Finding]:
    """The packages we need: their versions, and each that is missing or too old.

    ``required``: requirements as in pyproject.toml, by default those of the installed package.
    """
    if required is None:
        try:
            required = requires(DISTRIBUTION) or ()
        except PackageNotFoundError:
            required = ()
    found: list[str] = []
    wrong: list[Finding] = []
    for requirement in map(Requirement, required):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        fix = f'pip install --upgrade "{requirement.name}{requirement.specifier}"'
        try:
            have = installed(requirement.name)
        except PackageNotFoundError:
            wrong.append(
                Finding("packages", "problem", f"{requirement.name} is not installed", fix)
            )
            continue
        found.append(f"{requirement.name} {have}")
        if not requirement.specifier.contains(have, prereleases=True):
            what = f"{requirement.name} {have} is too old: {requirement.specifier} is needed"
            holders = held(requirement)
            if holders:
                fix = (
                    f"not by upgrading {requirement.name} here: {', '.join(holders)} would break. "
                    "Use a newer image of this platform, or an environment of your own"
                )
            wrong.append(Finding("packages", "problem", what, fix + ", then restart the kernel"))
    yield Finding("python", "ok", f"{platform.python_version()}, gemini_magic {__version__}")
    yield Finding("packages", "ok", ", ".join(found) or "not installed by pip: not looked at")
    yield from wrong


def _installed() -> Iterator[tuple[str, list[str]]]:
    for one in distributions():
        yield str(one.metadata["Name"]), list(one.requires or ())


def held(
    wanted: Requirement, others: Callable[[], Iterable[tuple[str, list[str]]]] = _installed
) -> list[str]:
    """The installed packages that do not work with ``wanted``, with what each needs instead.

    Hosted platforms are made of versions that fit each other: an upgrade of one may end the kernel
    for good (Colab, whose own package pins IPython). ``others``: names and requirements.
    """
    lowest = [one.version for one in wanted.specifier if one.operator in (">=", "==", "~=")]
    found = []
    for name, requirements in others():
        for requirement in map(Requirement, requirements):
            if canonical(requirement.name) != canonical(wanted.name):
                continue
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            # What takes later versions alone is content with an upgrade.
            bounded = any(one.operator in ("==", "<", "<=", "~=") for one in requirement.specifier)
            if bounded and not all(requirement.specifier.contains(one) for one in lowest):
                found.append(f"{name} (needs {requirement.name}{requirement.specifier})")
    return sorted(set(found))


def front_end(kernel: KernelState, now: Situation) -> Finding:
    """Whether the JupyterLab extension has said hello to this kernel, and how to get it to."""
    name = "front end"
    kind = kernel.front_end_kind(now)
    if kind is front_ends.EXTENSION:
        return Finding(name, "ok", "JupyterLab or Notebook with the gemini-magic extension")
    if kind is front_ends.UNATTENDED:
        return Finding(name, "ok", "nobody is watching (a batch run): answers are shown once whole")
    if kind not in (front_ends.NOTEBOOK, front_ends.OTHER):
        return Finding(name, "ok", f"{kind.name}: {kind.seen}".replace("`", ""))
    seen = "is installed beside this kernel, but" if extension_installed() else "is missing:"
    return Finding(
        name,
        "note",
        f"the JupyterLab extension {seen} no page has said hello to this kernel; there are no "
        f"buttons and no sidebar. What is shown: {kind.seen}",
        f'pip install "{DISTRIBUTION}" in the environment that runs the Jupyter server, look at '
        "jupyter labextension list, and reload the page",
    )


def extension_installed(folders: Iterable[str] | None = None) -> bool:
    """Whether the built extension lies in one of Jupyter's folders of this environment."""
    if folders is None:
        from jupyter_core.paths import jupyter_path

        folders = jupyter_path("labextensions")
    return any((Path(folder) / EXTENSION / "package.json").is_file() for folder in folders)


def _problem(name: str, error: GeminiError, fix: str = "") -> Finding:
    return Finding(name, "problem", error.what, fix or error.hint)


def _terms(session: Session, connection: Connection) -> Iterator[Finding]:
    """What is kept there, how long is waited, and which tier is asked for."""
    settings = session.settings
    note = settings.store and connection.backend.kind == "developer"
    yield Finding("kept there", "note" if note else "ok", kept(connection.backend, settings.store))
    tiers = (settings.tier or "").split(",")
    config = Config(thinking=settings.thinking)
    waits = deadlines(
        Outgoing(settings.model, _WORD, config, timeout=settings.timeout, tiers=tuple(tiers))
    )
    yield Finding(
        "waiting",
        "ok",
        f"{waits.first:g} s for the first event, {waits.between:g} s between two"
        + ("" if settings.timeout is None else " (timeout)"),
    )
    if settings.tier is not None:
        yield Finding("tier", "ok", f"{settings.tier} (priced by what the service says it was)")


def _key(connection: Connection) -> Iterator[Finding]:
    backend = connection.backend
    if backend.kind == "emulator":
        return
    yield Finding("key", "ok", f"from {backend.key_source} (never shown)")
    if all(os.environ.get(name, "").strip() for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY")):
        yield Finding(
            "key",
            "note",
            "GOOGLE_API_KEY and GEMINI_API_KEY are both set; the first is used",
            "unset the one that is not meant",
        )
    key = backend.api_key or ""
    if any(character.isspace() or character in "'\"" for character in key):
        yield Finding(
            "key",
            "problem",
            "the key holds a space, a line end or a quote",
            f"copy it into {backend.key_source} again, without anything around it",
        )


def _way(connection: Connection) -> Iterator[Finding]:
    from gemini_magic.transport.probe import address, proxy, reach

    backend = connection.backend
    url = address(backend)
    through = proxy(url)
    if through is not None:
        yield Finding("proxy", "ok", f"requests go through {through}")
    try:
        reached = reach(url)
    except GeminiError as error:
        fix = ""
        regional = backend.kind == "vertex" and not backend.base_url
        if regional and isinstance(error, Unreachable) and "name cannot be resolved" in error.what:
            fix = (
                f"there may be no region {backend.location!r}: set GOOGLE_CLOUD_LOCATION to one "
                "(or to global). " + error.hint
            )
        yield _problem("network", error, fix)
        return
    yield Finding("network", "ok", f"{url} answers")
    skew = reached.skew
    if skew is None:
        return
    if abs(skew) > SKEW:
        yield Finding(
            "clock",
            "problem",
            f"this clock is {abs(skew):,.0f} s {'ahead of' if skew > 0 else 'behind'} "
            "the service's",
            "set the system's clock (timedatectl set-ntp true): Google refuses tokens that seem "
            "to come from another time",
        )
    else:
        yield Finding("clock", "ok", f"{abs(skew):.0f} s from the service's")


def _service(session: Session, connection: Connection) -> Iterator[Finding]:
    backend = connection.backend
    names: list[str] = []
    try:
        names = [one.name for one in list_models(session)]
        yield Finding("models", "ok", f"{len(names)} on offer")
    except GeminiError as error:
        # On Vertex the list is another right than the use of a model: what follows decides.
        if backend.kind != "vertex" or isinstance(error, NoBackend):
            yield _problem("key" if backend.kind == "developer" else "service", error)
            return
        yield Finding("models", "note", f"no list: {error.what}", error.hint)
    model = session.settings.model
    try:
        connection.transport.count_tokens(Outgoing(model, _WORD))
    except ModelNotFound as error:
        near = close(model, names)
        fix = f"did you mean {' or '.join(near)}? " if near else ""
        if backend.kind == "vertex":
            fix += (
                f"It may not be offered in {backend.location}: try GOOGLE_CLOUD_LOCATION=global. "
            )
        yield _problem("model", error, fix + error.hint)
        return
    except GeminiError as error:
        yield _problem("service", error)
        return
    yield Finding("model", "ok", f"{model} answers to its name")
    served = session.engine.answering.served(model, backend.issuer)
    yield from standing_of(model, backend.kind, served)


def standing_of(model: str, kind: str, served: catalog.Model) -> Iterator[Finding]:
    """What is known of the end of ``model``, and of ``served``, which answers in its place."""
    name = catalog.bare(model)
    routing = catalog.routing(model, vertex=kind == "vertex")
    row = catalog.MODELS.get(catalog.family(model))
    if not catalog.same(model, served.name):
        begun = None if routing is None else routing.since
        since = "" if begun is None else f"since {begun:%Y-%m-%d} "
        yield Finding(
            "model",
            "note",
            f"{since}{served.name} answers for {name}, by its own rules and price",
            f"choose {served.name} by its own name, or another model",
        )
    elif row is not None and row.ends is not None and kind != "vertex":  # its dates are others
        heir = f", {row.routing.model} answers from then on" if row.routing else ""
        yield Finding(
            "model",
            "note",
            f"{name} is shut down on {row.ends:%Y-%m-%d}{heir} (known on {catalog.DATE})",
            "choose another model before",
        )


def _dry_run(session: Session) -> Finding:
    from gemini_magic.session.asking import put, question
    from gemini_magic.session.options import AskOptions, Place
    from gemini_magic.session.view import Silent

    options = AskOptions(max_tokens=2, code=False, stateless=True, fresh=True)
    asked = replace(question(session, "Say: OK", options, Place()), retries=0)
    before = session.engine.last
    try:
        put(session, asked, options, Silent)
    except AnswerError:
        pass  # two tokens may all go into thinking: the service has answered, that was the question
    except GeminiError as error:
        return _problem("dry run", error)
    turn = session.engine.last
    if turn is None or turn is before:
        return Finding("dry run", "ok", "answered")
    seconds = turn.elapsed_ms / 1000
    return Finding(
        "dry run",
        "ok",
        " ".join(
            [
                f"{turn.model} answered in {seconds:.1f} s, {turn.usage.total_tokens} tokens",
                *(f"({said.rstrip('.')})" for said in standing(turn)),
            ]
        ),
    )
