"""Answers the sidebar's requests, by their ``type``.

``conversation``: the state (`sidebar_state`). ``answers`` of ``turns`` (ids). ``ask`` a ``prompt``
in ``conversation``, with ``attach`` (words as behind ``--attach``): sent when the prompts before it
are answered (`prompt_queue`), and answered when its answer has ended, with its ``status`` and what
there is ``said``; with ``here`` by the main thread, when no cell runs (`errands`). ``command``: a
subcommand of ``%gemini`` with its ``words``. ``models``: the names on offer. ``attachable``: the
variables and the files of a ``folder``.

Each is answered in a thread of its own, but received in the order in which they were sent: in that
order prompts stand in line, and commands are done (`order`).

Whatever is in the way is raised; the sidebar is told its words.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gemini_magic.attach.suitable import files, variables
from gemini_magic.errors import AnswerInterrupted, GeminiError, OptionError
from gemini_magic.frontend.errands import Errand
from gemini_magic.frontend.prompt_queue import Waiting
from gemini_magic.frontend.sidebar_state import answers, state
from gemini_magic.frontend.sidebar_view import FollowedView, alone
from gemini_magic.session.asking import fill, put, question, refuse_empty
from gemini_magic.session.models import list_models
from gemini_magic.session.options import AskOptions, Place
from gemini_magic.turn.parts import Json

if TYPE_CHECKING:
    from gemini_magic.frontend.messages import (
        Answers,
        AnswersRequest,
        Asked,
        AskRequest,
        AttachableFound,
        AttachableRequest,
        Commanded,
        CommandRequest,
        Models,
    )
    from gemini_magic.frontend.serving import Serving
    from gemini_magic.session.question import Question, Told

# Those that need no cell to show something in.
COMMANDS = (
    "backend",
    "conversation",
    "doctor",
    "load",
    "model",
    "redo",
    "reset",
    "restore",
    "save",
    "undo",
    "usage",
)


# Those that change nothing, and may take long: nobody waits for them.
REPORTS = ("doctor", "usage")


def receive(serving: Serving, request: Json) -> Callable[[], Mapping[str, Any]]:
    """Note the place of a request whose ``type`` is one of this module's, and how it is answered.

    Called in the order of the requests, and does not block. What it gives has to be called, in any
    thread; it returns the answer. Both raise what is in the way.
    """
    return _REQUESTS[request["type"]](serving, request)


def _prompt(serving: Serving, request: AskRequest) -> Callable[[], Asked]:
    prompt = _text(request, "prompt")
    refuse_empty(prompt, "Write it into the box of the sidebar.")
    session = serving.session
    words = _texts(request, "attach")
    named = _text(request, "conversation") if request.get("conversation") else ""
    conversation = named or session.engine.conversations.current
    page = str(request.get("page", ""))  # of the link, not of the page itself
    here = request.get("here", session.settings.here) is True
    if here:
        _refuse_unheard(serving, page)
    waiting = Waiting(conversation, prompt, tuple(words), here=here)
    queue, order = serving.prompts, serving.order
    place, after_commands = queue.place(waiting), order.place()

    def answer() -> Asked:
        with ExitStack() as held, session.listening() as said:
            with after_commands:
                turn_to_ask = held.enter_context(place)
                asked, options, variables = _question(serving, waiting)
            turn_to_ask()
            if variables is None:
                return _put(serving, waiting, asked, options, said)

            def in_main_thread() -> Asked:
                fresh = replace(asked, told=variables())
                with session.listening() as more:
                    more += said
                    return _put(serving, waiting, fresh, options, more)

            errand = Errand(in_main_thread)
            serving.front_end.changed()
            with serving.front_end.errand(page, errand.code):
                return errand.wait(lambda: queue.still(waiting))

    def told() -> Asked:
        try:
            return answer()
        finally:
            if not waiting.begun:
                serving.front_end.changed()  # it stood in the conversation, and is gone

    return told


def _refuse_unheard(serving: Serving, page: str) -> None:
    """OptionError where the page could not be asked for the user's word."""
    if not (serving.session.settings.here_yes or serving.front_end.hears(page)):
        raise OptionError(
            "Code of the sidebar runs in this kernel only where its page can be asked meanwhile: "
            "with ipykernel 7 or later, and JupyterLab 4.4 or Notebook 7.4 or later.",
            "Choose the sandbox below the prompt, or ask in a cell with --here.",
        )


def _question(
    serving: Serving, waiting: Waiting
) -> tuple[Question, AskOptions, Callable[[], Told] | None]:
    """The question of a prompt, with the values of now: those that the user had in mind.

    And what tells the model of the kernel's variables, when it is asked; None for the sandbox.
    """
    options = AskOptions(
        conversation=waiting.conversation, attach=waiting.attached, here=waiting.here
    )
    filled, options = fill(serving.session, waiting.prompt, options)
    variables = None
    if waiting.here:
        options, variables = serving.here(options, serving.front_end.questions)
    return question(serving.session, filled, options, Place()), options, variables


def _put(
    serving: Serving, waiting: Waiting, asked: Question, options: AskOptions, said: list[str]
) -> Asked:
    """Ask, in this thread, and tell how it ended; ``said`` grows by what is said meanwhile."""
    shown = waiting.view = alone(serving.session, serving.front_end)

    def begin() -> FollowedView:
        serving.prompts.begin(waiting)
        return shown

    try:
        turn = put(serving.session, asked, options, begin)
    except (GeminiError, AnswerInterrupted) as error:
        if shown.turn is None:
            raise
        # What went wrong is said where the answer stands; what to do about it, here.
        turn = shown.turn
        said.append(error.hint)
    return {"turn": turn.id, "status": turn.status, "said": "\n".join(filter(None, said))}


def _command(serving: Serving, request: CommandRequest) -> Callable[[], Commanded]:
    name = _text(request, "command")
    if name not in COMMANDS:
        raise OptionError(f"The sidebar has no command {name!r}.", f"Run %gemini {name} in a cell.")
    line = f"{name} {shlex.join(_texts(request, 'words'))}"
    place = nullcontext() if name in REPORTS else serving.order.place()

    def obey() -> Commanded:
        with serving.session.listening() as said, place:
            try:
                serving.run(line)
            finally:
                serving.front_end.changed()
        return {"said": "\n".join(said)}

    return obey


def _models(serving: Serving) -> Models:
    return {"models": [one.name for one in list_models(serving.session)]}


def _attachable(serving: Serving, request: AttachableRequest) -> AttachableFound:
    hidden = serving.hidden()
    return {
        "variables": [
            {"name": name, "what": what}
            for name, what in variables(serving.session.namespace)
            if name not in hidden
        ],
        "files": [
            {"name": name, "what": what} for name, what in files(str(request.get("folder", "")))
        ],
    }


def _text(request: Mapping[str, object], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str):
        raise OptionError(f"The request's {name!r} is {type(value).__name__}, not text.", "")
    return value


def _texts(request: Mapping[str, object], name: str) -> list[str]:
    values = request.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise OptionError(f"The request's {name!r} is no list of texts.", "")
    return values


def _answers(serving: Serving, request: AnswersRequest) -> Callable[[], Answers]:
    return partial(answers, serving.session, serving.front_end, _texts(request, "turns"))


_REQUESTS: dict[str, Callable[[Serving, Any], Callable[[], Mapping[str, Any]]]] = {
    "conversation": lambda serving, request: partial(state, serving.session, serving.prompts),
    "answers": _answers,
    "ask": _prompt,
    "command": _command,
    "models": lambda serving, request: partial(_models, serving),
    "attachable": lambda serving, request: partial(_attachable, serving, request),
}
