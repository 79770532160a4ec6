"""The emulator is an island, light to import, and leaves nothing when it closes."""

from __future__ import annotations

import ast
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

import gemini_magic.emulator
from gemini_magic.emulator import Emulator, Fault

from .test_faults import half_open, read_until

FOLDER = Path(str(gemini_magic.emulator.__file__)).parent


def test_closing_ends_threads_sockets_and_open_answers() -> None:
    threads = set(threading.enumerate())
    emulator = Emulator()
    port = emulator.port
    emulator.fail(Fault.stall(600, after=1))
    with half_open(emulator) as connection:
        read_until(connection, b"data: ")
        emulator.close()
        while connection.recv(65536):
            pass
    assert set(threading.enumerate()) <= threads
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert emulator.disconnects == 0


def test_closing_kills_running_code() -> None:
    emulator = Emulator()
    body = (
        b'{"contents": [{"parts": [{"text": "```python\\nwhile True: pass\\n```"}]}],'
        b'"tools": [{"codeExecution": {}}]}'
    )
    with half_open(emulator, body=body) as connection:
        read_until(connection, b"executableCode")
        emulator.close()
    left = [child for child in psutil.Process().children(recursive=True) if child.is_running()]
    assert not [child for child in left if "child.py" in " ".join(child.cmdline())]


def test_a_program_that_forgets_to_close_it_still_ends() -> None:
    program = "from gemini_magic.emulator import Emulator; emulator = Emulator()"
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)


def test_closing_twice_and_idle_connections_are_fine() -> None:
    body = b'{"contents": [{"parts": [{"text": "Write a story"}]}]}'
    emulator = Emulator()
    with half_open(emulator, body=body) as connection:
        read_until(connection, b"\r\n0\r\n\r\n")  # answered, and kept open for the next request
        emulator.close()
        emulator.close()
        assert connection.recv(1) == b""


def test_a_taken_port_is_an_os_error() -> None:
    with Emulator() as emulator, pytest.raises(OSError, match="in use"):
        Emulator(emulator.port)


def test_importing_it_is_light() -> None:
    code = (
        "import sys, gemini_magic.emulator\n"
        "heavy = {'matplotlib', 'pandas', 'numpy', 'IPython', 'google.genai', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_imports_nothing_of_the_package_but_the_sandbox_and_the_table_of_models() -> None:
    imported = set()
    for path in [*FOLDER.rglob("*.py"), *(FOLDER.parent / "sandbox").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.update(f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
    ours = {".".join(name.split(".")[:2]) for name in imported if name.startswith("gemini_magic")}
    assert ours == {"gemini_magic.emulator", "gemini_magic.sandbox", "gemini_magic.catalog"}


def test_the_command_says_where_it_is_and_ends_on_interrupt() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gemini_magic.emulator", "--profile", "vertex"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"emulator \(vertex\) on http://127\.0\.0\.1:(\d+)", line)
        assert found, line
        socket.create_connection(("127.0.0.1", int(found[1])), timeout=60).close()
        while "Ctrl-C" not in line:
            line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert "stopped" in process.stderr.read()
