"""Prepares what ``--here`` and ``--context`` need of the kernel, before anything is sent."""

from __future__ import annotations

import builtins
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import OptionError
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.situation import Situation
from gemini_magic.session.options import AskOptions
from gemini_magic.session.question import Told
from gemini_magic.session.session import Session
from gemini_magic.turn.parts import Json

if TYPE_CHECKING:
    from gemini_magic.frontend.consent import Questions
    from gemini_magic.here.consent import Ask, Word
    from gemini_magic.here.runner import Runner
    from gemini_magic.here.running import Ran


def prepare(
    session: Session,
    kernel: KernelState,
    options: AskOptions,
    now: Situation,
    *,
    preview: bool = False,
    drawn: bool = True,
) -> AskOptions:
    """The options with their ``runner`` and ``told``; OptionError where they cannot hold.

    ``preview``: nothing will be sent, so nobody needs to be there to be asked. ``drawn``: the
    answer is shown while it comes.
    """
    here = _runs_here(session, options)
    if options.context_pictures and options.context is None:
        raise OptionError(
            "--context-pictures belongs to --context.", "Say how many cells: --context 5."
        )
    if here:
        options = _with_runner(session, kernel, options, now, preview, drawn)
    if here or options.context is not None:
        options = replace(options, told=_told(session, kernel, options, here))
    return options


def prepare_sidebar(
    session: Session, kernel: KernelState, options: AskOptions, questions: Questions
) -> tuple[AskOptions, Callable[[], Told]]:
    """The options of a prompt of the sidebar that the main thread will ask, by ``questions``.

    Also what tells the model of the variables: to be called there, when it is asked.
    """

    def ask(code: str, number: int) -> Word:
        word = questions.ask(code, number, _answering(session, runner), surely=True)
        assert word is not None  # it waits
        return word

    def told() -> Told:
        _refuse_elsewhere(session, kernel, options)
        return _told(session, kernel, options, True)

    yes = session.settings.here_yes
    runner = _runner(session, kernel, options, None if yes else ask, sidebar=True)
    return replace(options, here=True, runner=runner), told


def _runs_here(session: Session, options: AskOptions) -> bool:
    if options.here and not options.code:
        raise OptionError("--here and --no-code cannot go together.", "Leave one of them out.")
    if options.yes and options.ask:
        raise OptionError("--yes and --ask cannot go together.", "Leave one of them out.")
    here = options.here
    if here is None:
        here = session.settings.here and options.code
    if (options.yes or options.ask) and not here:
        word = "--yes" if options.yes else "--ask"
        raise OptionError(f"{word} belongs to --here.", f"Leave {word} out, or add --here.")
    return here


def _with_runner(
    session: Session,
    kernel: KernelState,
    options: AskOptions,
    now: Situation,
    preview: bool,
    drawn: bool,
) -> AskOptions:
    if not preview:
        _refuse_elsewhere(session, kernel, options)
    yes = options.yes or (session.settings.here_yes and not options.ask)
    if not yes and not now.answers and not preview:
        raise OptionError(
            "--here asks before code runs, and nobody can be asked here.",
            "Add --yes to run it without asking, or --no-here for the sandbox.",
        )
    ask = None if yes else _asking(now)
    questions = _pages(session, kernel, options, now) if drawn else None
    if ask is not None and questions is not None:
        ask = _by_buttons(questions, lambda: _answering(session, runner), ask)
    runner = _runner(session, kernel, options, ask)
    return replace(options, runner=runner)


def _runner(
    session: Session,
    kernel: KernelState,
    options: AskOptions,
    ask: Ask | None,
    *,
    sidebar: bool = False,
) -> Runner:
    from gemini_magic.here.runner import Kernel, Runner
    from gemini_magic.tools.declaring import takes_pictures

    settings = session.settings
    model = (options.model or settings.model).removeprefix("models/")
    own = Kernel(
        namespace=session.namespace,
        hidden=kernel.hidden,
        run=_running(kernel, kernel.situation.terminal, sidebar),
        ask=ask,
    )
    return Runner(own, settings.run_timeout, pictures=takes_pictures(model))


def _refuse_elsewhere(session: Session, kernel: KernelState, options: AskOptions) -> None:
    if kernel.shell is None or threading.current_thread() is not threading.main_thread():
        raise OptionError(
            "--here runs code in the kernel's main thread, and this is another one.",
            "Ask from a cell, or leave --here out.",
        )
    if kernel.running:
        raise OptionError(
            "Code of an answer runs now, and cannot ask with --here itself.",
            "Ask in a cell of its own.",
        )
    run = session.batch_run
    if run is not None and not (run.allow_here and options.yes):
        raise OptionError(
            "In jupyter gemini run a --here cell needs two words: the run's --allow-here, and "
            "--yes on the cell.",
            "Nothing was sent. Give both, or --no-here for the sandbox.",
        )


