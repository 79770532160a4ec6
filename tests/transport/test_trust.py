"""Trust: which certificates are believed, and what is said of files that cannot be read."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from gemini_magic.errors import Unreachable
from gemini_magic.transport.trust import Trust

from ..certificate import pem, serving
from ..replay import Answer
from .asking import DONE, until_error
from .asking import serving as asked_of

_NAMES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_OWN = "gemini_magic tests"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No certificates that the machine of the tests names."""
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)


def trusted(context: ssl.SSLContext) -> bool:
    """Whether the certificate of these tests is among the believed ones."""
    return any(_OWN in str(known.get("subject")) for known in context.get_ca_certs())


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_certificate_authority_that_is_named_is_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    trust = Trust()
    assert not trusted(trust.context())
    monkeypatch.setenv(name, str(pem(tmp_path)))
    assert trusted(trust.context()), "read again when the variable changes, in the same kernel"
    assert trust.context() is trust.context()
    monkeypatch.delenv(name)
    assert not trusted(trust.context())


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("gone", ["nowhere.pem", "folder/nowhere", "with space.pem"])
def test_a_file_that_does_not_exist_is_named_with_its_variable_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, gone: str
) -> None:
    monkeypatch.setenv(name, str(tmp_path / gone))
    with (
        asked_of(Answer(DONE), tls=serving(pem(tmp_path))) as (server, transport),
    ):
        _, error = until_error(transport, retries=3)
        assert server.asked == []
    assert type(error) is Unreachable
    assert name in error.what
    assert gone in error.what
    assert name in error.hint


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nxx\n"])
def test_a_file_without_certificates_is_named_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / "empty.pem"
    path.write_text(text)
    monkeypatch.setenv(name, str(path))
    with pytest.raises(Unreachable) as raised:
        Trust().context()
    assert name in raised.value.what
    assert "PEM" in raised.value.hint


def test_an_empty_variable_is_named_since_the_sdk_stumbles_over_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "")
    with asked_of(Answer(DONE)) as (_, transport):
        _, error = until_error(transport, retries=3)
    assert type(error) is Unreachable
    assert "SSL_CERT_FILE is set, and empty" in error.what


def test_a_key_log_that_cannot_be_written_is_not_taken_for_certificates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "nowhere" / "keys"))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem(tmp_path)))
    with pytest.raises(Unreachable) as raised:
        Trust().context()
    assert "SSLKEYLOGFILE names" in raised.value.what
    assert "SSLKEYLOGFILE" in raised.value.hint
