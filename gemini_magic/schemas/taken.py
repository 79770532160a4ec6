"""Says which models take a schema together with tools."""

from __future__ import annotations

from gemini_magic import catalog
from gemini_magic.errors import OptionError
from gemini_magic.hints import Hint
from gemini_magic.transport.protocol import Config


def refuse_schema(model: catalog.Model, config: Config) -> None:
    """Raise OptionError where ``model`` does not take a schema beside the tools of a request.

    By the documentation they go together on Gemini 3 and later; 2.5 refuses functions beside a
    schema (as recorded), and built-in tools (known from public reports).
    """
    if config.schema is None or model.schema:
        return
    present = [name for name in ("code", "search", "urls") if getattr(config, name)]
    present += ["tools"] if config.functions else []
    if present:
        raise OptionError(
            f"{model.name} takes no tools beside a schema; nothing was sent.",
            Hint.LEAVE_OUT_OR_NEWER(options=present),
        )
