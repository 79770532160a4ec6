"""Chooses how the answer of a cell is shown, by who is watching."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from gemini_magic.magics.front_ends import (
    EXTENSION,
    NOTEBOOK,
    SERVER,
    UNATTENDED,
    VSCODE,
    FrontEndKind,
)
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.situation import Situation
from gemini_magic.session.options import AskOptions
from gemini_magic.session.session import Session
from gemini_magic.session.view import View

if TYPE_CHECKING:
    from gemini_magic.render.live import Look


def beside_sidebars(session: Session, kernel: KernelState, own: View) -> View:
    """The view of a cell, and beside it the sidebars that follow, as far as they need one."""
    if kernel.front_end is None or not kernel.front_end.followed:
        return own
    from gemini_magic.frontend.sidebar_view import beside

    return beside(session, kernel.front_end, own)


def view(session: Session, kernel: KernelState, options: AskOptions, now: Situation) -> View:
    """How this call's answer is shown, by who is watching."""
    kind = kernel.front_end_kind(now)
    if kind.live == "text" or kind is UNATTENDED:
        return whole(session, options, kind)
    from gemini_magic.magics.displays import PAUSE, display
    from gemini_magic.render.live import LiveView

    how = session.settings.view if options.view is None else options.view
    look = _look(session, options, kind)
    # Tools may print, runs here ask: what a cell shows beside its answer is not to be cleared away.
    alone = not (options.tools or options.runner) and kernel.alone(now)
    after = PAUSE if kind is VSCODE else 0.0
    shown = display(kind.end, alone=alone, after=after, beside=kernel.print_again)
    if how == "widget":
        from gemini_magic.magics.buttons import buttons
        from gemini_magic.render.widgets import WidgetView

        # Elsewhere a press reaches the kernel only after the cell has ended.
        stop = session.engine.stop if kind.stops and kernel.subshells else None
        return WidgetView(shown, look, buttons(session, kernel), stop)
    if math.isinf(shown.after):
        return whole(session, options, kind)
    if how == "auto" and kind.live == "widgets":
        from gemini_magic.render.widgets import WidgetView

        return WidgetView(shown, look, lasting=False)
    front_end = kernel.front_end
    if (
        how not in ("auto", "html")
        or front_end is None
        or kind not in (EXTENSION, SERVER, NOTEBOOK)
    ):
        return LiveView(shown, look)
    from gemini_magic.render.extension import ExtensionView

    if kind is not NOTEBOOK:
        # What a server writes down, no page restores.
        return ExtensionView(shown, look, front_end.stream, None if now.page else now.cell)
    from gemini_magic.render.joining import JoiningView

    def joined() -> ExtensionView | None:
        if kernel.watching(now) is None:
            return None
        return ExtensionView(shown, look, front_end.stream, now.cell)

    return JoiningView(shown, look, joined)


def whole(session: Session, options: AskOptions, kind: FrontEndKind) -> View:
    """Shows an answer once it is whole, or in a terminal part by part."""
    from gemini_magic.magics.displays import Once
    from gemini_magic.render.live import FinalView, TerminalView

    look = _look(session, options, kind)
    if kind.live == "text":
        return TerminalView(sys.stdout.write, look)
    return FinalView(Once(), look, Once if kind is UNATTENDED else None)


def _look(session: Session, options: AskOptions, kind: FrontEndKind) -> Look:
    from gemini_magic.render.live import Look
    from gemini_magic.session.spending import cost_text

    settings = session.settings
    how = settings.view if options.view is None else options.view
    markdown = kind.markdown and how != "html"
    return Look(
        options.show, how, settings.show_thoughts, cost_text, settings.save_record, markdown
    )
