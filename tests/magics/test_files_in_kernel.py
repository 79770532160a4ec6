"""The code of an answer over an attachment runs here, too: its files are beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini_magic.emulator import Emulator

from ..kernel import Kernel, Ran

FRAME = "import pandas as pd\nsales = pd.DataFrame({'amount': [1.5, None, 3.0]})"
ASKED = """%%gemini -a sales -o turn
Read it.
```python
import pandas as pd
total = pd.read_csv("input_file_0.csv").amount.sum()
open("total.txt", "w").write(str(total))
print(total)
```
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(autouse=True)
def tidy(folder: Path) -> None:
    """No file of another test in the working folder."""
    for name in ("input_file_0.csv", "total.txt", "total-2.txt", "x.txt"):
        (folder / name).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    with (
        Emulator() as server,
        Kernel(folder, GEMINI_API_KEY=server.key, GOOGLE_GEMINI_BASE_URL=server.url) as running,
    ):
        assert running.run(FRAME).ok
        yield running


def error(ran: Ran) -> str:
    return str(ran.error["evalue"])


def test_it_runs_with_its_files_by_every_road(kernel: Kernel, folder: Path) -> None:
    assert kernel.run("%gemini reset").ok
    asked = kernel.run(ASKED, "asks")
    assert asked.ok, asked.error
    here = kernel.value("__import__('os').getcwd()")

    ran = kernel.run("%gemini run", watched=False)
    assert ran.ok, ran.error
    assert "Written here: total.txt" in ran.stdout
    assert (folder / "total.txt").read_text() == "4.5"
    assert kernel.value("float(total)") == 4.5

    (folder / "total.txt").write_text("mine")
    ran = kernel.run("_ = turn.run()")
    assert ran.ok, ran.error
    assert "total-2.txt (total.txt was there)" in ran.stdout
    assert (folder / "total.txt").read_text() == "mine"
    assert not (folder / "input_file_0.csv").exists()
    assert kernel.value("__import__('os').getcwd()") == here

    # The cells that are inserted, more questions having been asked meanwhile.
    assert kernel.run("%%gemini\nWhat is the 100th prime?", "asks more").ok
    inserted = kernel.value(
        "[cell.source for cell in __import__('gemini_magic.cells.extract', fromlist=['extract'])"
        ".extract(turn, 'code')]"
    )
    assert inserted[0] == f"%gemini files {kernel.value('turn.id')}"
    for source in inserted:
        ran = kernel.run(source)
        assert ran.ok, ran.error
    assert (folder / "input_file_0.csv").read_bytes().startswith(b"amount\r\n1.5")

    # The same once more is no conflict, another file of that name is.
    assert ", was there" in kernel.run("%gemini files 1").stdout
    (folder / "input_file_0.csv").write_text("another")
    refused = kernel.run("%gemini files 1")
    assert "There is another input_file_0.csv" in error(refused)
    assert (folder / "input_file_0.csv").read_text() == "another"


def test_a_follow_up_has_the_files_of_the_questions_before_it(kernel: Kernel) -> None:
    assert kernel.run("%gemini reset").ok
    assert kernel.run(ASKED, "first").ok
    follow = (
        '%%gemini\n```python\nimport pandas as pd\nprint(len(pd.read_csv("input_file_0.csv")))\n```'
    )
    assert kernel.run(follow, "second").ok
    ran = kernel.run("%gemini run", watched=False)
    assert ran.ok, ran.error
    assert ran.stdout.rstrip().endswith("3")


def test_after_an_interrupt_the_working_directory_comes_back(kernel: Kernel) -> None:
    assert kernel.run(ASKED, "interrupted").ok
    here = kernel.value("__import__('os').getcwd()")
    slow = (
        "import dataclasses\nfrom gemini_magic.turn.parts import Code\n"
        'stopped = dataclasses.replace(turn, parts=(Code(\'open("x.txt", "w").write("1")\\n\''
        " 'raise KeyboardInterrupt'),))\nstopped.run()"
    )
    ran = kernel.run(slow)
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert kernel.value("__import__('os').getcwd()") == here
    assert kernel.value("__import__('os').path.exists('x.txt')") is True


