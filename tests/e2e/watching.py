"""What a page and its wire did while an answer streamed: tasks, messages, when words appeared."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

# Notes when each of some words is first on screen below a cell, and the tasks that took long.
SCRIPT = """([at, words]) => {
  const seen = window.watched = {long: [], shown: {}};
  new PerformanceObserver(list => {
    seen.long.push(...list.getEntries().map(entry => Math.round(entry.duration)));
  }).observe({type: 'longtask'});
  const cell = document.querySelectorAll('.jp-NotebookPanel .jp-Cell')[at];
  const look = () => {
    const text = cell.querySelector('.jp-OutputArea')?.textContent ?? '';
    for (const word of words) {
      if (!(word in seen.shown) && text.includes(word)) {
        seen.shown[word] = 0;
        // After the frame in which the words were laid out, so that they are on screen.
        requestAnimationFrame(() => setTimeout(() => {
          seen.shown[word] = performance.timeOrigin + performance.now();
        }));
      }
    }
    requestAnimationFrame(look);
  };
  look();
}"""

# Resolves when the page has had no long task for a second: it has started up.
QUIET = """() => new Promise(resolve => {
  let last = performance.now();
  new PerformanceObserver(() => { last = performance.now(); }).observe({type: 'longtask'});
  const look = () => performance.now() - last > 1000 ? resolve() : setTimeout(look, 100);
  look();
})"""


@dataclass(frozen=True)
class Message:
    """A message of the kernel as the page got it: its type and its size in bytes."""

    channel: str
    kind: str
    size: int
    content: dict[str, Any] = field(repr=False)

    @property
    def final(self) -> bool:
        """Whether this is the bundle that stays: it alone carries HTML."""
        return "text/html" in self.content.get("data", {})


def message(frame: bytes) -> Message:
    """Read one frame of ``v1.kernel.websocket.jupyter.org``."""
    (count,) = struct.unpack_from("<Q", frame)
    offsets = struct.unpack_from(f"<{count}Q", frame, 8)
    pieces = [frame[a:b] for a, b in pairwise(offsets)]
    header, content = json.loads(pieces[1]), json.loads(pieces[4])
    return Message(pieces[0].decode(), header["msg_type"], sum(map(len, pieces[1:])), content)


class Wire:
    """Collects what the kernel's web socket brings to a page; attach it before the page opens."""

    def __init__(self, page: Any) -> None:
        self.messages: list[Message] = []
        page.on("websocket", self._opened)

    def _opened(self, socket: Any) -> None:
        if "/channels" in socket.url:
            socket.on("framereceived", self._received)

    def _received(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            self.messages.append(message(frame))

    def iopub(self) -> list[Message]:
        """The messages on iopub that carry an answer (no status, no echo of the input)."""
        kinds = ("display_data", "update_display_data", "comm_open", "comm_msg", "stream")
        return [m for m in self.messages if m.channel == "iopub" and m.kind in kinds]


@dataclass(frozen=True)
class Task:
    """One task of the page's main thread: how long it took, and the CPU time in that; ms."""

    wall: float
    cpu: float


def tasks(trace: bytes) -> list[Task]:
    """The tasks of every page's main thread, from a trace of the browser."""
    events: Iterable[dict[str, Any]] = json.loads(trace)["traceEvents"]
    events = list(events)
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        Task(event["dur"] / 1000, event.get("tdur", event["dur"]) / 1000)
        for event in events
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) in mains and "dur" in event
    ]
