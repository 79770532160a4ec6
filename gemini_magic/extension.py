"""Loads and unloads: puts session, magics and front end together for a shell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from traitlets import TraitError

from gemini_magic.errors import OptionError, speak
from gemini_magic.magics.magic import GeminiMagics
from gemini_magic.magics.situation import request
from gemini_magic.magics.transform import transform

if TYPE_CHECKING:
    from gemini_magic.frontend.consent import Questions
    from gemini_magic.hints import Surface
    from gemini_magic.session.engine import Engine
    from gemini_magic.session.options import AskOptions
    from gemini_magic.session.question import Told
    from gemini_magic.turn.parts import Json
    from gemini_magic.turn.turn import Turn

_ATTRIBUTE = "_gemini_magic"
_TURN = ("gemini_magic.turn.turn", "Turn")  # by its name: nothing is imported for it
# The engine that a shell had, until it is loaded there again: %reload_ext goes on with it.
_unloaded: WeakKeyDictionary[Any, Engine] = WeakKeyDictionary()
_HELP = "run_line_magic('pinfo"  # what IPython makes of a line that ends with a question mark
BUTTONS = ("cells", "meaning", "verify", "go_on")  # requests of the buttons below an answer


class _Loaded:
    """What one shell was given, so that all of it can be taken back."""

    def __init__(self, magics: GeminiMagics) -> None:
        self.magics = magics
        self.name = magics.magic_name
        self.transform = transform(magics.magic_name)
        self.matcher = _matcher(magics)


def _matcher(magics: GeminiMagics) -> Any:
    """The matcher for tab completion; what it answers with is imported when it is first asked."""

    def gemini_matcher(context: Any) -> Any:
        from gemini_magic.magics.completion import matches

        return matches(magics.session, magics.kernel, context)

    # What IPython's `context_matcher` decorator sets, without importing the completer here.
    gemini_matcher.matcher_api_version = 2  # type: ignore[attr-defined]
    gemini_matcher.matcher_identifier = "gemini_magic"  # type: ignore[attr-defined]
    gemini_matcher.matcher_priority = 100  # type: ignore[attr-defined]
    return gemini_matcher


def of(shell: Any) -> GeminiMagics | None:
    """The magics of a shell, None when the extension is not loaded there."""
    loaded = getattr(shell, _ATTRIBUTE, None)
    return loaded.magics if isinstance(loaded, _Loaded) else None


def load(shell: Any, *, again: bool = False) -> None:
    """Register the magic; OptionError when its name belongs to somebody else.

    ``again``: it was unloaded to be loaded again; what was asked is kept. Settings are not: they
    are read anew.
    """
    kept = _unloaded.pop(shell, None)
    if getattr(shell, _ATTRIBUTE, None) is not None:
        return
    configurables = list(shell.configurables)
    try:
        magics = GeminiMagics(shell)
    except TraitError as error:
        shell.configurables[:] = configurables
        raise OptionError(
            f"A setting cannot be used: {str(error).splitlines()[0]}",
            "Correct it in ipython_config.py, or: del get_ipython().config['GeminiMagics']",
        ) from None
    name = magics.magic_name
    owner = shell.magics_manager.magics["cell"].get(name) or shell.magics_manager.magics[
        "line"
    ].get(name)
    if owner is not None:
        shell.configurables[:] = configurables
        source = getattr(owner, "__module__", None) or type(owner).__module__
        raise OptionError(
            f"%%{name} is registered already, by {source}.",
            "Give ours another name and load again: "
            "get_ipython().config.GeminiMagics.magic_name = 'gem' (or in ipython_config.py).",
        )
    loaded = _Loaded(magics)
    _refuse_misread(shell, loaded)
    if again and kept is not None:
        magics.session.engine.go_on(kept)
    shell.register_magics(magics)
    shell.input_transformers_cleanup.insert(0, loaded.transform)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(loaded.matcher)
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type_by_name(*_TURN, lambda turn: _drawn(magics, turn))
    magics.kernel.loaded()
    since = int(getattr(shell, "execution_count", 1) or 1)

    def recorder() -> Any:
        from gemini_magic.here.recorder import Recorder  # by the next cell, which is its first

        return Recorder(shell, lambda source: _asks(source, name), since)

    magics.kernel.new_recorder = recorder
    shell.events.register("pre_run_cell", magics.before_cell)
    shell.events.register("post_run_cell", magics.after_cell)
    if getattr(shell, "kernel", None) is not None:
        _attach(magics)
    magics.loaded = True
    speak(lambda: _words(name))
    setattr(shell, _ATTRIBUTE, loaded)


def _drawn(magics: GeminiMagics, turn: Turn) -> tuple[Json, Json]:
    """A turn as the value of a cell, in the form that this front end shows best."""
    kind = magics.kernel.front_end_kind(magics.kernel.situation)
    return turn._repr_mimebundle_(markdown_only=kind.markdown)


def _asks(source: str, name: str) -> bool:
    """Whether a cell asks us: its exchange is in the conversation already."""
    return source.lstrip().startswith((f"%%{name}", f"%{name}"))


def _refuse_misread(shell: Any, loaded: _Loaded) -> None:
    """OptionError when IPython has read a line of ours in this cell as a request for its help.

    It reads a cell as a whole, before any of it runs: ``%gemini ask what is this?`` asks it about
    the name ``this`` as long as the extension is not loaded.
    """
    question = re.compile(rf"%{re.escape(loaded.name)}[ \t][^\n]*\?[ \t]*$", re.MULTILINE)
    source = _source(shell)
    found = question.search(source)
    if found is None:
        return
    ours = "".join(loaded.transform(source.splitlines(keepends=True)))
    if shell.transform_cell(source).count(_HELP) == shell.transform_cell(ours).count(_HELP):
        return  # in a string, or in the body of another cell magic
    raise OptionError(
        f"IPython has read {found[0]!r} as a request for its help: it reads a cell before it runs.",
        "Put %load_ext gemini_magic into a cell of its own, above this one.",
    )


def _source(shell: Any) -> str:
    """The cell that is being executed, as it was typed; empty when none is known."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        content = request(shell).get("content") or {}
        return str(content.get("code") or "")
    typed = getattr(getattr(shell, "history_manager", None), "input_hist_raw", None)
    return str(typed[-1]) if typed else ""


