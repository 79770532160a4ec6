"""Keys are nowhere: a scan of everything that a run of everything wrote.

Keys of three formats stand in the environment, IPython's configuration, the base URL, a proxy's
address, headers, exceptions and chained exceptions; then every byte that came from the kernel,
every file it left and all that it logged at DEBUG is searched for them, also in base64 and quoted
for a URL.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from .kernel import Kernel, Ran
from .replay import Replay
from .scanning import KEYS, LEAKED, found, service

DEBUG = """
import logging
# All but the kernel's own, which quotes the cells that were typed.
logging.basicConfig(filename="debug.log", level=logging.DEBUG)
logging.getLogger("IPKernelApp").setLevel(logging.WARNING)
"""
CELLS = (
    "%gemini",
    "%gemini status",
    "%gemini backend",
    "%gemini config",
    "%gemini models",
    "%gemini doctor",
    "%gemini usage",
    "%%gemini\nhello",
    "%%gemini --preview\nhello",
    "%%gemini --no-stream\nrefuse me",
    "%%gemini\nrefuse me",
    "%tb",
    "%%gemini\nredirect me",
    "%tb",
    "%%gemini\ndrop me",
    "%%gemini\na page please",
    "%%gemini -m nothing\nhello",
    "%%gemini --api-key {key}\nhello",
    "%%gemini --key={key}\nhello",
    "%gemini config api_key={key}",
    "%gemini config key={key}",
    "%config GeminiMagics.show_tracebacks = True",
    "%%gemini\nrefuse me",
    "%tb",
    "from gemini_magic import ask\nask('refuse me')",
    "try:\n    ask('refuse me')\nexcept Exception as error:\n"
    "    raise RuntimeError('chained') from error",
    "try:\n    ask('drop me')\nexcept Exception:\n    1 / 0",
    "import traceback\ntry:\n    ask('refuse me')\nexcept Exception:\n    traceback.print_exc()",
    "session = get_ipython()._gemini_magic.magics.session\n"
    "repr(session.connect()), str(session.connect())",
    "%config GeminiMagics.answers_dir = 'answers'",
    "%%gemini -o kept\nremember this",
    "kept",
    "%gemini history",
    "%gemini save saved.json",
    "import os\nleft = os.environ['GOOGLE_GEMINI_BASE_URL']\n"
    "os.environ['GOOGLE_GEMINI_BASE_URL'] = 'http://127.0.0.1:9/?key={key}'",
    "%%gemini\nhello at a bad address",
    "%%gemini --preview\nhello",
    "%gemini doctor",
    "os.environ['GOOGLE_GEMINI_BASE_URL'] = 'http://user:{key}@127.0.0.1:9/'",
    "%%gemini\nhello at a bad address",
    "%gemini doctor",
    "os.environ['http_proxy'] = 'http://user:{key}@127.0.0.1:9'; os.environ['no_proxy'] = ''",
    "%%gemini\nhello through a proxy",
    "%gemini doctor",
)


# One format goes all the roads while one works, and all of them with everything.
@pytest.mark.parametrize(
    "kind",
    ["classic", *(pytest.param(one, marks=pytest.mark.slow) for one in KEYS if one != "classic")],
)
def test_no_key_is_in_anything_that_a_kernel_wrote(
    tmp_path: Path, kind: str, start_kernel: type[Kernel]
):
    key = KEYS[kind]
    folder = tmp_path / "work"
    # Where it does not belong: a key is no setting, and none of these is one.
    config = folder / "ipython" / "profile_default" / "ipython_config.py"
    config.parent.mkdir(parents=True)
    config.write_text(
        f"c.GeminiMagics.api_key = {key!r}\nc.GeminiMagics.key = {key!r}\n"
        f"c.InteractiveShell.api_key = {key!r}\n"
        # Each retry writes what the one before it wrote, after twice the wait: one kind is enough.
        f"c.GeminiMagics.retries = {int(kind == 'classic')}\n"
    )
    with (
        Replay(service) as server,
        start_kernel(
            folder,
            log=folder / "kernel.log",
            GEMINI_API_KEY=key,
            GOOGLE_GEMINI_BASE_URL=server.url,
        ) as kernel,
    ):
        assert kernel.run(DEBUG).ok
        output = b""
        for source in CELLS:
            ran = kernel.run(source.replace("{key}", key), cell=source[:20])
            output += received(ran)
            assert found(received(ran), key, LEAKED) == [], source
        assert any(asked.headers.get("x-goog-api-key") == key for asked in server.asked)
    assert b"half" in output, "the scan reads what was shown"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert "saved.json" in {path.name for path in files}
    assert [path for path in files if path.parent.name == "answers"]
    assert b"receive_response_headers" in (folder / "debug.log").read_bytes()
    assert b"api_key" in (folder / "kernel.log").read_bytes(), "what is no setting is told"
    for path in files:
        if path == config or path.name.startswith("history.sqlite"):
            continue  # written by the user, and IPython's own record of what they typed
        assert found(path.read_bytes(), key, LEAKED) == [], path


RING = """
from keyring.backend import KeyringBackend

class Ring(KeyringBackend):
    priority = 1

    def get_password(self, service, user):
        return {("gemini_magic", "api_key"): KEY}.get((service, user))

    def set_password(self, service, user, password):
        raise NotImplementedError

    delete_password = set_password
"""


def test_a_key_of_no_known_shape_from_the_keyring_is_used_and_shown_nowhere(
    tmp_path: Path, start_kernel: type[Kernel]
):
    key = "scan-of-no-known-shape-0123456789"
    (tmp_path / "ring.py").write_text(f"KEY = {key!r}\n{RING}")
    with (
        Replay(service) as server,
        start_kernel(
            tmp_path,
            log=tmp_path / "kernel.log",
            PYTHON_KEYRING_BACKEND="ring.Ring",
            GOOGLE_GEMINI_BASE_URL=server.url,
        ) as kernel,
    ):
        assert kernel.run(DEBUG).ok
        assert "key from keyring" in kernel.run("%gemini").stdout
        assert "from keyring (never shown)" in kernel.run("%gemini doctor").stdout
        for source in ("%%gemini\nhello", "%%gemini\nrefuse me", "%tb", "%%gemini\na page please"):
            ran = kernel.run(source, cell="a")
            assert found(received(ran), key, LEAKED) == [], source
        assert server.asked[-1].headers["x-goog-api-key"] == key
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        if path.name != "ring.py" and path.suffix != ".pyc":
            assert found(path.read_bytes(), key, LEAKED) == [], path


def received(ran: Ran) -> bytes:
    """What came from the kernel, without the echo of what was typed."""
    messages = [one["content"] for one in ran.messages if one["msg_type"] != "execute_input"]
    meta = [one["metadata"] for one in ran.messages]
    data: Any = [messages, meta, ran.reply]
    return json.dumps(data, default=str, ensure_ascii=False).encode()


def test_the_scan_finds_what_it_looks_for():
    for key in KEYS.values():
        assert found(b"... " + key.encode() + b" ...", key)
        assert found(base64.b64encode(b"key: " + key.encode() + b"; more"), key)
        assert not found(b"[key]", key)
