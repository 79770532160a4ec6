"""Files: looked at before they are opened, measured before they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gemini_magic.attach import files
from gemini_magic.attach.resolve import gather, gather_values
from gemini_magic.errors import OptionError

pytestmark = pytest.mark.usefixtures("in_a_cell")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def names(word: str) -> list[str]:
    return [item.name for item in gather([word], {}, 1_000_000)]


def test_paths_patterns_and_the_home_directory(here: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(here / "home"))
    for name in ("a.csv", "b.csv", "deep/c.csv", "home/d.csv", "odd [1].csv"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(name)
    assert names("a.csv") == ["a.csv"]
    assert names("[ab].csv") == ["a.csv", "b.csv"]
    assert names("**/*.csv") == ["a.csv", "b.csv", "c.csv", "d.csv", "odd _1_.csv"]
    assert names("~/d.csv") == ["d.csv"]
    assert names("odd [1].csv") == ["odd _1_.csv"]
    with pytest.raises(OptionError, match=r"Did you mean deep/c\.csv"):
        names("deep/d.csv")


@pytest.mark.parametrize(
    ("name", "content", "mime_type"),
    [
        ("a.csv", b"a,b", "text/csv"),
        ("a.json", b"{}", "application/json"),
        ("a.py", b"x = 1", "text/x-python"),
        ("a.tsv", b"a\tb", "text/plain"),
        ("Makefile", b"all:", "text/plain"),
        ("a.svg", b"<svg/>", "text/plain"),
        ("a.PNG", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("picture", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.pdf", b"%PDF-", "application/pdf"),
        ("a.mp4", b"\0\0", "video/mp4"),
        ("latin.csv", "ä;ö".encode("latin-1"), "text/csv"),
        ("wide.txt", "ä".encode("utf-16"), "text/plain"),
    ],
)
def test_the_type_is_told_by_ending_or_content(
    here: Path, name: str, content: bytes, mime_type: str
):
    (here / name).write_bytes(content)
    (item,) = gather([name], {}, 1000)
    assert (item.mime_type, item.data) == (mime_type, content)
    assert ("not UTF-8" in item.about) == (name in ("latin.csv", "wide.txt"))


@pytest.mark.parametrize("name", ["a.xlsm", "a.parquet", "a.zip", "a.gif", "a.txt", "noise"])
def test_binary_that_gemini_does_not_take_is_refused(here: Path, name: str):
    (here / name).write_bytes(b"PK\x03\x04\0\0" + bytes(range(256)))
    with pytest.raises(OptionError, match="binary data") as refused:
        gather([name], {}, 1000)
    if name == "a.xlsm":
        assert "pandas.read_excel" in refused.value.hint


OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("name", "content", "mime_type"),
    [
        ("a.xlsx", b"PK\x03\x04\0", f"{OFFICE}spreadsheetml.sheet"),
        ("A.DOCX", b"PK\x03\x04\0", f"{OFFICE}wordprocessingml.document"),
        ("a.odp", b"PK\x03\x04\0", "application/vnd.oasis.opendocument.presentation"),
        ("a.xls", b"\xd0\xcf\x11\xe0\0", "application/vnd.ms-excel"),
        ("export.xls", b"a\tb\n1\t2\n", "text/plain"),
    ],
)
def test_an_office_file_goes_by_its_documented_type_if_it_is_one(
    here: Path, name: str, content: bytes, mime_type: str
):
    (here / name).write_bytes(content)
    assert gather([name], {}, 1000)[0].mime_type == mime_type
    assert gather_values({name: content}, 1000)[0].mime_type == mime_type


@pytest.mark.parametrize("name", ["locked.xlsx", "locked.docx"])
def test_an_office_file_locked_by_a_password_is_refused(here: Path, name: str):
    (here / name).write_bytes(b"\xd0\xcf\x11\xe0" + bytes(range(256)))
    with pytest.raises(OptionError, match="locked by a password") as refused:
        gather([name], {}, 1000)
    assert "CSV or PDF" in refused.value.hint


def test_a_file_over_the_limit_is_never_opened(here: Path, monkeypatch: pytest.MonkeyPatch):
    with (here / "sparse.csv").open("wb") as file:
        file.truncate(3_000_000_000)
    before = {name: getattr(os, name) for name in ("open", "read")}
    read: list[int] = []
    monkeypatch.setattr(os, "read", lambda *a: read.append(1) or before["read"](*a))
    with pytest.raises(OptionError, match=r"is 3\.0 GB") as refused:
        files.read(Path("sparse.csv"), 1_000_000)
    assert not read
    for way in ("send less", "max_attachment_bytes = 3000000000", "gs://"):
        assert way in refused.value.hint


def test_a_file_that_grows_while_it_is_read_is_refused(here: Path, monkeypatch: pytest.MonkeyPatch):
    (here / "log.txt").write_text("x" * 50)
    sizes = iter([50, 50])
    plain = os.stat_result

    def grown(path: Path, **_: object) -> os.stat_result:
        (here / "log.txt").write_text("x" * 500)
        next(sizes, None)
        return plain([0o100644, 0, 0, 1, 0, 0, 50, 0, 0, 0])

    monkeypatch.setattr(Path, "stat", grown)
    with pytest.raises(OptionError, match="500 bytes"):
        files.read(Path("log.txt"), 100)


def test_a_pipe_is_not_waited_for_even_when_it_takes_a_files_place(
    here: Path, monkeypatch: pytest.MonkeyPatch
):
    os.mkfifo(here / "pipe.csv")
    monkeypatch.setattr(Path, "stat", lambda *_: os.stat_result([0o100644] + [0] * 9))
    with pytest.raises(OptionError, match="is a named pipe"):
        files.read(Path("pipe.csv"), 100)


def test_a_file_that_may_not_be_read_is_told(here: Path):
    (here / "secret.csv").write_text("a,b")
    (here / "secret.csv").chmod(0)
    if os.geteuid() == 0:  # root may read everything: be somebody else for a moment
        here.chmod(0o755)
        os.seteuid(65534)
    try:
        with pytest.raises(OptionError, match="permission denied"):
            files.read(here / "secret.csv", 100)
    finally:
        if os.getuid() == 0:
            os.seteuid(0)


def test_a_pattern_for_too_many_files_is_refused(here: Path):
    for number in range(files.MOST_FILES + 1):
        (here / f"{number}.txt").write_text("x")
    with pytest.raises(OptionError, match="names 101 files"):
        gather(["*.txt"], {}, 1000)


@pytest.mark.parametrize("word", ["a\0b", "x" * 5000, "./" + "d/" * 3000, "[", "~nobody-here/x"])
def test_strange_words_are_missing_files(word: str):
    with pytest.raises(OptionError):
        gather([word], {}, 1000)


def test_a_file_beside_a_value_that_has_no_such_attribute_is_meant(here: Path):
    (here / "sales.csv").write_text("a\n1\n")
    (here / "table.csv").write_text("a\n1\n")
    sales, table = SimpleNamespace(rows=3), SimpleNamespace(csv="text")
    (item,) = gather(["sales.csv"], {"sales": sales}, 1000)
    assert (item.name, item.data) == ("sales.csv", b"a\n1\n")
    with pytest.raises(OptionError, match="both a value here and a file"):
        gather(["table.csv"], {"table": table}, 1000)
