"""``%gemini config``: every setting, its value and where that comes from; setting it for now.

What is set here holds for this kernel, above the traits, and is checked by the traits' own rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import TraitError, TraitType, Undefined

from gemini_magic.errors import GeminiError, OptionError, did_you_mean
from gemini_magic.settings import ENVIRONMENT, Settings, from_environment

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


def config(magics: GeminiMagics, rest: str) -> None:
    """Show all settings, or one (``NAME``), or set one (``NAME=VALUE``; ``NAME=`` takes it back).

    OptionError on an unknown name and on a value that the trait refuses.
    """
    name, equals, value = rest.partition("=")
    if not rest:
        names = sorted(_traits(magics))
        width = max(map(len, names))
        magics.say("\n".join(f"{name:<{width}}  {_line(magics, name)}" for name in names))
        return
    name = name.strip().replace("-", "_")
    _known(magics, name)
    if equals:
        _set(magics, name, value.strip())
    magics.say(f"{name} = {_line(magics, name)}")


def source(magics: GeminiMagics, name: str) -> str:
    """Where the value in force of a setting comes from, in words."""
    if name in magics.chosen:
        return f"%{magics.magic_name}"
    if magics.run is not None and name in magics.run.settings():
        return "jupyter gemini run"
    if name in magics.set_by_user or (
        name not in Settings.__dataclass_fields__
        and getattr(magics, name) != _traits(magics)[name].default_value
    ):
        return "trait"
    if name in from_environment():
        return ENVIRONMENT[name]
    return "default"


def _traits(magics: GeminiMagics) -> dict[str, TraitType[Any, Any]]:
    return type(magics).class_traits(config=True)


def _line(magics: GeminiMagics, name: str) -> str:
    value = getattr(magics.settings, name, getattr(magics, name))
    return f"{value!r}  ({source(magics, name)})"


def _known(magics: GeminiMagics, name: str) -> None:
    traits = _traits(magics)
    if name in traits:
        return
    if "key" in name.lower():
        raise OptionError(
            "A key is not a setting.", "Set GEMINI_API_KEY in the environment; it is never stored."
        )
    near = did_you_mean(name, traits) or "%gemini config shows all of them."
    raise OptionError(f"There is no setting {name[:60]!r}.", near)


def _set(magics: GeminiMagics, name: str, text: str) -> None:
    if name not in Settings.__dataclass_fields__:
        raise OptionError(
            f"{name} is read when the extension is loaded.",
            f"Set it before: get_ipython().config.GeminiMagics.{name} = ... "
            "(or in ipython_config.py).",
        )
    before = dict(magics.chosen)
    if text == "":
        magics.chosen.pop(name, None)
    else:
        magics.chosen[name] = _checked(magics, name, text)
    if name == "backend":
        try:
            magics.connect()
        except GeminiError:
            # What cannot be used is not kept: the backend in force goes on.
            magics.chosen.clear()
            magics.chosen.update(before)
            raise


def _checked(magics: GeminiMagics, name: str, text: str) -> Any:
    trait = _traits(magics)[name]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    elif trait.allow_none and text.lower() == "none":
        text = "None"
    try:
        value = trait.from_string(text)
        # By a second, unregistered instance: its traits refuse what ours would, and nobody is
        # told of a change that does not happen.
        return getattr(type(magics)(None, **{name: value}), name)
    except (TraitError, ValueError) as error:
        values = getattr(trait, "values", Undefined)
        raise OptionError(
            f"{name} cannot be {text[:80]!r}.", _takes(text, values, trait, error)
        ) from None


_KINDS = {"int": "a whole number", "float": "a number"}  # traitlets speaks of Python's types


def _takes(text: str, values: Any, trait: TraitType[Any, Any], error: Exception) -> str:
    if values is not Undefined and values:
        near = did_you_mean(text.lower(), [value for value in values if value is not None])
        return near or f"It is one of {', '.join(map(str, values))}."
    least, most = getattr(trait, "min", None), getattr(trait, "max", None)
    infinite = (None, float("inf"), float("-inf"))
    bounds = [f"at least {least:,}"] if least not in infinite else []
    bounds += [f"at most {most:,}"] if most not in infinite else []
    kind = trait.info().removeprefix("a ").removeprefix("an ")
    kind = _KINDS.get(kind, kind)
    if bounds:
        return f"It takes: {kind}, {' and '.join(bounds)}."
    said = str(error).splitlines()[0] if isinstance(error, TraitError) and str(error) else ""
    if said.startswith(f"{trait.name} is"):
        return f"{said}."
    return f"It takes: {kind}."
