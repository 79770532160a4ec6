"""Which backend is chosen, from which variables, in which order."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace

import pytest

from gemini_magic.errors import NoBackend, OptionError
from gemini_magic.transport.backends import DEVELOPER_URL, Backend, choose, unused_keys
from gemini_magic.transport.client import build
from gemini_magic.transport.connections import Connections

pytestmark = pytest.mark.usefixtures("in_a_cell")


@pytest.fixture(autouse=True)
def no_key_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring_with(None))


class KeyringError(Exception):
    pass


def keyring_with(key: str | None, error: type[Exception] | None = None) -> ModuleType:

    def get_password(service: str, user: str) -> str | None:
        assert (service, user) == ("gemini_magic", "api_key")
        if error is not None:
            raise error("as it says")
        return key

    module = ModuleType("keyring")
    module.errors = SimpleNamespace(KeyringError=KeyringError)  # type: ignore[attr-defined]
    module.get_password = get_password  # type: ignore[attr-defined]
    return module


def test_without_anything_nobody_stands_in_and_three_ways_on_are_named() -> None:
    with pytest.raises(NoBackend) as caught:
        choose("auto", None, {})
    for way in ("GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "%gemini backend emulator"):
        assert way in caught.value.hint
    with pytest.raises(NoBackend):
        choose("developer", None, {"GEMINI_API_KEY": "  ", "GOOGLE_API_KEY": ""})


def test_a_key_means_the_developer_api_at_v1beta() -> None:
    found = choose("auto", None, {"GEMINI_API_KEY": " key \n"})
    assert found == Backend("developer", "key", base_url=DEVELOPER_URL, key_source="GEMINI_API_KEY")
    assert found.api_version == "v1beta"


def test_google_api_key_goes_before_gemini_api_key_as_in_the_sdk() -> None:
    found = choose("auto", None, {"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": "b"})
    assert (found.api_key, found.key_source) == ("b", "GOOGLE_API_KEY")


@pytest.mark.parametrize(
    ("given", "asked", "version"),
    [(None, None, "v1beta"), ("beta", None, "v1beta"), ("v1", None, "v1"), ("v1", "v1x", "v1x")],
)
def test_the_version_is_the_argument_or_the_environments(
    given: str | None, asked: str | None, version: str
) -> None:
    env = {"GEMINI_API_KEY": "a"} | ({} if given is None else {"GOOGLE_GENAI_API_VERSION": given})
    assert choose("auto", asked, env).api_version == version


VERTEX = {"GOOGLE_GENAI_USE_VERTEXAI": "true", "GOOGLE_CLOUD_PROJECT": "p1"}


def test_vertex_is_chosen_by_its_flag_before_a_key() -> None:
    found = choose("auto", "v1beta", {**VERTEX, "GEMINI_API_KEY": "a"})
    assert (found.kind, found.project, found.location) == ("vertex", "p1", "global")
    assert found.api_key is None
    assert found.api_version == "v1beta1", "api_version is the Developer API's"


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        ({"GOOGLE_GENAI_USE_VERTEXAI": "1"}, "vertex"),
        ({"GOOGLE_GENAI_USE_VERTEXAI": "TRUE"}, "vertex"),
        ({"GOOGLE_GENAI_USE_VERTEXAI": "yes"}, "developer"),
        ({"GOOGLE_GENAI_USE_ENTERPRISE": "true"}, "vertex"),
        ({"GOOGLE_GENAI_USE_ENTERPRISE": "0", "GOOGLE_GENAI_USE_VERTEXAI": "1"}, "developer"),
    ],
)
def test_only_true_and_1_switch_vertex_on_and_enterprise_wins(
    flags: dict[str, str], kind: str
) -> None:
    assert choose("auto", None, {"GEMINI_API_KEY": "a", **flags}).kind == kind


def test_vertex_takes_its_own_base_url_and_never_the_other() -> None:
    env = {
        **VERTEX,
        "GOOGLE_GEMINI_BASE_URL": "http://gemini/",
        "GOOGLE_VERTEX_BASE_URL": "http://vertex/",
    }
    assert choose("auto", None, env).base_url == "http://vertex/"
    assert choose("developer", None, {**env, "GEMINI_API_KEY": "a"}).base_url == "http://gemini/"


def test_a_host_that_is_not_googles_own_is_named_without_its_password() -> None:
    env = {"GEMINI_API_KEY": "a"}
    assert " at " not in str(choose("auto", None, env))
    at = "https://me:secret-word@gateway.example:8443/gemini"
    said = str(choose("auto", None, {**env, "GOOGLE_GEMINI_BASE_URL": at}))
    assert said.endswith(", at gateway.example:8443)")
    vertex = str(choose("auto", None, {**VERTEX, "GOOGLE_VERTEX_BASE_URL": at}))
    assert vertex.endswith(", at gateway.example:8443)")


def test_vertex_without_a_project_takes_a_key_and_with_one_does_not() -> None:
    express = choose("vertex", None, {"GOOGLE_API_KEY": "a"})
    assert (express.api_key, express.project) == ("a", None)
    assert choose("vertex", None, {"GOOGLE_API_KEY": "a", **VERTEX}).api_key is None
    assert choose("vertex", None, {}).key_source == "application default credentials"


def test_the_emulator_is_only_ever_chosen_by_name() -> None:
    found = choose("emulator", None, {"GEMINI_API_KEY": "a"})
    assert (found.kind, found.api_key, found.base_url) == ("emulator", None, None)


def test_a_misspelt_backend_is_told() -> None:
    with pytest.raises(OptionError, match="emulater") as caught:
        choose("emulater", None, {})
    assert "emulator" in caught.value.hint


def test_a_key_is_in_no_repr() -> None:
    found = choose("auto", None, {"GEMINI_API_KEY": "a-secret-key"})
    assert "a-secret-key" not in repr(found) + str(found)


def test_the_keyring_is_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring_with("ring-key "))
    found = choose("auto", None, {})
    assert (found.api_key, found.key_source) == ("ring-key", "keyring")
    assert choose("auto", None, {"GEMINI_API_KEY": "a"}).api_key == "a"


def test_a_locked_keyring_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring_with(None, KeyringError))
    with pytest.raises(NoBackend):
        choose("auto", None, {})


def test_a_broken_keyring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring_with(None, TypeError))
    with pytest.raises(NoBackend, match="keyring cannot be read: TypeError: as it says"):
        choose("auto", None, {})
    assert choose("auto", None, {"GEMINI_API_KEY": "a"}).key_source == "GEMINI_API_KEY"


class Secrets:
    """Colab's secrets, as its ``userdata`` and ``errors`` modules tell of them."""

    class Error(Exception):
        pass

    class SecretNotFoundError(Error):
        pass

    class MessageError(Error):
        pass

    class TimeoutException(Error):
        pass

    class NotebookAccessError(Exception):
        pass

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **found: str | type[Exception]) -> None:
        self.found = found
        self.asked: list[str] = []
        userdata, errors = ModuleType("google.colab.userdata"), ModuleType("google.colab.errors")
        userdata.__dict__.update(get=self.get, NotebookAccessError=self.NotebookAccessError)
        errors.__dict__.update(Error=self.Error)
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
        monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)
        monkeypatch.setitem(sys.modules, "google.colab.errors", errors)

    def get(self, name: str) -> str:
        assert threading.current_thread() is threading.main_thread(), "it reads input()'s channel"
        self.asked.append(name)
        said = self.found.get(name, self.SecretNotFoundError)
        if isinstance(said, str):
            return said
        raise said(name)


