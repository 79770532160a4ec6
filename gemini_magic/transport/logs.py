"""Logs of the libraries below us, without keys.

A user who switches DEBUG on for ``httpcore2`` or ``httpx2`` gets requests and responses written:
URLs, and headers in which a proxy may echo what was sent. A filter on a logger sees only what that
very logger is given, so each of the libraries' loggers gets one.
"""

from __future__ import annotations

import logging

from gemini_magic.errors import redact

LIBRARIES = ("google_genai", "google.auth", "httpcore2", "httpx2", "urllib3")


class _Redact(logging.Filter):
    """Writes out a record's message at once, with keys replaced."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


_REDACT = _Redact()  # one for the process, as loggers are


def keep_keys_out_of_logs() -> None:
    """Replace keys in what the libraries' loggers, as far as there are any yet, write from now."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in LIBRARIES or name.startswith("google.auth"):
            logger = logging.getLogger(name)
            if _REDACT not in logger.filters:
                logger.addFilter(_REDACT)
