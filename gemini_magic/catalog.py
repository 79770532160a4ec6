"""What is known of each Gemini model: one table, as of `DATE`; pure, and imports nothing of ours.

Here are the facts that a request depends on: thinking levels, sampling options without effect,
types of files, tools together. The client refuses by them what the service would refuse, and the
emulator plays the models by them. What is not in the table is not refused: the service decides.
Prices are elsewhere (`gemini_magic.session.prices`): they change on other days.

Sources: Google's model guides, changelog and deprecations page, and the model names of google-genai
3.6.1, as of November 2026. Assumed, where none of them says: the levels of 3.7-flash before it was
routed; that facts of a series hold for its models without a row; that models of before 2.5, and
those of 2.5 that speak or draw, take no ``includeThoughts``; the range of the budget of the 2.5
models without a row of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

DATE = "2026-11-29"
LEVELS = ("minimal", "low", "medium", "high", "xhigh")
SLOW = frozenset({"high", "xhigh"})  # levels for which the Gemini 4 guides want patient clients


@dataclass(frozen=True)
class Routing:
    """From when on requests for a model are answered (and billed) as ``model``.

    None: always, the name being an alias.
    """

    model: str
    since: datetime | None = None


@dataclass(frozen=True)
class Model:
    """A model, and what a request to it may hold.

    ``generation``: 2 (and before), 3 or 4. ``levels``: of thinking, lowest first; None where they
    are not known; empty where it takes a ``budget`` of tokens instead (from, to). ``default``: the
    level without being asked, None where that is not known. ``thinks``: without being told to.
    ``thoughts``: it takes ``includeThoughts``. ``ignores``: sampling options that are accepted and
    have no effect, by our names. ``office``: it takes Office and OpenDocument files. ``pictures``:
    they may stand in function responses. ``schema``: a response schema may stand beside built-in
    tools. ``beta``: v1beta alone has it. ``input_limit``: in tokens, where it is documented.
    ``ends``: when it is shut down. ``routing``: to the model that answers in its place, on the
    Developer API.
    """

    name: str
    generation: int = 3
    levels: tuple[str, ...] | None = None
    default: str | None = None
    budget: tuple[int, int] | None = None
    thinks: bool = True
    thoughts: bool = True
    ignores: frozenset[str] = frozenset()
    office: bool = False
    pictures: bool = True
    schema: bool = True
    beta: bool = False
    input_limit: int | None = None
    ends: datetime | None = None
    routing: Routing | None = None

    def takes(self, level: str) -> bool:
        """Whether thinking ``level`` is not known to be refused."""
        return not self.levels or level in self.levels

    @property
    def may_stop_thinking(self) -> bool:
        """Whether a budget of 0 switches thinking off: not on 2.5-pro."""
        return self.budget is not None and not self.name.startswith("gemini-2.5-pro")

    def slow(self, level: str | None) -> bool:
        """Whether minutes may pass before the first event, thinking at ``level`` (its default)."""
        return (level or self.default) in SLOW


def _levels(first: str, last: str) -> tuple[str, ...]:
    return LEVELS[LEVELS.index(first) : LEVELS.index(last) + 1]


def _utc(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


_ALL = _levels("minimal", "high")
_FROM_LOW = _levels("low", "high")
_TO_XHIGH = _levels("low", "xhigh")
_SAMPLING = frozenset({"temperature", "top_p", "top_k"})  # deprecated since 3.6-flash
_LONG = 1_048_576
_2_5 = Model("", 2, levels=(), budget=(0, 24_576), pictures=False, schema=False, input_limit=_LONG)
_BEFORE = replace(_2_5, levels=None, budget=None, thinks=False, thoughts=False, input_limit=None)
_4 = Model("", 4, ignores=_SAMPLING, office=True)

MODELS = {
    model.name: model
    for model in (
        replace(_4, name="gemini-4-hydrogen", levels=_TO_XHIGH, default="high", input_limit=_LONG),
        replace(_4, name="gemini-4-neon", levels=_TO_XHIGH, default="high"),
        replace(_4, name="gemini-4-carbon", levels=_FROM_LOW, default="high"),
        replace(_4, name="gemini-4-argon", levels=_FROM_LOW, default="medium"),
        Model(
            "gemini-3.8-flash",
            levels=_FROM_LOW,
            default="medium",
            ignores=_SAMPLING,
            input_limit=_LONG,
        ),
        Model(
            "gemini-3.7-flash",
            levels=_FROM_LOW,
            ignores=_SAMPLING,
            routing=Routing("gemini-3.8-flash", _utc(2026, 10, 8)),
        ),
        Model("gemini-3.6-flash", levels=_ALL, ignores=_SAMPLING),
        Model(
            "gemini-3.5-flash",
            levels=_ALL,
            default="medium",
            routing=Routing("gemini-3.6-flash", _utc(2026, 10, 8)),
        ),
        Model("gemini-3.5-flash-lite", levels=_ALL),
        Model("gemini-3.1-flash-lite", levels=_ALL, ends=_utc(2027, 5, 7)),
        Model("gemini-3.1-pro-preview", levels=_FROM_LOW, default="high", beta=True),
        Model("gemini-3-flash-preview", levels=_ALL, default="high", beta=True),
        replace(
            _2_5,
            name="gemini-2.5-pro",
            budget=(128, 32_768),
            ends=_utc(2026, 12, 1),
            routing=Routing("gemini-3.8-flash", _utc(2026, 12, 1)),
        ),
        replace(
            _2_5,
            name="gemini-2.5-flash",
            ends=_utc(2026, 12, 1),
            routing=Routing("gemini-3.5-flash-lite", _utc(2026, 12, 1)),
        ),
        replace(_2_5, name="gemini-2.5-flash-lite", budget=(512, 24_576), thinks=False),
        Model("gemini-flash-latest", beta=True, routing=Routing("gemini-3.8-flash")),
        Model("gemini-flash-lite-latest", beta=True, routing=Routing("gemini-3.5-flash-lite")),
        Model("gemini-pro-latest", beta=True, routing=Routing("gemini-3.1-pro-preview")),
    )
}

_SERIES = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
# What a name may say after the model's: a version, a date, a preview. Not "-lite", not "-image".
_VERSION = re.compile(r"-(?:\d{2,}|preview|exp|latest|customtools)(?:-(?:\d+|customtools))*")
_OTHER = re.compile(r"-(?:image|tts|live|audio|native-audio|embedding)")


def now() -> datetime:
    """The time by which routing is judged, in UTC."""
    return datetime.now(UTC)


def bare(name: str) -> str:
    """``name`` without the path before it ("models/", "publishers/google/models/")."""
    return name.rpartition("/")[2].lower()


def family(name: str) -> str:
    """The row of the table that ``name`` is a version of, else the bare name.

    >>> family("models/gemini-2.5-flash-preview-09-2025"), family("gemini-2.5-flash-image")
    ('gemini-2.5-flash', 'gemini-2.5-flash-image')
    """
    plain = bare(name)
    if plain in MODELS:
        return plain
    for known in sorted(MODELS, key=len, reverse=True):
        if plain.startswith(known) and _VERSION.fullmatch(plain, len(known)):
            return known
    return plain


def routing(name: str, when: datetime | None = None, *, vertex: bool = False) -> Routing | None:
    """Who answers in place of ``name`` at ``when`` (now); None: the model itself.

    The dates are those of the Developer API: Vertex AI has others, which are not known here.
    """
    found = MODELS.get(family(name))
    if found is None or found.routing is None:
        return None
    since = found.routing.since
    if since is None:
        return found.routing
    if vertex or (when or now()) < since:
        return None
    return found.routing


def of(name: str, when: datetime | None = None, *, vertex: bool = False) -> Model:
    """What is known of the model that answers a request for ``name`` at ``when`` (now).

    Its own ``name`` is the model's that answers. A name that is not in the table gets what holds
    for its series.
    """
    asked = routing(name, when, vertex=vertex)
    return own(name if asked is None else asked.model)


def own(name: str) -> Model:
    """What is known of the model ``name`` itself, whoever answers in its place."""
    return MODELS.get(family(name)) or _by_series(family(name))


def known(name: str) -> bool:
    """Whether ``name`` is in the table, or tells its series."""
    return family(name) in MODELS or _SERIES.match(bare(name)) is not None


def _by_series(name: str) -> Model:
    series = _SERIES.match(name)
    if series is None:
        return Model(name)  # a name that does not tell
    number = (int(series[1]), int(series[2] or 0))
    other = _OTHER.search(name) is not None
    if number < (2, 5):
        return replace(_BEFORE, name=name)
    if number < (3, 0):
        return replace(_BEFORE if other else _2_5, name=name)
    if number < (4, 0):
        return Model(name)
    return replace(_4, name=name, generation=number[0])


def same(asked: str, answered: str) -> bool:
    """Whether ``answered`` is the model ``asked`` for, or a version of it, or what it stands for.

    An alias ("-latest") asks for whichever model stands behind it.
    """
    if family(asked) == family(answered):
        return True
    found = MODELS.get(family(asked))
    if found is not None and found.routing is not None and found.routing.since is None:
        return True
    return bare(answered).startswith(bare(asked)) and bool(
        _VERSION.fullmatch(bare(answered), len(bare(asked)))
    )
