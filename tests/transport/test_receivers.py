"""To whom the key goes is said first, when that is neither Google nor this machine."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gemini_magic.errors import BadResponse, GeminiError, NoBackend
from gemini_magic.transport.backends import Backend, choose
from gemini_magic.transport.connections import Connections
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.transport.receivers import Receivers, warning
from gemini_magic.turn.wire import b64encode

from ..kernel import Kernel, environment
from ..replay import Answer, Asked, Replay
from ..sse import ANSWER

KEY = "receivers-key-0123456789"
DEVELOPER = Backend("developer", KEY, base_url="set")
OURS = [
    "https://generativelanguage.googleapis.com/",
    "https://generativelanguage.googleapis.com./",
    "https://GENERATIVELANGUAGE.GoogleAPIs.com/",
    "https://europe-west4-aiplatform.googleapis.com/",
    "https://aiplatform.eu.rep.googleapis.com/",
    "https://generativelanguage.mtls.googleapis.com/",
    "http://127.0.0.1:8123/",
    "http://127.9.9.9/",
    "http://[::1]:8123/",
    "http://localhost:8123/",
    "https://LOCALHOST./",
]
STRANGE = {
    "https://googleapis.com.evil.example/": "googleapis.com.evil.example",
    "https://generativelanguage.googleapis.com.evil.example/": "evil.example",
    "https://evilgoogleapis.com/": "evilgoogleapis.com",
    "https://generativelanguage-googleapis.com/": "generativelanguage-googleapis.com",
    "https://generativelanguage.googleapis.com@evil.example/": "evil.example",
    "https://generativelanguage.googleapis.com:443@evil.example:444/": "evil.example:444",
    "https://evil.example/generativelanguage.googleapis.com": "evil.example",
    "https://evil.example#.googleapis.com/": "evil.example",
    "https://evil.example?.googleapis.com/": "evil.example",
    "https://127.0.0.1.evil.example/": "127.0.0.1.evil.example",
    "https://localhost.evil.example/": "localhost.evil.example",
    "https://x.localhost/": "x.localhost",
    "https://2130706433/": "2130706433",
    "https://0.0.0.0/": "0.0.0.0",
    "https://10.0.0.1/": "10.0.0.1",
    "https://g\u043e\u043egleapis.com/": "xn--ggleapis-",  # two letters of it are Cyrillic
}


@pytest.mark.parametrize("url", OURS)
def test_of_google_and_of_this_machine_nothing_is_said(url: str):
    assert warning(httpx2.URL(url), DEVELOPER) is None


@pytest.mark.parametrize("url", STRANGE)
def test_any_other_is_named_as_it_is_resolved(url: str):
    said = warning(httpx2.URL(url), DEVELOPER)
    assert said is not None
    to = said.partition(" go to ")[2].partition(", which is neither")[0]
    assert STRANGE[url] in to and "googleapis.com@" not in to
    assert "GOOGLE_GEMINI_BASE_URL says so" in said
    assert "unencrypted" not in said


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1:80/", "http://generativelanguage.googleapis.com/"]
)
def test_what_travels_unencrypted_is_said_of_google_too(url: str):
    said = warning(httpx2.URL(url), DEVELOPER)
    assert said is not None and "unencrypted (http)" in said
    assert ("neither Google's" in said) == ("10.0.0.1" in url)


def test_a_token_is_called_by_its_name_and_so_is_the_variable():
    vertex = Backend("vertex", project="p", base_url="https://evil.example/")
    said = warning(httpx2.URL("https://evil.example/"), vertex)
    assert said is not None
    assert "access token" in said and "GOOGLE_VERTEX_BASE_URL says so" in said


@pytest.mark.parametrize("location", ["evil.example/", "x@evil.example:443/", "evil.example#", "."])
def test_a_region_that_would_be_another_host_is_no_region(location: str):
    with pytest.raises(NoBackend, match="no region"):
        choose("vertex", environ={"GOOGLE_CLOUD_LOCATION": location, "GOOGLE_CLOUD_PROJECT": "p"})


def test_each_receiver_is_told_once_whichever_thread_asks():
    said: list[str] = []
    receivers = Receivers(said.append)
    urls = [httpx2.URL(f"https://{name}.example/{n}") for name in "ab" for n in range(10)]
    threads = [
        threading.Thread(target=receivers.announce, args=(url, DEVELOPER)) for url in urls * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = sorted(one.partition(" go to ")[2].partition(",")[0] for one in said)
    assert told == ["a.example", "b.example"]


def asked(transport: GoogleTransport, *parts: object) -> list[object]:
    contents = [{"role": "user", "parts": [*parts, {"text": "hi"}]}]
    return list(transport.send(Outgoing("m", contents, retries=0)))  # type: ignore[list-item]


LARGE = {"inlineData": {"mimeType": "text/csv", "data": b64encode(b"x" * 6_000_000)}}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_to_another_port_of_the_machine(status: int):
    with Replay(Answer(ANSWER)) as other:
        moved = Answer(b"", status, "text/plain", headers={"location": f"{other.url}x?key=1"})
        with Replay(moved) as server:
            transport = GoogleTransport(Backend("developer", KEY, base_url=server.url))
            with pytest.raises(BadResponse, match="redirected to http://127"):
                asked(transport)
        assert other.asked == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_an_upload_goes_where_the_key_went_and_nowhere_else(name: str):
    with Replay(Answer(b"{}", 200, "application/json")) as other:
        to = other.url.replace("127.0.0.1", name)
        headers = {"x-goog-upload-url": f"{to}up", "x-goog-upload-status": "active"}
        with Replay(Answer(b"{}", 200, "application/json", headers=headers)) as server:
            transport = GoogleTransport(Backend("developer", KEY, base_url=server.url))
            with pytest.raises(BadResponse, match="nothing was sent there"):
                asked(transport, LARGE)
        assert other.asked == [], "neither the key nor the file"


class Order:
    """Notes what happened in which order: told, or asked over the wire."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, one: Asked) -> None:
        self.seen.append("asked")
        Answer(ANSWER)(one)

    def tell(self, said: str) -> None:
        self.seen.append(said.split("\n")[0])


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> Iterator[Order]:
    """A service at a name that is neither Google's nor loopback, behind a proxy that is here."""
    order = Order()
    with Replay(order) as server:
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://gateway.example:8080/")
        yield order


