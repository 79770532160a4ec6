"""Chooses the backend from arguments and the environment; sends nothing.

The SDK reads the same variables itself, with surprises (with Vertex switched on by environment
alone it takes ``GOOGLE_GEMINI_BASE_URL``; with a base URL and the project in the environment it
sends requests to the bare URL). So everything is read here and handed over explicitly.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from gemini_magic.errors import NoBackend, OptionError, did_you_mean
from gemini_magic.hints import Hint
from gemini_magic.settings import BACKENDS

Kind: TypeAlias = Literal["developer", "vertex", "emulator"]

DEVELOPER_URL = "https://generativelanguage.googleapis.com/"
KEY_PAGE = "https://aistudio.google.com/apikey"
KEYRING_SERVICE = "gemini_magic"
KEYRING_USER = "api_key"
# The SDK's order (google.genai 3.4): GOOGLE_API_KEY wins when both are set.
_KEY_NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_LOCATION = re.compile(r"[A-Za-z0-9-]+")
_VERTEX_NAMES = ("GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI")


@dataclass(frozen=True)
class Backend:
    """The service that answers.

    ``kind``: ``developer`` (Gemini API), ``vertex`` (Google Cloud) or ``emulator`` (local).

    ``key_source`` says where the key came from ("GEMINI_API_KEY", "Colab secret ..."); the key
    itself is in no repr. ``credentials``: google.auth credentials for Vertex, None for the
    application default. ``base_url``: None for the SDK's own (the emulator has none, and no
    key, until it is started: use ``dataclasses.replace``).
    """

    kind: Kind
    api_key: str | None = field(default=None, repr=False)
    project: str | None = None
    location: str | None = None
    base_url: str | None = field(default=None, repr=False)  # it may hold a password
    api_version: str = "v1beta"
    credentials: Any = field(default=None, repr=False, compare=False)
    key_source: str = ""

    @property
    def issuer(self) -> str:
        """Who signs answers: the kind, and where that is not Google's own, a hash of the address.

        Signatures are valid at the service that made them alone: two servers behind base URLs are
        two, and so is each emulator.
        """
        address = self.base_url
        if not address or address == DEVELOPER_URL:
            return self.kind
        # Without its user information: that may be a password.
        scheme, _, rest = address.rstrip("/").partition("://")
        host, slash, path = rest.partition("/")
        place = f"{scheme}://{host.rpartition('@')[2]}".lower() + slash + path
        return f"{self.kind}@{hashlib.sha256(place.encode()).hexdigest()[:8]}"

    def __str__(self) -> str:
        """One line for status: the service, where the right to use it comes from, and the host
        that is asked where that is not Google's own."""
        if self.kind == "emulator":
            return "emulator (local, scripted answers)"
        if self.kind == "developer":
            said = f"developer (Gemini API {self.api_version}, key from {self.key_source}"
        elif self.api_key is not None:
            said = f"vertex (express, key from {self.key_source}"
        else:
            project = self.project or "the credentials' project"
            said = f"vertex ({project}, {self.location}"
        if self.base_url and self.base_url != DEVELOPER_URL:
            # Without its user information: that may be a password.
            try:
                said += f", at {urlsplit(self.base_url).netloc.rpartition('@')[2]}"
            except ValueError:  # "http://[": told in full when something is asked
                said += ", at an address that cannot be used"
        return said + ")"


def colab_key() -> tuple[str, str] | None:
    """A key among the user's Colab secrets, and the secret's name; None elsewhere, or without one.

    Raises NoBackend when there is one that this notebook may not read, and TimeoutError when the
    page does not answer: after ten seconds.
    Asks the front end and waits for its answer, which asks the user the first time: in Colab this
    is for the main thread alone, since the answer comes on the channel that ``input()`` reads.
    """
    # Colab has the module loaded already; elsewhere nothing is imported to find that out.
    if "google.colab" not in sys.modules:
        return None
    userdata: Any = importlib.import_module("google.colab.userdata")
    errors: Any = importlib.import_module("google.colab.errors")

    denied = ""
    for name in reversed(_KEY_NAMES):
        try:
            key = str(userdata.get(name) or "").strip()
        except userdata.NotebookAccessError:
            denied = denied or name
            continue
        except errors.Error as error:
            if type(error).__name__ == "TimeoutException":
                raise TimeoutError(name) from None  # ten seconds; the next name would cost as many
            continue  # no such secret
        if key:
            return key, f"Colab secret {name}"
    if denied:
        raise NoBackend(
            f"The Colab secret {denied} is there, but this notebook has no access to it.",
            f"Open Secrets (the key in the left bar), switch on “Notebook access” for {denied}, "
            "then run this again.",
        )
    return None


