"""A web page in a real browser gets no code run by an emulator of the same machine.

The page has even come by the key. Each way that it tries is seen to have knocked: a browser that
kept the request to itself would show nothing.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gemini_magic.emulator import Emulator, handler
from gemini_magic.emulator.api_errors import ApiError
from gemini_magic.sandbox import SandboxProcess

MODEL = "/v1beta/models/gemini-3.8-flash"
PROMPT = "```python\nprint(7**21)\n```"
SAYS = str(7**21)  # no port looks like it
BODY = json.dumps({"contents": [{"parts": [{"text": PROMPT}]}], "tools": [{"codeExecution": {}}]})
# Names that an attacker owns, pointed at this machine: one to serve a page, one to rebind.
RULES = "MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1"

# Each way returns when its request was answered, or failed; what it got to read, or nothing.
WAYS = """
async ({base, model, body, key}) => {
  const ask = base + model + ":generateContent", at = "?key=" + key;
  const json = {"Content-Type": "application/json", "x-goog-api-key": key};
  const got = {};
  const read = async (way, url, options) => {
    try {
      const answer = await fetch(url + "&way=" + way, options);
      got[way] = [answer.type, answer.status, await answer.text()];
    } catch (error) { got[way] = String(error); }
  };
  const loaded = (way, tag, set) => new Promise(done => {
    const made = document.createElement(tag);
    made.onload = made.onerror = () => { got[way] = "done"; done(); };
    set(made);
    document.body.append(made);
  });
  const form = (way, type) => loaded(way, "iframe", frame => {
    frame.name = way;
    const made = document.createElement("form");
    made.method = "POST"; made.target = way; made.enctype = type;
    made.action = ask + at + "&way=" + way;
    const field = document.createElement("input");
    const cut = body.indexOf(":");  // text/plain writes name=value: JSON all the same
    field.name = body.slice(0, cut) + ': [], "x'; field.value = '": 1, ' + body.slice(1);
    made.append(field);
    document.body.append(made);
    setTimeout(() => made.submit(), 0);
  });
  const simple = {"Content-Type": "text/plain"};
  await read("no-cors", ask + at, {method: "POST", mode: "no-cors", headers: simple, body});
  await read("no-cors-untyped", ask + at,
             {method: "POST", mode: "no-cors", body: new Blob([body])});
  await read("no-cors-get", base + "/v1beta/models" + at, {mode: "no-cors"});
  await read("credentials", ask + at,
             {method: "POST", mode: "no-cors", credentials: "include", headers: simple, body});
  await read("simple", ask + at, {method: "POST", headers: simple, body});
  await read("simple-get", base + "/v1beta/models" + at, {});
  await read("cors", ask + at, {method: "POST", headers: json, body});
  await read("cors-get", base + "/v1beta/models" + at, {headers: json});
  await read("put", ask + at, {method: "PUT", headers: json, body});
  await read("delete", base + "/v1beta/files/x" + at, {method: "DELETE", headers: json});
  await read("no-referrer", ask + at,
             {method: "POST", mode: "no-cors", referrerPolicy: "no-referrer", body});
  await read("upload-simple", base + "/upload/v1beta/files" + at,
             {method: "POST", mode: "no-cors", headers: simple, body: '{"file": {}}'});
  await read("upload", base + "/upload/v1beta/files" + at,
             {method: "POST", headers: {...json, "X-Goog-Upload-Command": "start"},
              body: '{"file": {}}'});
  await read("keepalive", ask + at, {method: "POST", mode: "no-cors", keepalive: true, body});
  await new Promise(done => {
    const request = new XMLHttpRequest();
    request.onloadend = () => { got.xhr = [request.status, request.responseText]; done(); };
    request.open("POST", ask + at + "&way=xhr");
    request.setRequestHeader("Content-Type", "text/plain");
    request.send(body);
  });
  for (const type of ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
    await form("form-" + type, type);
  for (const tag of ["img", "script", "iframe"])
    await loaded(tag, tag, made => { made.src = ask + at + "&way=" + tag; });
  await loaded("link", "link", made => {
    made.rel = "stylesheet"; made.href = ask + at + "&way=link";
  });
  navigator.sendBeacon(ask + at + "&way=beacon", body);
  await new Promise(done => {
    const socket = new WebSocket(ask.replace("http", "ws") + at + "&way=socket");
    socket.onopen = () => { got.socket = "open"; socket.send(body); };
    socket.onclose = done;
  });
  await new Promise(done => {
    const source = new EventSource(
      base + model + ":streamGenerateContent?alt=sse&key=" + key + "&way=events");
    source.onmessage = event => { got.events = event.data; };
    source.onerror = () => { source.close(); done(); };
  });
  await new Promise(done => {
    const code = `fetch(${JSON.stringify(ask + at + "&way=worker")},
      {method: "POST", mode: "no-cors", body: ${JSON.stringify(body)}})
      .finally(() => postMessage(1))`;
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    worker.onmessage = done;
  });
  return got;
}
"""
TRIED = {
    *("no-cors", "no-cors-untyped", "no-cors-get", "credentials", "simple", "simple-get"),
    *("cors", "cors-get", "put", "delete", "no-referrer", "upload-simple", "upload", "keepalive"),
    *("xhr", "form-text/plain", "form-multipart/form-data"),
    *("form-application/x-www-form-urlencoded", "img", "script", "iframe", "link", "beacon"),
    *("socket", "events", "worker"),
}


class Watched(Emulator):
    """Counts the sandboxes that were opened: no code runs without one."""

    sessions = 0

    def open_session(self, files: Mapping[str, bytes]) -> SandboxProcess:
        self.sessions += 1
        return super().open_session(files)


class Knocks(list[tuple[str, str, bool]]):
    """The requests that came as far as the doors: method, target, whether let through."""

    def ways(self) -> set[str]:
        found = {target.partition("&way=")[2].split("&")[0] for _, target, _ in self}
        return {way.replace("%2F", "/") for way in found if way}


@pytest.fixture
def knocks(monkeypatch: pytest.MonkeyPatch) -> Knocks:
    seen = Knocks()
    admitted = handler.Handler._admitted

    def watching(self: handler.Handler, method: str) -> Any:
        try:
            route = admitted(self, method)
        except ApiError:
            seen.append((method, self.path, False))
            raise
        seen.append((method, self.path, True))
        return route

    monkeypatch.setattr(handler.Handler, "_admitted", watching)
    return seen


@pytest.fixture
def emulator(knocks: Knocks) -> Iterator[Watched]:
    with Watched() as running:
        yield running


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = b"<!doctype html><meta charset=utf-8><title>a page</title><body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """The port of a server of web pages on the same machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def deceived(browser: Any) -> Iterator[Any]:
    """A browser for which an attacker's names lead to this machine."""
    started = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
        args=[
            *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            f"--host-resolver-rules={RULES}",
        ],
    )
    yield started
    started.close()


