"""Keeps the connection to each service for the next request, while it is warm.

Without it each request waits for a name, TCP and TLS: about two and a half round trips. One is kept
per service and process, whoever asks there (a cell, the sidebar, with this key or another); a
second request at the same time makes one of its own. Kept is what has ended well: an answer that
was read to its end and not stopped. Not after four minutes, nor longer than the service says
(``Keep-Alive: timeout``). A forked process keeps connections of its own.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from gemini_magic.transport.proxies import Proxy
    from gemini_magic.transport.trust import Trust
    from gemini_magic.transport.wire_call import WireCall
    from gemini_magic.transport.wire_connection import WireConnection

KEPT = 240.0  # seconds
_MARGIN = 1.0  # seconds before a service's own limit

ASKED: set[tuple[str, str, int]] = set()
"""Scheme, host and port of the services that this process has asked something."""


@dataclass(frozen=True)
class Place:
    """Where a connection leads, and by which way."""

    scheme: str
    host: str
    port: int
    proxy: Proxy | None
    trust: ssl.SSLContext | None

    @property
    def service(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


class KeepAlive:
    """The idle connections of one kernel or process; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Condition(threading.Lock())
        self._idle: dict[Place, WireConnection] = {}  # the latest last
        self._sessions: dict[Place, ssl.SSLSession] = {}
        self._generation = 0  # of connections: those of an earlier one are not kept
        self._watch: threading.Thread | None = None
        self._process = os.getpid()
        # At the end of the process, too: what is open then would be complained about.
        weakref.finalize(self, _close, self._idle)

    @property
    def trust(self) -> Trust:
        """The certificates that are trusted, by all connections alike."""
        from gemini_magic.transport.trust import TRUST

        return TRUST

    def has(self, place: Place) -> bool:
        """Whether a connection to ``place`` waits to be used."""
        self._own()
        return place in self._idle

    def take(
        self,
        place: Place,
        call: WireCall,
        make: Callable[[ssl.SSLSession | None], WireConnection],
    ) -> WireConnection:
        """A connection to ``place``, lent to ``call``: the one that is kept, or a new one."""
        self._own()
        usable = False
        with self._lock:
            kept = self._idle.get(place)
            if kept is not None:
                usable = kept.lend(call)  # which closes it from now on, before we forget it
                del self._idle[place]
        if kept is None or not usable or kept.stale():
            if kept is not None:
                kept.close()
            kept = make(self._sessions.get(place))
            kept.lend(call)
        kept.generation = self._generation
        return kept

    def give(self, place: Place, connection: WireConnection, seconds: float = KEPT) -> None:
        """Keep ``connection`` for ``seconds`` where it can be used again; close it where not."""
        self._own()
        if (session := connection.session) is not None:
            self._sessions.pop(place, None)
            self._sessions[place] = session
        closing = [connection]
        with self._lock:
            if connection.generation == self._generation and seconds > 0:
                connection.rest(seconds)
                closing = [kept] if (kept := self._idle.pop(place, None)) else []
                self._idle[place] = connection
                closing += [self._idle.pop(other) for other in self._left(place.service)]
                self._watched()
        for one in closing:
            one.close()

    def _left(self, service: tuple[str, str, int]) -> list[Place]:
        """What goes when a connection to ``service`` is kept."""
        *by_another_way, _ = [one for one in self._idle if one.service == service]
        others = [one for one in self._idle if one.service != service]
        return by_another_way + others[:-1]  # one stays: where a login asks for tokens

    def _watched(self) -> None:
        """Have a thread close what stays unused; the lock is held."""
        if self._watch is None:
            self._watch = threading.Thread(
                target=self._close_late, name="gemini-magic-idle", daemon=True
            )
            self._watch.start()

    def _close_late(self) -> None:
        while True:
            with self._lock:
                if not self._idle:
                    self._watch = None
                    return
                now = time.monotonic()
                late = [place for place, one in self._idle.items() if one.until <= now]
                closing = [self._idle.pop(place) for place in late]
                if not closing:
                    self._lock.wait(min(one.until for one in self._idle.values()) - now)
            for one in closing:
                one.close()

    def close(self) -> None:
        """Close what is idle, and keep none of what is now in use; it may be used afterwards."""
        self._own()
        with self._lock:
            closing = list(self._idle.values())
            self._idle.clear()
            self._generation += 1
            self._lock.notify_all()
        for one in closing:
            one.close()

    def _own(self) -> None:
        if self._process != os.getpid():
            self.forked()

    def forked(self) -> None:
        """In a forked process: the sockets are the other one's, who goes on using them."""
        self._process = os.getpid()
        self._lock = threading.Condition(threading.Lock())
        self._watch = None
        idle = list(self._idle.values())
        self._idle.clear()  # and not another one: it is the one that is closed at the end
        self._generation += 1
        self._sessions = {}
        for one in idle:
            one.abandon()


def limit(keep_alive: str) -> float:
    """Seconds to keep a connection after an answer with this ``Keep-Alive`` header, or none."""
    for given in keep_alive.lower().split(","):
        name, _, value = given.partition("=")
        if name.strip() == "timeout" and value.strip().isdigit():
            return min(KEPT, int(value) - _MARGIN)
    return KEPT


def _close(idle: dict[Place, WireConnection]) -> None:
    for one in list(idle.values()):
        one.close()
    idle.clear()
