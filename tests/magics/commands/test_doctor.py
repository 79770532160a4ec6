"""The doctor against everything that stands between a prompt and its answer."""

from __future__ import annotations

import datetime
import email.utils
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from packaging.requirements import Requirement

from gemini_magic import catalog
from gemini_magic.emulator import Emulator
from gemini_magic.errors import OptionError
from gemini_magic.magics.commands.doctor import (
    Finding,
    doctor,
    examine,
    extension_installed,
    front_end,
    held,
    packages,
    standing_of,
)
from gemini_magic.magics.magic import GeminiMagics
from gemini_magic.magics.situation import Situation

from ...certificate import context
from ...fixtures import FOLDER, needs_recordings
from ...kernel import CLEARED, environment
from ...replay import Answer, Asked, Replay
from ...sse import chunk, stream

pytestmark = pytest.mark.usefixtures("in_a_cell")

KEY = "AIzaSyDoctorKeyDoctorKeyDoctorKeyDoctor"


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CLEARED, "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    keyring = ModuleType("keyring")
    keyring.errors = SimpleNamespace(KeyringError=RuntimeError)  # type: ignore[attr-defined]
    keyring.get_password = lambda service, user: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)


@pytest.fixture
def magics() -> Iterator[GeminiMagics]:
    made = GeminiMagics(None)
    yield made
    made.close()


Route = Callable[[Asked], None]


