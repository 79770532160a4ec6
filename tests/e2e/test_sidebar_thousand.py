"""A conversation of a thousand exchanges in the sidebar, at most thirty of them in the page."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(600)

COUNT, MOST = 1000, 30
LOAD = f"""%load_ext gemini_magic
import scripting as s
def text(n):
    return f'Answer {{n}}.' + f' Some more words of {{n}}.' * (n % 7 * 20)
s.answers(*([text(n)] for n in range({COUNT})))
for n in range({COUNT}):
    s.ask(f'Question {{n}}')
s.answers(['First words.\\n\\n', 0.5, 'More words.\\n\\n' * 40, 0.5, 'Last words.'])"""

# What is in the page: which exchanges, the most there ever were, and what is seen at both edges.
STATE = """() => {
  const list = document.querySelector('#gemini-magic-panel .gm-Exchanges');
  const all = [...list.querySelectorAll('.gm-Exchange')];
  const { top, bottom } = list.getBoundingClientRect();
  const at = node => Number(node?.getAttribute('aria-posinset') ?? 0);
  const seen = all.filter(one => {
    const place = one.getBoundingClientRect();
    return place.bottom > top + 1 && place.top < bottom - 1;
  });
  const first = seen[0]?.getBoundingClientRect();
  const last = seen.at(-1)?.getBoundingClientRect();
  return {
    places: all.map(at),
    sizes: [...new Set(all.map(one => one.getAttribute('aria-setsize')))],
    questions: all.map(one => one.querySelector('.gm-Asked')?.textContent),
    seen: seen.map(at),
    covered: Boolean(first) && first.top <= top + 1 && last.bottom >= bottom - 12,
    end: Math.round(list.scrollHeight - list.clientHeight - list.scrollTop),
    most: window.most,
  };
}"""

WATCH = """() => {
  const list = document.querySelector('#gemini-magic-panel .gm-Exchanges');
  const look = () => {
    const count = list.querySelectorAll('.gm-Exchange').length;
    window.most = Math.max(window.most ?? 0, count);
  };
  look();
  new MutationObserver(look).observe(list, { childList: true });
}"""

TO = """part => {
  const list = document.querySelector('#gemini-magic-panel .gm-Exchanges');
  list.dispatchEvent(new WheelEvent('wheel', { deltaY: -1, bubbles: true }));
  list.scrollTop = part * (list.scrollHeight - list.clientHeight);
}"""


def test_a_thousand_exchanges_take_the_page_at_most_thirty(lab: App) -> None:
    lab.open([LOAD])
    lab.start(0)
    until(lambda: lab.cell(0).locator(".jp-InputPrompt").inner_text() == "[1]:", "them", 300)
    panel = Sidebar(lab).open().ready()
    until(lambda: panel.known == COUNT, "the conversation")
    lab.js(WATCH)

    def whole(state: Any) -> bool:
        """Whether what is in the page is what it should be."""
        places = state["places"]
        if not state["covered"] or state["questions"] != [f"Question {n - 1}" for n in places]:
            return False
        return bool(state["sizes"] == [str(COUNT)] and places == sorted(set(places)))

    def settled(seen: int, what: str) -> Any:
        """What is in the page, once exchange number ``seen`` is seen."""

        def there() -> Any:
            state = lab.js(STATE)
            return state if seen in state["seen"] and whole(state) else None

        return until(there, what)

    assert settled(COUNT, "the end")["end"] < 60, "it opens at its end"
    for part in (0.5, 0.1, 0.9, 0.3):
        lab.js(TO, part)
        state = until(
            lambda: (s := lab.js(STATE)) and whole(s) and 1 not in s["seen"] and s, f"{part}"
        )
        assert len(state["places"]) <= MOST
    # By the keyboard: to its beginning, a page on, and to its end.
    lab.page.locator("#gemini-magic-panel .gm-Exchanges").focus()
    lab.page.keyboard.press("Home")
    settled(1, "the beginning")
    lab.page.keyboard.press("PageDown")
    until(lambda: 1 not in lab.js(STATE)["seen"], "the next page")
    lab.page.keyboard.press("Home")
    settled(1, "the beginning")
    # The one with the keyboard stays, wherever its user looks; the others beside it do not.
    panel.answered(0)
    copy = panel.exchanges.first.locator('[data-action="copy"]').first
    copy.focus()
    lab.js(TO, 1)
    state = settled(COUNT, "the end")
    assert state["places"][0] == 1
    assert 2 not in state["places"]
    assert lab.js("document.activeElement.dataset.action") == "copy"
    # It stays at its end while an answer comes.
    panel.ask("One more")
    until(lambda: "First words." in panel.exchanges.last.inner_text(), "the beginning")
    until(lambda: "Last words." in panel.exchanges.last.inner_text(), "the rest")
    until(lambda: lab.js(STATE)["end"] < 60, "the end")
    assert panel.known == COUNT + 1
    assert lab.js(STATE)["most"] <= MOST
    assert lab.own_errors == []
