"""Files beside code: found while it runs, what it writes moved, nothing written over."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path

import pytest

from gemini_magic.sandbox.beside import beside

GIVEN = {"input_file_0.csv": b"a\n1\n"}


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_are_there_while_it_runs_and_gone_afterwards(working: Path) -> None:
    with beside(GIVEN) as written:
        inside = Path.cwd()
        assert inside != working
        assert Path("input_file_0.csv").read_bytes() == b"a\n1\n"
    assert Path.cwd() == working
    assert not inside.exists()
    assert contents(working) == {} and written.told() == []


def test_without_files_the_code_runs_where_it_stands(working: Path) -> None:
    with beside({}) as written:
        assert Path.cwd() == working
        Path("plot.png").write_bytes(b"x")
    assert contents(working) == {"plot.png": b"x"} and written.told() == []


def test_what_was_written_is_moved_and_named(working: Path) -> None:
    with beside(GIVEN) as written:
        Path("plot.png").write_bytes(b"x")
        Path("out/deep").mkdir(parents=True)
        Path("out/deep/data.csv").write_bytes(b"y")
    assert contents(working) == {"plot.png": b"x", "out/deep/data.csv": b"y"}
    assert written.told() == ["Written here: out/deep/data.csv, plot.png"]


def test_a_file_that_differs_is_never_written_over(working: Path) -> None:
    for name in ("plot.png", "plot-2.png", "same.txt"):
        (working / name).write_bytes(b"mine")
    (working / "input_file_0.csv").write_bytes(b"another")
    with beside(GIVEN) as written:
        Path("plot.png").write_bytes(b"new")
        Path("same.txt").write_bytes(b"mine")
        Path("input_file_0.csv").write_bytes(b"changed by the code")
    assert contents(working) == {
        "plot.png": b"mine",
        "plot-2.png": b"mine",
        "plot-3.png": b"new",
        "same.txt": b"mine",
        "input_file_0.csv": b"another",
        "input_file_0-2.csv": b"changed by the code",
    }
    (said,) = written.told()
    assert "plot-3.png (plot.png was there)" in said
    assert "input_file_0-2.csv (input_file_0.csv was there)" in said


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_the_working_directory_comes_back_whatever_ends_it(
    working: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), beside(GIVEN):
        Path("half.csv").write_bytes(b"kept")
        raise error
    assert Path.cwd() == working
    assert contents(working) == {"half.csv": b"kept"}


def test_it_comes_back_when_the_code_went_elsewhere(working: Path) -> None:
    with beside(GIVEN):
        os.chdir("/")
    assert Path.cwd() == working


def test_what_cannot_be_moved_stays_and_is_named(
    working: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
    (working / "out").write_bytes(b"a file where the code makes a folder")
    with beside(GIVEN) as written:
        Path("out").mkdir()
        Path("out/data.csv").write_bytes(b"y")
    (where,) = written.left
    assert Path(where).read_bytes() == b"y"
    assert where in written.told()[0]
    assert (working / "out").read_bytes() == b"a file where the code makes a folder"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="the system has no links")
def test_links_are_moved_as_links_and_not_followed(working: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside-of-it"
    outside.mkdir(exist_ok=True)
    (outside / "secret").write_bytes(b"s")
    with beside(GIVEN):
        Path("link").symlink_to(outside)
    assert (working / "link").is_symlink()
    assert (outside / "secret").read_bytes() == b"s"


@pytest.mark.parametrize("name", ["../out.csv", "a/b", "", ".."])
def test_a_name_outside_of_the_folder_is_refused(working: Path, name: str) -> None:
    with pytest.raises(ValueError), beside({name: b"x"}):
        raise AssertionError
    assert Path.cwd() == working and contents(working) == {}


@pytest.mark.parametrize("place", ["", "."])
def test_no_attachment_is_imported(
    place: str, working: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working / "module_of_the_user.py").write_text("value = 1")
    monkeypatch.setattr(sys, "path", [place, *sys.path])
    before = list(sys.path)
    files = {"module_of_nobody.py": b"raise SystemExit('it ran')", "input_file_0.py": b"1/0"}
    with beside(files):
        assert Path("module_of_nobody.py").exists()
        for name in ("module_of_nobody", "input_file_0"):
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module(name)
        assert importlib.import_module("module_of_the_user").value == 1
        sys.path.append("/added/by/the/code")
    monkeypatch.delitem(sys.modules, "module_of_the_user")
    assert [path or place for path in sys.path] == [
        *(path or place for path in before),
        "/added/by/the/code",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
def test_a_fifo_in_place_of_an_attachment_is_not_waited_for(working: Path) -> None:
    with beside(GIVEN):
        Path("input_file_0.csv").unlink()
        os.mkfifo("input_file_0.csv")
    assert Path.cwd() == working


def test_a_working_folder_that_is_gone_is_told(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    with beside(GIVEN) as written:
        Path("out.txt").write_text("x")
        gone.rmdir()
    (left,) = written.left
    assert (Path(left) / "out.txt").read_text() == "x"
    assert left in written.told()[0]


def test_a_name_that_acts_on_a_terminal_is_told_without_acting(working: Path) -> None:
    with beside(GIVEN) as written:
        Path("\x1b]0;evil\x07\nWritten here: nothing").write_text("x")
    (line,) = written.told()
    assert line.isprintable()
