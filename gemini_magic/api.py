"""``ask()``: asks from Python, in a notebook or a script; returns the Turn, displays nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from gemini_magic.errors import OptionError, PromptError
from gemini_magic.session.options import AskOptions, Place
from gemini_magic.session.session import Session
from gemini_magic.turn.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


def ask(
    prompt: str,
    *,
    attach: Any = (),
    tools: Sequence[Callable[..., Any]] = (),
    schema: Any = None,
    model: str | None = None,
    conversation: str | None = None,
    stateless: bool = False,
    system: str | None = None,
    thinking: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    code: bool = True,
    here: bool | None = None,
    yes: bool = False,
    context: int | Literal["all"] | None = None,
    search: bool = False,
    urls: bool = False,
    stream: bool = True,
    timeout: float | None = None,
    tier: str | None = None,
    store: bool | None = None,
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
    with type hints and docstrings; they run in this thread. ``schema``: what the answer is to be, a
    pydantic model, dataclass, TypedDict, ``list[...]`` of one, or a dict that holds a JSON Schema:
    ``.value`` is then the validated object, and ``.frame()`` a DataFrame of a list of them. One
    that does not fit raises `AnswerFailed`, whose ``turn`` has the text.

    ``here``: in a kernel, whether the model's code runs there after the user's word, by default as
    the setting says; ``yes``: without asking. ``context``: how many of the cells that ran before it
    is told of, or "all".

    ``timeout``: seconds, the longest wait for what comes next, and for one call of a function
    (which can be ended in the main thread only); by default what suits the request, 120 to 900.
    ``tier``: "flex" (half price, waits for room), "flex,standard", "standard" or "priority".
    ``store``: whether the service may keep prompt and answer (by default it may not).

    Raises `GeminiError` when the call fails (the partial answer is in ``%gemini history``) and
    `AnswerInterrupted`, a KeyboardInterrupt, when it is stopped.
    """
    _text(prompt)
    options = AskOptions(
        model=model,
        conversation=conversation,
        stateless=stateless,
        system=system,
        thinking=thinking,
        temperature=temperature,
        max_tokens=max_tokens,
        seed=seed,
        code=code,
        here=here,
        yes=yes,
        context=context,
        search=search,
        urls=urls,
        stream=stream,
        timeout=timeout,
        tier=tier,
        store=store,
    )
    from gemini_magic.magics.options import check

    check(options)
    magics = _loaded()
    if magics is not None:
        from gemini_magic.magics.ask_cell import ask_in_kernel

        options = _with_values(options, attach, tools, schema, magics.session)
        return ask_in_kernel(magics.session, magics.kernel, prompt, options, quiet=True)
    if here or yes or context is not None:
        raise OptionError(
            "here, yes and context need a notebook's kernel with the extension loaded.",
            "Leave them out, or run %load_ext gemini_magic there first.",
        )
    from gemini_magic.session.view import Silent

    # Stored answers, limits and the run that this process belongs to hold as in a kernel.
    with closing(Session()) as session:
        options = replace(options, stateless=True)
        options = _with_values(options, attach, tools, schema, session)
        return session.ask(prompt, options, Place(), Silent)


def _with_values(
    options: AskOptions,
    attach: Any,
    tools: Sequence[Callable[..., Any]],
    schema: Any,
    session: Session,
) -> AskOptions:
    if not isinstance(attach, tuple | list) or attach:
        from gemini_magic.attach.resolve import gather_values

        limit = session.settings.max_attachment_bytes
        options = replace(options, items=gather_values(attach, limit))
    if callable(tools):
        tools = [tools]
    if tools:
        from gemini_magic.tools import declare

        options = replace(options, tools=tuple(declare(function) for function in tools))
    if schema is not None:
        from gemini_magic import schemas

        options = replace(options, answer_type=schemas.declare(schema))
    return options


def _text(prompt: object) -> None:
    # A caller without a type checker may pass anything; the service would say 400.
    if not isinstance(prompt, str):
        raise PromptError(
            f"The prompt is {type(prompt).__name__}, not text.", "Pass a str: ask(str(value))."
        )


def _loaded() -> GeminiMagics | None:
    # IPython is asked only where it runs already: a script need not import it. Another thread may
    # be in the middle of importing it: there is a shell only when this module of it is complete.
    module = sys.modules.get("IPython.core.interactiveshell")
    known = getattr(module, "InteractiveShell", None)
    if known is None or not known.initialized():
        return None
    shell = known.instance()
    from gemini_magic.extension import of

    return of(shell)
