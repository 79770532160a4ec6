"""Prompts in the editors of real JupyterLab and Notebook 7: Markdown below an option line."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from browsing import CONTEXT, App, until

pytestmark = pytest.mark.timeout(300)

BODY = """# heading
An *emphasis* in a line, isn't it? And `code`, **strong**, $x^2$.
%time is a line of the prompt: 5 % of "it", 'that' or the other's
> said
- for item in a list
```python
for n in [1, 2]:
    n = "text"
```
| a | b |
|---|---|
import antigravity as a word; def x: return"""
PROMPT = f'%%gemini --thinking high --title="two words" --max-cost 0.5 data\n{BODY}'
WIDGET = "window.jupyterapp.shell.currentWidget.content.widgets[at]"
LINES = f"at => Array.from({WIDGET}.node.querySelectorAll('.cm-line'), l => l.innerHTML)"
OWN = "gemini"


def markdown(source: str) -> Any:
    return nbformat.v4.new_markdown_cell(source)


def edited(app: App, at: int) -> None:
    """Open a Markdown cell for editing."""
    there = "at => window.jupyterapp?.shell.currentWidget?.content?.widgets?.[at]"
    until(lambda: app.js(f"at => Boolean(({there})(at))", at), "the cell")
    app.js(f"at => {{ {WIDGET}.rendered = false; }}", at)


def language(app: App, at: int) -> str | None:
    """What the editor of cell ``at`` is read as."""
    return app.cell(at).locator(".cm-content").get_attribute("data-language")


def read_as(app: App, at: int, name: str) -> None:
    until(lambda: language(app, at) == name, f"cell {at} to be read as {name}")


def lines(app: App, at: int) -> list[str]:
    return list(app.js(LINES, at))


def coloured(app: App, at: int, line: int) -> dict[str, str]:
    """The pieces of a line that have a colour of their own, with it."""
    return dict(
        app.js(
            f"""([at, line]) => {{
              const plain = getComputedStyle({WIDGET}.node.querySelector('.cm-content')).color;
              return Array.from(
                {WIDGET}.node.querySelectorAll('.cm-line')[line].querySelectorAll('span'),
                span => [span.textContent, getComputedStyle(span).color]
              ).filter(([, color]) => color !== plain);
            }}""",
            [at, line],
        )
    )


def offered(app: App, text: str) -> bool:
    """Press Tab and say whether ``text`` is among what is offered.

    JupyterLab drops an answer that takes over a second, as any kernel's first may.
    """
    items = app.page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item")
    app.page.keyboard.press("Tab")
    try:
        until(items.count, "an offer", patience=3)
    except AssertionError:
        return False
    return text in "".join(items.all_inner_texts())


def test_a_prompt_looks_as_in_a_markdown_cell_below_its_options(app: App) -> None:
    app.open([PROMPT, markdown(BODY), f"%%bash\n{BODY}", "x = 1  # *no*"], kernel=False)
    edited(app, 1)
    read_as(app, 0, OWN)
    until(lambda: len(lines(app, 1)) == BODY.count("\n") + 1, "the Markdown cell")
    until(lambda: "<span" in lines(app, 0)[1], "the prompt to be coloured")
    until(lambda: lines(app, 0)[1:] == lines(app, 1), "the prompt to look as Markdown")
    heading, words, percent, *_ = lines(app, 0)[1:]
    assert "<span" in heading and "<span" in words and "<span" not in percent
    until(lambda: "<span" in lines(app, 0)[7], "the fence, in its language")
    options = coloured(app, 0, 0)
    assert list(options) == [
        "%%gemini", "--thinking", "--title", '"two words"', "--max-cost", "0.5",
    ]  # fmt: skip
    assert len(set(options.values())) == 3, "the magic, options, values"
    read_as(app, 2, "python")
    read_as(app, 3, "python")
    until(lambda: '"it"' in coloured(app, 2, 3), "strings, as Python has them")
    saved = app.save()
    assert [cell.source for cell in saved.cells] == [
        PROMPT,
        BODY,
        f"%%bash\n{BODY}",
        "x = 1  # *no*",
    ]
    assert all(not cell.metadata for cell in saved.cells if cell.cell_type == "code")
    renewed = f"""() => {{ const {{ model }} = {WIDGET.replace("[at]", "[0]")};
      model.mimeType = 'text/x-python'; return model.mimeType; }}"""
    assert app.js(renewed) == "text/x-ipythongfm", "as when a kernel gives all cells its type"
    assert app.js(f"{CONTEXT}.model.dirty") is False
    assert app.own_errors == []


def test_the_colours_follow_edits_and_completion_stays(app: App) -> None:
    app.open(["%load_ext gemini_magic", "x = 1"])
    app.run(0)
    read_as(app, 1, "python")
    content = app.cell(1).locator(".cm-content")
    content.click()
    app.page.keyboard.press("Control+a")
    app.page.keyboard.type("%%gemini --thinki")
    read_as(app, 1, OWN)
    until(lambda: offered(app, "--thinking"), "the option to be offered")
    app.page.keyboard.press("Enter")
    until(lambda: content.inner_text().strip() == "%%gemini --thinking", "it to be taken")
    read_as(app, 1, OWN)
    app.page.keyboard.press("Home")
    app.page.keyboard.type("#")
    read_as(app, 1, "python")
    app.page.keyboard.press("Backspace")
    read_as(app, 1, OWN)
    app.page.keyboard.press("Control+a")
    app.page.keyboard.press("Control+/")
    read_as(app, 1, "python")
    app.page.keyboard.press("Control+a")
    app.page.keyboard.press("Control+/")
    read_as(app, 1, OWN)
    assert app.own_errors == []


def test_a_renamed_magic_is_coloured_once_its_kernel_is_there(app: App) -> None:
    load = "get_ipython().config.GeminiMagics.magic_name = 'ask'\n%load_ext gemini_magic"
    app.open([load, f"%%ask\n{BODY}", "%%gemini\n*somebody's*"])
    read_as(app, 2, OWN)
    read_as(app, 1, "python")
    app.run(0)
    read_as(app, 1, OWN)
    read_as(app, 2, "python")
    app.reload()
    read_as(app, 1, OWN)
    assert app.own_errors == []
