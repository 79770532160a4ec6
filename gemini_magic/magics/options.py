"""Parses the options of ``%%gemini`` by one table, which help and README show too."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.session.options import AskOptions
from gemini_magic.settings import INSERTS, SHOWS, THINKING, TIERS, VIEWS


@dataclass(frozen=True)
class Option:
    """One option: its names (long first), what it takes, and what it means.

    ``takes``: the placeholder of its value (NAME, TEXT, ...), empty for a switch. ``read`` turns
    the word into the value and raises ValueError with a reason. ``many``: may be given again and
    again; its value is then a list.
    """

    name: str
    short: str = ""
    takes: str = ""
    help: str = ""
    read: Callable[[str], Any] = str
    choices: tuple[str, ...] = ()
    many: bool = False

    @property
    def field(self) -> str:
        """The field of `AskOptions` that it sets; ``--no-NAME`` switches NAME off."""
        return self.name.removeprefix("--").removeprefix("no-").replace("-", "_")

    @property
    def usage(self) -> str:
        """How the option is written in help and docs: ``-m, --model NAME``."""
        names = f"{self.short}, {self.name}" if self.short else self.name
        return f"{names} {self.takes}".strip()


def _whole(minimum: int, maximum: int) -> Callable[[str], int]:
    def read(word: str) -> int:
        try:
            value = int(word)
        except ValueError:
            raise ValueError("a whole number") from None
        if not minimum <= value <= maximum:
            raise ValueError(f"a whole number from {minimum:,} to {maximum:,}")
        return value

    return read


def _number(minimum: float, maximum: float, what: str) -> Callable[[str], float]:
    def read(word: str) -> float:
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not minimum <= value <= maximum:
            raise ValueError(what)
        return value

    return read


def _identifier(word: str) -> str:
    import keyword

    if not word.isidentifier() or keyword.iskeyword(word):
        raise ValueError("the name of a variable")
    return word


def _cells(word: str) -> int | Literal["all"]:
    if word.lower() == "all":
        return "all"
    try:
        return _whole(0, 10_000)(word)
    except ValueError:
        raise ValueError("a number of cells, or all") from None


def _named(word: str) -> str:
    if not word.strip():
        raise ValueError("a name")
    return word


INT32 = 2**31 - 1

OPTIONS: tuple[Option, ...] = (
    Option("--model", "-m", "NAME", "model for this cell", read=_named),
    Option(
        "--conversation", "-c", "NAME", "named conversation (default: the current one)", read=_named
    ),
    Option("--stateless", help="neither reads nor writes history"),
    Option("--system", takes="TEXT", help="system instruction"),
    Option(
        "--thinking",
        takes="LEVEL",
        help="minimal, low, medium, high or xhigh, as the model takes (the subcommand models lists "
        "them; a budget on 2.5 models: assumed mapping)",
        choices=THINKING,
    ),
    Option(
        "--temperature",
        "-t",
        "X",
        "sampling temperature, sent only when given",
        read=_number(0, 2, "a number from 0 to 2"),
    ),
    Option("--max-tokens", takes="N", help="limit of the answer's tokens", read=_whole(1, INT32)),
    Option("--seed", takes="N", help="seed of the sampling", read=_whole(-INT32 - 1, INT32)),
    Option("--no-code", help="without the codeExecution tool"),
    Option("--here", help="the model's code runs in this kernel, after your word"),
    Option("--no-here", help="in Google's sandbox, though the setting here is on"),
    Option("--yes", help="with --here: run it without asking"),
    Option("--ask", help="with --here: ask, though the setting here_yes is on"),
    Option("--search", help="with Google Search beside it"),
    Option("--urls", help="with URL context beside it"),
    Option(
        "--attach",
        "-a",
        "WHAT",
        "a variable or expression, a path or pattern, gs:// or https://; repeatable",
        read=_named,
        many=True,
    ),
    Option(
        "--tool",
        takes="NAME",
        help="a function of the namespace that the model may call; repeatable",
        read=_identifier,
        many=True,
    ),
    Option(
        "--context",
        takes="N|all",
        help="tell the model of the last N cells run before this one: sources and text outputs",
        read=_cells,
    ),
    Option("--context-pictures", help="with --context: their pictures, too"),
    Option(
        "--schema",
        takes="NAME",
        help="the answer as a value of this type: a pydantic model, dataclass or TypedDict, "
        "list[...] of one, or a dict that holds a JSON Schema",
        read=_named,
    ),
    Option("--output", "-o", "NAME", "bind the answer (a Turn) to a variable", read=_identifier),
    Option(
        "--insert",
        "-i",
        "WHAT",
        "new cells below: none, code, or all (its text as Markdown cells, too)",
        choices=INSERTS,
    ),
    Option("--run", help="with --insert: run the new code cells, after what is queued already"),
    Option("--view", takes="HOW", help="auto, widget, html, markdown or plain", choices=VIEWS),
    Option("--show", takes="WHAT", help="all, answer, code or results", choices=SHOWS),
    Option("--no-stream", help="one generateContent call instead of a stream"),
    Option(
        "--timeout",
        takes="SECONDS",
        help="longest wait for what comes next (default: by the request, 120 to 900 s)",
        read=_number(0.001, 86_400, "a number of seconds above 0"),
    ),
    Option(
        "--tier",
        takes="TIER",
        help="flex (half price, waits for room), flex,standard (standard where flex has none), "
        "standard or priority (1.8 times)",
        choices=TIERS,
    ),
    Option("--store", help="let the service keep prompt and answer, as the project says"),
    Option("--no-store", help="tell the service to keep nothing (the default)"),
    Option(
        "--max-cost",
        takes="USD",
        help="limit of this call's cost, refused before sending where it can be known",
        read=_number(0, 1e9, "an amount of US dollars"),
    ),
    Option("--reuse", help="show the stored answer to the same request, without calling"),
    Option("--fresh", help="call, also where a stored answer would be shown"),
    Option("--preview", help="show exactly what would be sent, and send nothing"),
    Option("--help", help="this table"),
)

_BY_NAME: dict[str, Option] = {
    name: option for option in OPTIONS for name in (option.name, option.short) if name
}


# Quoted pieces as they are, and backslashes outside of them, which shlex would eat.
_BACKSLASH = re.compile(r"""("(?:\\.|[^"\\])*"|\'[^\']*\')|\\""")