def tried(page: Any, base: str, key: str) -> dict[str, Any]:
    """What a page could read of each way to ask."""
    given = {"base": base, "model": MODEL, "body": BODY, "key": key}
    return dict(page.evaluate(WAYS, given))


def nothing_happened(emulator: Watched, knocks: Knocks, got: dict[str, Any]) -> None:
    assert not [knock for knock in knocks if knock[2]]
    assert not emulator.sessions and not emulator.requests and not emulator.files.all()
    assert SAYS not in json.dumps(got)
    assert "socket" not in got and "events" not in got


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.example"])
@pytest.mark.parametrize("target", ["127.0.0.1", "localhost", "rebound.example"])
def test_a_page_on_another_port_gets_no_code_run(
    deceived: Any, emulator: Watched, knocks: Knocks, elsewhere: int, name: str, target: str
) -> None:
    page = deceived.new_page()
    try:
        page.goto(f"http://{name}:{elsewhere}/")
        got = tried(page, f"http://{target}:{emulator.port}", emulator.key)
        page.wait_for_timeout(1)  # lets a beacon go
        assert emulator.wait_until(lambda: knocks.ways() >= TRIED), TRIED - knocks.ways()
    finally:
        page.close()
    nothing_happened(emulator, knocks, got)
    readable = {way: what for way, what in got.items() if isinstance(what, list) and what[-1]}
    assert not readable, "no answer says that a page may read it"


def test_a_name_pointed_at_this_machine_is_no_way_in(
    deceived: Any, emulator: Watched, knocks: Knocks
) -> None:
    """DNS rebinding: the page's own origin leads to the emulator, so the browser allows all."""
    base = f"http://rebound.example:{emulator.port}"
    page = deceived.new_page()
    try:
        answer = page.goto(f"{base}/v1beta/models?key={emulator.key}")
        assert answer.status == 403
        got = tried(page, base, emulator.key)
        assert emulator.wait_until(lambda: knocks.ways() >= TRIED), TRIED - knocks.ways()
    finally:
        page.close()
    nothing_happened(emulator, knocks, got)
    assert got["cors"][1] == 403, "it may read the refusal, and no more"
    assert "Host has to be" in got["cors"][2]


def test_a_page_of_its_own_address_is_a_page_all_the_same(
    deceived: Any, emulator: Watched, knocks: Knocks
) -> None:
    """As if an answer of the emulator was taken for a page: a script in it could do nothing."""
    page = deceived.new_page()
    try:
        assert page.goto(f"{emulator.url}/v1beta/models?key={emulator.key}").status == 403
        got = tried(page, emulator.url, emulator.key)
    finally:
        page.close()
    nothing_happened(emulator, knocks, got)
    assert got["cors"][1] == 403


def test_a_page_that_sends_its_reader_there_gets_no_code_run(
    deceived: Any, emulator: Watched, knocks: Knocks, elsewhere: int
) -> None:
    page = deceived.new_page()
    address = f"{emulator.url}{MODEL}:generateContent?key={emulator.key}"
    try:
        page.goto(f"http://evil.example:{elsewhere}/")
        with page.expect_navigation() as navigated:
            page.evaluate("address => { location = address }", address)
        assert navigated.value.status == 403
        page.goto(f"http://evil.example:{elsewhere}/")
        with page.expect_navigation() as navigated:
            page.evaluate(
                "address => { const made = document.createElement('form'); made.method = 'POST';"
                " made.action = address; document.body.append(made); made.submit(); }",
                address,
            )
        assert navigated.value.status == 403
    finally:
        page.close()
    nothing_happened(emulator, knocks, {})


def test_who_has_the_key_and_is_no_page_gets_it_run(
    browser: Any, emulator: Watched, knocks: Knocks
) -> None:
    """The same request from outside a page: what the other tests watch for does happen."""
    import http.client

    asking = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
    headers = {"Content-Type": "application/json", "x-goog-api-key": emulator.key}
    asking.request("POST", f"{MODEL}:generateContent", BODY, headers)
    answer = asking.getresponse()
    assert answer.status == 200 and SAYS.encode() in answer.read()
    asking.close()
    assert emulator.sessions == 1 and [knock[2] for knock in knocks] == [True]
