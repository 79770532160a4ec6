"""The sidebar of a page, as its user sees it and works with it."""

from __future__ import annotations

from typing import Any

from browsing import App, until


class Sidebar:
    """The panel of ``app``; ``open`` shows it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.node = app.page.locator("#gemini-magic-panel")
        self.prompt = self.node.locator("textarea.gm-Prompt")

    def open(self) -> Sidebar:
        self.command("open-panel")
        self.node.wait_for()
        return self

    def command(self, name: str, **args: Any) -> None:
        self.app.js(
            "([name, args]) => void window.jupyterapp.commands.execute(name, args)",
            [f"gemini-magic:{name}", args],
        )

    def button(self, action: str) -> Any:
        return self.node.locator(f'button[data-action="{action}"]:visible').first

    def ready(self) -> Sidebar:
        """Wait until the kernel has told its conversation."""
        until(lambda: self.node.locator(".gm-Which option").count() > 0, "the conversation")
        return self

    def ask(self, prompt: str) -> None:
        """Type a prompt and send it by the keyboard; returns at once."""
        self.prompt.fill(prompt)
        self.prompt.press("Shift+Enter")

    @property
    def exchanges(self) -> Any:
        return self.node.locator(".gm-Exchange")

    @property
    def known(self) -> int:
        """How many exchanges the conversation has, in the page or not."""
        shown = self.exchanges.last
        return int(shown.get_attribute("aria-setsize") or 0) if self.exchanges.count() else 0

    def turn(self, at: int) -> Any:
        """The answer of exchange ``at``, counted among those in the page: all of at most thirty."""
        return self.exchanges.nth(at).locator(".gm-Turn")

    def answered(self, at: int, status: str = "complete") -> Any:
        """Exchange ``at``'s answer, once it has ended so."""
        turn = self.turn(at)
        until(
            lambda: turn.count() == 1 and turn.get_attribute("data-status") == status,
            f"answer {at} to be {status}",
        )
        return turn

    def prompts(self) -> list[str]:
        """The prompts of the exchanges, in order."""
        return [text.strip() for text in self.node.locator(".gm-Asked").all_inner_texts()]

    @property
    def said(self) -> str:
        """What stands between the exchanges and the prompt: conditions, errors, what was done."""
        notices = self.node.locator(".gm-Banner .gm-Notice").all_inner_texts()
        return "\n".join(notices)
