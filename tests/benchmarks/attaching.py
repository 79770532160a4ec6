"""Large data: frames on their way to CSV, and what a second question over a large file sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from gemini_magic.attach import content, tables
from gemini_magic.attach.item import Item
from gemini_magic.emulator import Emulator
from gemini_magic.errors import OptionError
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.turn.request_json import Content

from .measuring import Claim, Found, Results, in_turn, seconds

MILLION, ROWS, LEAST = 1_000_000, 200_000, 10_000
FILE = 15_000_000  # bytes
LIMIT = 20_000_000  # of attachments, as it is by default
TO_CSV = "`DataFrame.to_csv`"
REFUSED = Claim(
    f"a frame of {MILLION:,} rows and 10 columns refused for its size",
    f"{TO_CSV} of {LEAST:,} rows of it",
    ratio=1,
    most=0.2,
)
PANDAS = Claim(f"a pandas frame of {ROWS:,} rows attached", TO_CSV, ratio=1 / 3)
POLARS = Claim(f"a polars frame of {ROWS:,} rows attached", TO_CSV, ratio=1 / 4)
AGAIN = Claim(
    "the request of a second question over a file of 15 MB", "the file", "byte", ratio=1 / 500
)
CLAIMS = (REFUSED, PANDAS, POLARS, AGAIN)


def frame(rows: int) -> pd.DataFrame:
    """Ten columns as they are met: numbers, a date, text, truth values."""
    chance = np.random.default_rng(0)
    columns: dict[str, object] = {"id": np.arange(rows)}
    columns |= {f"value_{n}": chance.normal(0, 100, rows) for n in range(4)}
    columns |= {f"count_{n}": chance.integers(0, 1_000_000, rows) for n in range(2)}
    columns["at"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows), unit="min")
    columns["region"] = np.array(["north", "south", "east", "west"], object)[np.arange(rows) % 4]
    columns["paid"] = chance.random(rows) > 0.5
    return pd.DataFrame(columns)


def refused(large: pd.DataFrame) -> Callable[[], None]:
    def refuse() -> None:
        try:
            tables.table(large, "large", LIMIT)
        except OptionError:
            return
        raise AssertionError("it was not refused")

    return refuse


def asked_twice() -> int:
    """Bytes of the second request of a conversation over a file of 15 MB."""
    data = b"n\n" + b"1\n" * (FILE // 2 - 1)
    item = Item("n.csv", "text/csv", data)
    user = Content(role="user", parts=[*content.parts([item]), {"text": "How many?"}])
    answer = {"role": "model", "parts": [{"text": "Many."}]}
    again = {"role": "user", "parts": [{"text": "And their sum?"}]}
    with Emulator() as server:
        transport = GoogleTransport(Backend("emulator", server.key, base_url=server.url))
        for contents in ([user], [user, answer, again]):
            for _ in transport.send(Outgoing("gemini-3.8-flash", contents)):
                pass
        transport.close()
        assert len(server.files.all()) == 1
        return len(json.dumps(server.generate_requests[-1].body))


def measure(folder: Path, rounds: int, rows: int = ROWS) -> Results:
    large = frame(MILLION)
    some, few = large.iloc[:rows], large.iloc[:LEAST]
    polars = pl.DataFrame({**some, "region": some["region"].tolist()})
    took = in_turn(
        rounds,
        {
            "refused": seconds(refused(large)),
            "few": seconds(lambda: few.to_csv(index=False)),
            "pandas": seconds(lambda: tables.table(some, "some", 10 * LIMIT)),
            "polars": seconds(lambda: tables.table(polars, "some", 10 * LIMIT)),
            "csv": seconds(lambda: some.to_csv(index=False)),
        },
    )
    return {
        REFUSED: Found(took["refused"], took["few"]),
        PANDAS: Found(took["pandas"], took["csv"]),
        POLARS: Found(took["polars"], took["csv"]),
        AGAIN: Found([asked_twice()], [FILE]),
    }
