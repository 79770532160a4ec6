"""Shows settings with where each comes from, and sets them (``config, model, backend``).

What is set here holds for this kernel, above the traits, and is checked by the traits' own rules.
"""

from __future__ import annotations

from typing import Any

from traitlets import TraitError, TraitType, Undefined

from gemini_magic.errors import GeminiError, OptionError, did_you_mean
from gemini_magic.magics.commands.arguments import word
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.session.session import Session
from gemini_magic.settings import BACKENDS, ENVIRONMENT, Settings, from_environment


def config(session: Session, kernel: KernelState, rest: str) -> None:
    """Show all settings, or one (``NAME``), or set one (``NAME=VALUE``; ``NAME=`` takes it back).

    OptionError on an unknown name and on a value that the trait refuses.
    """
    name, equals, value = rest.partition("=")
    if not rest:
        names = sorted(_traits(kernel))
        width = max(map(len, names))
        session.say("\n".join(f"{name:<{width}}  {_line(session, kernel, name)}" for name in names))
        return
    name = name.strip().replace("-", "_")
    _known(kernel, name)
    if equals:
        _set(session, kernel, name, value.strip())
    session.say(f"{name} = {_line(session, kernel, name)}")


def model(session: Session, kernel: KernelState, rest: str) -> None:
    """``model [NAME]``: show or set the model."""
    if rest:
        name = word(rest, "model NAME").removeprefix("models/")
        if name.startswith("-"):
            raise OptionError(
                f"{name[:60]!r} is no name of a model.",
                "%gemini models lists them; %gemini model NAME sets one.",
            )
        session.chosen["model"] = name
    session.say(f"model: {session.settings.model}")


def backend(session: Session, kernel: KernelState, rest: str) -> None:
    """``backend [NAME]``: show or set the backend; one that cannot be used is not kept."""
    if rest:
        name = word(rest, "backend NAME").lower()
        if name not in BACKENDS:
            raise OptionError(
                f"There is no backend {name!r}.",
                did_you_mean(name, BACKENDS) or f"It is one of {', '.join(BACKENDS)}.",
            )
        earlier = session.chosen.get("backend")
        session.chosen["backend"] = name
        session.connections.forget_secret()
        try:
            session.connect()
        except BaseException:
            # What cannot be used is not kept: the backend in force goes on.
            session.chosen.pop("backend")
            if earlier is not None:
                session.chosen["backend"] = earlier
            raise
    backend = session.connect().backend
    note = (
        "\nAnswers come from the offline emulator: its words are scripted, its code really runs "
        "here."
        if backend.kind == "emulator"
        else ""
    )
    from gemini_magic.transport.backends import unused_keys  # with a connection, not at %load_ext

    unused = "".join(f"\n{said}" for said in unused_keys(backend))
    session.say(f"backend: {backend}{note}{unused}")


def source(session: Session, kernel: KernelState, name: str) -> str:
    """Where the value in force of a setting comes from, in words."""
    if name in session.chosen:
        return f"%{kernel.name}"
    if session.batch_run is not None and name in session.batch_run.settings():
        return "jupyter gemini run"
    if name in kernel.traits.set_by_user or (
        name not in Settings._fields
        and getattr(kernel.traits, name) != _traits(kernel)[name].default_value
    ):
        return "trait"
    if name in from_environment():
        return ENVIRONMENT[name]
    return "default"


def _traits(kernel: KernelState) -> dict[str, TraitType[Any, Any]]:
    return type(kernel.traits).class_traits(config=True)


def _line(session: Session, kernel: KernelState, name: str) -> str:
    value = getattr(session.settings, name, getattr(kernel.traits, name))
    return f"{value!r}  ({source(session, kernel, name)})"


def _known(kernel: KernelState, name: str) -> None:
    traits = _traits(kernel)
    if name in traits:
        return
    if "key" in name.lower():
        raise OptionError(
            "A key is not a setting.", "Set GEMINI_API_KEY in the environment; it is never stored."
        )
    near = did_you_mean(name, traits) or "%gemini config shows all of them."
    raise OptionError(f"There is no setting {name[:60]!r}.", near)


def _set(session: Session, kernel: KernelState, name: str, text: str) -> None:
    if name not in Settings._fields:
        raise OptionError(
            f"{name} is read when the extension is loaded.",
            f"Set it before: get_ipython().config.GeminiMagics.{name} = ... "
            "(or in ipython_config.py).",
        )
    before = dict(session.chosen)
    if text == "":
        session.chosen.pop(name, None)
    else:
        session.chosen[name] = _checked(kernel, name, text)
    if name == "backend":
        try:
            session.connect()
        except GeminiError:
            # What cannot be used is not kept: the backend in force goes on.
            session.chosen.clear()
            session.chosen.update(before)
            raise


def _checked(kernel: KernelState, name: str, text: str) -> Any:
    trait = _traits(kernel)[name]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    elif trait.allow_none and text.lower() == "none":
        text = "None"
    try:
        value = trait.from_string(text)
        # By a second, unregistered instance: its traits refuse what ours would, and nobody is
        # told of a change that does not happen.
        return getattr(type(kernel.traits)(None, **{name: value}), name)
    except (TraitError, ValueError) as error:
        values = getattr(trait, "values", Undefined)
        raise OptionError(
            f"{name} cannot be {text[:80]!r}.", _takes(text, values, trait, error)
        ) from None


# traitlets speaks of Python's types.
_KINDS = {"int": "a whole number", "float": "a number", "boolean": "true or false"}


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