def test_an_answer_without_its_bytes_says_which_attachment_is_missing(kernel: Kernel) -> None:
    assert kernel.run(ASKED, "without its bytes").ok
    ran = kernel.run(
        "from gemini_magic.turn.turn import Turn\n"
        "import os, contextlib\nwith contextlib.suppress(OSError): os.remove('input_file_0.csv')\n"
        "Turn.from_dict(turn.to_dict()).run()"
    )
    assert ran.error["ename"] == "FileNotFoundError"
    assert "no longer in this kernel: sales.csv" in "".join(ran.error["traceback"])
    unknown = kernel.run("%gemini files 0123456789abcdef")
    assert "does not know the answer" in error(unknown)


def test_a_link_in_place_of_a_file_is_not_written_through(kernel: Kernel, folder: Path) -> None:
    outside = folder.parent / "outside of it.csv"
    assert kernel.run("%gemini reset").ok
    assert kernel.run(ASKED, "links").ok
    link = folder / "input_file_0.csv"
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    try:
        ran = kernel.run("%gemini files")
        assert not ran.ok
        assert "input_file_0.csv" in error(ran)
        assert not outside.exists()
    finally:
        link.unlink()


LARGE = "large = b'n\\n' + b'1\\n' * 2_500_000"


def uploads(server: Emulator) -> int:
    return sum("/upload/" in one.path and "upload_id" not in one.path for one in server.requests)


def test_what_is_uploaded_is_said_sent_once_and_deleted_when_the_user_wants(folder: Path) -> None:
    with (
        Emulator() as server,
        Kernel(folder, GEMINI_API_KEY=server.key, GOOGLE_GEMINI_BASE_URL=server.url) as kernel,
    ):
        none = "This kernel has uploaded no file that is still there.\n"
        assert kernel.run("%gemini files --delete").stdout == none
        assert kernel.run(LARGE).ok
        ran = kernel.run("%%gemini -a large\nHow many?", "a")
        assert ran.ok, ran.error
        said = "large.txt (5.0 MB) was uploaded to the service's Files API. It stays there for 48 "
        assert said in ran.stream("stderr")
        assert "%gemini files --delete deletes it" in ran.stream("stderr")

        ran = kernel.run("%%gemini\nAnd now?", "b")
        assert not ran.stream("stderr")
        assert uploads(server) == 1
        first, later = (len(str(one.body)) for one in server.generate_requests[-2:])
        assert max(first, later) < 100_000, "no request holds it"

        assert kernel.run("%gemini files --delete").stdout == "deleted large.txt, 5.0 MB\n"
        assert not server.files.all()
        assert kernel.run("%gemini files --delete").stdout == none

        assert kernel.run("%config GeminiMagics.delete_uploads = True").ok
        assert kernel.run("%%gemini\nWhat is in it?", "c").ok, "it is uploaded anew"
        assert (uploads(server), len(server.files.all())) == (2, 1)
        assert kernel.run("%unload_ext gemini_magic").ok
        assert not server.files.all()


def test_a_kernel_that_ends_deletes_what_it_uploaded_when_the_user_wants(folder: Path) -> None:
    with (
        Emulator() as server,
        Kernel(folder, GEMINI_API_KEY=server.key, GOOGLE_GEMINI_BASE_URL=server.url) as kernel,
    ):
        assert kernel.run(LARGE + "\n%config GeminiMagics.delete_uploads = True").ok
        assert kernel.run("%%gemini -a large\nHow many?", "a").ok
        assert len(server.files.all()) == 1
        kernel.manager.shutdown_wait_time = 120  # of which half is waited before it is killed
        kernel.manager.shutdown_kernel()
        assert not server.files.all()