def _running(kernel: KernelState, terminal: bool, sidebar: bool) -> Callable[[str, Ran], None]:
    """What runs the code of one answer. ``sidebar``: no cell shows what it prints."""
    from gemini_magic.here.running import run
    from gemini_magic.here.seal import Seal

    seal = kernel.seal = kernel.seal or Seal(kernel.shell)
    looked = False
    save = _saving() if terminal else lambda ran: None

    def running(code: str, ran: Ran) -> None:
        nonlocal looked
        if not looked:
            looked = True
            seal.look()
        kernel.running = True
        try:
            run(kernel.shell, code, ran, seal, unwatched=sidebar)
        finally:
            kernel.running = False
        save(ran)

    return running


def _saving() -> Callable[[Ran], None]:
    """What writes the pictures of a run where a terminal's user can open them, and says where."""
    from gemini_magic.here.pictures import pictures

    number = 0
    folder: Path | None = None
    stream = sys.stdout

    def save(ran: Ran) -> None:
        nonlocal number, folder
        for picture in pictures(ran.bundles):
            number += 1
            folder = folder or Path(tempfile.mkdtemp(prefix="gemini-pictures-"))
            ending = "png" if picture.startswith(b"\x89PNG") else "jpg"
            path = folder / f"picture-{number}.{ending}"
            path.write_bytes(picture)
            stream.write(f"Picture {number}: {path}\n")

    return save


def _asking(now: Situation) -> Ask:
    """How this user is asked. What it needs is taken now, before anything of the model's runs."""
    from gemini_magic.here.consent import ask_by_input

    show = _printed(sys.stdout) if now.terminal else _shown
    return ask_by_input(show, builtins.input)


def _pages(
    session: Session, kernel: KernelState, options: AskOptions, now: Situation
) -> Questions | None:
    """What asks by buttons, where a page draws the answer and is heard while the cell runs."""
    front_end = kernel.watching(now)
    how = session.settings.view if options.view is None else options.view
    if front_end is None or not front_end.awake or how not in ("auto", "html"):
        return None
    return front_end.questions if kernel.front_end_kind(now).live == "deltas" else None


def _answering(session: Session, runner: object) -> str:
    """The id of the turn whose code ``runner`` runs; empty when it is not known."""
    running = [*session.engine.running.values()]
    return next((one.begun.id for one in running if one.runner is runner), "")


def _by_buttons(questions: Questions, turn: Callable[[], str], otherwise: Ask) -> Ask:
    """Ask in the page; ``otherwise`` as long as no page has shown a question of this answer.

    Once one has, its next question waits for a page that is just being reloaded.
    """
    ask, known = questions.ask, False

    def asked(code: str, number: int) -> Word:
        nonlocal known
        word = ask(code, number, turn(), surely=known)
        known = known or word is not None
        return otherwise(code, number) if word is None else word

    return asked


def _printed(stream: Any) -> Callable[[str, int], Callable[[str], object]]:
    from gemini_magic.here.consent import asked_text
    from gemini_magic.text import written

    def show(code: str, number: int) -> Callable[[str], object]:
        written(stream.write, f"\n\n{asked_text(code, number)}")  # the answer so far is above it
        stream.flush()
        return lambda line: None  # the answer stands behind the question

    return show


def _shown(code: str, number: int) -> Callable[[str], object]:
    from gemini_magic.here.consent import asked_html, asked_text
    from gemini_magic.magics.displays import publish

    display_id = secrets.token_hex(8)
    bundle = {"text/plain": asked_text(code, number), "text/html": asked_html(code, number)}
    publish(bundle, {}, display_id=display_id)
    return lambda line: publish({"text/plain": line}, {}, display_id=display_id, update=True)


def _told(session: Session, kernel: KernelState, options: AskOptions, here: bool) -> Told:
    texts: list[str] = []
    pictures: tuple[Json, ...] = ()
    known: Json = {}
    if here:
        from gemini_magic.here.namespace import overview

        variables = overview(session.namespace, kernel.hidden)
        texts.append(variables.text)
        known["namespace"] = list(variables.names)
    if options.context is not None:
        from gemini_magic.here.cells import context

        recorder = kernel.recording
        if recorder is None:
            raise OptionError(
                "--context tells of the cells of a notebook, and there is none here.",
                "Leave it out.",
            )
        cells = context(kernel.shell, recorder, options.context, pictures=options.context_pictures)
        if cells.text:
            texts.append(cells.text)
        pictures = cells.pictures
        known["cells"] = list(cells.cells)
        if cells.note and options.preview:
            session.say(cells.note)
    known["characters"] = sum(map(len, texts))
    return Told(tuple([{"text": f"{text}\n"} for text in texts] + list(pictures)), known)
