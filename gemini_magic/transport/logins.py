"""Google Cloud logins over our own wire: the proxies, trust and off switch of every other request.

google.auth brings an HTTP stack of its own, with another trust store and other rules for proxies:
what makes Gemini reachable would not make the login work. Its documented interfaces (``Request``,
``Credentials``) let the credentials ask through ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import google.auth
import google.auth.credentials
import google.auth.transport
from google.auth.exceptions import TransportError

from gemini_magic.errors import GeminiError
from gemini_magic.transport.deadlines import Deadlines
from gemini_magic.transport.http import HttpClient
from gemini_magic.transport.protocol import Stop
from gemini_magic.transport.wire_call import CURRENT, WireCall

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_TIMEOUT = 60.0  # seconds, where google.auth names none


def application_default(http: HttpClient) -> tuple[Credentials, str | None]:
    """The application default credentials, and the project that they name, if any.

    The look-up may ask the metadata service of a Google machine (by google.auth's own means, which
    know that no proxy leads there). Raises what google.auth raises.
    """
    found, project = google.auth.default(scopes=_SCOPES)
    return Credentials(found, http), project


class Credentials(google.auth.credentials.Credentials):
    """Credentials that are refreshed through an `HttpClient`, whatever transport the SDK brings."""

    def __init__(self, inner: google.auth.credentials.Credentials, http: HttpClient) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inner = inner
        self._request = Request(http)
        self._take()

    def refresh(self, request: object) -> None:
        """Get a new token; raises what google.auth raises, and our errors for the way there."""
        self._inner.refresh(self._request)  # type: ignore[no-untyped-call]
        self._take()

    def _take(self) -> None:
        self.token, self.expiry = self._inner.token, self._inner.expiry
        self._quota_project_id = self._inner.quota_project_id


class Request(google.auth.transport.Request):
    """google.auth's way to send a request, over ours."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Response:
        """Send, and return the response; TransportError when none came.

        Raises TransportError, too, for what only google.auth's own transport can do (a client
        certificate, for logins that are bound to a machine).
        """
        if kwargs.get("cert"):
            from google.auth.transport.requests import Request as Own

            own: Any = Own()
            return own(url, method, body, headers, timeout, **kwargs)  # type: ignore[no-any-return]
        outer = CURRENT.get(None)
        call = WireCall(
            Deadlines.of(timeout or _TIMEOUT), Stop() if outer is None else outer.stop, "plain"
        )
        try:
            with call.bound():
                answer = self._http.client.request(
                    method, url, content=body, headers=dict(headers or {})
                )
            return Response(answer.status_code, answer.headers, answer.content)
        except GeminiError:
            raise
        except Exception as error:
            failed: Any = TransportError  # untyped
            raise failed(f"{call.host}: {error}") from error
        finally:
            call.close()


class Response(google.auth.transport.Response):
    """A response as google.auth reads it."""

    status: Any = None
    headers: Any = None
    data: Any = None

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.status = status
        self.headers = headers
        self.data = data
