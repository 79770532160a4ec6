"""``ask()``: the same engine from Python; returns the Turn and displays nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gemini_magic.settings import Settings
from gemini_magic.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


def ask(
    prompt: str,
    *,
    attach: Any = (),
    tools: Sequence[Callable[..., Any]] = (),
    model: str | None = None,
    conversation: str | None = None,
    stateless: bool = False,
    system: str | None = None,
    thinking: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    code: bool = True,
    search: bool = False,
    urls: bool = False,
    stream: bool = True,
    timeout: float | None = None,
) -> Turn:
    """Ask Gemini and return the `Turn`, which displays itself as the value of a cell.

    Where the extension is loaded, its settings and conversations are used, and a call belongs to
    the cell that makes it (several calls of one cell are several exchanges). Elsewhere (a script)
    each call stands alone: settings come from the environment and no conversation is remembered.
    Answers are kept in the folder of ``GEMINI_MAGIC_ANSWERS``; within ``jupyter gemini run``, its
    store, budget and pace hold. The prompt is sent as it is: in Python, variables are the
    f-string's work.

    ``attach``: a value, a sequence of values, or a mapping of names to values; what each becomes
    is told in `gemini_magic.attach.values`. Alone and in a sequence a str is a path, a pattern or
    an address, in a mapping it is text. ``tools``: functions the model may call while it answers,
    with type hints and docstrings; they run in this thread.

    ``timeout``: seconds, the longest wait between complete events, and for one call of a function
    (which can be ended in the main thread only). Raises `GeminiError` when the
    call fails (the partial answer is in ``%gemini history``) and `AnswerInterrupted`, a
    KeyboardInterrupt, when it is stopped.
    """
    _text(prompt)
    given: dict[str, Any] = {
        "model": model,
        "conversation": conversation,
        "stateless": stateless,
        "system": system,
        "thinking": thinking,
        "temperature": temperature,
        "max_tokens": max_tokens,
        "seed": seed,
        "no_code": not code,
        "search": search,
        "urls": urls,
        "no_stream": not stream,
        "timeout": timeout,
    }
    given = {name: value for name, value in given.items() if value is not None}
    from gemini_magic.magics.options import check

    check(given)
    magics = _loaded()
    limit = (Settings() if magics is None else magics.settings).max_attachment_bytes
    given |= _data(attach, tools, limit)
    if magics is not None:
        return magics.ask(prompt, given, quiet=True)
    return _alone(prompt, given)


def _data(attach: Any, tools: Sequence[Callable[..., Any]], limit: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not isinstance(attach, tuple | list) or attach:
        from gemini_magic.attach.resolve import gather_values

        found["items"] = gather_values(attach, limit)
    if tools:
        from gemini_magic.tools import declare

        found["tools"] = tuple(declare(function) for function in tools)
    return found


def _text(prompt: object) -> None:
    # A caller without a type checker may pass anything; the service would say 400.
    if not isinstance(prompt, str):
        from gemini_magic.errors import PromptError

        raise PromptError(
            f"The prompt is {type(prompt).__name__}, not text.", "Pass a str: ask(str(value))."
        )


def _loaded() -> GeminiMagics | None:
    # IPython is asked only where it runs already: a script need not import it.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return None
    from gemini_magic.magics.loading import of

    return of(shell)


def _alone(prompt: str, given: dict[str, Any]) -> Turn:
    from contextlib import closing

    from gemini_magic.magics.magic import GeminiMagics

    # Magics of no shell: stored answers, limits and the run that this process belongs to hold as
    # they do in a kernel.
    with closing(GeminiMagics(None)) as magics:
        return magics.ask(prompt, {**given, "stateless": True}, quiet=True)