def test_it_is_said_before_the_first_request_and_not_again(strange: Order):
    connections = Connections(strange.tell)
    transport = connections.get("developer").transport
    transport.warm()
    transport.preview(Outgoing("m", [{"role": "user", "parts": [{"text": "hi"}]}]))
    assert strange.seen == [], "nothing was sent"
    asked(transport)
    asked(transport)
    with pytest.raises(GeminiError):
        transport.models()
    connections.close()
    assert strange.seen[0].startswith("Your API key and your prompts go to gateway.example:8080,")
    assert "unencrypted" in strange.seen[0]
    assert strange.seen[1:] == ["asked"] * 3


def test_a_kernel_says_it_in_the_cell_that_asks_first(tmp_path: Path, strange: Order):
    script = {name: os.environ[name] for name in ("http_proxy", "no_proxy")}
    with Kernel(tmp_path, GEMINI_API_KEY=KEY, **script) as kernel:
        kernel.run(
            "import os; os.environ['GOOGLE_GEMINI_BASE_URL'] = 'http://gateway.example:8080/'"
        )
        assert not kernel.run("%gemini").stream("stderr")
        first = kernel.run("%%gemini\nhello", cell="a")
        assert first.ok, first.error
        assert "go to gateway.example:8080" in first.stream("stderr")
        assert KEY not in first.stream("stderr")
        assert not kernel.run("%%gemini\nand again", cell="b").stream("stderr")


def test_a_batch_run_says_it_on_stderr_before_it_begins(
    tmp_path: Path, strange: Order, run_notebooks: tuple[str, ...]
):
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "source": source,
            "execution_count": None,
            "outputs": [],
        }
        for number, source in enumerate(["%load_ext gemini_magic", "%%gemini\nhello"])
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    names = ("http_proxy", "no_proxy", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL")
    ran = subprocess.run(
        [*run_notebooks, "a.ipynb"],
        cwd=tmp_path,
        env=environment(tmp_path, **{name: os.environ[name] for name in names}),
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.startswith("Your API key and your prompts go to gateway.example:8080")
    assert "go to gateway.example:8080" in (tmp_path / "executed" / "a.ipynb").read_text()
    assert KEY not in ran.stderr
