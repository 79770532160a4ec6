"""Who asks: the key of this emulator, or the refusal that the service has for anyone else."""

from __future__ import annotations

import re
from email.message import Message
from urllib.parse import unquote, unquote_plus

from gemini_magic.emulator.api_errors import bad_key, no_key, unauthenticated
from gemini_magic.emulator.files import Files
from gemini_magic.emulator.keys import Key
from gemini_magic.emulator.protocol import Route

_HEADERS = {"x-goog-api-key", "authorization", "cookie", "proxy-authorization"}
_FIELDS = {"key", "api_key", "apikey", "access_token", "oauth_token", "token"}


class Door:
    """Lets in who has the key. ``bad``: a beginning of keys that are refused nevertheless."""

    def __init__(self, key: Key, bad: str, files: Files) -> None:
        self.key = key
        self._bad = bad
        self._files = files

    def identify(self, route: Route | None, headers: Message) -> None:
        """Raise ApiError 400, 401 or 403 unless the request carries the key in a header.

        Never in the address: that stands in histories, logs and Referer.
        """
        scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        key = headers.get("x-goog-api-key", "").strip()
        vertex = route is not None and route.vertex
        if bearer:
            if not self._admits(bearer):
                raise unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED", vertex=vertex)
        elif vertex and (not key or route is None or route.api != "express"):
            raise unauthenticated("CREDENTIALS_MISSING", key_given=bool(key))
        elif key:
            if not self._admits(key):
                raise bad_key()
        elif not self._is_begun(route, headers):
            raise no_key()

    def recorded_headers(self, headers: Message) -> dict[str, str]:
        """The headers in lower case, without what identifies the caller."""
        return {
            name.lower(): "[hidden]" if name.lower() in _HEADERS else self.key.hidden_in(value)
            for name, value in headers.items()
        }

    def recorded_target(self, target: str) -> str:
        """The request target without this key, or any other that stands in it."""
        path, mark, query = target.partition("?")
        fields = [_without_key(field) for field in re.split("([&;])", query)]
        shown = self.key.hidden_in(path + mark + "".join(fields))
        # Written with percent signs it would stand there all the same.
        return "[hidden]" if self.key.text in unquote(shown) else shown

    def _admits(self, given: str) -> bool:
        return self.key.opens(given) and not given.startswith(self._bad)

    def _is_begun(self, route: Route | None, headers: Message) -> bool:
        # Google's client libraries send the bytes of an upload without a key: the address, which
        # was given to the holder of the key alone and has 192 random bits, stands for it.
        if route is None or not route.sends_bytes(headers.get("X-Goog-Upload-Command", "")):
            return False
        return self._files.is_begun(route.query.get("upload_id", ""))


def _without_key(field: str) -> str:
    name, equals, _ = field.partition("=")
    return f"{name}=[hidden]" if equals and unquote_plus(name).lower() in _FIELDS else field
