"""Days between dates, and weekdays."""

from __future__ import annotations

import datetime
import re

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, ran

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ISO = r"(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)"
_DAY_FIRST = r"(?P<d>\d\d?)(?:st|nd|rd|th)?\.?\s+(?P<m>[A-Za-z]{3,9})\.?,?\s+(?P<y>\d{4})"
_MONTH_FIRST = r"(?P<m>[A-Za-z]{3,9})\.?\s+(?P<d>\d\d?)(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})"


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers prompts with one date (its weekday) or two (the days between)."""
    found = _dates(prompt)
    if len(found) >= 2 and re.search(r"\bdays?\b|\bweeks?\b|\bbetween\b|\blong\b", prompt, re.I):
        return _between(*found[:2])
    if found and re.search(r"\bweekday\b|\bday\b", prompt, re.I):
        return _weekday(found[0])
    return None


def _dates(prompt: str) -> list[datetime.date]:
    found: list[tuple[int, datetime.date]] = []
    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST):
        for match in re.finditer(pattern, prompt):
            month = match["m"]
            if not month.isdigit():
                full = [name for name in _MONTHS if name.startswith(month.lower())]
                if not full:
                    continue
                month = str(_MONTHS.index(full[0]) + 1)
            try:
                date = datetime.date(int(match["y"]), int(month), int(match["d"]))
            except ValueError:  # 31 February is no date to count with
                continue
            found.append((match.start(), date))
    return [date for _, date in sorted(found)]


def _made(date: datetime.date) -> str:
    return f"date({date.year}, {date.month}, {date.day})"


def _between(one: datetime.date, two: datetime.date) -> Script:
    yield Say("Calendars are easy to get wrong by hand, so I count with `datetime`.\n\n")
    result = yield from ran(
        "from datetime import date\n\n"
        f"days = abs(({_made(two)} - {_made(one)}).days)\n"
        "print(days)\n"
    )
    yield Say(f"From {one} to {two} it is **{result.stdout.strip()} days**.")


def _weekday(date: datetime.date) -> Script:
    result = yield from ran(f"from datetime import date\n\nprint({_made(date)}.strftime('%A'))\n")
    yield Say(f"{date} is a **{result.stdout.strip()}**.")