def test_a_colab_secret_goes_before_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = Secrets(monkeypatch, GOOGLE_API_KEY="colab-key")
    monkeypatch.setitem(sys.modules, "keyring", keyring_with("ring-key"))
    found = choose("auto", None, {})
    assert (found.api_key, found.key_source) == ("colab-key", "Colab secret GOOGLE_API_KEY")
    for refused in (secrets.NotebookAccessError, secrets.MessageError, secrets.TimeoutException):
        secrets.found = {"GEMINI_API_KEY": refused}
        assert choose("auto", None, {}).key_source == "keyring"


def test_a_colab_secret_without_access_is_named_and_said_to_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets = Secrets(monkeypatch, GEMINI_API_KEY=Secrets.NotebookAccessError)
    monkeypatch.setitem(sys.modules, "keyring", keyring_with(None))
    with pytest.raises(NoBackend, match="secret GEMINI_API_KEY is there") as raised:
        choose("auto", None, {})
    assert "Notebook access" in raised.value.hint
    secrets.found["GOOGLE_API_KEY"] = "another"
    assert choose("auto", None, {}).key_source == "Colab secret GOOGLE_API_KEY"


def test_a_colab_page_that_does_not_answer_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    secrets = Secrets(
        monkeypatch,
        GEMINI_API_KEY=Secrets.TimeoutException,
        GOOGLE_API_KEY=Secrets.TimeoutException,
    )
    monkeypatch.setitem(sys.modules, "keyring", keyring_with(None))
    connections = Connections()
    for _ in range(3):
        with pytest.raises(NoBackend, match="Colab's page does not answer"):
            connections.get("auto")
    assert len(secrets.asked) == 1
    connections.close()


