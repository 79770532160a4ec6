"""Makes the buttons of the ipywidgets view: Stop, and those below a finished answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as widgets

from gemini_magic.render import prose
from gemini_magic.text import visible
from gemini_magic.turn.turn import Turn

Action = Callable[[Turn], str]


@dataclass(frozen=True)
class Button:
    """What a press of ``label`` does: ``act`` takes the turn and returns what there is to say.

    ``before``: what is said at the first press, which then does nothing else; the second acts.
    ``name``: the action's, as in the extension (``insert``, ``run``, ``verify``, ``continue``).
    ``fits``: whether it stands below a turn.
    """

    name: str
    label: str
    title: str
    act: Action
    before: Action | None = None
    fits: Callable[[Turn], bool] = lambda turn: True


def stop_button(stop: Callable[[], object]) -> widgets.Button:
    """A button that calls ``stop``, also while a cell runs where front end and kernel can."""
    made = widgets.Button(description="Stop", tooltip="Stop this answer; what has come is kept")
    made.add_class("gm-Button")
    made.add_class("gm-Button-stop")
    made.on_click(lambda _: stop())
    # The front end sends what its user does over a subshell, which answers while a cell runs.
    # ipykernel (7.4) would hand it to the thread that last sent on this comm instead: to the cell
    # that is being waited for. So it is to forget who has sent; nothing is sent on it again.
    vars(made.comm).pop("_reply_subshell_id", None)
    return made


def button_row(turn: Turn, buttons: Sequence[Button], markdown: str) -> widgets.Widget:
    """The buttons below a finished answer, and the place for what they have to say."""
    said, printed = widgets.HTML(), widgets.Output()
    below = widgets.VBox([said, printed])
    fitting = [one for one in buttons if one.fits(turn)]
    row = [_copy_button(markdown, below), *(_button(one, turn, said, printed) for one in fitting)]
    return widgets.VBox([widgets.HBox(row), below])


def _button(
    button: Button, turn: Turn, said: widgets.HTML, printed: widgets.Output
) -> widgets.Button:
    made = widgets.Button(description=button.label, tooltip=button.title)
    made.add_class("gm-Button")
    made.add_class(f"gm-Button-{button.name}")
    agreed = button.before is None

    def say(text: str) -> None:
        said.value = str(prose.preformatted(visible(text)))

    def pressed(_: object) -> None:
        nonlocal agreed
        if not agreed and button.before is not None:
            agreed = True
            say(f"{button.before(turn)}\n\nPress “{button.label}” again to go on.")
            return
        made.disabled = True
        printed.clear_output()
        say(f"{button.label} …")
        try:
            with printed:
                told = button.act(turn)
            say(told)
        except Exception as error:  # noqa: BLE001 - told to who pressed the button
            say(str(error) or type(error).__name__)
        finally:
            made.disabled = False

    made.on_click(pressed)
    return made


def _copy_button(markdown: str, below: widgets.VBox) -> widgets.Button:
    """The answer to copy from: a kernel cannot reach the clipboard."""
    made = widgets.Button(description="Copy", tooltip="Show the answer as Markdown to copy")
    made.add_class("gm-Button")
    made.add_class("gm-Button-copy")
    box: list[widgets.Textarea] = []

    def pressed(_: object) -> None:
        if box:
            below.children = tuple(one for one in below.children if one is not box[0])
            box.pop().close()
            return
        text = widgets.Textarea(visible(markdown), rows=10)
        text.add_class("gm-Copied")
        text.layout.width = "100%"
        box.append(text)
        below.children = (*below.children, text)

    made.on_click(pressed)
    return made
