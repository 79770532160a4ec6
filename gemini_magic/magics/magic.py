"""``%%gemini`` and ``%gemini``: parse, ask the engine, nothing else."""

from __future__ import annotations

import math
import os
import re
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Bool, Enum, Float, Integer, TraitError, Unicode, observe, validate

from gemini_magic.errors import GeminiError, redact
from gemini_magic.magics.cell_state import CellState
from gemini_magic.magics.situation import Situation
from gemini_magic.settings import (
    BACKENDS,
    DEFAULT_MODEL,
    INSERTS,
    RUN,
    THINKING,
    VIEWS,
    Settings,
    from_environment,
)

if TYPE_CHECKING:
    from gemini_magic.engine import Engine
    from gemini_magic.frontend import FrontEnd
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
            if self.chosen.get("show_tracebacks", self.show_tracebacks):
                error.full_traceback = True  # type: ignore[union-attr]
                raise
            raise error from None

    return run  # type: ignore[return-value]


@magics_class
class GeminiMagics(Magics):
    """Settings of %%gemini; each can be set with %config or in ipython_config.py."""

    model = Unicode(DEFAULT_MODEL, help="model that answers; also GEMINI_MAGIC_MODEL").tag(
        config=True
    )
    backend = Enum(
        BACKENDS, "auto", help="who answers; auto: Vertex when switched on, else a key"
    ).tag(config=True)
    api_version = Unicode("v1beta", help="version of the Developer API").tag(config=True)
    system = Unicode(None, allow_none=True, help="system instruction").tag(config=True)
    thinking = Enum(THINKING, None, allow_none=True, help="how long the model thinks").tag(
        config=True
    )
    insert = Enum(INSERTS, "none", help="new cells below each answer").tag(config=True)
    view = Enum(VIEWS, "auto", help="how answers are shown").tag(config=True)
    timeout = Float(120.0, help="seconds, the longest wait between complete events").tag(
        config=True
    )
    retries = Integer(4, min=0, max=20, help="tries again before the first event").tag(config=True)
    max_attachment_bytes = Integer(
        20_000_000, min=1, help="the most that the attachments of one request may have together"
    ).tag(config=True)
    show_thoughts = Bool(True, help="show the summaries of the model's thinking").tag(config=True)
    show_tracebacks = Bool(False, help="show Python's traceback under an error").tag(config=True)
    magic_name = Unicode("gemini", help="the name of the magic, set before loading").tag(
        config=True
    )
    answers_dir = Unicode(
        None, allow_none=True, help="folder that keeps answers; also GEMINI_MAGIC_ANSWERS"
    ).tag(config=True)
    reuse = Bool(False, help="show stored answers to the same request, without calling").tag(
        config=True
    )
    max_cost = Float(None, allow_none=True, min=0, help="limit of one call's cost in USD").tag(
        config=True
    )
    session_max_cost = Float(
        None, allow_none=True, min=0, help="limit of this kernel's cost in USD"
    ).tag(config=True)
    preload = Bool(True, help="import the SDK in the background after loading").tag(config=True)

    def __init__(self, shell: Any, **kwargs: Any) -> None:
        self._set_by_user: set[str] = set()
        self.loaded = False  # set by loading.load, when the magic stands under its name
        super().__init__(shell, **kwargs)
        self.magics = {
            kind: dict.fromkeys([self.magic_name], table["gemini"])
            for kind, table in self.magics.items()
        }
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

    @validate("model", "magic_name")
    def _not_empty(self, proposal: Any) -> Any:
        value = proposal["value"].strip()
        if not value or (proposal["trait"].name == "magic_name" and not value.isidentifier()):
            raise TraitError(f"{proposal['trait'].name} cannot be {proposal['value']!r}")
        if proposal["trait"].name == "magic_name" and self.loaded and value != self.magic_name:
            raise TraitError("magic_name is read when the extension is loaded: set it before")
        return value

    @validate("api_version")
    def _version(self, proposal: Any) -> Any:
        if not re.fullmatch(r"v\d\w*", proposal["value"]):
            raise TraitError(f"api_version is a name like v1beta, not {proposal['value']!r}")
        return proposal["value"]

    @validate("timeout")
    def _positive(self, proposal: Any) -> Any:
        if not 0 < proposal["value"] <= 86_400:
            raise TraitError("timeout is a number of seconds above 0")
        return proposal["value"]

    @validate("max_cost", "session_max_cost")
    def _finite(self, proposal: Any) -> Any:
        if proposal["value"] is not None and not math.isfinite(proposal["value"]):
            raise TraitError(f"{proposal['trait'].name} is an amount of US dollars")
        return proposal["value"]

    @observe(*Settings.__dataclass_fields__)
    def _note(self, change: Any) -> None:
        self._set_by_user.add(change["name"])

    # -- what the parts of a kernel share ------------------------------------------------------

    @property
    def set_by_user(self) -> frozenset[str]:
        """The traits that were set, by configuration or ``%config``."""
        return frozenset(self._set_by_user)

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
        given = self._set_by_user.union(self.chosen)
        return settings.backend, settings.api_version if "api_version" in given else None

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

        return ask(self, prompt, given, quiet=quiet)

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
        if self._engine is not None:
            self._engine.stop()
        if self._connections is not None:
            self._connections.close()

    def say(self, text: str) -> None:
        """Print for the user, or tell who listens; what looks like a key is in neither."""
        from gemini_magic.magics.saying import say

        say(redact(text))
