"""Code in the sandbox reaches its own folder and nothing else, where the system allows that."""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import gemini_magic.sandbox
from gemini_magic.sandbox import DOORS, SandboxProcess, run
from gemini_magic.sandbox.fonts import bring, keep
from gemini_magic.sandbox.process import Child

SECRET = "canary-of-the-user"

pytestmark = pytest.mark.skipif(
    bool(run("pass").open_doors), reason="this system allows no root of its own"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working folder that hold secrets."""
    home, work = tmp_path / "home", tmp_path / "project"
    for name in (".ssh/x", ".config/app/token", ".netrc", "notes.txt"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(SECRET)
    work.mkdir()
    (work / ".env").write_text(SECRET)
    (work / "data.csv").write_text(SECRET)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(work)
    return home


def scattered() -> Iterator[Path]:
    """A file of somebody's in each shared folder that this user may write to."""
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/var/lib", "/opt", "/srv", "/mnt"):
        if os.access(folder, os.W_OK):
            yield Path(tempfile.mkstemp(prefix="gemini-canary-", dir=folder)[1])


@pytest.fixture
def canaries() -> Iterator[list[Path]]:
    paths = list(scattered())
    for path in paths:
        path.write_text(SECRET)
        path.chmod(0o644)
    yield paths
    for path in paths:
        path.unlink()


def said(code: str, **options: bool) -> str:
    result = run(code, **options)
    assert result.outcome == "OUTCOME_OK", result.stderr
    return result.stdout.strip()


TRIED = """
def tried(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        return type(error).__name__
"""


def test_the_users_home_and_working_folder_are_out_of_sight(home: Path) -> None:
    wanted = [*home.rglob("*"), *Path.cwd().rglob("*"), home, Path.cwd(), Path("/etc/shadow")]
    files = [str(path) for path in wanted if path.is_file() and os.access(path, os.R_OK)]
    assert len(files) >= 6
    code = f"{TRIED}\nprint({{tried(path) for path in {files}}})"
    assert said(code) == "{'FileNotFoundError'}"
    assert SECRET in said(code, isolate=False)
    folders = [str(path) for path in wanted if path.is_dir()]
    assert said(f"import os\nprint({{os.path.exists(path) for path in {folders}}})") == "{False}"


def test_what_others_left_in_shared_folders_is_out_of_sight(canaries: list[Path]) -> None:
    assert canaries
    code = f"{TRIED}\nprint({{tried(path) for path in {[str(path) for path in canaries]}}})"
    assert said(code) == "{'FileNotFoundError'}"
    assert said(code, isolate=False) == f"{{{SECRET!r}}}"


def test_the_environment_of_no_other_process_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", SECRET)
    code = """
import glob
found = 0
for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/task/*/environ'):
    try:
        found += b'canary-of' in open(path, 'rb').read()
    except OSError:
        pass
print(found)
"""
    assert said(code) == "0"
    other = [sys.executable, "-c", "input()"]  # the environment a process was started with
    with subprocess.Popen(other, stdin=subprocess.PIPE) as process:
        assert said(code) == "0"
        assert said(code, isolate=False) != "0"
        process.communicate(b"\n")


def test_a_working_folder_inside_a_system_folder_is_covered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the images of Docker have it: /usr/src/app."""
    if not os.access("/usr/src", os.W_OK):
        pytest.skip("needs root")
    with tempfile.TemporaryDirectory(prefix="gemini-app-", dir="/usr/src") as folder:
        (Path(folder) / "data.csv").write_text(SECRET)
        monkeypatch.chdir(folder)
        code = f"import os\nprint(os.listdir({folder!r}), os.path.exists('/usr/src'))"
        assert said(code) == "[] True"
        assert said(code, isolate=False) == "['data.csv'] True"
        assert run("pass").open_doors == ()


@pytest.mark.parametrize(
    "folder",
    ["working", "home", "/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/usr", "/", "/var/lib"],
)
def test_writing_elsewhere_fails_or_lands_in_memory_of_its_own(folder: str, home: Path) -> None:
    where = {"working": Path.cwd(), "home": home}.get(folder, Path(folder))
    target = where / f"written-{os.getpid()}"
    code = f"""
import os
try:
    os.makedirs({str(where)!r}, exist_ok=True)
    open({str(target)!r}, 'w').write('x')
    print(os.stat({str(target)!r}).st_size)
except OSError as error:
    print(type(error).__name__)
"""
    # The home and the working folder of this test may lie in /tmp: then a folder of that name in
    # the sandbox's own /tmp takes it.
    own = str(where).startswith(("/tmp", "/var/tmp", "/dev/shm"))
    assert said(code) == "1" if own else said(code) in ("OSError", "FileNotFoundError")
    assert not target.exists()


def test_the_interpreter_and_the_packages_are_read_only() -> None:
    import psutil

    folders = {Path(sys.prefix), Path(os.__file__).parent, Path(psutil.__file__).parent}
    folders.add(Path(str(gemini_magic.sandbox.__file__)).parent)
    targets = [str(folder / f"written-{os.getpid()}.py") for folder in folders]
    code = f"""
import os
for path in {targets}:
    for act in (lambda: open(path, 'w'), lambda: os.chmod(os.path.dirname(path), 0o777),
                lambda: os.utime(os.path.dirname(path))):
        try:
            act()
            print('done')
        except OSError as error:
            print(error.strerror)
"""
    assert set(said(code).splitlines()) <= {"Read-only file system", "Permission denied"}
    assert not any(Path(target).exists() for target in targets)


def test_the_memory_that_stands_for_tmp_is_bounded() -> None:
    code = """
try:
    open('/tmp/big', 'wb').write(bytes(80 << 20))
except OSError as error:
    print(error)
"""
    assert "No space left" in said(code)


def test_the_scratch_folder_and_the_temporary_one_can_be_written() -> None:
    code = """
import tempfile, pathlib
pathlib.Path('own').write_text('1')
with tempfile.TemporaryDirectory() as folder:
    (pathlib.Path(folder) / 'a').write_text('2')
    print(pathlib.Path(folder, 'a').read_text(), *(pathlib.Path.home() / 'own').parts[-2:],
          open('own').read())
"""
    assert said(code) == "2 work own 1"


@pytest.mark.parametrize("kind", ["in a folder", "abstract"])
def test_no_unix_socket_can_be_connected_to(kind: str) -> None:
    folder = None
    if kind == "abstract":
        address = f"\0gemini-{os.getpid()}"
    else:
        folder = tempfile.mkdtemp(prefix="gs-", dir="/var/tmp")
        address = f"{folder}/s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        code = f"""
import socket
try:
    socket.socket(socket.AF_UNIX).connect({address!r})
    print('connected')
except OSError as error:
    print(type(error).__name__)
"""
        assert said(code) in ("FileNotFoundError", "ConnectionRefusedError")
        assert said(code, isolate=False) == "connected"
    if folder:
        Path(address).unlink()
        Path(folder).rmdir()


ESCAPES = {
    "unmounting": "call('umount2', b'/usr', 2)",
    "unmounting the root": "call('umount2', b'/', 2)",
    "mounting for writing": "call('mount', b'none', b'/usr', None, 0x1020, None)",
    "opening all for writing": "writable = (ctypes.c_uint64 * 4)(0, 1)\n    "
    "call('syscall', 442, -100, b'/', 0x8000, writable, 32)",
    "mounting over": "call('mount', b'/usr', b'/tmp', None, 0x1000, None)",
    "mounting a disk": "call('mount', b'tmpfs', b'/tmp', b'tmpfs', 0, None)",
    "another root": "call('pivot_root', b'/tmp', b'/tmp')",
    "chroot": "call('chroot', b'/tmp')",
    "an inner user namespace": "call('unshare', 0x10000000)",
    "an inner user and mount namespace": "call('unshare', 0x10020000)",
    "an inner mount namespace": "call('unshare', 0x20000)",
    "the namespaces of process 1": "call('setns', os.open('/proc/1/ns/mnt', 0), 0)",
    "a device": "os.mknod('/tmp/disk', 0o60600, os.makedev(254, 0))",
    "a setting of the machine": "open('/proc/sys/kernel/core_pattern', 'w')",
    "the limit of namespaces": "open('/proc/sys/user/max_user_namespaces', 'w')",
    "the memory of the machine": "open('/dev/mem', 'rb')",
    "the disk": "open('/dev/vda', 'rb')",
    "the terminal": "open('/dev/tty')",
    "the name of the machine": "call('sethostname', b'x', 1)",
    "another user": "os.setuid(12345)",
    "the parent": f"os.kill({os.getpid()}, 0)",
    "a trace of the parent": f"call('ptrace', 16, {os.getpid()}, 0, 0)",
    "a handle of a file": "call('open_by_handle_at', -100, ctypes.create_string_buffer(64), 0)",
}


@pytest.mark.parametrize("attempt", ESCAPES.values(), ids=ESCAPES.keys())
def test_a_way_out_is_shut(attempt: str) -> None:
    code = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
try:
    {attempt}
    print('done')
except OSError as error:
    print(type(error).__name__)
"""
    assert said(code) != "done"


def test_nothing_that_was_open_leads_out() -> None:
    code = """
import os, stat
for process in ('self', '1'):
    print(os.readlink(f'/proc/{process}/root'), sorted(os.listdir(f'/proc/{process}/root')))
    for name in os.listdir(f'/proc/{process}/fd'):
        try:
            print(stat.S_ISDIR(os.stat(f'/proc/{process}/fd/{name}').st_mode))
        except FileNotFoundError:
            pass
print(sorted(os.listdir('/')))
"""
    lines = said(code).splitlines()
    roots = {line.removeprefix("/ ") for line in lines if line not in ("False", "True")}
    assert len(roots) == 1, "one and the same root for all"
    assert "True" not in lines, "no folder is open"


def test_it_has_no_privilege_and_gets_none() -> None:
    status = said("print(open('/proc/self/status').read(), open('/proc/1/status').read())")
    fields = [line.split(":\t") for line in status.splitlines() if ":\t" in line]
    held = {value.strip() for name, value in fields if name.startswith("Cap")}
    assert held == {"0" * 16}
    assert {value for name, value in fields if name == "NoNewPrivs"} == {"1"}


def test_shared_memory_of_others_is_not_there() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    key = 0x6E000000 | os.getpid()
    segment = libc.shmget(key, 4096, 0o1600)
    assert segment >= 0
    try:
        code = f"import ctypes\nprint(ctypes.CDLL(None).shmget({key}, 4096, 0))"
        assert said(code) == "-1"
        assert int(said(code, isolate=False)) == segment
    finally:
        libc.shmctl(segment, 0, None)


def test_only_its_own_processes_are_seen() -> None:
    code = "import os\nprint([name for name in os.listdir('/proc') if name.isdigit()])"
    assert said(code) == "['1', '2']"


@pytest.mark.parametrize("isolate", [True, False])
def test_a_link_in_place_of_its_output_leads_nowhere(isolate: bool, home: Path) -> None:
    """The parent reads what it opened itself before the code ran."""
    code = f"""
import os, glob
control = os.path.join(os.path.dirname(os.getcwd()), 'control')
for path in glob.glob(control + '/*'):
    os.unlink(path)
    os.symlink({str(home / "notes.txt")!r}, path)
print('printed')
"""
    with SandboxProcess(isolate=isolate) as session:
        results = [session.run(code), session.run("print(2)")]
    assert [result.stdout for result in results] == ["printed\n", "2\n"]
    assert SECRET not in str(results)


@pytest.mark.parametrize("sizes", ["7", "[1, 'x']", "[10**9]", "[-1]", "[[]]", "None", "{}"])
def test_a_forged_answer_about_pictures_harms_nothing(sizes: str) -> None:
    code = f"""
import json, os
pipe = next(fd for fd in range(3, 20) if os.path.exists(f'/proc/self/fd/{{fd}}')
            and 'pipe' in os.readlink(f'/proc/self/fd/{{fd}}') and fcntl(fd))
os.write(pipe, json.dumps({{'ok': False, 'images': {sizes}}}).encode() + b'\\n')
"""
    writable = "import os\nfrom fcntl import fcntl as f, F_GETFL\n"
    writable += "def fcntl(fd): return f(fd, F_GETFL) & os.O_ACCMODE == os.O_WRONLY\n"
    result = run(writable + code)
    assert (result.outcome, result.images) == ("OUTCOME_FAILED", ())  # the forged one was read


@pytest.mark.parametrize("planted", ["a link", "a pipe", "no font list", "a huge file"])
def test_only_a_list_of_fonts_is_taken_over(
    planted: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    left, later = tmp_path / "left", tmp_path / "later"
    left.mkdir()
    later.mkdir()
    file = left / "fontlist-v999.json"
    good = json.dumps({"ttflist": [{"fname": "fonts/ttf/DejaVuSans.ttf"}]})
    if planted == "a link":
        (home / "notes.txt").write_text(good)
        file.symlink_to(home / "notes.txt")
    elif planted == "a pipe":
        os.mkfifo(file)
    elif planted == "no font list":
        file.write_text(json.dumps({"ttflist": [{"fname": 1}]}))
    else:
        file.write_text(good + " " * (9 << 20))
    keep(left)
    bring(later)
    assert list(later.iterdir()) == []
    file.unlink()
    file.write_text(good)
    keep(left)
    bring(later)
    assert [path.read_text() for path in later.iterdir()] == [good]


def test_the_result_names_what_was_left_open() -> None:
    assert run("pass").open_doors == ()
    assert run("pass", isolate=False).open_doors == DOORS


def test_nothing_is_left_mounted_or_on_disk() -> None:
    before = Path("/proc/self/mountinfo").read_text()
    with SandboxProcess() as session:
        folder = Path(session.run("import os; print(os.getcwd())").stdout.strip()).parent
        assert folder.is_dir()
        assert Path("/proc/self/mountinfo").read_text() == before
    assert not folder.exists()


def test_a_program_can_be_started_with_the_packages() -> None:
    code = (
        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', "
        "'import psutil; print(psutil.__name__)'], capture_output=True, text=True).stdout)"
    )
    assert said(code) == "psutil"


def test_processes_and_locks_of_multiprocessing_work() -> None:
    code = (
        "import multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    print(pool.map(abs, [-1, -2]))"
    )
    assert said(code) == "[1, 2]"


USES = {
    "numpy": "import numpy\nprint(numpy.linalg.det(numpy.eye(3)))",
    "pandas": "import pandas\nprint(pandas.read_csv('data.csv')['b'].sum())",
    "sympy": "import sympy\nx = sympy.Symbol('x')\nprint(sympy.integrate(x**2, x))",
    "scipy": "import scipy.stats\nprint(scipy.stats.norm.cdf(0))",
    "sklearn": (
        "from sklearn.linear_model import LinearRegression\n"
        "print(LinearRegression().fit([[0], [1]], [0, 2]).coef_.round(6)[0])"
    ),
    "tensorflow": "import tensorflow\nprint(float(tensorflow.reduce_sum(tensorflow.ones(4))))",
}
PRINTED = {
    **{"numpy": "1.0", "pandas": "2", "sympy": "x**3/3"},
    **{"scipy": "0.5", "sklearn": "2.0", "tensorflow": "4.0"},
}


@pytest.mark.parametrize("library", USES)
def test_the_libraries_work_within_the_limit_of_memory(library: str) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    with SandboxProcess(files={"data.csv": b"a,b\n1,2\n"}, timeout=100) as session:
        result = session.run(USES[library])
    assert (result.stdout.strip(), result.open_doors) == (PRINTED[library], ()), result.stderr


def test_the_list_of_fonts_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    code = """
import os
before = os.listdir(os.environ['MPLCONFIGDIR'])
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.savefig('plot.png')
plt.show()
print([name for name in before if name.startswith('fontlist-')], os.path.exists('plot.png'))
"""
    monkeypatch.setattr(Child, "_fonts_made", False)
    with SandboxProcess(timeout=100) as session:
        first = session.run(code)
    assert (first.stdout, len(first.images)) == ("[] True\n", 1), first.stderr
    (kept,) = (tmp_path / "gemini_magic" / "matplotlib").iterdir()
    with SandboxProcess(timeout=100) as session:
        second = session.run(code)
    assert (second.stdout, len(second.images)) == (f"['{kept.name}'] True\n", 1), second.stderr
    assert second.images == first.images


@pytest.mark.parametrize("name", ["fontlist-v999.json", "fontlist-evil.json"])
def test_code_leaves_no_list_of_fonts_behind(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(Child, "_fonts_made", False)
    code = f"""
import json, os
with open(os.path.join(os.environ['MPLCONFIGDIR'], {name!r}), 'w') as file:
    json.dump({{'ttflist': [{{'fname': '/x', 'payload': 'planted'}}]}}, file)
"""
    with SandboxProcess(timeout=100) as session:
        assert session.run(code).outcome == "OUTCOME_OK"
    kept = [path.read_text() for path in tmp_path.rglob("*.json")]
    assert not any("planted" in text for text in kept)
    assert not list(tmp_path.rglob(name))
