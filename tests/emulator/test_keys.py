"""Only who has the key is answered, and nobody else can come by it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gemini_magic.batch import cli
from gemini_magic.emulator import Emulator
from gemini_magic.emulator import __main__ as module
from gemini_magic.emulator.keys import VARIABLE, Key, filed, key_in, random_key

from ..kernel import environment
from .asking import MODEL, VERTEX, request, user
from .test_doors import TARGETS, UPLOAD
from .watching import ASK, Watched

SECRET = "correct-horse-battery-staple"
JSON_TYPE = {"Content-Type": "application/json"}
HELLO = {"contents": [user("hello")]}
BYTES = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}


@pytest.fixture
def private(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text(SECRET + "\n")
    return path


def test_each_emulator_has_a_key_of_256_random_bits() -> None:
    keys = {random_key().text for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch(r"emulator-[\w-]{43}", key) for key in keys)


def test_two_emulators_do_not_take_each_others_keys() -> None:
    with Watched() as one, Watched() as other:
        for asked, holder, expected in [(one, one, 200), (one, other, 400), (other, one, 400)]:
            headers = {"x-goog-api-key": holder.key, **JSON_TYPE}
            assert request(asked, "POST", ASK, HELLO, headers=headers).status == expected
            bearer = {"Authorization": f"Bearer {holder.key}", **JSON_TYPE}
            status = request(
                asked, "POST", f"{VERTEX}:generateContent", HELLO, headers=bearer
            ).status
            assert status == (401 if expected == 400 else 200)
        assert other.untouched


@pytest.mark.parametrize("what", TARGETS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-goog-api-key": ""},
        {"x-goog-api-key": "any"},
        {"x-goog-api-key": "KEY."},
        {"x-goog-api-key": "SHORTER"},
        {"x-goog-api-key": "UPPER"},
        {"x-goog-api-key": "Bearer KEY"},
        {"x-goog-api-key": "ü" * 20},
        {"x-api-key": "KEY"},
        {"Authorization": "KEY"},
        {"Authorization": "Basic KEY"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer any"},
        {"Authorization": "Bearer any", "x-goog-api-key": "KEY"},
        {"Cookie": "key=KEY"},
        BYTES,
    ],
)
def test_without_the_key_nobody_is_answered(what: str, headers: dict[str, str]) -> None:
    method, target = TARGETS[what]
    with Watched() as emulator:
        written = {"SHORTER": emulator.key[:-1], "UPPER": emulator.key.upper(), "KEY": emulator.key}
        for name, value in headers.items():
            for word, text in written.items():
                value = value.replace(word, text)
            headers = {**headers, name: value.encode("latin-1").decode("latin-1")}
        # In the address it is no key: addresses are written down.
        for address in (target, f"{target}{'&' if '?' in target else '?'}key={emulator.key}"):
            sent = HELLO if method in {"POST", "PUT"} else None
            answer = request(emulator, method, address, sent, headers={**JSON_TYPE, **headers})
            assert answer.status in {400, 401, 403}
            assert method == "HEAD" or answer.error["status"] in {
                "INVALID_ARGUMENT",
                "UNAUTHENTICATED",
                "PERMISSION_DENIED",
            }
        assert emulator.untouched


def test_the_bytes_of_an_upload_need_the_address_that_was_given_for_them(
    emulator: Emulator,
) -> None:
    begun = {"x-goog-api-key": emulator.key, "X-Goog-Upload-Command": "start", **JSON_TYPE}
    started = request(emulator, "POST", UPLOAD, {"file": {}}, headers=begun)
    address = started.headers["X-Goog-Upload-URL"].removeprefix(emulator.url)
    assert len(address.partition("upload_id=")[2]) == 32
    for target, headers in [
        (UPLOAD, BYTES),
        (f"{UPLOAD}?upload_id=", BYTES),
        (address[:-1], BYTES),
        (address, {**BYTES, "X-Goog-Upload-Command": "start", **JSON_TYPE}),
        (address, {**BYTES, "X-Goog-Upload-Command": "start, upload, finalize", **JSON_TYPE}),
        (address, JSON_TYPE),
        (address.replace(UPLOAD, ASK), {**BYTES, **JSON_TYPE}),
    ]:
        assert request(emulator, "POST", target, raw=b"x", headers=headers).status == 403
    for wrong in ("any", ""):
        headers = {**BYTES, "x-goog-api-key": wrong}
        if wrong:
            assert request(emulator, "POST", address, raw=b"x", headers=headers).status == 400
    assert request(emulator, "POST", address, raw=b"x", headers=BYTES).status == 200
    assert request(emulator, "POST", address, raw=b"x", headers=BYTES).status == 403, "once"


def test_a_key_is_given_by_argument_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"{SECRET}-of-the-environment\n")
    for emulator, key in [
        (Emulator(), f"{SECRET}-of-the-environment"),
        (Emulator(key=SECRET), SECRET),
    ]:
        with emulator:
            assert emulator.key == key
            assert request(emulator, "GET", "/v1beta/models").status == 200


@pytest.mark.parametrize("key", ["", "short", "f" * 15, "two words and more", "ü" * 20, "a\n" * 9])
def test_a_weak_key_is_refused_in_two_lines_without_it(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with pytest.raises(ValueError, match=r"^The emulator's key has .*\.\nMake one") as refused:
        Emulator(key=key)
    assert not key or key not in str(refused.value)
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(ValueError, match=f"^{VARIABLE} has 5 characters"):
        Emulator()


def test_bad_keys_stay_refused_its_own_too() -> None:
    with Emulator(key=SECRET, bad_keys="correct") as emulator:
        refused = request(emulator, "GET", "/v1beta/models")
        assert refused.error["details"][0]["reason"] == "API_KEY_INVALID"


def test_it_is_in_no_repr_and_no_traceback_with_variables() -> None:
    assert SECRET not in repr(Key(SECRET))
    with Emulator(key=SECRET) as emulator:
        assert repr(emulator) == f"<Emulator gemini-3 on {emulator.url}>"
        assert SECRET not in repr(vars(emulator))
        try:
            _again(emulator.port)
        except OSError as error:
            told = traceback.TracebackException.from_exception(error, capture_locals=True)
            assert SECRET not in "".join(told.format())
        else:
            pytest.fail("the port is taken")


def _again(port: int) -> None:
    Emulator(port, key=SECRET)


def test_a_private_file_gives_the_key(private: Path, tmp_path: Path) -> None:
    assert key_in(private) == SECRET
    (tmp_path / "link").symlink_to(private)
    assert key_in(tmp_path / "link") == SECRET
    os.mkfifo(tmp_path / "pipe", 0o600)
    writing = threading.Thread(target=(tmp_path / "pipe").write_text, args=(SECRET,))
    writing.start()
    assert key_in(tmp_path / "pipe") == SECRET
    writing.join()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_may_read_is_refused(private: Path, mode: int) -> None:
    private.chmod(mode)
    with pytest.raises(ValueError, match=r"other users\.\nRun: chmod 600 ") as refused:
        key_in(private)
    assert SECRET not in str(refused.value)


def test_what_is_no_key_file_is_refused(private: Path, tmp_path: Path) -> None:
    for path, why in [(tmp_path, "Is a directory"), (tmp_path / "no", "No such file")]:
        with pytest.raises(ValueError, match=f"cannot be read: {why}"):
            key_in(path)
    for text in ("", "short\n", f"{SECRET}\r\n", f"{SECRET}\n{SECRET}\n", "x" * 10_000):
        private.write_text(text)
        with pytest.raises(ValueError, match=re.escape(f"The key in {private} has ")) as refused:
            key_in(private)
        assert SECRET not in str(refused.value)


def test_the_file_it_writes_is_the_users_alone_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    before = os.umask(0)
    try:
        with filed(SECRET, "emulator-1") as path, filed(SECRET, "emulator-1") as other:
            assert path != other
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert path.read_text() == f"{SECRET}\n"
            assert key_in(path) == SECRET
            path.parent.chmod(0o777)
        with filed(SECRET, "emulator-1") as path:
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_is_a_link_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "gemini_magic").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"it is a link.*\.\nMake that folder"), filed(SECRET, "e"):
        pytest.fail("it was written")
    assert not list((tmp_path / "elsewhere").iterdir())


@contextlib.contextmanager
def command(
    folder: Path, *words: str, **added: str
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """``jupyter gemini emulator`` and the lines it has printed when it is ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "gemini_magic.batch.cli", "emulator", *words],
        env=environment(folder, **added),
        stderr=subprocess.PIPE,
        text=True,
        # A run of the tests that outlives its terminal ignores SIGHUP, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        try:
            lines = [process.stderr.readline()]
            while lines[-1] and "Ctrl-C" not in lines[-1]:
                lines.append(process.stderr.readline())
            yield process, [line.rstrip("\n") for line in lines]
        finally:
            process.kill()


