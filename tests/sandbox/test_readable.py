"""What is installed can be imported wherever it lies; what lies beside it is out of sight."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gemini_magic.sandbox import run

ROOT = Path(__file__).parents[2]
SECRET = "canary-of-the-user"

pytestmark = pytest.mark.skipif(
    bool(run("pass").open_doors), reason="this system allows no root of its own"
)


def environment(folder: Path, *options: str) -> Path:
    """A virtual environment there; its interpreter."""
    command = [sys.executable, "-m", "venv", "--without-pip", *options, str(folder)]
    subprocess.run(command, check=True, timeout=60)
    return folder / "bin" / "python"


def packages(python: Path) -> Path:
    (found,) = python.parents[1].glob("lib/python*/site-packages")
    return found


def package(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(f"where = {name!r}\n")
    (folder / name / "data.txt").write_text("data of the package")


def ran(python: Path, code: str, working: Path, home: Path, **variables: str) -> str:
    """Run the code in a sandbox of this interpreter, started in this folder by this user."""
    start = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom gemini_magic.sandbox import run\n"
        f"result = run({code!r})\nassert not result.open_doors\n"
        "print(result.stdout if result.outcome == 'OUTCOME_OK' else result.stderr)"
    )
    clean = {"PATH": os.defpath, "HOME": str(home), **variables}
    done = subprocess.run(
        [str(python), "-c", start],
        cwd=working,
        env=clean,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def unseen(*paths: Path) -> str:
    """Code that prints which of these can be seen."""
    names = [str(path) for path in paths]
    return f"import os\nprint([name for name in {names} if os.path.lexists(name)])\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A home, in it a project that is the working folder, with secrets in both."""
    project = tmp_path / "home" / "project"
    project.mkdir(parents=True)
    for path in (project / ".env", project / "data.csv", project.parent / "notes"):
        path.write_text(SECRET)
    (project / ".git").mkdir()
    return project


def secrets(project: Path) -> list[Path]:
    return [project / ".env", project / "data.csv", project / ".git", project.parent / "notes"]


def test_an_environment_in_the_working_folder(project: Path) -> None:
    python = environment(project / ".venv")
    package(packages(python), "installed")
    code = "import installed, json, ssl\nprint(installed.where)\n" + unseen(*secrets(project))
    assert ran(python, code, project, project.parent) == "installed\n[]"


def test_an_environment_that_is_the_working_folder(project: Path) -> None:
    python = environment(project)
    package(packages(python), "installed")
    code = "import installed\nprint(installed.where)\n" + unseen(*secrets(project))
    assert ran(python, code, project, project.parent) == "installed\n[]"


def test_an_environment_that_the_user_works_inside_of(project: Path) -> None:
    """As with a conda environment that holds the user's notebooks, too."""
    python = environment(project)
    package(packages(python), "installed")
    for name in ("notebooks", "share/notebooks"):
        working = project / name
        working.mkdir(parents=True)
        (working / "data.csv").write_text(SECRET)
        code = "import installed\nprint(installed.where)\n"
        code += unseen(*secrets(project), working / "data.csv")
        assert ran(python, code, working, project.parent) == "installed\n[]"


@pytest.mark.parametrize("layout", ["flat", "src"])
def test_an_editable_install_of_the_working_folder(layout: str, project: Path) -> None:
    """Only what can be imported is seen of a project."""
    python = environment(project / ".venv")
    source = project if layout == "flat" else project / "src"
    package(source, "mine")
    (source / "single.py").write_text("where = 'single'\n")
    (packages(python) / "_editable_impl_mine.pth").write_text(f"{source}\n")
    code = (
        "import mine, single, importlib.resources as r\n"
        "print(mine.where, single.where, r.files(mine).joinpath('data.txt').read_text())\n"
    )
    code += unseen(*secrets(project))
    assert ran(python, code, project, project.parent) == "mine single data of the package\n[]"


def test_a_folder_of_several_projects_on_the_path(project: Path) -> None:
    """Its packages are seen, with and without an __init__.py; not its data, not its projects."""
    python = environment(project / ".venv")
    source = project.parent / "code"
    package(source, "mine")
    package(source / "spread" / "deep", "inner")
    package(source / "other", "theirs")
    (source / "other" / "pyproject.toml").write_text("")
    (source / "data").mkdir()
    (source / "data" / "table.csv").write_text(SECRET)
    (packages(python) / "all.pth").write_text(f"{source}\n")
    code = "import mine\nfrom spread.deep import inner\nprint(mine.where, inner.where)\n"
    code += unseen(*secrets(project), source / "other", source / "data")
    assert ran(python, code, project, project.parent) == "mine inner\n[]"


# As setuptools and scikit-build-core write them, reduced to what is read of them.
SETUPTOOLS = """
import importlib.util, sys
MAPPING = {{'mine': {mine!r}, 'single': {single!r}}}
NAMESPACES = {{'spread': [{spread!r}]}}
class _EditableFinder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == 'mine':
            return importlib.util.spec_from_file_location(name, MAPPING[name] + '/__init__.py')
        if name == 'single':
            return importlib.util.spec_from_file_location(name, MAPPING[name] + '.py')
sys.meta_path.append(_EditableFinder)
"""
SCIKIT_BUILD = """
import importlib.util, sys
class ScikitBuildRedirectingFinder:
    known_source_files = {{'mine': {mine!r} + '/__init__.py', 'single': {single!r} + '.py'}}
    known_wheel_files = {{'mine._core': 'mine/_core.so'}}
    def find_spec(self, name, path=None, target=None):
        if name in self.known_source_files:
            return importlib.util.spec_from_file_location(name, self.known_source_files[name])
sys.meta_path.append(ScikitBuildRedirectingFinder())
"""


