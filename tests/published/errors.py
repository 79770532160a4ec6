"""The published shape of an error body: google.rpc.Status inside "error" (google.aip.dev/193)."""

from __future__ import annotations

from .descriptors import RPC_CODES
from .json_rules import Field, Message

ROOT = "ErrorBody"

MESSAGES = {
    ROOT: Message(ROOT, {"error": Field("error", "message", "Error", required=True)}),
    "Error": Message(
        "Error",
        {
            # The HTTP status, where google.rpc.Status has the gRPC code; "status" has its name.
            "code": Field("code", "int32", required=True),
            "message": Field("message", "string"),
            "status": Field("status", "enum", values=RPC_CODES),
            "details": Field("details", "any", repeated=True),
        },
    ),
}