def test_colab_is_asked_in_the_main_thread_alone_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    secrets = Secrets(monkeypatch, GEMINI_API_KEY="colab-key-1")
    connections = Connections()
    with ThreadPoolExecutor(1) as thread:
        with pytest.raises(NoBackend):
            thread.submit(connections.get, "auto").result()
        assert secrets.asked == []
        assert connections.get("auto").backend.api_key == "colab-key-1"
        # The sidebar asks in a thread of its own: it has the key that a cell has found.
        assert thread.submit(connections.get, "auto").result() is connections.get("auto")
    assert secrets.asked == ["GEMINI_API_KEY"]
    secrets.found = {"GEMINI_API_KEY": "colab-key-2"}
    connections.forget_secret()
    assert connections.get("auto").backend.api_key == "colab-key-2"
    connections.close()


def test_an_emulator_that_is_not_started_is_not_asked_in_googles_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The SDK would fill in the user's key and Google's address."""
    monkeypatch.setenv("GEMINI_API_KEY", "a-real-key-of-the-user")
    for missing in (
        choose("emulator", None, {}),
        Backend("emulator", base_url="http://127.0.0.1:9"),
        Backend("emulator", "k" * 16),
    ):
        with pytest.raises(ValueError, match="not started"):
            build(missing, lambda url: None)


def test_an_address_that_is_none_is_no_traceback_and_one_with_a_password_is_not_shown():
    broken = choose(environ={"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": "http://["})
    assert "at an address that cannot be used" in str(broken)
    secret = choose(
        environ={"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": "https://me:hush@gateway/"}
    )
    assert "at gateway" in str(secret)
    assert "hush" not in str(secret) + repr(secret)


PROJECT = {"GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "global"}


@pytest.mark.parametrize(
    ("name", "environ", "said"),
    [
        ("developer", {"GEMINI_API_KEY": "a"}, []),
        (
            "developer",
            {"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": "b"},
            ["GEMINI_API_KEY is set and not used: GOOGLE_API_KEY comes first."],
        ),
        (
            "vertex",
            {"GOOGLE_API_KEY": "b", **PROJECT},
            [
                "GOOGLE_API_KEY is set and not used: with GOOGLE_CLOUD_PROJECT and "
                "GOOGLE_CLOUD_LOCATION set, Vertex is asked with Google Cloud credentials."
            ],
        ),
        ("vertex", {"GOOGLE_API_KEY": "b"}, []),
        ("vertex", PROJECT, []),
        (
            "emulator",
            {"GOOGLE_API_KEY": "b"},
            ["GOOGLE_API_KEY is set and not used: the emulator has a key of its own."],
        ),
        ("emulator", {"GEMINI_API_KEY": "  "}, []),
    ],
)
def test_a_key_that_is_set_and_not_used_is_named_with_the_reason(
    name: str, environ: dict[str, str], said: list[str]
):
    assert unused_keys(choose(name, environ=environ, secret=lambda: None), environ) == said