@pytest.mark.parametrize("hook", [SETUPTOOLS, SCIKIT_BUILD], ids=["setuptools", "scikit-build"])
def test_an_editable_install_by_an_import_hook(hook: str, project: Path) -> None:
    python = environment(project / ".venv")
    source = project / "src"
    package(source, "mine")
    package(source, "spread")
    single = source / "alone"
    single.mkdir()
    (single / "single.py").write_text("where = 'single'\n")
    places = {"mine": f"{source}/mine", "single": f"{single}/single", "spread": f"{source}/spread"}
    name = "__editable___mine_1_0_finder"
    (packages(python) / f"{name}.py").write_text(hook.format(**places))
    (packages(python) / "mine.pth").write_text(f"import {name}\n")
    code = "import mine, single\nprint(mine.where, single.where)\n" + unseen(*secrets(project))
    assert ran(python, code, project, project.parent) == "mine single\n[]"


def test_a_package_that_is_a_link_in_the_environment(project: Path) -> None:
    python = environment(project / ".venv")
    package(project / "elsewhere", "linked")
    (packages(python) / "linked").symlink_to(project / "elsewhere" / "linked")
    code = "import linked\nprint(linked.where)\n" + unseen(*secrets(project))
    assert ran(python, code, project, project.parent) == "linked\n[]"


def test_files_that_are_links_into_a_store(project: Path) -> None:
    """As ``uv pip install --link-mode=symlink`` makes them, into the user's cache."""
    python = environment(project / ".venv")
    store = project.parent / ".cache" / "uv" / "archive-v0"
    for number, name in enumerate(("first", "second")):
        archive = store / f"hash{number}"
        package(archive, name)
        (archive / f"{name}-1.dist-info").mkdir()
        (archive / f"{name}-1.dist-info" / "METADATA").write_text("Name: x\n")
        for file in [path for path in archive.rglob("*") if path.is_file()]:
            link = packages(python) / file.relative_to(archive)
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(file)
    code = "import first, second\nprint(first.where, second.where)\n" + unseen(*secrets(project))
    assert ran(python, code, project, project.parent) == "first second\n[]"


def test_an_interpreter_reached_through_links_in_the_home(project: Path) -> None:
    """As pyenv and uv lay them out: the environment's python is a link to a link."""
    home = project.parent
    (home / "bin").mkdir()
    (home / "bin" / "python3").symlink_to(os.path.realpath(sys.executable))
    python = environment(project / ".venv")
    python.unlink()
    python.symlink_to(home / "bin" / "python3")
    through = home / "shortcut"
    through.symlink_to(project)
    started = through / ".venv" / "bin" / "python"
    code = (
        "import subprocess, sys, zlib\n"
        "print(subprocess.check_output([sys.executable, '-c', 'print(6 * 7)'], text=True))\n"
    )
    code += unseen(*secrets(project))
    assert ran(started, code, through, home) == "42\n\n[]"


def test_a_home_that_is_a_link_with_its_temporary_folder(project: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.symlink_to(project.parent)
    (linked / "tmp").mkdir()
    python = environment(linked / "project" / ".venv")
    package(packages(python), "installed")
    code = "import installed\nopen('own', 'w').write('x')\nprint(installed.where)\n"
    code += unseen(*secrets(project), linked / "notes")
    temporary = {"TMPDIR": str(linked / "tmp")}
    assert ran(python, code, linked / "project", linked, **temporary) == "installed\n[]"


def test_the_users_own_site_packages(project: Path) -> None:
    home = project.parent
    code = "import site; print(site.getusersitepackages())"
    python = Path(os.path.realpath(sys.executable))
    clean = {"PATH": os.defpath, "HOME": str(home)}
    site = subprocess.check_output([python, "-c", code], text=True, env=clean).strip()
    package(Path(site), "own")
    code = "import own\nprint(own.where)\n" + unseen(*secrets(project))
    assert ran(python, code, project, home) == "own\n[]"


def test_shared_libraries_of_a_folder_that_is_named(project: Path) -> None:
    """Of ``LD_LIBRARY_PATH``; not the working folder, which an empty entry means."""
    python = environment(project / ".venv")
    libraries = project / "lib"
    libraries.mkdir()
    (libraries / "libmine.so").write_bytes(b"\x7fELF")
    code = f"import os\nprint(os.listdir({str(libraries)!r}))\n" + unseen(*secrets(project))
    named = f"{libraries}::{project}:{project.parent}"
    assert ran(python, code, project, project.parent, LD_LIBRARY_PATH=named) == (
        "['libmine.so']\n[]"
    )


def test_a_working_folder_that_is_gone(project: Path, tmp_path: Path) -> None:
    python = environment(project / ".venv")
    code = (
        f"import sys, os\nsys.path.insert(0, {str(ROOT)!r})\nos.mkdir('gone'); os.chdir('gone')\n"
        "os.rmdir(os.getcwd())\nfrom gemini_magic.sandbox import run\nprint(run('print(1)').stdout)"
    )
    done = subprocess.run([str(python), "-c", code], cwd=project, capture_output=True, text=True)
    assert done.stdout == "1\n\n", done.stderr


@pytest.mark.parametrize("name", ["with space", "naïve–数", "back\\slash", "new\nline"])
def test_folders_with_odd_names(name: str, tmp_path: Path) -> None:
    project = tmp_path / name
    project.mkdir()
    python = environment(project / "env")
    package(packages(python), "installed")
    code = "import installed\nprint(installed.where)\n"
    assert ran(python, code, project, tmp_path) == "installed"
