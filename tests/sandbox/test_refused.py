"""Where a system refuses to close a door, the result says so, and the rest is closed."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gemini_magic.sandbox import left_open, run
from gemini_magic.turn.parts import OK, Code, Result

from ..strategies import answered

REFUSING = Path(__file__).with_name("refusing.py")
ROOT = Path(__file__).parents[2]
EPERM, ENOSYS, EINVAL = errno.EPERM, errno.ENOSYS, errno.EINVAL
OF_LANDLOCK = ["modes", "sockets"]
NOTHING_CLOSED = ["network", "processes", "files", *OF_LANDLOCK]

pytestmark = pytest.mark.skipif(
    bool(run("pass").open_doors) or os.uname().machine not in ("x86_64", "aarch64"),
    reason="this system refuses by itself",
)

# Says what is open, and what the code could read, write and do.
TOLD = """
import json, sys
sys.path.insert(0, {root!r})
from gemini_magic.sandbox import run
result = run('''
import os, tempfile
def tried(path, mode):
    try:
        with open(path, mode) as file:
            return bool(file.write("x") if mode == "a" else file.read())
    except OSError:
        return False
print([tried({secret!r}, "r"), tried({secret!r}, "a"), tried("own", "a"),
       tried(tempfile.mkstemp()[1], "a"), tried("/proc/%d/environ" % {pid}, "rb"),
       tried("/etc/services", "r"), tried("/proc/cpuinfo", "r"), tried("/dev/zero", "a")])
''')
assert result.outcome == "OUTCOME_OK", result.stderr
print(json.dumps([list(result.open_doors), eval(result.stdout)]))
"""


def told(
    secret: Path, *before: str, refused: dict[str, int] | None = None
) -> tuple[list[str], str]:
    """The doors that stay open, and what worked, as letters."""
    code = TOLD.format(root=str(ROOT), secret=str(secret), pid=os.getpid())
    errors = ",".join(f"{name}={error}" for name, error in (refused or {}).items())
    command = [*before, sys.executable, str(REFUSING), errors, code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    doors, worked = json.loads(done.stdout)
    names = ["read", "write", "own", "temporary", "environment", "shared", "machine", "device"]
    return doors, " ".join(name for name, did in zip(names, worked, strict=True) if did)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("canary")
    return path


CLOSED = "own temporary shared machine device"


def test_nothing_refused_is_nothing_open(secret: Path) -> None:
    assert told(secret) == ([], CLOSED)
    assert secret.read_text() == "canary"


@pytest.mark.parametrize(
    ("refused", "doors"),
    [
        ({"unshare": EPERM}, ["network", "processes", *OF_LANDLOCK]),  # containers
        ({"mount": EPERM}, ["processes", *OF_LANDLOCK]),  # AppArmor
        ({"pivot_root": EINVAL}, ["processes", *OF_LANDLOCK]),  # a root in memory
    ],
    ids=["no namespaces", "no mounts", "no root"],
)
def test_landlock_stands_in_for_a_root_of_its_own(
    refused: dict[str, int], doors: list[str], secret: Path
) -> None:
    if not landlock():
        pytest.skip("a kernel without Landlock")
    found, worked = told(secret, refused=refused)
    assert (found, worked) == (doors, CLOSED)
    assert secret.read_text() == "canary"


def landlock() -> bool:
    return bool(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) >= 3)


def test_a_kernel_that_seals_mounts_one_by_one(secret: Path) -> None:
    """Before Linux 5.12."""
    assert told(secret, refused={"mount_setattr": ENOSYS}) == ([], CLOSED)
    assert secret.read_text() == "canary"


def test_where_all_is_refused_all_is_named(secret: Path) -> None:
    refused = {"unshare": EPERM, "landlock_create_ruleset": ENOSYS}
    doors, worked = told(secret, refused=refused)
    assert doors == NOTHING_CLOSED
    assert {"read", "write", "own", "temporary", "shared"} <= set(worked.split())


def test_without_mounts_and_landlock_the_network_is_closed(secret: Path) -> None:
    refused = {"mount": EPERM, "landlock_create_ruleset": ENOSYS}
    doors, worked = told(secret, refused=refused)
    assert doors == ["processes", "files", *OF_LANDLOCK]
    assert "read" in worked.split()
    assert "environment" not in worked.split()


INNER = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux")
def test_a_limit_of_namespaces_is_a_refusal(secret: Path) -> None:
    limit = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    doors, _ = told(secret, *INNER, limit, "sh")
    assert doors[:2] == ["network", "processes"]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux")
def test_a_container_that_masks_proc_leaves_nothing_open(secret: Path) -> None:
    """Docker covers parts of /proc; the kernel then refuses a new one."""
    masked = 'mount -t tmpfs none /proc/fs && exec "$@"'
    assert told(secret, *INNER, masked, "sh") == ([], CLOSED)


@pytest.mark.parametrize("refused", ["", f"unshare={EPERM}"], ids=["all", "no namespaces"])
def test_it_is_the_same_for_a_user_without_privilege(refused: str, tmp_path: Path) -> None:
    python = "/usr/bin/python3"
    if os.getuid() or not Path(python).exists() or shutil.which("setpriv") is None:
        pytest.skip("needs root, to become somebody else, and a Python for everybody")
    version = subprocess.check_output(
        [python, "-c", "import sys; print(sys.version_info >= (3, 11))"]
    )
    if version != b"True\n":
        pytest.skip("the system's Python is too old")
    everybody = Path("/var/tmp") / f"gemini-everybody-{os.getpid()}"
    no_python = shutil.ignore_patterns("lab", "labextension", "__pycache__")
    shutil.copytree(ROOT / "gemini_magic", everybody / "gemini_magic", ignore=no_python)
    shutil.copy(REFUSING, everybody)
    subprocess.run(["chmod", "-R", "a+rX", everybody], check=True)
    (everybody / "secret").write_text("canary")
    (everybody / "secret").chmod(0o666)
    code = TOLD.format(root=str(everybody), secret=str(everybody / "secret"), pid=os.getpid())
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    try:
        done = subprocess.run(
            [*user, python, str(everybody / "refusing.py"), refused, code],
            capture_output=True,
            text=True,
            timeout=60,
            cwd="/",
            env={"PATH": os.defpath},
        )
        assert done.returncode == 0, done.stderr
        doors, worked = json.loads(done.stdout)
        assert doors == (["network", "processes", *OF_LANDLOCK] if refused else [])
        assert worked[0] is False and worked[2:4] == [True, True]
        assert (everybody / "secret").read_text() == "canary"
    finally:
        shutil.rmtree(everybody)


VERIFIED = """
import json, sys
sys.path.insert(0, {root!r})
from gemini_magic.turn.turn import Turn
from gemini_magic.verify.verification import verify
print(json.dumps(verify(Turn.from_dict(json.loads({turn!r}))).to_dict()))
"""


def test_verify_says_what_the_code_could_reach() -> None:
    turn = answered(Code("print(6 * 7)"), Result(OK, "42\n"))
    code = VERIFIED.format(root=str(ROOT), turn=json.dumps(turn.to_dict()))
    for refused, notes in (("", []), (f"mount={EPERM},landlock_create_ruleset={ENOSYS}", [OPEN])):
        command = [sys.executable, str(REFUSING), refused, code]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert (found["verdict"], found["notes"]) == ("same", notes)


OPEN = "On this system the code could reach other processes, the user's files and Unix sockets."


def test_what_is_open_is_said_in_words() -> None:
    assert left_open(()) == ""
    assert left_open(("network",)) == "the network"
    assert left_open(("modes", "network")) == "the network and the modes and dates of files"
    assert left_open(("network", "processes", "files", "modes", "sockets")) == (
        "the network, other processes, the user's files and Unix sockets"
    )
