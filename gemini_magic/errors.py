"""Defines the tree of errors, each with a sentence that a notebook user can read.

    GeminiError                     what happened, and what to do next
    ├── OptionError                 an option, subcommand or value that cannot be used
    ├── PromptError                 a prompt that cannot be sent (empty, missing variable)
    ├── StorageError                a file that cannot be read or written
    ├── MissingExtra                an optional dependency that is not installed
    ├── NoBackend                   no backend is configured                   (batch exit code 3)
    ├── BudgetReached               a cost limit stopped the call              (batch exit code 4)
    ├── ServiceError                the service said no (HTTP status in ``code``)
    │   ├── AccessDenied            key or token wrong, or not allowed
    │   ├── ModelNotFound           no such model (or path) for this API version
    │   ├── BadRequest              the service could not use the request
    │   ├── RateLimited             too many requests; ``retry_after`` in seconds
    │   └── ServiceUnavailable      408 and 5xx
    ├── ConnectionProblem           the wire failed
    │   ├── Unreachable             no connection at all
    │   ├── ConnectionDropped       the connection ended in the middle
    │   ├── TimedOut                nothing complete arrived for ``timeout`` seconds
    │   └── BadResponse             what arrived was not Gemini's JSON
    └── AnswerError                 an answer came, but not one to go on with
        ├── AnswerBlocked           prompt or answer blocked by a filter
        └── AnswerFailed            empty or malformed
    AnswerInterrupted               Kernel > Interrupt or Stop (a KeyboardInterrupt)

Each draws itself in IPython through ``_render_traceback_`` (IPython asks the exception for it):
the name and what happened, then what to do. A plain exception, not ``UsageError``: IPython prints
that one to stderr and leaves no ``error`` output, so that batch runs would succeed.
"""

from __future__ import annotations

import contextlib
import os
import re
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from gemini_magic.hints import Advice, Hint, Surface
    from gemini_magic.turn.turn import Turn

# One by one, each behind words that it begins with: megabytes are searched in milliseconds then.
_KEY_SHAPES = tuple(
    (mark, re.compile(shape))
    for mark, shape in (
        ("AIza", r"AIza[0-9A-Za-z_\-]{20,}"),
        ("AQ.", r"AQ\.[0-9A-Za-z_\-]{20,}"),
        ("ya29.", r"ya29\.[0-9A-Za-z_\-.]{10,}"),
        ("key=", r"(?<=[?&]key=)[^&\s'\"]+"),
        ("Bearer ", r"(?<=Bearer )[^\s'\"]+"),
    )
)
KEY_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_MAGIC_EMULATOR_KEY")
_LEAST = 8  # characters; what is shorter is no key, and may be a word
_keys: set[str] = set()  # of the process, like its environment


def remember_key(key: str | None) -> None:
    """From now on `redact` replaces ``key`` too: a keyring may hold one of any shape."""
    if key and len(key) >= _LEAST:
        _keys.add(key)


def redact(text: str) -> str:
    """Replace anything that looks like a key or token, and the keys that are or were in use.

    Foreign messages (HTTP errors, proxies) may quote the request; nothing of a key may reach an
    output, a traceback, a saved notebook or a log.
    """
    if not text:
        return text
    known = _keys.union(os.environ.get(name, "").strip() for name in KEY_VARIABLES)
    for key in sorted(known, key=len, reverse=True):
        if len(key) >= _LEAST:
            text = text.replace(key, "[key]")
    for mark, shape in _KEY_SHAPES:
        if mark in text:
            text = shape.sub("[key]", text)
    return text


def _api() -> Surface:
    from gemini_magic.hints import API  # with the first error that has a hint, not at %load_ext

    return API


_surface: list[Callable[[], Surface]] = [_api]  # the one of this process


def in_force() -> Surface:
    """The surface that says what errors of this process advise (`gemini_magic.hints`)."""
    return _surface[0]()


def speak(surface: Callable[[], Surface] = _api) -> None:
    """Let ``surface`` say it from now on (it is made when first needed); by default ``ask()``."""
    _surface[0] = surface


@contextlib.contextmanager
def speaking(surface: Surface) -> Iterator[None]:
    """While inside, let ``surface`` say it."""
    before = _surface[0]
    speak(lambda: surface)
    try:
        yield
    finally:
        speak(before)


