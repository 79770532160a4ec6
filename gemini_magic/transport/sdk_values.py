"""The SDK's own values of a request, made so that the SDK reads them quickly.

Its converters ask ``name in value`` for each of some forty fields, twice, before they take the
attribute. A pydantic model says nothing to ``in``: Python goes through its fields as pairs, of
which none is a name (google-genai 3.4 to 3.6, ``_common.get_value_by_path``). That is a fifth of
the way from a cell to the wire.
"""

from __future__ import annotations

from google.genai import types


class Config(types.GenerateContentConfig):
    """The settings of a request, whose fields are attributes and no members."""

    def __contains__(self, name: object) -> bool:
        return False


# What stands for the contents in the SDK's hands: what it need neither guess nor convert.
PLACEHOLDER = types.Content(role="user", parts=[])
