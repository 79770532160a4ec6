"""``%%gemini`` and ``%gemini``: parse, ask the engine, nothing else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from types import MethodType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand

from gemini_magic.errors import (
    AnswerInterrupted,
    GeminiError,
    OptionError,
    did_you_mean,
    redact,
)
from gemini_magic.magics.cell_state import CellState
from gemini_magic.magics.naming import NAME, name_in, named
from gemini_magic.magics.situation import Situation
from gemini_magic.magics.traits import GeminiTraits
from gemini_magic.settings import BACKENDS, ENVIRONMENT, RUN, Settings, from_environment

if TYPE_CHECKING:
    from gemini_magic.engine import Engine
    from gemini_magic.frontend import FrontEnd
    from gemini_magic.magics.panel.line import Line
    from gemini_magic.recall import Recall
    from gemini_magic.run import Run
    from gemini_magic.transport.connections import Connection, Connections
    from gemini_magic.turn import Turn

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
            ours = error if isinstance(error, GeminiError | AnswerInterrupted) else None
            if ours is not None:
                name_in(ours, self.magic_name)
            if self.chosen.get("show_tracebacks", self.show_tracebacks):
                error.full_traceback = True  # type: ignore[union-attr]
                raise
            if ours is not None:
                raise ours from None
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
        self.listed_models: list[str] = []  # by %gemini models
        self.input_limits: dict[str, int] = {}  # tokens that a model takes, as it was listed
        self.chosen: dict[str, Any] = {}  # by %gemini config, model, backend: above the traits
        self.failure: tuple[BaseException, str] | None = None  # not ours, and the cell's source
        self._engine: Engine | None = None
        self._connections: Connections | None = None
        self._recall: Recall | None = None
        self._run: Run | None = None
        self._raw_cell = ""
        self._execution: str | None = None
        self._calls: dict[tuple[str, str], int] = {}  # (conversation, cell): calls so far
        self._calls_lock = threading.Lock()
        self.front_end: FrontEnd | None = None
        self.cells = CellState()
        self._prompts: Line | None = None

    # -- what the parts of a kernel share ------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The settings in force: ``%gemini``'s own over traits over environment over defaults."""
        traits = {name: getattr(self, name) for name in Settings.__dataclass_fields__}
        environment = {
            name: value
            for name, value in from_environment().items()
            if name not in self._set_by_user
        }
        run = self.run.settings() if self.run is not None else {}  # named on the command line
        return Settings(**{**traits, **environment, **run, **self.chosen})

    @property
    def idle(self) -> bool:
        """Whether nothing has been asked yet, nor anything else been done to a conversation."""
        return self._engine is None

    @property
    def engine(self) -> Engine:
        """The engine of this kernel, made when first needed."""
        if self._engine is None:
            from gemini_magic.engine import Engine

            self._engine = Engine(self._changed)
        return self._engine

    @property
    def connections(self) -> Connections:
        """The open connections of this kernel."""
        if self._connections is None:
            from gemini_magic.transport.connections import Connections

            self._connections = Connections()
        return self._connections

    @property
    def run(self) -> Run | None:
        """The ``jupyter gemini run`` that started this kernel, None when none did."""
        if self._run is None and os.environ.get(RUN):
            from gemini_magic.run import Run

            self._run = Run.from_environment()
        return self._run

    @property
    def recall(self) -> Recall:
        """What this kernel keeps in the answer store, and shows from it."""
        if self._recall is None:
            from gemini_magic.recall import Recall

            self._recall = Recall(self.run)
        return self._recall

    @property
    def wanted_backend(self) -> tuple[str, str | None]:
        """The name of the backend in force, and the API version when one was set."""
        settings = self.settings
        if settings.backend not in BACKENDS:  # every other source of it has been checked
            raise OptionError(
                f"{ENVIRONMENT['backend']} is {settings.backend[:60]!r}, which is no backend.",
                did_you_mean(settings.backend.lower(), BACKENDS)
                or f"Set it to one of {', '.join(BACKENDS)}, or leave it out.",
            )
        given = self._set_by_user.union(self.chosen)
        return settings.backend, settings.api_version if "api_version" in given else None

    @property
    def prompts(self) -> Line:
        """The prompts of the sidebar, made when first needed; several threads may ask."""
        with self._calls_lock:
            if self._prompts is None:
                from gemini_magic.magics.panel.line import Line

                self._prompts = Line(self._changed)
            return self._prompts

    def connect(self) -> Connection:
        """The connection the settings in force ask for; raises NoBackend when there is none."""
        return self.connections.get(*self.wanted_backend)

    # -- the magic -----------------------------------------------------------------------------

    @no_var_expand
    @line_cell_magic
    @_readable_errors
    def gemini(self, line: str, cell: str | None = None) -> None:
        if cell is None:
            from gemini_magic.magics.subcommands import run

            return run(self, line)
        from gemini_magic.magics.asking import ask_cell

        return ask_cell(self, line, self.body(cell))

    gemini.__doc__ = DOC

    def _called(self, name: str) -> Callable[..., Any]:
        """The magic, with a help text (``%%NAME?``) that speaks of it by its name."""
        own: Any = getattr(self, "gemini")  # noqa: B009  IPython's decorators leave it no type
        if name == NAME:
            return cast("Callable[..., Any]", own)

        @wraps(own.__func__)
        def magic(self: GeminiMagics, line: str, cell: str | None = None) -> None:
            own(line, cell)

        magic.__doc__ = named(DOC, name)
        return MethodType(magic, self)

    def body(self, cell: str) -> str:
        """The prompt as it was typed: without the newline that IPython adds to a cell."""
        if cell.endswith("\n") and not self._raw_cell.endswith("\n"):
            return cell[:-1]
        return cell

    def place(
        self, now: Situation, given: Mapping[str, Any], *, count: bool = True
    ) -> tuple[str | None, int]:
        """The cell that asks, and which call of its execution to its conversation this is, from 0.

        ``count``: the call will be made (a preview makes none). Stateless calls have no place.
        """
        if now.cell is None or given.get("stateless"):
            return now.cell, 0
        key = (given.get("conversation") or self.engine.conversations.current, now.cell)
        with self._calls_lock:
            if now.execution != self._execution:
                self._execution, self._calls = now.execution, {}
            call = self._calls.get(key, 0)
            if count:
                self._calls[key] = call + 1
        return now.cell, call

    def ask(self, prompt: str, given: Mapping[str, Any], *, quiet: bool = False) -> Turn:
        """Ask with the options that were given; shows the answer unless ``quiet``."""
        from gemini_magic.magics.asking import ask

        try:
            return ask(self, prompt, given, quiet=quiet)
        except (GeminiError, AnswerInterrupted) as error:
            name_in(error, self.magic_name)
            raise

    # -- loading and unloading -------------------------------------------------------------------

    def before_cell(self, info: Any) -> None:
        """``pre_run_cell``: remember the cell as it was typed."""
        if self.cells.running:
            return
        self._raw_cell = info.raw_cell or ""

    def after_cell(self, result: Any) -> None:
        """``post_run_cell``: forget what an earlier run of the cell asked beyond this one.

        A cell that failed half-way may have asked less than it means to: nothing is forgotten.
        """
        if self.cells.running:
            return
        if self._engine is not None and result.success:
            for (conversation, cell), calls in self._calls.items():
                if conversation in self._engine.conversations:
                    self._engine.conversations.get(conversation).settle(cell, calls)
        self._calls = {}
        self._note_failure(result)
        if self.front_end is not None and self.front_end.followed:
            self.front_end.changed()  # by %gemini undo, model, load, ...
        if self.preload and self._connections is None:
            from gemini_magic.magics.preloading import start

            start(self)

    def _note_failure(self, result: Any) -> None:
        error = result.error_before_exec or result.error_in_exec
        # Ours say themselves what to do; asking about the cell again after one is still possible.
        if error is not None and not isinstance(error, GeminiError | KeyboardInterrupt):
            self.failure = (error, result.info.raw_cell or "")

    def _changed(self) -> None:
        """Tell the sidebars: a question has begun or ended."""
        if self.front_end is not None:
            self.front_end.changed()

    def known_models(self) -> list[str]:
        """Names of models, for completion: in use, used before, and those listed; no network."""
        used = [model for model, _, _ in self.engine.spent]
        return list(dict.fromkeys([self.settings.model, *used, *self.listed_models]))

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's variables."""
        assert self.shell is not None
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace

    def close(self) -> None:
        """Close connections and whatever still runs."""
        self.cells.closed.set()
        if self.front_end is not None:
            self.front_end.detach()
        if self._prompts is not None:
            self._prompts.stop()
        if self._engine is not None:
            self._engine.stop()
        if self._connections is not None:
            self._connections.close()

    def named(self, text: str) -> str:
        """``text`` of ours with the magic under its name (see `gemini_magic.magics.naming`)."""
        return named(text, self.magic_name)

    def say(self, text: str) -> None:
        """Print for the user, or tell who listens; no key is in it, and nothing that acts."""
        from gemini_magic.characters import visible
        from gemini_magic.magics.saying import say

        say(visible(redact(text)))