class _Readable(BaseException):
    """Holds a sentence for what happened, and a sentence or a fact for what to do next.

    ``advice``: that sentence, or the fact and its data; ``surface``: says the fact, by default the
    surface in force (`gemini_magic.hints`).
    """

    show_traceback: ClassVar[bool] = False
    sent: bool = True  # False: the request never left, so that it is no call

    def __init__(self, what: str, hint: str | Hint | Advice = "") -> None:
        from gemini_magic.text import visible  # with the first error, not at %load_ext

        # Foreign text that is quoted may hold what acts on a terminal.
        self._what = visible(redact(what)).strip()
        self.advice = hint
        self.surface: Surface | None = None
        super().__init__(self._what)

    @property
    def what(self) -> str:
        """What happened, with the magic under its name."""
        return (self.surface or in_force()).named(self._what)

    @property
    def hint(self) -> str:
        """What to do next, in the words of the surface; empty when there is nothing."""
        from gemini_magic.text import visible

        said = (self.surface or in_force()).say(self.advice)
        return visible(redact(said)).strip()

    @hint.setter
    def hint(self, hint: str | Hint | Advice) -> None:
        self.advice = hint

    def __str__(self) -> str:
        return f"{self.what}\n{self.hint}" if self.hint else self.what

    def _render_traceback_(self) -> list[str]:
        """The lines IPython shows instead of a traceback (and stores in the ``error`` output)."""
        name = type(self).__name__
        lines = [f"{name}: {self.what}"]
        if self.hint:
            lines.append(self.hint)
        # ``full_traceback`` is set by the magics when the trait ``show_tracebacks`` is on.
        if getattr(self, "full_traceback", False):
            from gemini_magic.text import visible

            # What it ends with is the same two lines.
            shown = traceback.format_exception(type(self), self, self.__traceback__)
            return [visible(redact("".join(shown).rstrip()))]
        return lines


class GeminiError(_Readable, Exception):
    """The root of what this package raises; ``what`` happened, and ``hint``: what to do next."""


class OptionError(GeminiError):
    """An option, subcommand or value that cannot be used; nothing was sent."""

    sent = False


class PromptError(GeminiError):
    """A prompt that cannot be sent: empty, or naming a variable that is not there."""

    sent = False


class StorageError(GeminiError):
    """A conversation or answer file that cannot be read or written; the old file is untouched."""


class MissingExtra(GeminiError):
    """An optional dependency that is not installed.

    >>> print(MissingExtra("The demo", "nbclient", "batch"))
    The demo needs nbclient, which is not installed.
    Run: pip install "gemini-magic[batch]"
    """

    def __init__(self, feature: str, module: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs {module}, which is not installed.",
            f'Run: pip install "gemini-magic[{extra}]"',
        )


class NoBackend(GeminiError):
    """No backend is configured; there is never a silent stand-in."""

    sent = False


class BudgetReached(GeminiError):
    """A cost limit stopped the call before it was sent."""

    sent = False


class ServiceError(GeminiError):
    """The service refused. ``code`` is the HTTP status, ``status`` Google's word for it.

    ``retry_after``: seconds the service asked to wait (RetryInfo or Retry-After), else None.
    ``again``: how often at most the same request is worth sending again, 0 when no waiting cures
    it, None when the service did not say. ``scope``: the quota or money that is wanting (minute,
    day, long, never, credits, cap, billing), else empty. ``unknown``: the fields of ours that the
    service says it does not know, by the names of `gemini_magic.transport.learned`.
    """

    def __init__(
        self,
        what: str,
        hint: str | Hint | Advice = "",
        *,
        code: int = 0,
        status: str = "",
        retry_after: float | None = None,
        again: int | None = None,
        scope: str = "",
        unknown: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(what, hint)
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.again = again
        self.scope = scope
        self.unknown = unknown


class AccessDenied(ServiceError):
    """Key or token wrong, or without the right to do this."""


class ModelNotFound(ServiceError):
    """No such model, or no such path, for this API version."""


class BadRequest(ServiceError):
    """The service could not use the request as it stands."""


class RateLimited(ServiceError):
    """Too many requests or no quota left; ``retry_after`` says for how long."""


class ServiceUnavailable(ServiceError):
    """The service failed (408 and 5xx); the same request may work later."""


class ConnectionProblem(GeminiError):
    """The connection to the service failed."""


class Unreachable(ConnectionProblem):
    """No connection could be made: DNS, refused, TLS, proxy."""


class ConnectionDropped(ConnectionProblem):
    """The connection ended in the middle of the answer; what had arrived is kept."""


class TimedOut(ConnectionProblem):
    """Nothing complete arrived within the timeout; what had arrived is kept."""


class BadResponse(ConnectionProblem):
    """What arrived is not the JSON Gemini sends (a proxy's page, a cut or damaged stream)."""


class AnswerError(GeminiError):
    """An answer came, but not one to go on with; it is shown, and not sent back later."""


class AnswerBlocked(AnswerError):
    """The prompt or the answer was blocked by a filter."""


class AnswerFailed(AnswerError):
    """The answer was empty or malformed, or does not fit the type that was asked for.

    ``turn``: in the last case the answer, for its text; else None.
    """

    turn: Turn | None = None


class AnswerInterrupted(_Readable, KeyboardInterrupt):
    """The user stopped the answer; what had arrived is kept and marked.

    A ``KeyboardInterrupt``, not an ``Exception``: a loop over ``ask()`` that survives failed calls
    with ``except Exception`` still ends when its user stops it.
    """


def did_you_mean(word: str, known: Any) -> str:
    """A sentence with the nearest of ``known`` names, or an empty string."""
    import difflib

    near = difflib.get_close_matches(word, [str(name) for name in known], n=3, cutoff=0.6)
    if not near:
        return ""
    # Beside one that is all but the same word, what merely shares letters with it would confuse.
    if difflib.SequenceMatcher(None, near[0], word).ratio() > 0.9:
        near = near[:1]
    return "Did you mean " + " or ".join(near) + "?"