def choose(
    name: str = "auto",
    api_version: str | None = None,
    environ: Mapping[str, str] | None = None,
    secret: Callable[[], tuple[str, str] | None] = colab_key,
) -> Backend:
    """The backend for ``name`` (auto, developer, vertex, emulator), from the environment.

    ``auto``: Vertex when its flag is ``true`` or ``1``, else a key (environment, Colab secret,
    keyring), else ``NoBackend``: there is no silent stand-in. ``api_version``: for the Developer
    API, over ``GOOGLE_GENAI_API_VERSION``. ``secret``: asked for a key that the environment does
    not have, before the keyring. Sends nothing.
    """
    env = os.environ if environ is None else environ
    if name not in BACKENDS:
        raise OptionError(
            f"Unknown backend: {name}.",
            did_you_mean(name, BACKENDS) or "One of: " + ", ".join(BACKENDS) + ".",
        )
    if name == "emulator":
        return Backend("emulator", api_version=api_version or "v1beta")
    if name == "vertex" or (name == "auto" and _vertex_asked(env)):
        return _vertex(env)
    found = find_key(env, secret)
    if found is not None:
        key, source = found
        return Backend(
            "developer",
            api_key=key,
            base_url=_set(env, "GOOGLE_GEMINI_BASE_URL") or DEVELOPER_URL,
            api_version=api_version or _version(env, "v1beta"),
            key_source=source,
        )
    raise NoBackend(
        "No backend is configured: there is no API key and Vertex is not switched on.",
        Hint.CHOOSE_BACKEND(key_page=KEY_PAGE),
    )


def unused_keys(backend: Backend, environ: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each key variable that is set and that ``backend`` does not use: why not."""
    env = os.environ if environ is None else environ
    ours = backend.kind != "vertex" or backend.api_key is not None
    way = [name for name in ("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION") if _set(env, name)]
    if backend.kind == "emulator":
        why = "the emulator has a key of its own"
    elif ours:
        why = f"{backend.key_source} comes first"
    elif way:
        why = f"with {' and '.join(way)} set, Vertex is asked with Google Cloud credentials"
    else:
        return []
    names = [name for name in _KEY_NAMES if _set(env, name) and name != backend.key_source]
    return [f"{name} is set and not used: {why}." for name in names]


def find_key(
    environ: Mapping[str, str], secret: Callable[[], tuple[str, str] | None] = colab_key
) -> tuple[str, str] | None:
    """An API key and where it was found: environment, Colab secret, keyring; or None."""
    for name in _KEY_NAMES:
        key = _set(environ, name)
        if key:
            return key, name
    try:
        found, without = secret(), None
    except NoBackend as error:
        found, without = None, error
    except TimeoutError:
        found, without = (
            None,
            NoBackend(
                "There is no API key in the environment, and Colab's page does not answer when it "
                "is asked for its secrets.",
                "Only Colab's own page has them; elsewhere set GEMINI_API_KEY. "
                "Restart the kernel to ask again.",
            ),
        )
    found = found or _keyring_key()
    if found is None and without is not None:
        raise without
    return found


def _vertex_asked(env: Mapping[str, str]) -> bool:
    # Only ``true`` and ``1`` count, and ENTERPRISE wins when both are set: as in the SDK.
    for name in _VERTEX_NAMES:
        if name in env:
            return env[name].strip().lower() in ("true", "1")
    return False


def _vertex(env: Mapping[str, str]) -> Backend:
    project, location = _set(env, "GOOGLE_CLOUD_PROJECT"), _set(env, "GOOGLE_CLOUD_LOCATION")
    if location and not _LOCATION.fullmatch(location):
        # It becomes a part of the host's name: "evil.example/" would be another host.
        raise NoBackend(
            f"GOOGLE_CLOUD_LOCATION is {location[:60]!r}, which is the name of no region.",
            "Set it to a name such as us-central1, or leave it out (global).",
        )
    base_url, version = _set(env, "GOOGLE_VERTEX_BASE_URL"), _version(env, "v1beta1")
    if not project and not location:
        # Express mode: a key instead of a project. A project in the environment goes first.
        for name in _KEY_NAMES:
            key = _set(env, name)
            if key:
                return Backend(
                    "vertex", key, base_url=base_url, api_version=version, key_source=name
                )
    return Backend(
        "vertex",
        project=project,
        location=location or "global",
        base_url=base_url,
        api_version=version,
        key_source="application default credentials",
    )


def _version(env: Mapping[str, str], default: str) -> str:
    given = _set(env, "GOOGLE_GENAI_API_VERSION")
    return default if given in (None, "beta") else given


def _set(env: Mapping[str, str], name: str) -> str | None:
    return env.get(name, "").strip() or None


def _keyring_key() -> tuple[str, str] | None:
    if "keyring" not in sys.modules and importlib.util.find_spec("keyring") is None:
        return None
    keyring: Any = importlib.import_module("keyring")
    try:
        key = keyring.get_password(KEYRING_SERVICE, KEYRING_USER)
    except keyring.errors.KeyringError:
        return None  # locked, or no keyring service on this machine
    except Exception as error:  # what a keyring is set up with is somebody else's code
        raise NoBackend(
            "There is no API key in the environment, and the keyring cannot be read: "
            f"{type(error).__name__}: {error}",
            "Set GEMINI_API_KEY, or mend the keyring (python -m keyring diagnose).",
        ) from error
    return (key.strip(), "keyring") if key and key.strip() else None


def login_stamp() -> tuple[str, int, int]:
    """What tells whether the application default credentials are other ones now.

    The file's path, its time of change in ns and its size; -1 where there is no file.
    """
    path = _login_file()
    try:
        known = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), known.st_mtime_ns, known.st_size


def _login_file() -> Path:
    """Where google.auth looks: the named file, else the one that ``gcloud auth`` writes."""
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return Path(named)
    folder = os.environ.get("CLOUDSDK_CONFIG")
    if not folder:
        folder = str(
            Path(os.environ.get("APPDATA", "")) / "gcloud"
            if os.name == "nt"
            else Path.home() / ".config" / "gcloud"
        )
    return Path(folder) / "application_default_credentials.json"
