"""Registers ``%%gemini`` and ``%gemini`` with their traits; the rest is a `Session`'s."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from functools import wraps
from types import MethodType
from typing import Any, TypeVar, cast

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand

from gemini_magic.errors import AnswerInterrupted, GeminiError
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.traits import GeminiTraits
from gemini_magic.session.session import Session

DOC = """Ask Gemini, with code execution, and see the answer as it streams.

    %%gemini [options]
    the prompt, on as many lines as it takes

    %gemini SUBCOMMAND [...]

``$`expr` `` in a prompt is replaced by the value of the expression; everything else is sent as
it is. %%gemini --help lists the options, %gemini help the subcommands.
"""

F = TypeVar("F", bound=Callable[..., Any])


def _readable_errors(method: F) -> F:
    """Raise our errors without the frames and causes below them, unless the user wants those."""

    @wraps(method)
    def run(self: GeminiMagics, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except (GeminiError, KeyboardInterrupt) as error:
            if self.session.chosen.get("show_tracebacks", self.show_tracebacks):
                error.full_traceback = True  # type: ignore[union-attr]
                raise
            if isinstance(error, GeminiError | AnswerInterrupted):
                raise error from None
        # It struck between our own steps. Raised out here it holds none of their frames, and so
        # nothing that belongs to an answer which nobody will end.
        raise AnswerInterrupted(
            "The cell was interrupted.",
            f"%{self.magic_name} history shows what is kept. Run the cell again to ask anew.",
        )

    return run  # type: ignore[return-value]


@magics_class
class GeminiMagics(GeminiTraits):
    """Settings of %%gemini; each can be set with %config or in ipython_config.py."""

    def __init__(self, shell: Any, **kwargs: Any) -> None:
        super().__init__(shell, **kwargs)
        magic = self._called(self.magic_name)
        self.magics = {kind: {self.magic_name: magic} for kind in self.magics}
        self.session = Session(self._configured, self._namespace)
        self.kernel = KernelState(self)

    def _namespace(self) -> MutableMapping[str, Any]:
        shell: Any = self.shell
        own, around = shell.user_ns, shell.user_global_ns
        if around is own:
            return cast("dict[str, Any]", own)
        return ChainMap(own, around)  # IPython.embed() in a function: its variables, then globals

    def _configured(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in self.set_by_user}

    @no_var_expand
    @line_cell_magic
    @_readable_errors
    def gemini(self, line: str, cell: str | None = None) -> None:
        # VS Code shows what is printed in lines as long as they are.
        self.session.width = 100 if self.kernel.situation.front_end == "VS Code" else None
        if cell is None:
            from gemini_magic.magics.commands.table import run

            return run(self.session, self.kernel, line)
        from gemini_magic.magics.ask_cell import ask_cell

        return ask_cell(self.session, self.kernel, line, self.kernel.body(cell))

    gemini.__doc__ = DOC

    def _called(self, name: str) -> Callable[..., Any]:
        """The magic, with a help text (``%%NAME?``) that speaks of it by its name."""
        own: Any = getattr(self, "gemini")  # noqa: B009  IPython's decorators leave it no type
        if name == own.__name__:
            return cast("Callable[..., Any]", own)

        @wraps(own.__func__)
        def magic(self: GeminiMagics, line: str, cell: str | None = None) -> None:
            own(line, cell)

        from gemini_magic.magics.hints import magic_words

        magic.__doc__ = magic_words(name).named(DOC)
        return MethodType(magic, self)

    def before_cell(self, info: Any) -> None:
        """``pre_run_cell``: note whose calls are to come."""
        if not self.kernel.running:
            self.kernel.began(info)
        recorder = self.kernel.recording
        if recorder is not None:
            recorder.began(info)

    def after_cell(self, result: Any) -> None:
        """``post_run_cell``: settle the cell's calls, tell the sidebars, begin to preload."""
        if self.kernel.recorder is not None:
            self.kernel.recorder.ended(result)
        if self.kernel.running:
            return
        whole = self.kernel.ended(self.session, result)  # and not a cell inside of another one
        front_end = self.kernel.front_end
        if front_end is not None and whole:
            front_end.changed()  # by %gemini undo, model, load, ...
        if self.preload and not self.session.connected:
            from gemini_magic.magics.preloading import start

            start(self.session, widgets=self.kernel.situation.front_end is not None)

    def close(self) -> None:
        """Close connections and whatever still runs."""
        self.kernel.closed.set()
        if self.kernel.recorder is not None:
            self.kernel.recorder.close()
        self.session.close()