def split(line: str) -> list[str]:
    """The words of an option line, quotes taken off; OptionError when a quote is not closed.

    A backslash means itself (a Windows path), but before a quote or backslash in double quotes.
    """
    try:
        return shlex.split(_BACKSLASH.sub(lambda found: found[1] or "\\\\", line))
    except ValueError as error:
        raise OptionError(
            f"The option line cannot be read: {str(error).lower()}.",
            'Write values with spaces or apostrophes in double quotes: --system "don\'t guess".',
        ) from None


def parse(line: str, magic: str = "%%gemini") -> AskOptions:
    """Parse the options on the first line of a cell.

    ``-`` and ``_`` are the same in names; ``--name=value`` and ``--name value`` both work. Raises
    OptionError on an unknown option (with close matches), one given twice, a missing or unusable
    value, and on text that is no option.
    """
    found: dict[str, Any] = {}
    named: dict[str, str] = {}
    rest = split(line)
    while rest:
        word = rest.pop(0)
        name, given, value = _option_name(word)
        option = _BY_NAME.get(name)
        if option is None:
            raise _unknown(word, name, magic)
        other = named.setdefault(option.field, option.name)
        if other != option.name:
            raise OptionError(
                f"{other} and {option.name} cannot go together.", "Leave one of them out."
            )
        if option.field in found and not option.many:
            raise OptionError(f"{option.name} is given twice.", "Leave one of them out.")
        if not option.takes:
            if given:
                raise OptionError(f"{option.name} takes no value.", f"Write {option.name} alone.")
            found[option.field] = not option.name.startswith("--no-")
            continue
        if not given:
            if not rest or _option_name(rest[0])[0] in _BY_NAME:
                raise OptionError(f"{option.name} needs a value.", f"Write {option.usage}.")
            value = rest.pop(0)
        if option.many:
            found[option.field] = (*found.get(option.field, ()), _value(option, value))
        else:
            found[option.field] = _value(option, value)
    return AskOptions(**found)


_NUMBER = re.compile(r"-\d|-\.\d")


def _option_name(word: str) -> tuple[str, bool, str]:
    """The option a word names, whether it carries a value (``--name=value``), and that value."""
    if not word.startswith("-") or _NUMBER.match(word):
        return "", False, ""
    name, equals, value = word.partition("=")
    if name.startswith("--"):
        name = name[:2] + name[2:].replace("_", "-")
    elif len(name) > 2 and name[:2] in _BY_NAME and not equals:
        return name[:2], True, name[2:]  # -mNAME, as command lines have it
    return name, bool(equals), value


_DASHES = re.compile("^[\u2010-\u2015\u2212]+")  # what editors and phones make of hyphens


def _unknown(word: str, name: str, magic: str) -> OptionError:
    what = f"{magic} has no option {name}."
    if not name:
        what = f"{word!r} on the {magic} line is not an option."
        hyphens = _DASHES.sub("--", word)
        if hyphens != word:
            return OptionError(what, f"Write it with two hyphens: {hyphens}.")
        if not magic.startswith("%%"):
            return OptionError(what, f"{magic} takes options alone.")
        one = magic.removeprefix("%")
        return OptionError(
            what, f"Put the prompt on the lines below it, or use {one} ask TEXT for one line."
        )
    near = did_you_mean(name, [known for known in _BY_NAME if known.startswith("--")])
    if "key" in name:
        near = "Keys are never an option: set GEMINI_API_KEY in the environment."
    return OptionError(what, near or f"%%{magic.lstrip('%').split()[0]} --help shows them.")


def _value(option: Option, word: str) -> Any:
    if option.choices:
        if word.lower() in option.choices:
            return word.lower()
        raise OptionError(
            f"{option.name} cannot be {word!r}.",
            did_you_mean(word.lower(), option.choices)
            or f"It is one of {', '.join(option.choices)}.",
        )
    try:
        return option.read(word)
    except ValueError as reason:
        raise OptionError(f"{option.name} cannot be {word!r}.", f"It takes {reason}.") from None


def check(options: AskOptions) -> None:
    """Check values that came from Python by the same rules; OptionError on an unusable one."""
    for option in OPTIONS:
        value = getattr(options, option.field)
        if not option.takes or value is None or option.many:
            continue
        if (option.read in (str, _named) or option.choices) and not isinstance(value, str):
            raise OptionError(
                f"{option.field} cannot be {value!r}.",
                f"It takes text, not {type(value).__name__}.",
            )
        _value(option, str(value))


def help_table() -> str:
    """The options as aligned text, one a line."""
    width = max(len(option.usage) for option in OPTIONS)
    return "\n".join(f"  {option.usage:<{width}}  {option.help}" for option in OPTIONS)
