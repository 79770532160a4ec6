"""The Gemini Developer API's published messages: google-ai-generativelanguage, v1beta.

Field names, types, enums and oneofs come from the protobuf descriptors. Which fields are required
comes from the class docstrings ("Required. ..."): the descriptors carry no field behaviour.
"""

from __future__ import annotations

import functools
import re
import warnings
from operator import attrgetter

from .descriptors import message_of
from .json_rules import Message

with warnings.catch_warnings():
    # By the date, google.api_core announces that it will stop supporting the running Python. That
    # does not matter to reading descriptors, and no test run may fail on it from one day on.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\..*")
    from google.ai import generativelanguage_v1beta

PACKAGE = "google.ai.generativelanguage.v1beta."

ROOTS = {
    "request": "GenerateContentRequest",
    "response": "GenerateContentResponse",
    "count_request": "CountTokensRequest",
    "count_response": "CountTokensResponse",
    "models": "ListModelsResponse",
    "model": "Model",
}

IN_THE_URL = {"GenerateContentRequest": "model", "CountTokensRequest": "model"}
"""Required, but bound to the path (``{model=models/*}:generateContent``), not to the body."""


@functools.cache
def message(name: str) -> Message:
    """The published message of that name, nested ones as ``Outer.Inner``; KeyError if none."""
    pool = generativelanguage_v1beta.Part.pb().DESCRIPTOR.file.pool
    descriptor = pool.FindMessageTypeByName(PACKAGE + name)
    documented = attrgetter(name)(generativelanguage_v1beta).__doc__ or ""
    required = {one for one in _REQUIRED.findall(documented) if one != IN_THE_URL.get(name)}
    return message_of(descriptor, name, package=PACKAGE, required=required)


_REQUIRED = re.compile(r"^        (\w+) \([^)]*\):\n\s+Required\.", re.MULTILINE)
