"""HTTP requests in, answers out: who may ask, and which method answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from gemini_magic.emulator import history, protocol, schema, tokens
from gemini_magic.emulator.answering import Answering, Ended
from gemini_magic.emulator.api_errors import (
    ApiError,
    bad_key,
    invalid,
    model_not_found,
    no_key,
    publisher_model_not_found,
    unauthenticated,
)
from gemini_magic.emulator.checks import check
from gemini_magic.emulator.connection import CallerGone, Connection
from gemini_magic.emulator.conversation import conversation
from gemini_magic.emulator.faults import public_headers
from gemini_magic.emulator.models import MODELS, Model
from gemini_magic.emulator.profiles import traits

if TYPE_CHECKING:
    from gemini_magic.emulator.server import Emulator

# Documented: 100 MB a request with inline data.
MOST_BYTES = 100 << 20
_NOT_FOUND = (
    b"<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n</html>\n"
)


@dataclass(frozen=True)
class Recorded:
    """A request as it came in; ``body`` is its JSON, or None where there is none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    raw: bytes


class Handler(BaseHTTPRequestHandler):
    """One connection; `Emulator` is reached through the server."""

    protocol_version = "HTTP/1.1"
    server_version = "gemini-magic-emulator"
    # Small events go out at once.
    wbufsize = 0

    @property
    def emulator(self) -> Emulator:
        return self.server.emulator  # type: ignore[attr-defined,no-any-return]

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: requests are in ``Emulator.requests``."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        connection = Connection(self, self.emulator.closing)
        try:
            try:
                self._dispatch(method, connection)
            except ApiError as error:
                self._refuse(error, connection)
        except Ended:
            self.close_connection = True
        except CallerGone:
            self.close_connection = True
            if connection.hung_up and not self.emulator.closing.is_set():
                self.emulator.hung_up()

    def _refuse(self, error: ApiError, connection: Connection) -> None:
        # On alt=sse the error says text/event-stream but is plain JSON; without it, in a list.
        route = protocol.route(self.path)
        stream = route is not None and route.action == "streamGenerateContent"
        body: Any = error.body()
        kind = "application/json; charset=UTF-8"
        if stream and route is not None and route.sse:
            kind = "text/event-stream"
        elif stream:
            body = [body]
        connection.whole(error.code, protocol.pretty(body), kind, error.headers)

    def _dispatch(self, method: str, connection: Connection) -> None:
        raw = self._body()
        self.emulator.record(self._recorded(method, raw))
        route = protocol.route(self.path)
        if route is None:
            connection.whole(404, _NOT_FOUND, "text/html; charset=UTF-8")
            return
        self._identify(route)
        if route.what == "upload" and method == "POST":
            self._upload(route, raw, connection)
        elif route.what in {"file", "files"}:
            self._files(method, route, connection)
        elif method == "GET" and route.what == "models":
            connection.whole(200, protocol.pretty(_listing(route)))
        elif method == "GET" and not route.action:
            connection.whole(200, protocol.pretty(_described(route, self._model(route))))
        elif method == "POST" and route.action == "countTokens":
            self._count(route, raw, connection)
        elif method == "POST" and route.action in {"generateContent", "streamGenerateContent"}:
            self._generate(route, raw, connection)
        else:
            connection.whole(404, _NOT_FOUND, "text/html; charset=UTF-8")

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            pieces = []
            while size := int(self.rfile.readline(64).split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline(8)
            self.rfile.readline(8)
            return b"".join(pieces)
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            raise invalid(f"Request payload size exceeds the limit: {MOST_BYTES} bytes.")
        return self.rfile.read(length)

    def _recorded(self, method: str, raw: bytes) -> Recorded:
        try:
            body = json.loads(raw)
        except ValueError:  # no JSON: an upload, or a broken request
            body = None
        path = self.path.replace("key=" + _key_of(self.path), "key=[hidden]")
        return Recorded(method, path, public_headers(dict(self.headers.items())), body, raw)

    def _identify(self, route: protocol.Route) -> None:
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        key = self.headers.get("x-goog-api-key", "") or _key_of(self.path)
        bad = self.emulator.bad_keys
        if not route.vertex:
            # The upload URL itself admits the second request of an upload.
            if not key and not bearer and "upload_id" not in route.query:
                raise no_key()
            if key.startswith(bad):
                raise bad_key()
        elif bearer:
            if bearer.startswith(bad):
                raise unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED")
        elif route.api == "express" and key:
            if key.startswith(bad):
                raise bad_key()
        else:
            raise unauthenticated("CREDENTIALS_MISSING", key_given=bool(key))

    def _model(self, route: protocol.Route) -> Model:
        model = MODELS.get(route.model)
        if route.vertex:
            if model is None:
                raise publisher_model_not_found(
                    route.project or "-", route.location or "global", route.model
                )
        elif model is None or (model.beta and route.version == "v1"):
            # The name of the unary method also where the streaming one was asked for, as recorded.
            action = "countTokens" if route.action == "countTokens" else "generateContent"
            raise model_not_found(route.model, route.version, action)
        return model

    def _count(self, route: protocol.Route, raw: bytes, connection: Connection) -> None:
        self._model(route)
        request = schema.read(_json(raw), "CountTokensRequest")
        inner = request.get("generateContentRequest", request)
        total = tokens.of_contents(inner.get("contents", []))
        total += tokens.of_contents([inner.get("systemInstruction", {})])
        body: dict[str, Any] = {"totalTokens": total, "promptTokensDetails": tokens.details(total)}
        if route.vertex:
            texts = (p.get("text", "") for c in inner.get("contents", []) for p in c["parts"])
            body["totalBillableCharacters"] = sum(map(len, texts))
        connection.whole(200, protocol.pretty(body))

    def _generate(self, route: protocol.Route, raw: bytes, connection: Connection) -> None:
        emulator = self.emulator
        fault = emulator.schedule.next(route.model)
        if fault.error is not None:
            connection.wait(fault.stall_seconds)
            raise fault.error
        model = self._model(route)
        request = schema.read(_json(raw), "GenerateContentRequest")
        check(request, model)
        emulator.ledger.check(request["contents"])
        history.check_responses(request["contents"])
        Answering(
            conversation=conversation(request, self._uploads(request)),
            contents=request["contents"],
            model=model,
            traits=traits(emulator.profile, model, vertex=route.vertex),
            fault=fault,
            ledger=emulator.ledger,
            open_session=emulator.open_session,
            pace=emulator.pace,
        ).run(connection, route)

    def _uploads(self, request: Mapping[str, Any]) -> dict[str, tuple[str, str, bytes]]:
        found = {}
        for content in request["contents"]:
            for part in content.get("parts", []):
                uri = part.get("fileData", {}).get("fileUri")
                if uri is None:
                    continue
                path = urlsplit(uri).path
                if "/files/" not in path:
                    raise invalid(f"Unsupported file uri: {uri}")
                file = self.emulator.files.get(path.rsplit("/", 1)[-1])
                found[uri] = (file.mime_type, file.display_name, file.data)
        return found

    def _files(self, method: str, route: protocol.Route, connection: Connection) -> None:
        files, base = self.emulator.files, self.emulator.url
        if method == "DELETE" and route.what == "file":
            files.delete(route.model)
            connection.whole(200, b"{}\n")
        elif method == "GET" and route.what == "file":
            connection.whole(200, protocol.pretty(files.get(route.model).described(base)))
        elif method == "GET":
            listed = [file.described(base) for file in files.all()]
            connection.whole(200, protocol.pretty({"files": listed} if listed else {}))
        else:
            connection.whole(404, _NOT_FOUND, "text/html; charset=UTF-8")

    def _upload(self, route: protocol.Route, raw: bytes, connection: Connection) -> None:
        commands = {
            word.strip().lower()
            for word in self.headers.get("X-Goog-Upload-Command", "").split(",")
        }
        upload_id = route.query.get("upload_id", "")
        offset = int(self.headers.get("X-Goog-Upload-Offset") or 0)
        if "start" in commands:
            described = (_json(raw) if raw else {}).get("file") or {}
            mime = self.headers.get("X-Goog-Upload-Header-Content-Type", "")
            upload = self.emulator.files.start(described, mime)
            location = f"{self.emulator.url}/upload/{route.version}/files?upload_id={upload}"
            connection.whole(
                200,
                b"",
                headers={
                    "X-Goog-Upload-URL": location,
                    "X-Goog-Upload-Status": "active",
                    "X-Goog-Upload-Chunk-Granularity": "8388608",
                },
            )
        elif "finalize" in commands:
            file = self.emulator.files.finish(upload_id, raw, offset)
            body = {"file": file.described(self.emulator.url)}
            connection.whole(200, protocol.pretty(body), headers={"X-Goog-Upload-Status": "final"})
        elif "upload" in commands:
            self.emulator.files.append(upload_id, raw, offset)
            connection.whole(200, b"", headers={"X-Goog-Upload-Status": "active"})
        else:
            raise invalid("The emulator knows the upload commands start, upload and finalize.")


def _key_of(path: str) -> str:
    found = parse_qs(urlsplit(path).query).get("key", [""])
    return found[-1]


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        # The beginning is the service's, the rest of its wording differs by mistake (assumed).
        raise invalid(f"Invalid JSON payload received. {error}") from None


def _described(route: protocol.Route, model: Model) -> dict[str, Any]:
    if route.vertex:
        return {"name": f"publishers/google/models/{model.name}", "versionId": "default"}
    return model.listed()


def _listing(route: protocol.Route) -> dict[str, Any]:
    known = [
        model
        for model in MODELS.values()
        if route.vertex or not model.beta or route.version != "v1"
    ]
    size = int(route.query.get("pageSize") or 50)
    start = int(route.query.get("pageToken") or 0)
    page = [_described(route, model) for model in known[start : start + size]]
    body: dict[str, Any] = {"publisherModels" if route.vertex else "models": page}
    if start + size < len(known):
        body["nextPageToken"] = str(start + size)
    return body
