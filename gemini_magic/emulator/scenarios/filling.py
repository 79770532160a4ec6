"""Fills a JSON Schema with values; its source is also the code that runs in the sandbox.

Standard library only, and nothing of the package: what is sent to run stands alone. Numbers are
computed (squares, roots, primes where a name says so, else what was printed before), rows come
from a table where names match its columns, texts are numbered.
"""

import datetime
import itertools
import math
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

DEEPEST = 3  # levels of a recursive type


def fill(
    schema: Any,
    count: int = 3,
    printed: Sequence[float] = (),
    rows: Sequence[dict[str, str]] = (),
) -> Any:
    """A value that fits ``schema``.

    ``count``: the length of a list; ``printed``: numbers that earlier code printed; ``rows``: of a
    table, as dicts.
    """
    return _Filling(schema, count, printed, rows).value(schema, "", 0, 0)


class _Filling:
    def __init__(
        self, root: Any, count: int, printed: Sequence[float], rows: Sequence[dict[str, str]]
    ) -> None:
        self.root, self.count, self.printed, self.rows = root, count, printed, rows
        self.lists = 0  # that are being filled, one in the other

    def value(self, schema: Any, name: str, at: int, depth: int) -> Any:
        schema = self.resolved(schema, depth)
        if schema.get("enum"):
            known = self.known(name, at)
            return known if known in schema["enum"] else schema["enum"][at % len(schema["enum"])]
        if "const" in schema:
            return schema["const"]
        kind = schema.get("type") or ("object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if kind == "object":
            return self.object(schema, at, depth)
        if kind == "array":
            return self.array(schema, name, depth)
        if kind in ("integer", "number"):
            return self.number(schema, name, at, whole=kind == "integer")
        if kind == "boolean":
            known = self.known(name, at)
            return at % 2 == 0 if known is None else str(known).lower() in ("true", "yes", "1")
        return None if kind == "null" else self.text(schema, name, at)

    def resolved(self, schema: Any, depth: int) -> Any:
        """Without references; of several choices the first that is not null."""
        for _ in range(50):
            if "$ref" in schema:
                found = self.root
                for step in schema["$ref"].split("/")[1:]:
                    found = found[step.replace("~1", "/").replace("~0", "~")]
                schema = found
                continue
            choices = schema.get("anyOf") or schema.get("oneOf")
            if choices:
                null = [one for one in choices if one.get("type") == "null"]
                others = [one for one in choices if one.get("type") != "null"]
                schema = null[0] if null and (depth > DEEPEST or not others) else others[0]
                continue
            for part in schema.get("allOf", ()):
                schema = {**schema, **self.resolved(part, depth), "allOf": ()}
            break
        return schema

    def object(self, schema: Any, at: int, depth: int) -> Any:
        required = schema.get("required", ())
        found = {
            name: self.value(inner, name, at, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in required or depth < DEEPEST
        }
        more = schema.get("additionalProperties")
        if not found and isinstance(more, dict):
            for number in range(max(1, schema.get("minProperties", 0))):
                key = f"key {number + 1}"
                found[key] = self.value(more, key, number, depth + 1)
        return found

    def array(self, schema: Any, name: str, depth: int) -> Any:
        first = schema.get("prefixItems", [])
        found = [self.value(one, name, at, depth + 1) for at, one in enumerate(first)]
        inner = schema.get("items")
        if not isinstance(inner, dict):
            return found
        length = (self.count or len(self.rows)) if depth <= 1 else 2
        if "maxItems" in schema:
            length = min(length, schema["maxItems"])
        length = 0 if depth >= DEEPEST else length
        length = max(length, schema.get("minItems", 0))
        self.lists += 1
        filled = [self.value(inner, name, at, depth + 1) for at in range(length)]
        self.lists -= 1
        return filled

    def known(self, name: str, at: int) -> str | None:
        """What the table says in the column of that name."""
        if not self.rows:
            return None
        row = self.rows[at % len(self.rows)]
        return next((row[key] for key in row if key.lower() == name.lower()), None)

    def number(self, schema: Any, name: str, at: int, whole: bool) -> float:
        n = at + 1
        word = name.lower()
        known = self.known(name, at)
        computed = {
            "n": n,
            "number": n,
            "index": n,
            "id": n,
            "rank": n,
            "square": n * n,
            "cube": n**3,
            "root": math.sqrt(n),
            "sqrt": math.sqrt(n),
            "square_root": math.sqrt(n),
            "half": n / 2,
            "prime": next(itertools.islice(primes(), at, None)),
            "factorial": math.factorial(min(n, 20)),
        }
        value: float | None
        try:
            value = float(known) if known is not None else computed.get(word)
        except ValueError:
            value = computed.get(word)
        if value is None:
            # A list of what was printed, or the last of it, which is mostly the result.
            last = at % len(self.printed) if self.lists and self.printed else -1
            value = self.printed[last] if self.printed else n * n
        low, high = schema.get("minimum"), schema.get("maximum")
        step = schema.get("multipleOf")
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        if above is not None and value <= above:
            value = above + (1 if below is None or above + 1 < below else (below - above) / 2)
        if below is not None and value >= below:
            value = below - (1 if above is None or below - 1 > above else (below - above) / 2)
        value = max(value, low) if low is not None else value
        value = min(value, high) if high is not None else value
        if step:
            value = math.floor(value / step) * step
            value = value + step if low is not None and value < low else value
        return int(value) if whole else value

    def text(self, schema: Any, name: str, at: int) -> str:
        known = self.known(name, at)
        if known is not None:
            return str(known)
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=at)
        made = {
            "date": day.isoformat(),
            "date-time": f"{day.isoformat()}T12:00:00Z",
            "time": f"{12 + at % 12}:00:00",
            "duration": f"P{at + 1}D",
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}{at}")),
            "email": f"{name or 'user'}{at + 1}@example.org",
            "uri": f"https://example.org/{at + 1}",
        }.get(schema.get("format"))
        if made is not None:
            return made
        least: int = schema.get("minLength", 0)
        text = f"{name or 'text'} {at + 1}".ljust(least, ".")
        most: int = schema.get("maxLength", len(text))
        return text[:most]


def primes() -> Iterator[int]:
    """The prime numbers, from 2."""
    return (n for n in itertools.count(2) if all(n % d for d in range(2, math.isqrt(n) + 1)))