def _words(name: str) -> Surface:
    from gemini_magic.magics.hints import magic_words  # with the first hint

    return magic_words(name)


def _attach(magics: GeminiMagics) -> None:
    """Announce the magics to the front ends that have our extension."""
    from gemini_magic.frontend.serving import Serving

    session, kernel = magics.session, magics.kernel

    def run(line: str) -> None:
        from gemini_magic.magics.commands.table import run

        run(session, kernel, line)

    def button(request: dict[str, Any]) -> Mapping[str, Any]:
        from gemini_magic.magics.inserting import button_request

        return button_request(session, kernel, request)

    def here(options: AskOptions, questions: Questions) -> tuple[AskOptions, Callable[[], Told]]:
        from gemini_magic.magics.here import prepare_sidebar

        return prepare_sidebar(session, kernel, options, questions)

    buttons = dict.fromkeys(BUTTONS, button)
    serving = Serving(session, run, lambda: kernel.hidden, buttons, here, magics.magic_name)
    kernel.front_end = serving.front_end
    now = kernel.situation
    # Loaded by a cell that nobody watches (nbconvert), or before any front end is there: one
    # that comes later says hello itself.
    serving.attach(kernel.shell.kernel, announce=now.execution is not None and now.watched)


def unload(shell: Any) -> None:
    """Take back everything `load` added."""
    loaded = getattr(shell, _ATTRIBUTE, None)
    if not isinstance(loaded, _Loaded):
        return
    magics = loaded.magics
    if magics.kernel.running:
        raise OptionError(
            "gemini_magic cannot be unloaded while code of an answer runs.",
            "Unload it in a cell of its own.",
        )
    manager = shell.magics_manager
    for kind in ("line", "cell"):
        if getattr(manager.magics[kind].get(loaded.name), "__self__", None) is magics:
            del manager.magics[kind][loaded.name]
    manager.registry.pop(type(magics).__name__, None)
    shell.configurables[:] = [known for known in shell.configurables if known is not magics]
    if loaded.transform in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(loaded.transform)
    if shell.Completer is not None and loaded.matcher in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(loaded.matcher)
    shell.events.unregister("pre_run_cell", magics.before_cell)
    shell.events.unregister("post_run_cell", magics.after_cell)
    shell.display_formatter.mimebundle_formatter.pop(".".join(_TURN), None)
    delattr(shell, _ATTRIBUTE)
    speak()
    magics.close()
    if not magics.session.idle:
        _unloaded[shell] = magics.session.engine
