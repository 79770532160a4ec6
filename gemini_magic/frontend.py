"""The kernel's side of the JupyterLab extension: handshake, deltas, answers lost by a reload.

Two comms, since ipykernel (7.4) routes what a front end sends on a comm to the thread that last
sent on it from the kernel: with one comm for both, a request would wait for the streaming cell.

``gemini_magic.panel`` is opened by the front end, over a subshell where there is one. Requests and
answers: ``{type: hello, notified}`` (also as the opening's data) -> ``{type: hello}``;
``{type: stop, turn}``; ``{type: follow, on}``: tell this page when a conversation changes;
``{type: turn, turn}`` -> ``{type: turn, turn, seq, parts, phase, phase_ms}``;
``{type: turns, cells}`` -> ``{type: turns, turns: {cell: [{turn, shown, data, metadata}]}}``;
``{type: shown, turn}``: the front end has the finished answer. Others are what `FrontEnd` is given
as ``services``: answered from a thread each, by ``{type, id, ...}`` with the request's ``type`` and
``id``, or with ``error`` (text) in it.

``gemini_magic.notify`` is opened here and only ever sent on: ``{type: hello}`` as the opening's
data, ``{type: delta, ...}`` (`gemini_magic.deltas`), ``{type: end, turn, cell}``,
``{type: changed}`` (`FrontEnd.changed`). It is opened to
every front end of the kernel at once; one that comes later (a reloaded page) does not know it, says
so in its hello, and a new one is opened in its place.

``gemini_magic.cells`` is opened here for each insertion, with the cells as the opening's data
(`gemini_magic.magics.inserting`), and closed at once: the front end whose session runs the cell
inserts them.

The kernel never waits for a front end. The only importer of ``comm``.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import comm

from gemini_magic.errors import AnswerInterrupted

if TYPE_CHECKING:  # the values of an answer are imported with the first one, not at %load_ext
    from gemini_magic.deltas import DeltaStream

Json: TypeAlias = dict[str, Any]

PANEL = "gemini_magic.panel"
NOTIFY = "gemini_magic.notify"
CELLS = "gemini_magic.cells"

HELD = 50  # finished answers kept for a front end that has not said that it shows them

Bundles = Callable[[Sequence[str]], Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]]
Service = Callable[[Json], Json]


class FrontEnd:
    """What one shell knows of the front ends that watch it.

    ``stop(turn_id)`` stops an answer; ``bundles(cell_ids)`` gives the data and metadata of the
    finished answers of cells, as far as the kernel has them. Both are called on the thread of the
    front end's comm, also while a cell runs, and must not block. ``services``: what else a front
    end may ask for, by the type of the request; each takes its data, may take its time, and what
    it raises is told to who asked.
    """

    def __init__(
        self,
        stop: Callable[[str], object],
        bundles: Bundles,
        services: Mapping[str, Service] | None = None,
    ) -> None:
        self._stop = stop
        self._bundles = bundles
        self._services = dict(services or {})
        self._lock = threading.Lock()
        self._manager: Any = None
        self._notify: Any = None
        self._panels: dict[str, tuple[Any, str | None]] = {}  # comm id: comm, front end's session
        self._streams: dict[str, DeltaStream] = {}
        self._held: dict[str, tuple[str, Json]] = {}  # turn: its cell, the answer as it is sent
        self._followers: set[str] = set()  # comm ids of the pages with an open sidebar

    def attach(self, kernel: Any, *, announce: bool = True) -> None:
        """Wait for the front ends of ``kernel``; returns at once.

        ``announce``: tell those that are there already. Where none is (nbconvert), the client would
        warn of a comm that it does not know.
        """
        self._manager = kernel.comm_manager
        self._manager.register_target(PANEL, self._opened)
        if announce:
            self._open_notify()

    def detach(self) -> None:
        """Take back everything `attach` added: the target and the comms, here and over there."""
        if self._manager is None:
            return
        self._manager.unregister_target(PANEL, self._opened)
        with self._lock:
            comms = [self._notify] if self._notify is not None else []
            comms += [panel for panel, _ in self._panels.values()]
            self._panels.clear()
            self._followers.clear()
            self._manager = self._notify = None
            self._held.clear()
        for one in comms:
            one.close()

    def watching(self, session: str | None) -> bool:
        """Whether the front end with this session (of the executing request) has said hello."""
        with self._lock:
            return any(known == session for _, known in self._panels.values() if known)

    def stream(
        self, turn_id: str, cell: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> DeltaStream:
        """A stream of deltas for a turn that is displayed as its turn JSON.

        ``metadata``: the output's, for a page that is reloaded meanwhile.
        """
        from gemini_magic.deltas import DeltaStream

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

    def insert(self, cells: Json) -> None:
        """Hand cells to the front end whose request this thread is executing."""
        comm.create_comm(target_name=CELLS, data=cells).close()

    # -- pushes --------------------------------------------------------------------------------

    def _push(self, message: Json) -> None:
        notify = self._notify
        if notify is not None:
            notify.send(message)

    def _open_notify(self) -> None:
        opened = comm.create_comm(target_name=NOTIFY, data={"type": "hello"})
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
        # Not `panel.on_msg`: around its callback the comm package triggers pre_execute and
        # post_execute, with which a request would flush the figures of the cell that is running.
        panel.handle_msg = lambda request: self._request(panel, request["content"]["data"])
        panel.on_close(lambda _: self._closed(panel.comm_id))
        self._request(panel, message["content"]["data"])

    def _closed(self, comm_id: str) -> None:
        with self._lock:
            self._panels.pop(comm_id, None)
            self._followers.discard(comm_id)

    def _request(self, panel: Any, data: Mapping[str, Any]) -> None:
        match data:
            case {"type": "hello"}:
                if not data.get("notified"):
                    self._open_notify()
                panel.send({"type": "hello"})
            case {"type": "stop", "turn": str(turn)}:
                self._stop(turn)
            case {"type": "follow", "on": bool(on)}:
                with self._lock:
                    (self._followers.add if on else self._followers.discard)(panel.comm_id)
            case {"type": "turn", "turn": str(turn)}:
                with self._lock:
                    stream = self._streams.get(turn)
                if stream is not None:
                    panel.send(stream.whole())
            case {"type": "turns", "cells": list(cells)}:
                panel.send({"type": "turns", "turns": self._turns([str(cell) for cell in cells])})
            case {"type": "shown", "turn": str(turn)}:
                with self._lock:
                    self._held.pop(turn, None)
            case {"type": str(kind)} if kind in self._services:
                # In a thread, so that a long one holds up no other; in a copy of the context, by
                # which ipykernel knows the subshell to answer from.
                work = (panel, self._services[kind], data)
                context = contextvars.copy_context()
                threading.Thread(
                    target=context.run,
                    args=(self._serve, *work),
                    name="gemini-service",
                    daemon=True,
                ).start()

    @staticmethod
    def _serve(panel: Any, service: Service, data: Mapping[str, Any]) -> None:
        try:
            answer = service(dict(data))
        except (Exception, AnswerInterrupted) as error:  # noqa: BLE001 - told to who asked
            answer = {"error": str(error) or type(error).__name__}
        panel.send({**answer, "type": data["type"], "id": data.get("id")})

    def _turns(self, cells: Sequence[str]) -> dict[str, list[Json]]:
        wanted = set(cells)
        found: dict[str, list[Json]] = {}
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


def _answer(turn: str, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Json:
    return {"turn": turn, "shown": False, "data": dict(data), "metadata": dict(metadata)}
