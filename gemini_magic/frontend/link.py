"""Speaks with the JupyterLab extension: handshake, deltas, answers lost by a reload.

`messages` types every message. Two comms, since ipykernel (7.4) routes what a front end sends on a
comm to the thread that last sent on it from the kernel: with one comm for both, a request would
wait for the streaming cell.

``gemini_magic.panel`` is opened by the front end, over a subshell where there is one, with a hello
as the opening's data. Requests that `FrontEnd` is given as ``services`` are received in the order
in which they come and answered from a thread each, with the request's ``type`` and ``id``, or with
``error`` (text) in it.

``gemini_magic.notify`` is opened here and only ever sent on (`gemini_magic.frontend.deltas`,
`FrontEnd.changed`). It is opened to every front end of the kernel at once; one that comes later (a
reloaded page) does not know it, says so in its hello, and a new one is opened in its place.

``gemini_magic.cells`` is opened here for each insertion, with the cells as the opening's data
(`gemini_magic.magics.inserting`), and closed at once: the front end whose session runs the cell
inserts them.

The kernel never waits for a front end, but for one word: which cell a server executes, which the
request does not say (`FrontEnd.locate`). The only importer of ``comm`` and ``ipykernel.comm``.
"""

from __future__ import annotations

import contextvars
import hashlib
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import comm

from gemini_magic.errors import AnswerInterrupted

if TYPE_CHECKING:  # the values of an answer are imported with the first one, not at %load_ext
    from gemini_magic.frontend.consent import Questions
    from gemini_magic.frontend.deltas import DeltaStream
    from gemini_magic.frontend.messages import (
        HeldAnswer,
        InsertCells,
        PanelReply,
        Push,
        Welcome,
        Where,
    )

Json: TypeAlias = dict[str, Any]

PANEL = "gemini_magic.panel"
NOTIFY = "gemini_magic.notify"
CELLS = "gemini_magic.cells"

LOCATING = 5.0  # seconds that a page has for saying where a cell is; it may look again for 0.6
GREETING = 3.0  # seconds after the extension was loaded in which its first page may say hello
HELD = 50  # finished answers kept for a front end that has not said that it shows them

Bundles = Callable[[Sequence[str]], Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]]
Service = Callable[[Json], Callable[[], Mapping[str, Any]]]


