"""A kernel and the services it asks; one case after the other happens in it."""

from __future__ import annotations

import itertools
import re
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from ..certificate import context
from ..kernel import Kernel, Ran
from ..replay import Asked, Replay
from . import answer
from .answer import EVENTS, UNARY
from .case import TIMEOUT, Case, Verdict
from .judging import faults_of, faults_of_good, faults_of_history, shown_turn
from .wire import whole

MOST_MEMORY = 500 << 20  # bytes that the kernel may have held at most beyond what it began with
_ANNOUNCED = re.compile(
    r"Your API key and your prompts go to [\w.:-]+, which is neither Google's nor this machine"
    r"[^\n]*\nGOOGLE_GEMINI_BASE_URL says so; [^\n]*\n"
)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

_OPTIONS = {"--here": "--here --yes", "typed": "--schema Said"}
_SCHEMA = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}

# Whatever would reach stderr later or elsewhere is noted as it happens.
_LISTEN = """
import gc, sys, threading, warnings
said = []
warnings.simplefilter("default")
warnings.showwarning = lambda text, kind, *where, **more: said.append(f"{kind.__name__}: {text}")
sys.unraisablehook = lambda what: said.append(f"unraisable: {what.exc_value!r}, {what.object!r}")
threading.excepthook = lambda what: said.append(f"thread: {what.exc_value!r}")
gc.collect(); gc.freeze()
"""
_SAID = "gc.collect(); print(repr(said), end=''); said.clear()"


