"""Logins of Google Cloud: over our own wire, looked up anew when they were refused or changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gemini_magic.errors import AccessDenied, NoBackend, Unreachable
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport

from ..certificate import pem
from ..certificate import serving as certificate_serving
from ..replay import Answer, Asked, Replay
from .asking import DONE, HELLO, texts, until_error

JSON = "application/json"


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def account(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], Path]:
    """Writes the file of a service account that logs in at an address, and names it."""

    def write(address: str, name: str) -> Path:
        path = tmp_path / "account.json"
        path.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "project-1",
                    "private_key_id": name,
                    "private_key": key,
                    "client_email": f"{name}@project-1.example",
                    "token_uri": f"{address}token",
                }
            )
        )
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        return path

    return write


class Service:
    """A login and a Gemini in one: who may log in, and with whose token was asked."""

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed
        self.refused_at = "login"
        self.tokens: list[str] = []
        self.logins = 0

    def __call__(self, asked: Asked) -> None:
        if asked.path.endswith("token"):
            self.logins += 1
            self._login(asked)
            return
        token = asked.headers.get("authorization", "")
        self.tokens.append(token)
        if self.refused_at == "service" and self.allowed not in token:
            refusal: dict[str, Any] = {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}
            Answer(json.dumps({"error": refusal}).encode(), 403, JSON)(asked)
        else:
            Answer(HELLO + DONE)(asked)

    def _login(self, asked: Asked) -> None:
        # The assertion's claims name the account; who signed it is not this test's matter.
        import base64
        from urllib.parse import parse_qs

        claims = parse_qs(asked.body.decode())["assertion"][0].split(".")[1]
        who = json.loads(base64.urlsafe_b64decode(claims + "=="))["iss"].partition("@")[0]
        if self.refused_at == "login" and who != self.allowed:
            body = {"error": "invalid_grant", "error_description": "Token has been revoked."}
            Answer(json.dumps(body).encode(), 400, JSON)(asked)
        else:
            body = {"access_token": f"of-{who}", "expires_in": 3600, "token_type": "Bearer"}
            Answer(json.dumps(body).encode(), 200, JSON)(asked)


def vertex(address: str) -> GoogleTransport:
    return GoogleTransport(
        Backend("vertex", project="project-1", location="global", base_url=address)
    )


@pytest.mark.parametrize("at", ["login", "service"])
def test_a_refused_login_is_looked_up_anew_with_the_next_request(
    account: Callable[[str, str], Path], at: str
) -> None:
    service = Service(allowed="second")
    service.refused_at = at
    with Replay(service) as server:
        account(server.url, "first")
        transport = vertex(server.url)
        for _ in range(2):
            _, error = until_error(transport)
            assert type(error) is AccessDenied
        account(server.url, "second")
        assert texts(transport) == ["hello", "!"]
        assert service.tokens[-1] == "Bearer of-second"
        transport.close()


def test_the_same_file_works_again_once_the_service_lets_it_in(
    account: Callable[[str, str], Path],
) -> None:
    service = Service(allowed="nobody")
    with Replay(service) as server:
        account(server.url, "first")
        transport = vertex(server.url)
        assert type(until_error(transport)[1]) is AccessDenied
        service.allowed = "first"
        assert texts(transport) == ["hello", "!"]
        assert texts(transport) == ["hello", "!"]
        assert service.logins == 2, "the token is kept once it works"
        transport.close()


def test_another_account_in_the_file_is_used_although_nothing_was_refused(
    account: Callable[[str, str], Path],
) -> None:
    service = Service(allowed="")
    service.refused_at = "nowhere"
    with Replay(service) as server:
        account(server.url, "first")
        transport = vertex(server.url)
        assert texts(transport) == ["hello", "!"]
        account(server.url, "another")
        assert texts(transport) == ["hello", "!"]
        assert service.tokens == ["Bearer of-first", "Bearer of-another"]
        transport.close()


def test_credentials_that_come_later_are_found(
    account: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service = Service(allowed="first")
    with Replay(service) as server:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "not yet.json"))
        transport = vertex(server.url)
        _, error = until_error(transport)
        assert type(error) is NoBackend
        account(server.url, "first")
        assert texts(transport) == ["hello", "!"]
        transport.close()


def test_one_trust_serves_the_login_and_the_service(
    account: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = pem(tmp_path)
    service = Service(allowed="first")
    with Replay(service, tls=certificate_serving(certificate)) as server:
        account(server.url, "first")
        transport = vertex(server.url)
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        _, error = until_error(transport)
        assert type(error) is Unreachable
        assert "login" in error.what
        assert "certificate" in error.what
        assert "SSL_CERT_FILE" in error.hint
        assert service.logins == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert texts(transport) == ["hello", "!"]
        transport.close()


def test_the_login_goes_through_the_proxy_of_the_environment(
    account: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(allowed="first")
    with Replay(service) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        account("http://login.invalid/", "first")
        transport = vertex("http://gemini.invalid/")
        assert texts(transport) == ["hello", "!"]
        assert [asked.path.split("/")[2] for asked in proxy.asked] == [
            "login.invalid",
            "gemini.invalid",
        ]
        transport.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a valid json"),
        ("[]", ""),
        ('{"type": "service_account"}', ""),
        ('{"type": "external_account"}', ""),
        ('{"type": "authorized_user", "client_id": 1}', ""),
        ('{"type": "nonsense"}', ""),
        ("", ""),
    ],
)
def test_a_credentials_file_that_is_not_one_is_told_without_asking_for_a_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(text)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with Replay(Answer(DONE)) as server:
        transport = vertex(server.url)
        _, error = until_error(transport)
        transport.close()
        assert server.asked == []
    assert said in getattr(error, "what", "")
    assert "worth a report" not in getattr(error, "hint", "worth a report")
