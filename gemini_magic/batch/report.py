"""Writes the report of a run: JSON for programs, and a page with links to the results."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gemini_magic.batch.job import Outcome, total_cost, total_usage
from gemini_magic.session.conversation_file import make_folder, write_atomic
from gemini_magic.session.prices import dollars, source
from gemini_magic.text import counted
from gemini_magic.turn.parts import Json

FORMAT = "gemini-magic.report"
VERSION = 1


def report(
    outcomes: Sequence[Outcome],
    *,
    started: str,
    elapsed: float,
    exit_code: int,
    unseen: int,
    unseen_truncated: int = 0,
) -> Json:
    """The report as JSON data; the totals are the sums of the notebooks' own turns.

    ``unseen``: calls that were made and are in no notebook (``ask()`` shows nothing by itself, a
    notebook that was killed had written nothing). They are counted, and not in the totals, but for
    ``unseen_truncated``, those among them that were cut short.
    """
    calls = [call for outcome in outcomes for call in outcome.calls]
    asked = [call for call in calls if call.made]
    reused = [call for call in calls if call.stored is not None]
    statuses = [outcome.status for outcome in outcomes]
    emulated = sum(call.backend == "emulator" for call in asked)
    return {
        "format": FORMAT,
        "version": VERSION,
        "started": started,
        "elapsed_s": round(elapsed, 3),
        "exit_code": exit_code,
        "total": {
            "notebooks": len(outcomes),
            **{name.replace(" ", "_"): statuses.count(name) for name in _STATUSES},
            "calls": len(asked),
            "usage": total_usage(asked).to_dict(),
            "cost_usd": total_cost(asked),
            "calls_without_price": sum(call.cost is None for call in asked),
            "calls_of_emulator": emulated,
            "reused": len(reused),
            "reused_usage": total_usage(reused).to_dict(),
            "reused_cost_usd": total_cost(reused),
            "unseen_calls": unseen,
            "truncated": sum(len(outcome.truncated) for outcome in outcomes) + unseen_truncated,
            "left_cells": sum(len(outcome.left) for outcome in outcomes),
        },
        "prices": source({call.model for call in calls}),
        "models": sorted({note for call in calls for note in call.notes}),
        "notebooks": [outcome.to_dict() for outcome in outcomes],
    }


_STATUSES: tuple[Any, ...] = ("ok", "failed", "interrupted", "not run")


def write(data: Json, path: Path) -> list[Path]:
    """Write the report as JSON and as a page beside it (``r.json`` and ``r.html``).

    Raises StorageError when a file cannot be written.
    """
    as_json, as_page = files(path)
    make_folder(path.parent, str(path.parent), "Choose another --report FILE.")
    write_atomic(as_json, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())
    write_atomic(as_page, readable(data, as_page.parent).encode("utf-8", "replace"))
    return [as_json, as_page]


def files(path: Path) -> tuple[Path, Path]:
    """The JSON file and the page of a report; ``path`` may name either."""
    page = path.suffix.lower() in (".html", ".htm")
    return path.with_suffix(".json") if page else path, path if page else path.with_suffix(".html")


def summary(data: Json) -> str:
    """A report in one line."""
    total = data["total"]
    cut = f"; {counted(total['truncated'], 'answer')} cut short" if total["truncated"] else ""
    return (
        f"{counted(total['notebooks'], 'notebook')}: {total['ok']:,} ok, "
        f"{total['failed']:,} failed, {total['interrupted']:,} interrupted, "
        f"{total['not_run']:,} not run; "
        f"{counted(total['calls'], 'call')}, {counted(total['usage']['total_tokens'], 'token')}, "
        f"{cost_word(total['cost_usd'])}; {counted(total['reused'], 'answer')} reused{cut}"
    )


def readable(data: Json, folder: Path) -> str:
    """The report as an HTML page in ``folder``: self-contained, no script, relative links."""
    total = data["total"]
    rows = "\n".join(_row(notebook, folder) for notebook in data["notebooks"])
    prices = data["prices"]
    notes = [
        f"Prices: {prices['source']} {prices['version']}, in force on {prices['date']}.",
        *([f"Prices of {prices['own']}."] if "own" in prices else []),
    ]
    if total["calls_of_emulator"]:
        notes.append(
            f"Answered by the offline emulator: {counted(total['calls_of_emulator'], 'call')}. "
            "The cost is what Gemini would have cost, nothing was billed."
        )
    if total["calls_without_price"]:
        without = counted(total["calls_without_price"], "call")
        notes.append(f"{without} of models without a known price.")
    notes += data["models"]
    if total["unseen_calls"]:
        further = counted(total["unseen_calls"], "further call")
        notes.append(f"Not in these sums, since in no notebook: {further}.")
    return _PAGE.format(
        summary=html.escape(summary(data)),
        started=html.escape(data["started"]),
        elapsed=f"{data['elapsed_s']:,.1f} s",
        code=data["exit_code"],
        rows=rows,
        notes="".join(f"<p>{html.escape(note)}</p>" for note in notes),
    )


def cost_word(cost: str | None) -> str:
    """A cost for reading."""
    return "cost unknown" if cost is None else dollars(float(cost))


def _row(notebook: Json, folder: Path) -> str:
    told = [
        f"Cut short in cell {turn['cell']}: {turn['message'] or 'not complete'}"
        for turn in notebook["turns"]
        if turn["status"] == "truncated"
    ]
    errors = "<br>".join(
        html.escape(
            f"{error['ename']}"
            + ("" if error["cell"] is None else f" in cell {error['cell']}")
            + f": {error['evalue']}"
        ).replace("\n", "<br>")
        for error in notebook["errors"]
    )
    cut = "<br>".join(html.escape(line) for line in told)
    links = [_link(notebook["output"], "notebook", folder)]
    if notebook["html"]:
        links.append(_link(notebook["html"], "page", folder))
    if notebook["status"] == "not run":
        links = []
    cells = [
        html.escape(notebook["notebook"]),
        html.escape(notebook["status"]) + (", before" if notebook["resumed"] else ""),
        " ".join(links),
        f"{notebook['elapsed_s']:,.1f} s",
        f"{notebook['calls']:,}",
        f"{notebook['reused']:,}",
        f"{notebook['usage']['total_tokens']:,}",
        html.escape(cost_word(notebook["cost_usd"])),
        "<br>".join(part for part in (errors, cut, _left(notebook)) if part),
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _left(notebook: Json) -> str:
    left = notebook["left"]
    what = "cell" if len(left) == 1 else "cells"
    return f"Left as edited: {what} {', '.join(map(str, left))}" if left else ""


def _link(path: str, name: str, folder: Path) -> str:
    relative = os.path.relpath(path, folder.resolve())
    return f'<a href="{html.escape(quote(Path(relative).as_posix()))}">{name}</a>'


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Gemini notebook run</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }}
table {{ border-collapse: collapse }} td, th {{ padding: .3em .8em; text-align: left;
vertical-align: top; border-bottom: 1px solid #ccc }}
@media (prefers-color-scheme: dark) {{ body {{ color: #ddd; background: #111 }}
a {{ color: #8ab4f8 }} td, th {{ border-color: #444 }} }}
</style></head><body>
<h1>Gemini notebook run</h1>
<p>{summary}</p>
<p>Started {started}, took {elapsed}, exit code {code}.</p>
<table><thead><tr><th>Input</th><th>Status</th><th>Result</th><th>Time</th><th>Calls</th>
<th>Reused</th><th>Tokens</th><th>Cost</th><th>Errors, answers cut short</th></tr></thead>
<tbody>
{rows}
</tbody></table>
{notes}
</body></html>
"""