class Room:
    """One kernel, a service on a raw socket, and what else a case needs; a context manager.

    ``patience``: by how much a case may take longer than its limit, on a machine that others use.
    """

    def __init__(self, folder: Path, patience: float = 1.0) -> None:
        self.folder = folder
        self._patience = patience
        self._numbers = itertools.count(1)
        self._answers: list[Callable[[Asked], None]] = []
        self._idle: Callable[[Asked], None] | None = None  # what becomes of the next connection
        self._read, self._done = threading.Event(), threading.Event()
        self._ending: dict[str, str] = {}  # headers of good answers
        self._stack = ExitStack()
        self.service = Replay(self._answer)
        self._shared: dict[str, Any] = {}

    def __enter__(self) -> Room:
        self._stack.enter_context(self.service)
        added = dict.fromkeys([*_PROXIES, *map(str.upper, _PROXIES)], "")
        added |= {"GEMINI_API_KEY": "test-key-12345", "GOOGLE_GEMINI_BASE_URL": self.service.url}
        self.kernel = self._stack.enter_context(Kernel(self.folder, **added))
        self._run("%config GeminiMagics.retries = 0")
        self._run(f"Said = {_SCHEMA!r}")
        for mode in answer.MODES:
            self._seed("warm", mode)
        for road in _OPTIONS:
            self._ask("warm", "Fault.", "stream", road)
        # pyzmq makes a thread of its own for its first large message.
        self._run("print('x' * 200_000)")
        self._run(_LISTEN)
        self.process = psutil.Process(self.kernel.value("__import__('os').getpid()"))
        self._calm = self._held()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def shared(self, name: str, make: Callable[[ExitStack], Any]) -> Any:
        """Something several cases need, made once and closed with the room."""
        if name not in self._shared:
            self._shared[name] = make(self._stack)
        return self._shared[name]

    def server(self, *answers: Callable[[Asked], None]) -> Replay:
        """One more server."""
        return self._stack.enter_context(Replay(*answers))

    def tls_server(self) -> Replay:
        """A server whose certificate nobody trusts."""
        made: ssl.SSLContext = context(self.folder)
        return self._stack.enter_context(Replay(self._answer, tls=made))

    def port(self, handle: Callable[[socket.socket], None]) -> int:
        """A port whose connections are given to ``handle`` before anything is read of them."""

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                handle(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        return int(server.server_address[1])

    def silent_port(self) -> int:
        """A port where connections are neither accepted nor refused."""
        listener = self._stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = self._stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        return int(listener.getsockname()[1])

    def _answer(self, asked: Asked) -> None:
        if self._answers:
            self._answers.pop(0)(asked)
            return
        idle, self._idle = self._idle, None
        if ":streamGenerateContent" in asked.path:
            whole(asked, "stream", b"".join(EVENTS), **self._ending)
        else:
            whole(asked, "unary", UNARY, **self._ending)
        if idle is not None:
            asked.kept = False
            self._read.wait(30)
            idle(asked)
            self._done.set()
            if asked.sock.fileno() >= 0:
                asked.wait_until_gone()

    def _run(self, code: str, cell: str | None = None) -> Ran:
        ran = self.kernel.run(code, cell)
        assert ran.ok, ran.error
        return ran

    def _ask(self, conversation: str, what: str, mode: str, road: str = "") -> Ran:
        options = "--no-stream " if mode == "unary" else ""
        options += _OPTIONS.get(road, "")
        line = f"%%gemini -c {conversation} --timeout {TIMEOUT:g} {options}"
        return self.kernel.run(f"{line}\n{what}", f"{conversation}-{what}")

    def _seed(self, conversation: str, mode: str) -> Ran:
        return self._ask(conversation, "Seed.", mode)

    def check(self, case: Case) -> Verdict:
        """Let the case happen between two good turns, and look at everything it may harm."""
        conversation = f"case-{next(self._numbers)}"
        wrong: list[str] = []
        self._ending = {"connection": "close"} if case.fresh else {}
        self._idle = case.idle
        self._read.clear()
        self._done.clear()
        seed = self._seed(conversation, case.mode)
        self._read.set()
        if case.idle is not None and not case.errors:  # it has happened before the request
            self._done.wait(30)
        self._ending = {}
        wrong += [f"the turn before: {fault}" for fault in faults_of_good(seed)]
        with self._surrounded(case):
            if case.begun is not None:
                wrong += self._begin(case, conversation)
            self._answers[:] = case.answers
            if case.begun is not None:
                ran = self.kernel.run("%gemini continue", "continued")
            else:
                ran = self._ask(conversation, "Fault.", case.mode, case.road)
            self._answers.clear()
        ended = "ok" if ran.ok else ran.error["ename"]
        wrong += faults_of(case, ran)
        if ran.seconds > case.seconds * self._patience:
            wrong.append(f"took {ran.seconds:.2f} s of {case.seconds:g}")
        asked = len(self.service.asked)
        after = self._ask(conversation, "And then?", case.mode)
        wrong += [f"the next turn: {fault}" for fault in faults_of_good(after)]
        if len(self.service.asked) == asked + 1:
            wrong += faults_of_history(case, self.service.asked[-1])
        else:
            wrong.append("the next turn made no request, or several")
        del self.service.asked[:]
        said = self._run(_SAID)
        wrong += [f"said: {line}" for line in eval(said.stdout)]
        for one in (seed, ran, after, said):
            told = one.stream("stderr")
            if one is ran:  # to a host that is not loopback; once, and nothing else
                told = _ANNOUNCED.sub("", told, count=1)
            if told:
                wrong.append(f"stderr: {told[:300]}")
        wrong += self._leaks()
        return Verdict(case, ran.seconds, ended, tuple(wrong))

    def _begin(self, case: Case, conversation: str) -> list[str]:
        """Have the service stop in the middle of an answer that is then continued."""
        assert case.begun is not None
        self._answers[:] = [case.begun]
        begun = self._ask(conversation, "Fault.", case.mode)
        self._run(f"%gemini conversation {conversation}")
        cut = shown_turn(begun)
        good = begun.ok and cut is not None and cut["status"] == "truncated"
        return [] if good else [f"the answer that goes on: {cut}"]

    @contextmanager
    def _surrounded(self, case: Case) -> Iterator[None]:
        given: Mapping[str, str] = case.surroundings(self) if case.surroundings else {}
        before, after = [case.setup], [case.teardown]
        if given:
            before.insert(0, f"import os; kept = dict(os.environ); os.environ.update({given!r})")
            after.insert(0, "os.environ.clear(); os.environ.update(kept)")
        if case.retries:
            before.append(f"%config GeminiMagics.retries = {case.retries}")
            after.append("%config GeminiMagics.retries = 0")
        for code in filter(None, before):
            self._run(code)
        try:
            yield
        finally:
            for code in filter(None, after):
                self._run(code)

    def _held(self) -> tuple[int, int, int]:
        """Sockets, threads and open files of the kernel, without IPython's own history."""
        files = [one for one in self.process.open_files() if "history.sqlite" not in one.path]
        sockets = self.process.net_connections(kind="all")
        return len(sockets), self.process.num_threads(), len(files)

    def _leaks(self) -> list[str]:
        names = ("sockets", "threads", "open files")
        end = time.monotonic() + 8
        while True:
            held = self._held()
            leaked = [
                f"leak: {now} {name}, {calm} before"
                for now, calm, name in zip(held, self._calm, names, strict=True)
                if now > calm
            ]
            if not leaked or time.monotonic() > end:
                break
            time.sleep(0.02)
        peak = self.process.memory_info().rss - self._memory
        if peak > MOST_MEMORY:
            leaked.append(f"memory: {peak >> 20} MB more than at first")
        return leaked

    @property
    def _memory(self) -> int:
        return int(self.shared("memory", lambda _: self.process.memory_info().rss))
