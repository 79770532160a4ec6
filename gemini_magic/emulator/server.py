"""The emulator as a local HTTP server, and what tests read off it."""

from __future__ import annotations

import datetime
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer
from typing import Any

from gemini_magic import catalog
from gemini_magic.emulator.doors import is_loopback
from gemini_magic.emulator.faults import Fault, Schedule
from gemini_magic.emulator.files import Files
from gemini_magic.emulator.handler import Handler, Recorded
from gemini_magic.emulator.history import Ledger
from gemini_magic.emulator.identity import Door
from gemini_magic.emulator.keys import chosen_key
from gemini_magic.emulator.profiles import PROFILES
from gemini_magic.sandbox import SandboxProcess

HOST = "127.0.0.1"
SANDBOX_TIMEOUT = 30.0


class Emulator:
    """An offline Gemini on 127.0.0.1; a context manager that serves from its creation on.

    ``profile`` is gemini-3, gemini-2.5 or vertex (how answers look on the wire; every profile
    serves the paths of both APIs). ``port`` 0 takes a free one; ``host`` is a loopback address.
    ``pace`` is the pause before each event in seconds, ``sandbox_timeout`` the limit of one code
    run. Raises OSError when the port is taken, ValueError for another profile, a host that other
    machines reach, or a key that is too short.

    It runs code, so it answers nobody but the holder of its `key`: ``key`` (at least 16
    characters), else that of GEMINI_MAGIC_EMULATOR_KEY, else a random one. It goes into the header
    x-goog-api-key, or Authorization: Bearer. Requests that look like a web page's are refused.
    ``bad_keys`` is the beginning of keys that are refused, for tests, its own too. ``hop``: after
    so many tokens of text and code an answer stops with CONTINUATION and a token (65,536 at the
    service); None: never. It may be set at any time. ``date``: the day it plays, None for today;
    models are routed by it.

        with Emulator() as emulator:
            client = genai.Client(api_key=emulator.key, http_options={"base_url": emulator.url})

    `requests` records what was let in, without keys; `disconnects` counts the clients that hung up
    during an answer; `fail` and `quota` make trouble. Not for more than this machine.
    """

    def __init__(
        self,
        port: int = 0,
        profile: str = "gemini-3",
        *,
        host: str = HOST,
        key: str | None = None,
        pace: float = 0.0,
        sandbox_timeout: float = SANDBOX_TIMEOUT,
        bad_keys: str = "bad",
        date: datetime.date | None = None,
        hop: int | None = None,
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"unknown profile {profile!r}: one of {', '.join(PROFILES)}")
        self.profile = profile
        self._date = date
        self.pace = pace
        self.sandbox_timeout = sandbox_timeout
        self.hop = hop
        self.requests: list[Recorded] = []
        self.files = Files()
        self.door = Door(chosen_key(key), bad_keys, self.files)
        key = None  # a traceback may show the variables
        self.ledger = Ledger()
        self.schedule = Schedule()
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._disconnects = 0
        self._sessions: set[SandboxProcess] = set()
        self._server = _Server((_address(host), port), self)
        # A daemon, whoever starts it: else a terminal whose user leaves waits for it for ever.
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="emulator",
            daemon=True,
        )
        self._thread.start()

    def now(self) -> datetime.datetime:
        """The time by which models are routed and shut down, in UTC."""
        now = catalog.now()
        return now if self._date is None else datetime.datetime.combine(self._date, now.timetz())

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The base URL to give to a client, without a path."""
        host = str(self._server.server_address[0])
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def key(self) -> str:
        """What a client has to send; whoever has it gets code run on this machine."""
        return self.door.key.text

    @property
    def disconnects(self) -> int:
        """How many clients hung up before their answer was complete."""
        return self._disconnects

    @property
    def generate_requests(self) -> list[Recorded]:
        """The recorded generateContent and streamGenerateContent requests."""
        return [each for each in self.requests if "enerateContent" in each.path]

    def fail(self, fault: Fault | int, times: int = 1) -> None:
        """Let the next ``times`` generate requests meet this fault; a number is an HTTP status.

        Scheduled faults happen one per request in the order they were given.
        """
        self.schedule.add(Fault.status(fault) if isinstance(fault, int) else fault, times)

    def quota(self, requests: int, window: float = 60.0) -> None:
        """Answer 429 with RetryInfo beyond ``requests`` in ``window`` seconds; 0 lifts it."""
        self.schedule.quota(requests, window)

    def wait_until(self, condition: Callable[[], bool], timeout: float = 30.0) -> bool:
        """Wait until the condition holds (looked at 50 times a second); False on timeout."""
        until = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def record(self, request: Recorded) -> None:
        with self._lock:
            self.requests.append(request)

    def hung_up(self) -> None:
        with self._lock:
            self._disconnects += 1

    def open_session(self, files: Mapping[str, bytes]) -> SandboxProcess:
        """A sandbox that `close` can end while code runs in it."""
        session = _Tracked(self._sessions, self._lock, files, self.sandbox_timeout)
        if self.closing.is_set():
            session.close()
        return session

    def close(self) -> None:
        """Stop serving: open answers end, running code is killed, threads and sockets are gone."""
        if self.closing.is_set():
            return
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()
        self._server.hang_up()
        self._server.server_close()

    def __repr__(self) -> str:
        # Of one that could not take its port, too: a traceback shows it.
        place = self.url if hasattr(self, "_server") else "no port"
        return f"<Emulator {self.profile} on {place}>"

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _address(host: str) -> str:
    name = f"[{host}]" if ":" in host else host
    if not is_loopback(name):
        raise ValueError(
            f"The emulator runs code on this machine, so it serves no other: {host} is not "
            "loopback.\nUse 127.0.0.1, or a tunnel (ssh -L) to reach it from elsewhere."
        )
    return HOST if host.lower() == "localhost" else host


class _Tracked(SandboxProcess):
    """A session that its server knows while it is open."""

    def __init__(
        self,
        registry: set[SandboxProcess],
        lock: threading.Lock,
        files: Mapping[str, bytes],
        timeout: float,
    ) -> None:
        super().__init__(files=files, timeout=timeout)
        self._registry, self._registry_lock = registry, lock
        with lock:
            registry.add(self)

    def close(self) -> None:
        super().close()
        with self._registry_lock:
            self._registry.discard(self)


class _Server(ThreadingHTTPServer):
    """Threads that are joined, and connections that can be ended, when the server closes.

    They are daemons: a client in this very process keeps its connection until the process ends,
    which would wait for the thread that serves it.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], emulator: Emulator) -> None:
        self.emulator = emulator
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._serving: list[threading.Thread] = []
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        # The base class joins no daemons.
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._serving = [*(one for one in self._serving if one.is_alive()), thread]
        thread.start()

    def server_close(self) -> None:
        super().server_close()
        for thread in self._serving:
            thread.join()

    def server_bind(self) -> None:
        # HTTPServer asks DNS for the host's name here, which can take seconds without a network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._open_lock:
            self._open.discard(request)

    def hang_up(self) -> None:
        """Wake every thread that waits for its client."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # already closed by the other side
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that vanishes between two requests is no error of the server.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
