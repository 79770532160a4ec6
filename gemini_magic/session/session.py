"""Holds what one kernel or one script shares (`Session`), and the one road of every prompt.

- A **cell**'s prompt: the magic parses `AskOptions`, `asking.fill` puts the user's values in, and
  `Session.ask` goes the road (`gemini_magic.session.asking`): a question over the settings in
  force, the answer store, the limits, a backend, the engine, which shows and records the answer.
- The **sidebar**'s: `fill` and `question` when the prompt is sent, `put` when those before it are
  answered: with the values and settings of then.
- ``ask()`` in a **kernel** uses that kernel's session and the place of its cell; in a **script** it
  makes a session of its own, which knows no notebook and imports no IPython.
- A **batch job** is a kernel whose session finds the run it belongs to (`batch_run`): its store,
  its budget and its pace.

What shows answers or holds traits registers here; nothing here knows IPython or a front end.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TextIO

from gemini_magic.errors import GeminiError, OptionError, did_you_mean, redact
from gemini_magic.session import forking
from gemini_magic.settings import BACKENDS, ENVIRONMENT, RUN, Settings, from_environment

if TYPE_CHECKING:
    from gemini_magic.session.batch_run import BatchRun
    from gemini_magic.session.engine import Engine
    from gemini_magic.session.options import AskOptions, Place
    from gemini_magic.session.sendable import Receiver
    from gemini_magic.session.store import Recall
    from gemini_magic.session.view import View
    from gemini_magic.transport.connections import Connection, Connections
    from gemini_magic.transport.uploads import Uploaded
    from gemini_magic.turn.turn import Turn

_LEAVING = 10.0  # seconds for the deletion of a file at the end; Jupyter may wait for less

_listener: ContextVar[list[str] | None] = ContextVar("gemini_magic_listener", default=None)


class Session:
    """Settings in force, engine, connections, answer store and batch run of one kernel or script.

    ``configured`` gives the settings that the surface's own configuration has set (traits);
    ``namespace`` gives the user's variables. ``chosen``: settings of ``%gemini config``, ``model``
    and ``backend``. ``listed_models`` and ``input_limits`` (tokens): as the service listed them.
    ``on_change`` is called, from any thread, when a question has begun or ended; ``on_close`` when
    the session closes, before what it has open does.

    Engine, connections, store and run are made when first needed, one of each: under `_lock`,
    which guards their making and nothing else, so that a thread that asks never waits for another.
    """

    def __init__(
        self,
        configured: Callable[[], Mapping[str, Any]] = dict,
        namespace: Callable[[], MutableMapping[str, Any]] = dict,
    ) -> None:
        self.configured = configured
        self._namespace = namespace
        self.chosen: dict[str, Any] = {}
        self.listed_models: list[str] = []
        self.input_limits: dict[str, int] = {}
        self.width: int | None = None  # characters of a printed line, where a page folds none
        self.on_change: list[Callable[[], object]] = []
        self.on_close: list[Callable[[], object]] = []
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._connections: Connections | None = None
        self._recall: Recall | None = None
        self._batch_run: BatchRun | None = None
        forking.watch(self)

    # -- settings ------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The settings in force: chosen over the run's over configured over environment."""
        run = self.batch_run.settings() if self.batch_run is not None else {}
        return Settings(**{**from_environment(), **self.configured(), **run, **self.chosen})

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
        given = "api_version" in self.configured() or "api_version" in self.chosen
        return settings.backend, settings.api_version if given else None

    @property
    def namespace(self) -> MutableMapping[str, Any]:
        """The user's variables."""
        return self._namespace()

    # -- what is made once ---------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether nothing has been asked yet, nor anything else been done to a conversation."""
        return self._engine is None

    @property
    def connected(self) -> bool:
        """Whether a connection was wanted already."""
        return self._connections is not None

    @property
    def engine(self) -> Engine:
        """The engine, with its conversations."""
        with self._lock:
            if self._engine is None:
                from gemini_magic.session.engine import Engine

                self._engine = Engine(self._changed)
            return self._engine

    @property
    def connections(self) -> Connections:
        """The open connections."""
        with self._lock:
            if self._connections is None:
                from gemini_magic.transport.connections import Connections

                self._connections = Connections(self.warn)
                atexit.register(self._delete_uploads)
            return self._connections

    @property
    def recall(self) -> Recall:
        """What is kept in the answer store, and shown from it."""
        with self._lock:
            if self._recall is None:
                from gemini_magic.session.store import Recall

                self._recall = Recall(self.batch_run)
            return self._recall

    @property
    def batch_run(self) -> BatchRun | None:
        """The ``jupyter gemini run`` that this process belongs to, None when it does to none."""
        if not os.environ.get(RUN) and self._batch_run is None:
            return None
        with self._lock:
            if self._batch_run is None:
                from gemini_magic.session.batch_run import BatchRun

                self._batch_run = BatchRun.from_environment()
            return self._batch_run

    def connect(self) -> Connection:
        """The connection the settings in force ask for; raises NoBackend when there is none."""
        return self.connections.get(*self.wanted_backend)

    def receiver(self) -> Receiver | None:
        """Who would receive an ordinary question asked now; None where no backend is configured."""
        from gemini_magic.session.sendable import Receiver
        from gemini_magic.transport.protocol import Config

        try:
            issuer = self.connections.issuer(*self.wanted_backend)
        except GeminiError:
            return None
        return Receiver.of(issuer, self.settings.model, Config())

    def known_models(self) -> list[str]:
        """Names of models, for completion: in use, used before, and those listed; no network."""
        used = [call.model for call in self.engine.spent]
        return list(dict.fromkeys([self.settings.model, *used, *self.listed_models]))

    # -- the one road --------------------------------------------------------------------------

    def ask(self, prompt: str, options: AskOptions, place: Place, show: Callable[[], View]) -> Turn:
        """Ask, show and record; returns the turn, or raises our error after showing it.

        ``place``: the call in the notebook. ``show`` makes the view, once there will be an answer.
        """
        from gemini_magic.session.asking import put, question

        return put(self, question(self, prompt, options, place), options, show)

    # -- what is said, and the end -------------------------------------------------------------

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[str]]:
        """While inside, what is said in this thread goes into the list and is not printed.

        For the sidebar, whose commands run in a thread, where what is printed would end up in
        whichever cell is running.
        """
        said: list[str] = []
        token = _listener.set(said)
        try:
            yield said
        finally:
            _listener.reset(token)

    def say(self, text: str) -> None:
        """Print for the user, or tell who listens; no key is in it, and nothing that acts."""
        _say(text, sys.stdout, self.width)

    def warn(self, text: str) -> None:
        """As `say`, and on stderr where it is printed: where a batch run's warnings go."""
        _say(text, sys.stderr, self.width)

    def _changed(self) -> None:
        for told in self.on_change:
            told()

    # -- a fork of this process ------------------------------------------------------------------

    def locks(self) -> list[forking.Lock]:
        """What a fork waits for: something is being made, and imported for it."""
        return [self._lock, *(self._connections.locks() if self._connections is not None else [])]

    def forked(self) -> None:
        """In the child: a copy of what there was, which nobody watches, with no open connection."""
        self._lock = threading.RLock()
        self.on_change.clear()
        self.on_close.clear()
        if self._engine is not None:
            self._engine.forked()
        if self._connections is not None:
            self._connections.forked()

    def delete_uploads(self, timeout: float) -> list[Uploaded]:
        """Delete what was uploaded from here, and return what it was.

        ``timeout``: seconds for each. Raises our errors.
        """
        deleted: list[Uploaded] = []
        for connection, file in self.connections.uploaded:
            connection.transport.delete(file, timeout)
            deleted.append(file)
        return deleted

    def _delete_uploads(self) -> None:
        """At the end, where the user wants that; what cannot be deleted is told."""
        if not self.connections.uploaded or not self.settings.delete_uploads:
            return
        try:
            self.delete_uploads(_LEAVING)
        except GeminiError as error:
            self.warn(f"What was uploaded could not be deleted: {error.what}")

    def close(self) -> None:
        """Close connections and whatever still runs."""
        for closing in self.on_close:
            closing()
        if self._engine is not None:
            self._engine.stop()
        if self._connections is not None:
            self._delete_uploads()
            atexit.unregister(self._delete_uploads)
            self._connections.close()


def _say(text: str, stream: TextIO, width: int | None) -> None:
    from gemini_magic.text import folded, visible, written

    text = visible(redact(text))
    said = _listener.get()
    if said is None:
        written(stream.write, (text if width is None else folded(text, width)) + "\n")
        stream.flush()
    else:
        said.append(text)
