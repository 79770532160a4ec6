"""Everything that can go wrong, as one tree that a notebook user can read.

    GeminiError                     what happened, and what to do next
    ├── OptionError                 an option, subcommand or value that cannot be used
    ├── PromptError                 a prompt that cannot be sent (empty, missing variable)
    ├── StorageError                a file that cannot be read or written
    ├── MissingExtra                an optional dependency that is not installed
    ├── NoBackend                   nobody is configured to answer             (batch exit code 3)
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

import os
import re
import traceback
from typing import Any, ClassVar

_KEY_SHAPES = re.compile(
    r"AIza[0-9A-Za-z_\-]{20,}|AQ\.[0-9A-Za-z_\-]{20,}|ya29\.[0-9A-Za-z_\-.]{10,}"
    r"|(?<=[?&]key=)[^&\s'\"]+|(?<=Bearer )[^\s'\"]+"
)
KEY_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
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
    known = _keys.union(os.environ.get(name, "").strip() for name in KEY_VARIABLES)
    for key in sorted(known, key=len, reverse=True):
        if len(key) >= _LEAST:
            text = text.replace(key, "[key]")
    return _KEY_SHAPES.sub("[key]", text)


class _Readable(BaseException):
    """What the tree shares: a sentence for what happened and one for what to do next."""

    show_traceback: ClassVar[bool] = False

    def __init__(self, what: str, hint: str = "") -> None:
        from gemini_magic.characters import visible  # with the first error, not at %load_ext

        # Foreign text that is quoted may hold what acts on a terminal.
        self.what = visible(redact(what)).strip()
        self.hint = visible(redact(hint)).strip()
        super().__init__(self.what)

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
            from gemini_magic.characters import visible

            # What it ends with is the same two lines.
            shown = traceback.format_exception(type(self), self, self.__traceback__)
            return [visible(redact("".join(shown).rstrip()))]
        return lines


class GeminiError(_Readable, Exception):
    """The root of what this package raises; ``what`` happened, and ``hint``: what to do next."""


class OptionError(GeminiError):
    """An option, subcommand or value that cannot be used; nothing was sent."""


class PromptError(GeminiError):
    """A prompt that cannot be sent: empty, or naming a variable that is not there."""


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
    """Nobody is configured to answer; never a silent stand-in."""


class BudgetReached(GeminiError):
    """A cost limit stopped the call before it was sent."""


class ServiceError(GeminiError):
    """The service refused. ``code`` is the HTTP status, ``status`` Google's word for it.

    ``retry_after``: seconds the service asked to wait (RetryInfo or Retry-After), else None.
    """

    def __init__(
        self,
        what: str,
        hint: str = "",
        *,
        code: int = 0,
        status: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, hint)
        self.code = code
        self.status = status
        self.retry_after = retry_after


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
    """The answer was empty or malformed."""


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
    return "Did you mean " + " or ".join(near) + "?"
