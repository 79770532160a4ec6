"""A protobuf descriptor as a `Message`, and the shared google.rpc messages by full name."""

from __future__ import annotations

import functools
from collections.abc import Collection

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.rpc import code_pb2, error_details_pb2
from google.type import latlng_pb2

from .json_rules import Field, Kind, Message

# Named so that they are in the pool, whatever else was imported.
SHARED = (error_details_pb2.DESCRIPTOR, latlng_pb2.DESCRIPTOR)
RPC_CODES = frozenset(code_pb2.Code.keys())


@functools.cache
def shared_message(full_name: str) -> Message:
    """A message of google.rpc or google.type, by full name; KeyError if there is none."""
    descriptor = descriptor_pool.Default().FindMessageTypeByName(full_name)
    return message_of(descriptor, full_name)


def message_of(
    descriptor: Descriptor, name: str, *, package: str = "", required: Collection[str] = ()
) -> Message:
    """The message under ``name``; types inside ``package`` are named without it.

    ``required``: names as in the proto file. A descriptor from proto-plus does not tell.
    """
    fields = [_field(one, package, one.name in required) for one in descriptor.fields]
    return Message(name, {one.name: one for one in fields})


def _field(one: FieldDescriptor, package: str, required: bool) -> Field:
    entry = _map_value(one)
    typed = one if entry is None else entry
    kind = _kind(typed)
    enum = typed.enum_type
    return Field(
        name=one.json_name,
        kind=kind,
        type=typed.message_type.full_name.removeprefix(package) if kind == "message" else "",
        values=frozenset(value.name for value in enum.values) if kind == "enum" else frozenset(),
        repeated=one.is_repeated and entry is None,
        keyed=entry is not None,
        oneof=_oneof(one),
        required=required,
        # proto-plus appends a "_" to names that are Python's own, such as type_.
        original=one.name.rstrip("_"),
    )


def _map_value(one: FieldDescriptor) -> FieldDescriptor | None:
    if one.message_type is None or not one.message_type.GetOptions().map_entry:
        return None
    value: FieldDescriptor = one.message_type.fields_by_name["value"]
    return value


def _oneof(one: FieldDescriptor) -> str | None:
    # The oneof of a proto3 "optional" field has that field alone: it conflicts with nothing.
    group = one.containing_oneof
    return group.name if group is not None and len(group.fields) > 1 else None


def _kind(one: FieldDescriptor) -> Kind:
    if one.message_type is not None:
        return _WELL_KNOWN.get(one.message_type.full_name, "message")
    return _KINDS[one.type]


_KINDS: dict[int, Kind] = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_UINT64: "uint64",
    FieldDescriptor.TYPE_FLOAT: "float",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_ENUM: "enum",
}

_WELL_KNOWN: dict[str, Kind] = {
    "google.protobuf.Struct": "struct",
    "google.protobuf.Value": "value",
    "google.protobuf.ListValue": "list",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "google.protobuf.Any": "any",
}
