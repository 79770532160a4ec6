"""Which backend is chosen, from which variables, in which order."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from gemini_magic.errors import NoBackend, OptionError
from gemini_magic.transport.backends import DEVELOPER_URL, Backend, choose


@pytest.fixture(autouse=True)
def no_key_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring_with(None))


def keyring_with(key: str | None, error: type[Exception] | None = None) -> ModuleType:
    class KeyringError(Exception):
        pass

    def get_password(service: str, user: str) -> str | None:
        assert (service, user) == ("gemini_magic", "api_key")
        if error is not None:
            raise KeyringError("locked")
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


def test_vertex_without_a_project_takes_a_key_and_with_one_does_not() -> None:
    express = choose("vertex", None, {"GOOGLE_API_KEY": "a"})
    assert (express.api_key, express.project) == ("a", None)
    assert choose("vertex", None, {"GOOGLE_API_KEY": "a", **VERTEX}).api_key is None
    assert choose("vertex", None, {}).key_source == "application default credentials"


def test_the_emulator_is_only_ever_chosen_by_name() -> None:
    found = choose("emulator", None, {"GEMINI_API_KEY": "a"})
    assert (found.kind, found.api_key, found.base_url) == ("emulator", "emulator", None)


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
    monkeypatch.setitem(sys.modules, "keyring", keyring_with(None, ValueError))
    with pytest.raises(NoBackend):
        choose("auto", None, {})


def test_a_colab_secret_goes_before_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    class SecretNotFoundError(Exception):
        pass

    class NotebookAccessError(Exception):
        pass

    secrets: dict[str, Any] = {"GOOGLE_API_KEY": "colab-key"}

    def get(name: str) -> str:
        if name not in secrets:
            raise SecretNotFoundError(name)
        return str(secrets[name])

    userdata = ModuleType("google.colab.userdata")
    userdata.__dict__.update(
        get=get, SecretNotFoundError=SecretNotFoundError, NotebookAccessError=NotebookAccessError
    )
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)
    monkeypatch.setitem(sys.modules, "keyring", keyring_with("ring-key"))
    found = choose("auto", None, {})
    assert (found.api_key, found.key_source) == ("colab-key", "Colab secret GOOGLE_API_KEY")
    secrets.clear()
    assert choose("auto", None, {}).key_source == "keyring"