def service(**routes: Route) -> Route:
    """A healthy Developer API; ``models``, ``countTokens``, ``root`` may be given otherwise."""
    listed = [
        {"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]}
        for name in ("gemini-3.8-flash", "gemini-2.5-pro")
    ]
    usual: dict[str, Route] = {
        "root": Answer(b"nothing here", 404, "text/plain", headers={"date": date()}),
        "models": body({"models": listed}),
        "countTokens": body({"totalTokens": 1}),
        "generate": Answer(
            stream(chunk({"text": "O"}, finish="MAX_TOKENS", prompt=3, candidates=2, total=5))
        ),
    }
    found = {**usual, **routes}

    def route(asked: Asked) -> None:
        path = asked.path.partition("?")[0]
        if path.endswith(":countTokens"):
            found["countTokens"](asked)
        elif path.endswith(":streamGenerateContent"):
            found["generate"](asked)
        elif path.endswith("/models"):
            found["models"](asked)
        else:
            found["root"](asked)

    return route


def date(seconds: float = 0) -> str:
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return email.utils.format_datetime(when, usegmt=True)


def body(value: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(value).encode(), status, "application/json")


def recorded(path: str, status: int) -> Answer:
    return Answer((FOLDER / path).read_bytes(), status, "application/json")


def seen(magics: GeminiMagics, **options: bool) -> dict[str, Finding]:
    """The findings by name, the last of each; everything is said without the key."""
    found = list(examine(magics.session, page(magics), **options))
    assert KEY not in "".join(map(str, found))
    for finding in found:
        assert finding.fix if finding.state == "problem" else True, f"no fix: {finding}"
    return {finding.name: finding for finding in found}


def page(magics: GeminiMagics) -> Finding:
    return front_end(magics.kernel, magics.kernel.situation)


def problems(found: dict[str, Finding]) -> list[str]:
    return [name for name, finding in found.items() if finding.state == "problem"]


def test_all_is_well_and_nothing_is_asked_that_costs(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch
):
    with Replay(service()) as server:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        found = seen(magics)
        assert problems(found) == []
        assert "from GEMINI_API_KEY" in found["key"].what
        assert found["models"].what == "2 on offer"
        assert not [asked for asked in server.asked if "enerateContent" in asked.path]
        reaching = server.asked[0]
        assert "x-goog-api-key" not in reaching.headers, "the key goes to the service's API alone"


def test_only_on_request_a_prompt_of_two_tokens_is_sent(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch
):
    with Replay(service()) as server:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        found = seen(magics, dry_run=True)
        assert "answered in" in found["dry run"].what
        sent = [asked.json for asked in server.asked if "enerateContent" in asked.path]
    assert len(sent) == 1
    assert sent[0]["generationConfig"]["maxOutputTokens"] == 2
    assert "tools" not in sent[0]
    assert [call.usage.total_tokens for call in magics.session.engine.spent] == [5]
    assert not len(magics.session.engine.conversations.get())


def test_the_emulator_is_well(magics: GeminiMagics):
    magics.session.chosen["backend"] = "emulator"
    assert problems(seen(magics, dry_run=True)) == []


def test_no_key(magics: GeminiMagics):
    found = seen(magics)
    assert problems(found) == ["backend"]
    for way in ("GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "%gemini backend emulator"):
        assert way in found["backend"].fix
    assert "network" not in found


@needs_recordings
@pytest.mark.parametrize(
    ("path", "status", "what", "fix"),
    [
        (
            "errors-400/firebase-googleai--unary-failure-api-key.json",
            400,
            "refused the API key (400 INVALID_ARGUMENT)",
            "aistudio.google.com/apikey",
        ),
        (
            "errors-403/firebase-googleai--unary-failure-generativelanguage-api-not-enabled.json",
            403,
            "refused access (403 PERMISSION_DENIED)",
            "Switch the API on for the project at https://console.developers",
        ),
        (
            "errors-400/firebase-vertexai--unary-failure-unsupported-user-location.json",
            400,
            "refused this location",
            "GOOGLE_CLOUD_LOCATION",
        ),
    ],
)
def test_a_key_that_is_refused(
    magics: GeminiMagics,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    status: int,
    what: str,
    fix: str,
):
    with Replay(service(models=recorded(path, status))) as server:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        found = seen(magics)
    assert problems(found) == ["key"]
    assert what in found["key"].what
    assert fix in found["key"].fix


@needs_recordings
def test_an_unknown_model_with_names_from_the_live_list(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch
):
    refusal = recorded("errors-404/firebase-googleai--unary-failure-unknown-model.json", 404)
    with Replay(service(countTokens=refusal)) as server:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        magics.model = "gemini-3.8-flsh"
        found = seen(magics)
    assert problems(found) == ["model"]
    assert "404 NOT_FOUND" in found["model"].what
    assert found["model"].fix.startswith("did you mean gemini-3.8-flash")


def test_an_unreachable_host(magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:  # bound, not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        found = seen(magics)
    assert problems(found) == ["network"]
    assert "Nobody answers" in found["network"].what
    assert "base URL" in found["network"].fix
    assert "models" not in found


def test_a_name_that_does_not_resolve_is_a_region_that_is_not(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def unknown(*given: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "project-1")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "us-nowhere1")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials(tmp_path)))
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = seen(magics)
    assert problems(found) == ["network"]
    assert "no region 'us-nowhere1'" in found["network"].fix
    assert "GOOGLE_CLOUD_LOCATION" in found["network"].fix


def credentials(folder: Path) -> Path:
    """Application default credentials as `gcloud` writes them; they are of nobody."""
    path = folder / "credentials.json"
    path.write_text(
        json.dumps(
            {
                "type": "authorized_user",
                "client_id": "nobody.apps.example.com",
                "client_secret": "none",
                "refresh_token": "none",
            }
        )
    )
    return path


@pytest.mark.filterwarnings("ignore:Your application has authenticated:UserWarning")
def test_vertex_without_a_project(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials(tmp_path)))
    monkeypatch.setenv("PATH", str(tmp_path))  # no gcloud that would know a project
    found = seen(magics)
    assert problems(found) == ["client", "project"]
    assert "project" in found["client"].what
    assert "GOOGLE_CLOUD_PROJECT" in found["project"].fix


@needs_recordings
@pytest.mark.parametrize(
    "path",
    [
        "errors-404/firebase-vertexai--unary-failure-model-not-found.json",
        "errors-404/firebase-vertexai--unary-failure-invalid-location-url-not-found.html",
    ],
)
def test_a_region_without_the_model(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch, path: str
):
    def default(**options: Any) -> tuple[Credentials, None]:
        return Credentials(token="nobody's"), None

    monkeypatch.setattr("google.auth.default", default)
    refused = body({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, 403)
    with Replay(service(countTokens=recorded(path, 404), models=refused)) as server:
        monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "project-1")
        monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "europe-west1")
        monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", server.url)
        found = seen(magics)
    assert problems(found) == ["model"]
    assert "not be offered in europe-west1: try GOOGLE_CLOUD_LOCATION=global" in found["model"].fix
    assert found["models"].state == "note", "to list models is another right than to use one"


