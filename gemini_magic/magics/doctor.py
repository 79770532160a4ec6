"""``%gemini doctor``: everything between a prompt and its answer, looked at one by one.

Sends a request without a key to the base URL (reachability, clock), asks for the list of models
and counts the tokens of one word (key, model): none of these is billed. Only ``--ask`` sends a
prompt, for an answer of two tokens at most.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gemini_magic.errors import (
    AnswerError,
    GeminiError,
    ModelNotFound,
    NoBackend,
    OptionError,
    Unreachable,
    did_you_mean,
)
from gemini_magic.magics.installed import Finding, front_end, packages
from gemini_magic.magics.line import count
from gemini_magic.magics.models import close, listing
from gemini_magic.magics.situation import situation
from gemini_magic.transport.protocol import Outgoing

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics
    from gemini_magic.transport.connections import Connection

SKEW = 60.0  # seconds; tokens of Google Cloud are refused from about five minutes on
_WORD = ({"role": "user", "parts": [{"text": "Hi"}]},)


def doctor(magics: GeminiMagics, rest: str) -> None:
    """Print the findings as they are made; with ``--ask`` also a dry run that is billed."""
    if rest not in ("", "--ask"):
        near = did_you_mean(rest, ["--ask"]) or "Write %gemini doctor, or %gemini doctor --ask."
        raise OptionError(f"%gemini doctor does not take {rest[:60]!r}.", near)
    problems = 0
    for finding in examine(magics, ask=rest == "--ask"):
        magics.say(magics.named(str(finding)))
        problems += finding.state == "problem"
    magics.say(f"{count(problems, 'problem')} found" if problems else "nothing is in the way")


def examine(magics: GeminiMagics, *, ask: bool = False) -> Iterator[Finding]:
    """The findings, in the order in which one thing needs another.

    What cannot be looked at because something before it is broken is left out.
    """
    yield from packages()
    yield front_end(magics, situation(magics.shell))
    try:
        connection = magics.connect()
    except GeminiError as error:
        yield _problem("backend", error)
        return
    yield Finding("backend", "ok", str(connection.backend))
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
    for finding in _service(magics, connection):
        yield finding
        usable = (finding.name, finding.state) == ("model", "ok")
    if ask and usable:
        yield _dry_run(magics)


def _problem(name: str, error: GeminiError, fix: str = "") -> Finding:
    return Finding(name, "problem", error.what, fix or error.hint)


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


def _service(magics: GeminiMagics, connection: Connection) -> Iterator[Finding]:
    backend = connection.backend
    names: list[str] = []
    try:
        names = [one.name for one in listing(magics)]
        yield Finding("models", "ok", f"{len(names)} on offer")
    except GeminiError as error:
        # On Vertex the list is another right than the use of a model: what follows decides.
        if backend.kind != "vertex" or isinstance(error, NoBackend):
            yield _problem("key" if backend.kind == "developer" else "service", error)
            return
        yield Finding("models", "note", f"no list: {error.what}", error.hint)
    model = magics.settings.model
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


def _dry_run(magics: GeminiMagics) -> Finding:
    from gemini_magic.engine import Silent
    from gemini_magic.magics.answering import answer
    from gemini_magic.question import Question
    from gemini_magic.transport.protocol import Config

    question = Question(
        "Say: OK",
        magics.settings.model,
        Config(max_tokens=2, code=False),
        stateless=True,
        timeout=magics.settings.timeout,
        retries=0,
    )
    before = magics.engine.last
    try:
        answer(magics, question, {"fresh": True}, show=Silent)
    except AnswerError:
        pass  # two tokens may all go into thinking: the service has answered, that was the question
    except GeminiError as error:
        return _problem("dry run", error)
    turn = magics.engine.last
    if turn is None or turn is before:
        return Finding("dry run", "ok", "answered")
    seconds = turn.elapsed_ms / 1000
    return Finding(
        "dry run",
        "ok",
        f"{turn.model} answered in {seconds:.1f} s, {turn.usage.total_tokens} tokens",
    )