class FrontEnd:
    """What one shell knows of the front ends that watch it.

    ``stop(turn_id)`` stops an answer; ``bundles(cell_ids)`` gives the data and metadata of the
    finished answers of cells, as far as the kernel has them. Both are called on the thread of the
    front end's comm, also while a cell runs, and must not block. ``services``: what else a front
    end may ask for, by the type of the request; each takes its data on that same thread, where it
    may note the order of what comes and must not block, and gives the function that answers, which
    may take its time. What either raises is told to who asked.
    ``magic``: what the magic is called, for the page's editors.
    """

    def __init__(
        self,
        stop: Callable[[str], object],
        bundles: Bundles,
        services: Mapping[str, Service] | None = None,
        magic: str = "gemini",
    ) -> None:
        self._stop = stop
        self._bundles = bundles
        self._services = dict(services or {})
        self._magic = magic
        self._lock = threading.Lock()
        self._manager: Any = None
        self._notify: Any = None
        self._panels: dict[str, tuple[Any, str | None]] = {}  # comm id: comm, front end's session
        self._awake: set[str] = set()  # comm ids of pages that are heard while a cell runs
        self._silent: set[str] = set()  # those that were asked in vain, until they are heard again
        self._locating: _Locating | None = None
        self._attached = 0.0  # when front ends could first say hello
        self._questions: Questions | None = None
        # Whoever sends on one has it: one that an interrupt has taken from its view is gone.
        self._streams: weakref.WeakValueDictionary[str, DeltaStream] = weakref.WeakValueDictionary()
        self._held: dict[
            str, tuple[str, HeldAnswer]
        ] = {}  # turn: its cell, the answer as it is sent
        self._errands: list[str] = []  # lines that a page is to execute
        self._followers: set[str] = set()  # comm ids of the pages with an open sidebar

    def attach(self, kernel: Any, *, announce: bool = True) -> None:
        """Wait for the front ends of ``kernel``; returns at once.

        ``announce``: tell those that are there already. Where none is (nbconvert), the client would
        warn of a comm that it does not know.
        """
        self._manager = kernel.comm_manager
        self._manager.register_target(PANEL, self._opened)
        self._attached = time.monotonic()
        if announce:
            self._open_notify()

    def detach(self) -> None:
        """Take back everything `attach` added: the target and the comms, here and over there."""
        if self._manager is None:
            return
        unregister = getattr(self._manager, "unregister_target", None)
        if unregister is not None:
            unregister(PANEL, self._opened)
        else:  # xeus-python takes no target back: it refuses whoever comes
            self._manager.register_target(PANEL, lambda panel, message: panel.close())
        with self._lock:
            comms = [self._notify] if self._notify is not None else []
            comms += [panel for panel, _ in self._panels.values()]
            self._panels.clear()
            self._awake.clear()
            self._followers.clear()
            self._manager = self._notify = None
            self._held.clear()
        if self._questions is not None:
            self._questions.stop()
        for one in comms:
            one.close()

    def watching(self, session: str | None) -> bool:
        """Whether the front end with this session (of the executing request) has said hello."""
        with self._lock:
            return any(known == session for _, known in self._panels.values() if known)

    @property
    def awake(self) -> bool:
        """Whether a page is heard while a cell runs."""
        return bool(self._awake)

    def hears(self, page: str) -> bool:
        """Whether this page, by the comm it has opened, is heard while a cell runs."""
        return page in self._awake

    @contextmanager
    def errand(self, page: str, code: str) -> Iterator[None]:
        """Have this page execute ``code``, or while inside one that comes later, if it is gone."""
        with self._lock:
            self._errands.append(code)
        try:
            self._push({"type": "execute", "page": page, "code": code})
            yield
        finally:
            with self._lock:
                self._errands.remove(code)

    @property
    def questions(self) -> Questions:
        """What asks the pages for the user's word; made with the first question."""
        if self._questions is None:
            from gemini_magic.frontend.consent import Questions

            self._questions = Questions(self._push)
        return self._questions

    def locate(self, source: str, *, greeting: bool = False) -> tuple[str, str] | None:
        """Ask the pages which of their cells with this source runs: its id, and the page's comm.

        Waits for them, at most `LOCATING` seconds, and only for pages that are heard meanwhile: one
        that was closed says nothing of it, and is waited for once. One that says hello meanwhile (a
        page that is loaded anew) is asked as well. ``greeting``: a first page may still do so, in
        the first `GREETING` seconds. None when none of them shows the cell.
        """
        digest = hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()
        with self._lock:
            pages = self._awake - self._silent
            patience = LOCATING if pages else self._attached + GREETING - time.monotonic()
            if not pages and (not greeting or patience <= 0):
                return None
            asked = self._locating = _Locating(digest, pages)
        self._push(asked.question)
        try:
            if not (asked.answered.wait(patience) or asked.came()):
                with self._lock:
                    self._silent |= asked.pages
        finally:
            self._locating = None
        return asked.found

    def stream(
        self, turn_id: str, cell: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> DeltaStream:
        """A stream of deltas for a turn that is displayed as its turn JSON.

        ``metadata``: the output's, for a page that is reloaded meanwhile.
        """
        from gemini_magic.frontend.deltas import DeltaStream

        stream = DeltaStream(turn_id, self._push, self._ended, cell, metadata)
        with self._lock:
            self._streams[turn_id] = stream
        return stream

    @property
    def followed(self) -> bool:
        """Whether a page shows the conversation of this kernel."""
        return bool(self._followers)

    def changed(self) -> None:
        """Tell the pages that follow: there is something new to ask for. Any thread may call."""
        if self._followers:
            self._push({"type": "changed"})

    def streaming(self, turn_id: str) -> tuple[Json, Json] | None:
        """Data and metadata of a turn that streams now, as far as it has come."""
        with self._lock:
            stream = self._streams.get(turn_id)
        return None if stream is None else stream.bundle()

    def insert(self, cells: InsertCells) -> None:
        """Hand cells to the front end whose request this thread is executing."""
        _open(CELLS, cells).close()

    # -- pushes --------------------------------------------------------------------------------

    def _push(self, message: Push) -> None:
        notify = self._notify
        if notify is not None:
            notify.send(message)

    def _open_notify(self) -> None:
        opened = _open(NOTIFY, {"type": "hello"})
        with self._lock:
            before, self._notify = self._notify, opened
        if before is not None:
            before.close()

    def _ended(
        self, stream: DeltaStream, data: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> None:
        with self._lock:
            self._streams.pop(stream.turn_id, None)
            if stream.cell is None or not self._panels:
                return
            self._held[stream.turn_id] = (stream.cell, _answer(stream.turn_id, data, metadata))
            while len(self._held) > HELD:
                del self._held[next(iter(self._held))]

    # -- requests ------------------------------------------------------------------------------

    def _opened(self, panel: Any, message: Mapping[str, Any]) -> None:
        session = message["header"].get("session")
        with self._lock:
            self._panels[panel.comm_id] = (panel, session)
            # What has come in another thread than the cells' proves that it is heard beside them.
            aside = threading.current_thread() is not threading.main_thread()
            if aside and message["header"].get("subshell_id") is not None:
                self._awake.add(panel.comm_id)
        # Not `panel.on_msg`: around its callback the comm package triggers pre_execute and
        # post_execute, with which a request would flush the figures of the cell that is running.
        panel.handle_msg = lambda request: self._request(panel, request["content"]["data"])
        panel.on_close(lambda _: self._closed(panel.comm_id))
        self._request(panel, message["content"]["data"])

    def _closed(self, comm_id: str) -> None:
        with self._lock:
            self._panels.pop(comm_id, None)
            self._awake.discard(comm_id)
            self._silent.discard(comm_id)
            self._followers.discard(comm_id)

    def _request(self, panel: Any, data: Mapping[str, Any]) -> None:
        with self._lock:
            self._silent.discard(panel.comm_id)
        match data:
            case {"type": "hello"}:
                if not data.get("notified"):
                    self._open_notify()
                welcome: Welcome = {"type": "hello"}
                if self._magic != "gemini":
                    welcome["magic"] = self._magic
                _reply(panel, welcome)
                for code in list(self._errands):
                    _reply(panel, {"type": "execute", "page": panel.comm_id, "code": code})
                if self._questions is not None and (asking := self._questions.standing()):
                    _reply(panel, asking)
                if (locating := self._locating) is not None and panel.comm_id in self._awake:
                    locating.pages.add(panel.comm_id)
                    self._push(locating.question)
            case {"type": "stop", "turn": str(turn)}:
                if self._questions is not None:
                    self._questions.stop(turn)
                self._stop(turn)
            case {"type": "asked", "id": str(asked)} if self._questions is not None:
                self._questions.seen(asked)
            case {"type": "consent", "id": str(asked)}:
                if self._questions is None or not self._questions.answer(data):
                    _reply(panel, {"type": "settled", "id": asked, "said": ""})
            case {"type": "follow", "on": bool(on)}:
                with self._lock:
                    (self._followers.add if on else self._followers.discard)(panel.comm_id)
            case {"type": "turn", "turn": str(turn)}:
                with self._lock:
                    stream = self._streams.get(turn)
                if stream is not None:
                    _reply(panel, stream.whole())
            case {"type": "turns", "cells": list(cells)}:
                turns = self._turns([str(cell) for cell in cells])
                _reply(panel, {"type": "turns", "turns": turns})
            case {"type": "located", "id": str(asked), "cell": cell}:
                locating = self._locating
                if locating is not None and locating.id == asked:
                    locating.answer(panel.comm_id, cell)
            case {"type": "shown", "turn": str(turn)}:
                with self._lock:
                    self._held.pop(turn, None)
            case {"type": str(kind)} if kind in self._services:
                self._receive(panel, self._services[kind], data)

    @staticmethod
    def _receive(panel: Any, service: Service, data: Mapping[str, Any]) -> None:
        def send(answer: Mapping[str, Any]) -> None:
            panel.send({**answer, "type": data["type"], "id": data.get("id")})

        def run() -> None:
            answer: Mapping[str, Any]
            try:
                answer = work()
            except (Exception, AnswerInterrupted) as error:  # noqa: BLE001 - told to who asked
                answer = _refusal(error)
            send(answer)

        try:
            # Here and not in the thread: threads do not begin in the order of the messages.
            work = service({**data, "page": panel.comm_id})
        except (Exception, AnswerInterrupted) as error:  # noqa: BLE001 - told to who asked
            send(_refusal(error))
            return
        # In a thread, so that a long one holds up no other; in a copy of the context, by which
        # ipykernel knows the subshell to answer from.
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(run,), name="gemini-service", daemon=True
        ).start()

    def _turns(self, cells: Sequence[str]) -> dict[str, list[HeldAnswer]]:
        wanted = set(cells)
        found: dict[str, list[HeldAnswer]] = {}
        with self._lock:
            held = list(self._held.values())
            streams = list(self._streams.values())
        for cell, answer in held:
            found.setdefault(cell, []).append(answer)
        for stream in streams:
            shown = stream.bundle()
            if stream.cell is not None and shown is not None:
                found.setdefault(stream.cell, []).append(_answer(stream.turn_id, *shown))
        for cell, (data, metadata) in self._bundles(cells).items():
            turn = str(dict(metadata.get("gemini_magic", {})).get("turn"))
            known = found.setdefault(cell, [])
            if all(answer["turn"] != turn for answer in known):
                # The front end has shown it once: it only heals an older state of the same turn.
                known.append({**_answer(turn, data, metadata), "shown": True})
        return {cell: answers for cell, answers in found.items() if cell in wanted and answers}


def _open(target: str, data: Mapping[str, Any]) -> Any:
    """Open a comm from here.

    Before ipykernel 6.18 the comm package is connected with nothing, and makes comms that send
    nothing: there the kernel has its own class. xeus-python has a package of its own.
    """
    made = comm.create_comm(target_name=target, data=data)
    dummy = getattr(comm, "DummyComm", None)
    if dummy is None or type(made) is not dummy:
        return made
    from ipykernel.comm import Comm

    return Comm(target_name=target, data=data)  # type: ignore[no-untyped-call]


class _Locating:
    """A question to pages: which cell is it? The first that knows it answers for all."""

    def __init__(self, source: str, pages: set[str]) -> None:
        self.id = secrets.token_hex(4)
        self.question: Where = {"type": "where", "source": source, "id": self.id}
        self.found: tuple[str, str] | None = None
        self.answered = threading.Event()
        self.pages = pages  # that have not answered
        self._first = frozenset(pages)

    def came(self) -> bool:
        """Wait for pages that have said hello meanwhile; whether all is answered then."""
        return bool(self.pages - self._first) and self.answered.wait(LOCATING)

    def answer(self, page: str, cell: Any) -> None:
        self.pages.discard(page)
        if isinstance(cell, str) and cell and self.found is None:
            self.found = cell, page
        if self.found is not None or not self.pages:
            self.answered.set()


def _refusal(error: BaseException) -> Json:
    return {"error": str(error) or type(error).__name__}


def _reply(panel: Any, message: PanelReply) -> None:
    panel.send(message)


def _answer(turn: str, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> HeldAnswer:
    return {"turn": turn, "shown": False, "data": dict(data), "metadata": dict(metadata)}
