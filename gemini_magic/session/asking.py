"""Goes the steps of `Session.ask`: question, answer store, limits, backend, engine.

In this order, so that stored answers need no backend and no budget, and a refused call no network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from gemini_magic.errors import ModelNotFound, OptionError, PromptError, in_force
from gemini_magic.hints import Hint
from gemini_magic.session.limits import check_cost, check_length, cost_limits
from gemini_magic.session.options import AskOptions, Place
from gemini_magic.session.prompt import expand
from gemini_magic.session.question import Placed, Question
from gemini_magic.session.view import View
from gemini_magic.transport.protocol import Config, Outgoing, Transport
from gemini_magic.transport.tiers import Tiered
from gemini_magic.turn.parts import Json
from gemini_magic.turn.request_json import carrying
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage

if TYPE_CHECKING:
    from gemini_magic.catalog import Model
    from gemini_magic.session.batch_run import BatchRun
    from gemini_magic.session.session import Session
    from gemini_magic.transport.backends import Backend

_Value = TypeVar("_Value")


def fill(session: Session, prompt: str, options: AskOptions) -> tuple[str, AskOptions]:
    """Replace a prompt's variables, and gather what ``--attach``, ``--tool`` and ``--schema`` name.

    Raises PromptError and OptionError on what is not there, cannot be attached or declared: before
    anything is sent.
    """
    namespace = session.namespace
    prompt = expand(prompt, namespace)
    if options.attach:
        from gemini_magic.attach.resolve import gather

        limit = session.settings.max_attachment_bytes
        options = replace(options, attach=(), items=gather(options.attach, namespace, limit))
    if options.tool:
        from gemini_magic.tools import find

        options = replace(options, tool=(), tools=find(options.tool, namespace))
    if options.schema is not None:
        from gemini_magic import schemas

        found = schemas.find(options.schema, namespace)
        options = replace(options, schema=None, answer_type=found)
    return prompt, options


def question(session: Session, prompt: str, options: AskOptions, place: Place) -> Question:
    """Make the question that the options ask, over the settings in force.

    Raises PromptError on a prompt of white space.
    """
    refuse_empty(prompt, 'Pass some: ask("What is ...?").')
    settings = session.settings
    tier = _given(options.tier, settings.tier)
    runs_here: tuple[Json, ...] = ()
    if options.runner is not None:
        from gemini_magic.here.runner import DECLARATION

        runs_here = (DECLARATION,)
    return Question(
        prompt=prompt,
        model=_given(options.model, settings.model).removeprefix("models/"),
        config=Config(
            system=_given(options.system, settings.system),
            thinking=_given(options.thinking, settings.thinking),
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            seed=options.seed,
            code=options.code and not runs_here,
            search=options.search,
            urls=options.urls,
            functions=(*runs_here, *(tool.declaration for tool in options.tools)),
            schema=None if options.answer_type is None else options.answer_type.schema,
        ),
        items=options.items,
        tools=options.tools,
        answer_type=options.answer_type,
        conversation=options.conversation,
        stateless=options.stateless,
        cell=place.cell,
        call=place.call,
        stream=options.stream,
        timeout=_given(options.timeout, settings.timeout),
        tiers=tuple(tier.split(",")) if tier else (),
        store=_given(options.store, settings.store),
        thoughts=settings.show_thoughts,
        retries=settings.retries,
        noted={
            **options.inserts,
            **({"tier": tier} if tier else {}),
            **({"here": True} if runs_here else {}),
        },
        max_cost=options.max_cost,
        runner=options.runner,
        told=options.told,
    )


def _given(value: _Value | None, setting: _Value) -> _Value:
    return setting if value is None else value


def refuse_empty(prompt: str, hint: str) -> None:
    """Raise PromptError with ``hint`` on a prompt of white space."""
    if not prompt.strip():
        raise PromptError("The prompt is empty: there is nothing to ask.", hint)


def refuse_tools(asked: Question, backend: str, served: Model | None = None) -> None:
    """Raise OptionError where the model or backend does not take the tools together."""
    if asked.tools or asked.runner is not None:
        from gemini_magic.tools import refuse_combination

        refuse_combination(asked.model, backend, asked.config, served)


def refuse_unfit(session: Session, placed: Placed, backend: Backend) -> None:
    """Raise OptionError for what the model that will answer is known to refuse."""
    from gemini_magic.attach.taken import refuse_files
    from gemini_magic.session.answering import refuse_level

    asked = placed.question
    served = session.engine.answering.served(asked.model, backend.issuer)
    refuse_tools(asked, backend.kind, served)
    refuse_level(asked.model, served, asked.config)
    refuse_files(served, carrying(placed.outgoing.contents))
    if asked.config.schema is not None:
        from gemini_magic.schemas import refuse_schema

        refuse_schema(served, asked.config)


def tell_ignored(session: Session, asked: Question, served: Model) -> None:
    """Say which sampling options have no effect on the model that answers, once in a kernel."""
    given = [name for name in ("temperature",) if getattr(asked.config, name) is not None]
    ignored = [name for name in given if name in served.ignores]
    if ignored and session.engine.answering.first("ignored", served.name, *ignored):
        session.warn(in_force().say(Hint.IGNORED_OPTIONS(served=served.name, options=ignored)))


def put(session: Session, asked: Question, options: AskOptions, show: Callable[[], View]) -> Turn:
    """Give the stored turn for a question where reuse is wanted, else the one a backend gives.

    ``show`` makes the view, when there will be an answer: after the store, the backend and
    the limits have been asked. Raises what they raise, and what the engine does; the error of an
    unknown model names close ones.
    """
    settings, recall, engine = session.settings, session.recall, session.engine
    if options.reuse and options.fresh:
        raise OptionError("--reuse and --fresh cannot go together.", "Leave one of them out.")
    reuse = (options.reuse or settings.reuse) and not options.fresh
    store = recall.store(settings, needed=options.reuse)
    placed = engine.placed(asked)
    outgoing = placed.outgoing
    place = Place(asked.cell, asked.call)
    with recall.asking(store, outgoing, reuse):
        if store is not None and reuse:
            stored = store.find(outgoing, emulator=settings.backend == "emulator")
            if stored is not None:
                return engine.recall(placed, recall.own(place, stored), show())
        check_length(session, placed)
        connection = session.connect()
        kind = connection.backend.kind
        served = engine.answering.served(asked.model, connection.backend.issuer)
        check_cost(outgoing, cost_limits(session, options), served)
        refuse_unfit(session, placed, connection.backend)
        tell_ignored(session, asked, served)
        run = session.batch_run

        def check_round(outgoing: Outgoing, usage: Usage) -> None:
            check_cost(outgoing, cost_limits(session, options), served, used=usage)

        try:
            turn = engine.ask(
                placed,
                kind,
                paced(connection.transport, run),
                show(),
                issuer=connection.backend.issuer,
                check=check_round,
                spent=None if run is None else run.spend,
            )
        except ModelNotFound as error:
            from gemini_magic.session.models import suggest

            suggest(error, asked.model, session.listed_models)
            raise
        if store is not None:
            store.put(outgoing, turn)
    return recall.own(place, turn)


def paced(transport: Transport, run: BatchRun | None) -> Transport:
    """``transport``, in a batch run at the pace that its kernels keep together."""
    if run is None:
        return Tiered(transport)
    from gemini_magic.session.pacing import Paced, SharedPace

    return Tiered(Paced(transport, SharedPace(run.pace), run.waits))
