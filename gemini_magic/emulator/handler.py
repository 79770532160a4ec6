"""HTTP requests in, answers out: who may ask, and which method answers."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gemini_magic.emulator import history, incoming, protocol, schema, tokens
from gemini_magic.emulator.answering import Answering, Ended
from gemini_magic.emulator.api_errors import (
    ApiError,
    invalid,
    model_not_found,
    publisher_model_not_found,
    unknown_field,
)
from gemini_magic.emulator.checks import check
from gemini_magic.emulator.connection import CallerGone, Connection
from gemini_magic.emulator.conversation import conversation
from gemini_magic.emulator.doors import check_caller
from gemini_magic.emulator.models import Model, models
from gemini_magic.emulator.profiles import traits
from gemini_magic.emulator.reading import parsed, recorded, whole_number

if TYPE_CHECKING:
    from gemini_magic.emulator.server import Emulator

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

    @property
    def kept(self) -> bool:
        """Whether a service that keeps requests by default would keep this one."""
        asked = "enerateContent" in self.path and isinstance(self.body, Mapping)
        return asked and self.body.get("store") is not False


class Handler(BaseHTTPRequestHandler):
    """One connection; `Emulator` is reached through the server."""

    protocol_version = "HTTP/1.1"
    server_version = "gemini-magic-emulator"
    path = requestline = ""  # until a request line was read
    raw_requestline: bytes
    # Small events go out at once.
    wbufsize = 0

    @property
    def emulator(self) -> Emulator:
        return self.server.emulator  # type: ignore[attr-defined,no-any-return]

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: requests are in ``Emulator.requests``."""

    def parse_request(self) -> bool:
        self.command, self.path, self.request_version = "", "", self.protocol_version
        try:
            head = incoming.read_head(self.raw_requestline, self.rfile)
        except ApiError as error:
            self._turn_away(error)
            return False
        # The library's parser gets what was checked, and nothing behind it.
        stream, self.rfile = self.rfile, io.BytesIO(head)
        try:
            return super().parse_request()
        finally:
            self.rfile = stream

    def handle_expect_100(self) -> bool:
        """Nothing yet: whether the body is wanted is known when the caller is."""
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library refuses, in this server's words: its own quote the request."""
        self._turn_away(ApiError(code, status="INVALID_ARGUMENT"))

    def do_GET(self) -> None:
        self._answer(self.command)

    # The names that the library looks for.
    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815
    do_HEAD = do_OPTIONS = do_TRACE = do_CONNECT = do_GET  # noqa: N815

    def _answer(self, method: str) -> None:
        connection = Connection(self, self.emulator.closing)
        try:
            try:
                route = self._admitted(method)
                raw = self._body()
            except ApiError as error:
                self._turn_away(error)
                return
            self.emulator.record(self._recorded(method, raw))
            try:
                self._dispatch(method, route, raw, connection)
            except ApiError as error:
                self._refuse(error, connection)
        except Ended:
            self.close_connection = True
        except CallerGone:
            self.close_connection = True
            if connection.hung_up and not self.emulator.closing.is_set():
                self.emulator.hung_up()

    def _admitted(self, method: str) -> protocol.Route | None:
        """The route of a request that may be read; ApiError for any other."""
        incoming.check_framing(self.headers)
        route = protocol.route(self.path)
        commands = self.headers.get("X-Goog-Upload-Command", "")
        uploaded = route is not None and route.sends_bytes(commands)
        check_caller(method, self.headers, self.emulator.port, uploaded=uploaded)
        self.emulator.door.identify(route, self.headers)
        return route

    def _turn_away(self, error: ApiError) -> None:
        """Answer a request that was not read, and end its connection."""
        connection = Connection(self, self.emulator.closing)
        error.headers["Connection"] = "close"
        self.close_connection = True
        with contextlib.suppress(CallerGone):  # who is refused need not wait for it
            self._refuse(error, connection)
            connection.part()

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

    def _dispatch(
        self, method: str, route: protocol.Route | None, raw: bytes, connection: Connection
    ) -> None:
        if route is None:
            connection.whole(404, _NOT_FOUND, "text/html; charset=UTF-8")
            return
        if route.what == "upload" and method == "POST":
            self._upload(route, raw, connection)
        elif route.what in {"file", "files"}:
            self._files(method, route, connection)
        elif method == "GET" and route.what == "models":
            known = models(self.emulator.now(), vertex=route.vertex)
            connection.whole(200, protocol.pretty(_listing(route, known.values())))
        elif method == "GET" and not route.action:
            connection.whole(200, protocol.pretty(_described(route, self._model(route))))
        elif method == "POST" and route.action == "countTokens":
            self._count(route, raw, connection)
        elif method == "POST" and route.action in {"generateContent", "streamGenerateContent"}:
            self._generate(route, raw, connection)
        else:
            connection.whole(404, _NOT_FOUND, "text/html; charset=UTF-8")

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            super().handle_expect_100()
        return incoming.read_body(self.headers, self.rfile)

    def _recorded(self, method: str, raw: bytes) -> Recorded:
        body = recorded(raw)
        door = self.emulator.door
        target, headers = door.recorded_target(self.path), door.recorded_headers(self.headers)
        return Recorded(method, target, headers, body, raw)

    def _model(self, route: protocol.Route) -> Model:
        model = models(self.emulator.now(), vertex=route.vertex).get(route.model)
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
        request = schema.read(parsed(raw), "CountTokensRequest")
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
        request = schema.read(parsed(raw), "GenerateContentRequest")
        if route.vertex and "store" in request:
            raise unknown_field("store", "")  # its published message has no such field
        check(request, model)
        emulator.ledger.check(request["contents"])
        history.check_responses(request["contents"])
        Answering.resumed(
            request.get("continuationToken"),
            conversation=conversation(request, self._uploads(request)),
            contents=request["contents"],
            model=model,
            traits=traits(emulator.profile, model, vertex=route.vertex),
            fault=fault,
            ledger=emulator.ledger,
            open_session=emulator.open_session,
            pace=emulator.pace,
            tier=_tier(request),
            hop=emulator.hop,
        ).run(connection, route)

    def _uploads(self, request: Mapping[str, Any]) -> dict[str, tuple[str, str, bytes]]:
        found = {}
        for content in request["contents"]:
            for part in content.get("parts", []):
                uri = part.get("fileData", {}).get("fileUri")
                if uri is None:
                    continue
                try:
                    path = urlsplit(uri).path
                except ValueError:  # brackets that hold no IPv6 address
                    path = ""
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
        offset = whole_number(self.headers.get("X-Goog-Upload-Offset"), "X-Goog-Upload-Offset")
        if "start" in commands:
            described = _file_of(parsed(raw)) if raw else {}
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


def _file_of(request: Any) -> dict[str, Any]:
    described = (request.get("file") or {}) if isinstance(request, dict) else None
    if not isinstance(described, dict):
        raise invalid("Invalid JSON payload received. The file is no object.")  # wording assumed
    return described


def _tier(request: Mapping[str, Any]) -> str:
    """What serves: the emulator has room in every tier."""
    asked = str(request.get("serviceTier", "UNSPECIFIED")).lower()
    return "standard" if asked == "unspecified" else asked


def _described(route: protocol.Route, model: Model) -> dict[str, Any]:
    if route.vertex:
        return {"name": f"publishers/google/models/{model.name}", "versionId": "default"}
    return model.listed()


def _listing(route: protocol.Route, models: Iterable[Model]) -> dict[str, Any]:
    known = [model for model in models if route.vertex or not model.beta or route.version != "v1"]
    size = whole_number(route.query.get("pageSize"), "page_size") or 50
    start = whole_number(route.query.get("pageToken"), "page_token")
    page = [_described(route, model) for model in known[start : start + size]]
    body: dict[str, Any] = {"publisherModels" if route.vertex else "models": page}
    if start + size < len(known):
        body["nextPageToken"] = str(start + size)
    return body
