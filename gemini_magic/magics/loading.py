"""Loading and unloading: what ``%load_ext`` adds to a shell, and takes away again."""

from __future__ import annotations

from typing import Any

from traitlets import TraitError

from gemini_magic.errors import OptionError
from gemini_magic.magics.magic import GeminiMagics
from gemini_magic.magics.serving import attach
from gemini_magic.magics.transform import transform

_ATTRIBUTE = "_gemini_magic"


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
        from gemini_magic.magics.completion import answer

        return answer(magics, context)

    # What IPython's `context_matcher` decorator sets, without importing the completer here.
    gemini_matcher.matcher_api_version = 2  # type: ignore[attr-defined]
    gemini_matcher.matcher_identifier = "gemini_magic"  # type: ignore[attr-defined]
    gemini_matcher.matcher_priority = 100  # type: ignore[attr-defined]
    return gemini_matcher


def of(shell: Any) -> GeminiMagics | None:
    """The magics of a shell, None when the extension is not loaded there."""
    loaded = getattr(shell, _ATTRIBUTE, None)
    return loaded.magics if isinstance(loaded, _Loaded) else None


def load(shell: Any) -> None:
    """Register the magic; OptionError when its name belongs to somebody else."""
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
    shell.register_magics(magics)
    shell.input_transformers_cleanup.insert(0, loaded.transform)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(loaded.matcher)
    shell.events.register("pre_run_cell", magics.before_cell)
    shell.events.register("post_run_cell", magics.after_cell)
    if getattr(shell, "kernel", None) is not None:
        attach(magics, shell.kernel)
    magics.loaded = True
    setattr(shell, _ATTRIBUTE, loaded)


def unload(shell: Any) -> None:
    """Take back everything `load` added."""
    loaded = getattr(shell, _ATTRIBUTE, None)
    if not isinstance(loaded, _Loaded):
        return
    magics = loaded.magics
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
    delattr(shell, _ATTRIBUTE)
    magics.close()