def test_from_a_shell_the_exit_code_says_what_is_wrong(tmp_path: Path):
    command = [sys.executable, "-m", "gemini_magic.batch.cli", "doctor"]
    quiet = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    ran = subprocess.run(
        command, env=environment(tmp_path, **quiet), capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (3, "")
    assert "No backend is configured" in ran.stdout
    emulator = environment(tmp_path, GEMINI_MAGIC_BACKEND="emulator")
    ran = subprocess.run(
        [*command, "--ask"], env=emulator, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "dry run" in ran.stdout


def test_a_proxy_that_refuses_is_named_without_its_password(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch
):
    def refuse(asked: Asked) -> None:
        asked.head(407, content_length="0")

    with Replay(refuse) as proxy:
        host = proxy.url.removeprefix("http://").rstrip("/")
        monkeypatch.setenv("http_proxy", f"http://me:hush-hush@{host}")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://gemini.example/")
        found = seen(magics)
        assert [asked.path for asked in proxy.asked] == ["http://gemini.example/"]
    assert found["proxy"].what == f"requests go through http://{host}"
    assert problems(found) == ["network"]
    assert "proxy" in found["network"].what
    assert "HTTPS_PROXY" in found["network"].fix
    assert "hush-hush" not in "".join(map(str, found.values()))


def test_a_certificate_that_nobody_trusts(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    with Replay(service(), tls=context(tmp_path)) as server:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        found = seen(magics)
        assert server.asked == []
    assert problems(found) == ["network"]
    assert "certificate is not trusted" in found["network"].what
    assert "SSL_CERT_FILE" in found["network"].fix


@pytest.mark.parametrize(
    ("seconds", "said"), [(-7200, "ahead of"), (7200, "behind"), (-90, "ahead of")]
)
def test_a_clock_that_is_wrong(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch, seconds: int, said: str
):
    away = Answer(b"", 404, "text/plain", headers={"date": date(seconds)})
    with Replay(service(root=away)) as server:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        found = seen(magics)
    assert problems(found) == ["clock"]
    assert said in found["clock"].what
    assert "timedatectl" in found["clock"].fix


def test_a_key_with_a_space_and_two_keys(magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch):
    with Replay(service()) as server:
        monkeypatch.setenv("GOOGLE_API_KEY", "two words")
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        found = list(examine(magics.session, page(magics)))
    said = [str(finding) for finding in found if finding.name == "key"]
    assert "both set" in said[1]
    assert "holds a space" in said[2]
    assert "two words" not in "".join(said)


def test_an_old_ipykernel_and_a_missing_package():
    def installed(name: str) -> str:
        if name == "pygments":
            raise PackageNotFoundError(name)
        return {"ipykernel": "6.29.5"}.get(name, "99.0")

    required = ["ipykernel>=7.4", "ipython>=9.18", "pygments>=2.19"]
    required += ['nbclient>=1; extra == "batch"']
    found = [finding for finding in packages(required, installed) if finding.state == "problem"]
    assert [finding.what for finding in found] == [
        "ipykernel 6.29.5 is too old: >=7.4 is needed",
        "pygments is not installed",
    ]
    assert found[0].fix == 'pip install --upgrade "ipykernel>=7.4", then restart the kernel'
    assert found[1].fix == 'pip install --upgrade "pygments>=2.19"'


def test_no_upgrade_is_advised_that_breaks_the_platform() -> None:
    def colab() -> list[tuple[str, list[str]]]:
        needs = ["ipython==7.34.0", "ipykernel==6.17.1", "requests>=2", 'pandas<3; extra == "x"']
        return [("google-colab", needs), ("jupyterlab", ["ipykernel>=6.5.0,!=6.30.0"])]

    assert held(Requirement("ipython>=9.18"), colab) == ["google-colab (needs ipython==7.34.0)"]
    assert held(Requirement("ipykernel>=7.4"), colab) == ["google-colab (needs ipykernel==6.17.1)"]
    for content in ("ipython>=7.34", "requests>=3", "pandas>=3", "httpx2>=2.16"):
        assert held(Requirement(content), colab) == []


class Watching:
    def __init__(self, session: str | None) -> None:
        self._session = session

    def watching(self, session: str | None) -> bool:
        return session == self._session

    def detach(self) -> None:
        return


def test_a_missing_extension(magics: GeminiMagics, tmp_path: Path):
    magics.kernel.front_end = Watching(None)  # type: ignore[assignment]
    found = front_end(magics.kernel, Situation(cell="a", session="page"))
    assert found.state == "note"
    assert "no page has said hello" in found.what
    assert "jupyter labextension list" in found.fix
    magics.kernel.front_end = Watching("page")  # type: ignore[assignment]
    assert front_end(magics.kernel, Situation(cell="a", session="page")).state == "ok"
    assert "terminal" in front_end(magics.kernel, Situation(terminal=True)).what
    assert "batch" in front_end(magics.kernel, Situation(session="other", watched=False)).what
    vscode = Situation(cell="a", session="other", front_end="VS Code")
    assert "VS Code" in front_end(magics.kernel, vscode).what
    assert not extension_installed([str(tmp_path)])
    (tmp_path / "gemini-magic").mkdir()
    (tmp_path / "gemini-magic" / "package.json").write_text("{}")
    assert extension_installed([str(tmp_path)])


@pytest.mark.parametrize("profile", ["gemini-3", "gemini-2.5"])
def test_an_emulator_of_its_own_process(
    magics: GeminiMagics, monkeypatch: pytest.MonkeyPatch, profile: str
):
    with Emulator(profile=profile) as server:
        monkeypatch.setenv("GEMINI_API_KEY", server.key)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        assert problems(seen(magics)) == []


def test_what_it_does_not_take_is_refused(magics: GeminiMagics):
    with pytest.raises(OptionError, match="Did you mean --ask"):
        doctor(magics.session, magics.kernel, "--aks")


def test_it_ends_with_the_number_of_problems(
    magics: GeminiMagics, capsys: pytest.CaptureFixture[str]
):
    doctor(magics.session, magics.kernel, "")
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "1 problem found"
    assert printed[-2].strip().startswith("fix: Set GEMINI_API_KEY")


@pytest.mark.parametrize(
    ("model", "day", "said"),
    [
        (
            "gemini-2.5-pro",
            30,
            "is shut down on 2026-12-01, gemini-3.8-flash answers",
        ),
        ("gemini-2.5-pro", 31, "since 2026-12-01 gemini-3.8-flash answers for gemini-2.5-pro"),
        ("models/gemini-3.5-flash", 30, "since 2026-10-08 gemini-3.6-flash answers"),
        ("gemini-3.1-flash-lite", 30, "gemini-3.1-flash-lite is shut down on 2027-05-07 (known"),
        ("gemini-flash-latest", 30, None),
        ("gemini-4-neon", 30, None),
        ("my-gateway-model", 30, None),
    ],
)
def test_the_end_of_the_model_in_use_and_who_answers_then_is_said(
    monkeypatch: pytest.MonkeyPatch, model: str, day: int, said: str | None
):
    when = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC) + datetime.timedelta(days=day - 1)
    monkeypatch.setattr(catalog, "now", lambda: when)
    found = [str(finding) for finding in standing_of(model, "developer", catalog.of(model))]
    assert not list(standing_of(model, "vertex", catalog.of(model, vertex=True)))
    if said is None:
        assert found == []
    else:
        assert said in found[0]
        assert "fix: choose" in found[0]


def test_a_model_that_has_answered_for_another_is_named_whatever_the_table_says():
    (found,) = standing_of("gemini-4-argon", "vertex", catalog.own("gemini-4-neon"))
    assert "note     model      gemini-4-neon answers for gemini-4-argon" in str(found)
