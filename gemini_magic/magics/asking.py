"""From a parsed command to an answered question: settings, place, view."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gemini_magic.engine import Silent, View
from gemini_magic.errors import ModelNotFound, PromptError
from gemini_magic.magics.options import help_table, parse
from gemini_magic.magics.situation import Situation, situation
from gemini_magic.prompt import expand
from gemini_magic.question import Question
from gemini_magic.settings import Settings
from gemini_magic.transport.protocol import Config
from gemini_magic.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.magics.inserting import Wish
    from gemini_magic.magics.magic import GeminiMagics


def ask_cell(magics: GeminiMagics, line: str, body: str) -> None:
    """What a ``%%gemini`` cell does."""
    given: Mapping[str, Any] = parse(line, magics.magic_name)
    if given.get("help"):
        magics.say(f"%%{magics.magic_name} [options]\nthe prompt\n\n{help_table()}")
        return
    refuse_empty(body, f"Write it on the lines below %%{magics.magic_name}.")
    prompt = expand(body, magics.namespace)
    given = with_data(given, magics.namespace, magics.settings.max_attachment_bytes)
    if given.get("preview"):
        from gemini_magic.magics.preview import preview

        place = magics.place(situation(magics.shell), given, count=False)
        preview(magics, to_question(magics.settings, prompt, given, place))
        return
    ask(magics, prompt, given)


def with_data(
    given: Mapping[str, Any], namespace: Mapping[str, Any], limit: int
) -> Mapping[str, Any]:
    """The options with what ``--attach`` and ``--tool`` name, as ``items`` and ``tools``.

    Raises OptionError on what cannot be attached or declared: before anything is sent.
    """
    found = dict(given)
    if "attach" in found:
        from gemini_magic.attach.resolve import gather

        found["items"] = gather(found.pop("attach"), namespace, limit)
    if "tool" in found:
        from gemini_magic.tools import find

        found["tools"] = find(found.pop("tool"), namespace)
    return found


def to_question(
    settings: Settings,
    prompt: str,
    given: Mapping[str, Any],
    place: tuple[str | None, int] = (None, 0),
) -> Question:
    """The question that the options ask, over the settings in force, for its place."""
    return Question(
        prompt=prompt,
        model=given.get("model", settings.model).removeprefix("models/"),
        config=Config(
            system=given.get("system", settings.system),
            thinking=given.get("thinking", settings.thinking),
            temperature=given.get("temperature"),
            max_tokens=given.get("max_tokens"),
            seed=given.get("seed"),
            code=not given.get("no_code", False),
            search=given.get("search", False),
            urls=given.get("urls", False),
            functions=tuple(tool.declaration for tool in given.get("tools", ())),
        ),
        items=given.get("items", ()),
        tools=given.get("tools", ()),
        conversation=given.get("conversation"),
        stateless=given.get("stateless", False),
        cell=place[0],
        call=place[1],
        stream=not given.get("no_stream", False),
        timeout=given.get("timeout", settings.timeout),
        retries=settings.retries,
    )


def refuse_tools(question: Question, backend: str) -> None:
    """Raise OptionError where the model or backend does not take the tools together."""
    if question.tools:
        from gemini_magic.tools import refuse_combination

        refuse_combination(question.model, backend, question.config)


def refuse_empty(prompt: str, hint: str) -> None:
    """Raise PromptError with ``hint`` on a prompt of white space."""
    if not prompt.strip():
        raise PromptError("The prompt is empty: there is nothing to ask.", hint)


def ask(
    magics: GeminiMagics, prompt: str, given: Mapping[str, Any], *, quiet: bool = False
) -> Turn:
    """Ask, show (unless ``quiet``), and bind the turn to ``--output``, also a failed one."""
    refuse_empty(prompt, 'Pass some: ask("What is ...?").')
    now = situation(magics.shell)
    wanted, noted = (None, {}) if quiet else _wish(magics, given)
    asked = to_question(magics.settings, prompt, given, magics.place(now, given))
    asked = replace(asked, noted=noted)
    engine = magics.engine
    before = engine.last
    try:
        turn = put(
            magics,
            asked,
            given,
            show=lambda: followed(magics, Silent() if quiet else view(magics, given, now)),
        )
    finally:
        if "output" in given and engine.last is not before:
            magics.namespace[given["output"]] = engine.last
    magics.cells.answered(now, turn.id)
    if wanted is not None:
        from gemini_magic.magics.inserting import insert

        insert(magics, turn, wanted, now)
    return turn


def put(
    magics: GeminiMagics, asked: Question, given: Mapping[str, Any], show: Callable[[], View]
) -> Turn:
    """Put a question, of a cell or of the sidebar; an unknown model's error names close ones."""
    from gemini_magic.magics.answering import answer
    from gemini_magic.magics.models import suggest

    try:
        return answer(magics, asked, given, show)
    except ModelNotFound as error:
        suggest(magics, error, asked.model)
        raise


def followed(magics: GeminiMagics, own: View) -> View:
    """The view of a cell, and beside it the sidebars that follow, as far as they need one."""
    if magics.front_end is None or not magics.front_end.followed:
        return own
    from gemini_magic.magics.panel.view import beside

    return beside(magics, own)


def _wish(magics: GeminiMagics, given: Mapping[str, Any]) -> tuple[Wish | None, dict[str, Any]]:
    """What is to be inserted (None: nothing), and how the turn records it."""
    if "insert" not in given and "run" not in given and magics.settings.insert == "none":
        return None, {}
    from gemini_magic.magics.inserting import wish

    wanted = wish(given, magics.settings)
    return wanted, wanted.to_dict()


def view(magics: GeminiMagics, given: Mapping[str, Any], now: Situation) -> View:
    """How this call's answer is shown, by who is watching."""
    from gemini_magic.magics.costs import spoken
    from gemini_magic.render.live import FinalView, LiveView, Look, TerminalView

    how = given.get("view", magics.settings.view)
    look = Look(given.get("show", "all"), how, magics.settings.show_thoughts, spoken)
    if now.terminal:
        return TerminalView(sys.stdout.write, look)
    if not now.watched:
        return FinalView(displayed(), look)
    if how == "widget":
        from gemini_magic.magics.buttons import buttons
        from gemini_magic.render.widgets import WidgetView

        return WidgetView(displayed(), look, buttons(magics), magics.engine.stop)
    if how == "auto" and now.front_end is not None:
        from gemini_magic.render.widgets import WidgetView

        # No button to stop: these hand its press to the kernel only after the cell has ended.
        return WidgetView(displayed(), look, lasting=False)
    front_end = magics.front_end
    if how in ("auto", "html") and front_end is not None and front_end.watching(now.session):
        from gemini_magic.render.extension import ExtensionView

        return ExtensionView(displayed(), look, front_end.stream)
    return LiveView(displayed(), look)


def displayed() -> Any:
    """A function that displays a bundle, and updates that display when called again."""
    from IPython.display import publish_display_data

    display_id = secrets.token_hex(8)
    shown = False

    def publish(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        nonlocal shown
        publish_display_data(  # type: ignore[no-untyped-call]
            dict(data),
            metadata=dict(metadata),
            transient={"display_id": display_id},
            update=shown,
        )
        shown = True

    return publish