def key_file(lines: list[str]) -> Path:
    (named,) = (line for line in lines if line.startswith("export GEMINI_API_KEY="))
    return Path(named.removeprefix("export GEMINI_API_KEY=$(cat ").removesuffix(")").strip("'"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_keeps_its_key_in_a_file_until_it_ends(
    tmp_path: Path, number: signal.Signals
) -> None:
    with command(tmp_path) as (process, lines):
        path = key_file(lines)
        key = path.read_text().strip()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.is_relative_to(tmp_path / "runtime")
        assert key not in "\n".join(lines)
        assert key not in " ".join(psutil.Process(process.pid).cmdline())
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stderr is not None and key not in process.stderr.read()
        assert not path.exists()


def test_the_command_takes_a_key_from_a_file_or_the_environment(
    tmp_path: Path, private: Path
) -> None:
    with command(tmp_path, "--key-file", str(private)) as (process, lines):
        assert key_file(lines) == private
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert private.exists(), "it is the user's"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    writing = threading.Thread(target=pipe.write_text, args=(SECRET,))
    writing.start()
    with command(tmp_path, "--key-file", str(pipe)) as (_, lines):
        assert key_file(lines) != pipe, "it is read once"
        assert key_file(lines).read_text() == f"{SECRET}\n"
    writing.join()
    given = {VARIABLE: SECRET, "GOOGLE_API_KEY": "a-real-key"}
    with command(tmp_path, "--show-key", **given) as (_, lines):
        assert key_file(lines).read_text() == f"{SECRET}\n"
        assert f"key:           {SECRET}" in lines
        assert "unset GOOGLE_API_KEY" in lines
        assert SECRET not in "".join(lines).replace(f"key:           {SECRET}", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--host", "0.0.0.0"), "OptionError: The emulator runs code on this machine, so"),
        (("--key-file", "missing"), "OptionError: The key file missing cannot be read: No such"),
        (("--key", SECRET), "the process list would show it: use --key-file FILE"),
        ((f"--key={SECRET}",), "the process list would show it: use --key-file FILE"),
    ],
)
def test_what_the_command_does_not_take_is_a_usage_error(
    tmp_path: Path,
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = cli.main(["emulator", *words])
    except SystemExit as ended:
        code = ended.code
    stderr = capsys.readouterr().err
    assert code == 2
    assert said in stderr
    assert SECRET not in stderr and "Traceback" not in stderr
    monkeypatch.setattr(sys, "argv", ["emulator", *words])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


PROBE = """
import http.client, json, os, sys
pid, port, *paths = sys.argv[1:]
told = {"user": os.geteuid()}
for path in [*paths, f"/proc/{pid}/environ", f"/proc/{pid}/cmdline", f"/proc/{pid}/mem"]:
    try:
        told[path] = (os.listdir(path) if os.path.isdir(path) else
                      open(path, errors="replace").read(100000))
    except OSError as error:
        told[path] = type(error).__name__
answers = []
body = json.dumps({"contents": [{"parts": [{"text": "```python\\nprint(6 * 7)\\n```"}]}],
                   "tools": [{"codeExecution": {}}]})
for headers in ({}, {"x-goog-api-key": "any"}, {"Authorization": "Bearer any"}):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    connection.request("POST", "/v1beta/models/gemini-3.8-flash:generateContent", body,
                       {"Content-Type": "application/json", **headers})
    answers.append(connection.getresponse().status)
told["answers"] = answers
print(json.dumps(told))
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root becomes another")
def test_another_user_of_the_machine_gets_neither_key_nor_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import json
    import pwd

    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("there is no other user")
    with tempfile.TemporaryDirectory() as made:
        # A folder that everybody may look into: the file's own permissions have to hold.
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "open").write_text("for all")
        (folder / "open").chmod(0o644)
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        added = {VARIABLE: SECRET, "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
        with Watched() as emulator, command(folder, **added) as (process, lines):
            path = key_file(lines)
            paths = [str(folder / "open"), str(path), str(path.parent)]
            for port in (emulator.port, int(re.findall(r":(\d+)$", lines[0])[0])):
                ran = subprocess.run(
                    [_python_of_all(), "-I", "-c", PROBE, str(process.pid), str(port), *paths],
                    user=nobody.pw_uid,
                    group=nobody.pw_gid,
                    extra_groups=[],
                    cwd="/",
                    env={},
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                )
                assert ran.returncode == 0, ran.stderr
                told = json.loads(ran.stdout)
                assert told["user"] == nobody.pw_uid
                assert told[str(folder / "open")] == "for all"
                assert told[str(path)] == told[str(path.parent)] == "PermissionError"
                assert told[f"/proc/{process.pid}/environ"] == "PermissionError"
                assert told[f"/proc/{process.pid}/mem"] == "PermissionError"
                assert told["answers"] == [403, 400, 401]
                assert SECRET not in ran.stdout
            assert emulator.untouched


def _python_of_all() -> str:
    """An interpreter that every user may run: that of a virtual environment may be private."""
    real = Path(sys.executable).resolve()
    open_to_all = all(one.stat().st_mode & 0o005 == 0o005 for one in [real, *real.parents])
    return str(real) if open_to_all else "/usr/bin/python3"


def test_the_models_of_both_apis_are_asked_with_the_key(emulator: Emulator) -> None:
    for target in ("/v1beta/models", MODEL, "/v1beta1/publishers/google/models"):
        assert request(emulator, "GET", target).status == 200


def test_where_a_proxy_would_see_the_key_the_way_around_it_is_printed(tmp_path: Path) -> None:
    with command(tmp_path, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="", no_proxy="") as (_, lines):
        assert "export NO_PROXY=127.0.0.1,localhost" in lines
    with command(tmp_path, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="127.0.0.1") as (_, lines):
        assert not any("NO_PROXY" in line for line in lines)
