"""Asks as a cell: options, place in the notebook, view, inserted cells."""

from __future__ import annotations

from gemini_magic.magics.ask_views import beside_sidebars, view
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.options import help_table, parse
from gemini_magic.session.asking import fill, question, refuse_empty
from gemini_magic.session.options import AskOptions
from gemini_magic.session.session import Session
from gemini_magic.session.view import Silent
from gemini_magic.turn.turn import Turn


def ask_cell(session: Session, kernel: KernelState, line: str, body: str) -> None:
    """Ask the prompt of a ``%%gemini`` cell with the options of its line."""
    options = parse(line, f"%%{kernel.name}")
    if options.help:
        session.say(f"%%{kernel.name} [options]\nthe prompt\n\n{help_table()}")
        return
    refuse_empty(body, f"Write it on the lines below %%{kernel.name}.")
    with kernel.noting_what_is_printed():
        prompt, options = fill(session, body, options)
        if options.preview:
            preview_cell(session, kernel, prompt, options)
        else:
            ask_in_kernel(session, kernel, prompt, options)


def preview_cell(session: Session, kernel: KernelState, prompt: str, options: AskOptions) -> None:
    """Print what a call would send, and send nothing."""
    from gemini_magic.magics.here import prepare
    from gemini_magic.session.preview import preview

    options = prepare(session, kernel, options, kernel.situation, preview=True)
    place = kernel.place(session, kernel.situation, options, count=False)
    preview(session, question(session, prompt, options, place))


def ask_in_kernel(
    session: Session,
    kernel: KernelState,
    prompt: str,
    options: AskOptions,
    *,
    quiet: bool = False,
) -> Turn:
    """Ask as the cell that is executing; show the answer and insert its cells, unless ``quiet``.

    The turn is bound to ``--output``, also a failed one.
    """
    refuse_empty(prompt, 'Pass some: ask("What is ...?").')  # before it counts as a call
    now = kernel.asking
    inserts = options.insert is not None or options.run or session.settings.insert != "none"
    if inserts and not quiet:
        from gemini_magic.magics.inserting import over_setting

        options = over_setting(options, session.settings)
    if options.here is not False or options.context is not None or options.context_pictures:
        from gemini_magic.magics.here import prepare

        options = prepare(session, kernel, options, now, drawn=not quiet)
    place = kernel.place(session, now, options)
    engine = session.engine
    before = engine.last
    try:
        turn = session.ask(
            prompt,
            options,
            place,
            lambda: beside_sidebars(
                session, kernel, Silent() if quiet else view(session, kernel, options, now)
            ),
        )
    finally:
        if options.output is not None and engine.last is not before:
            kernel.bind(session.namespace, options.output, engine.last)
    kernel.answered(now, turn.id)
    if options.insert is not None and not quiet:
        from gemini_magic.magics.inserting import insert

        insert(session, kernel, turn, options, now)
    return turn
