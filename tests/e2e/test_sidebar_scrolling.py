"""Where the sidebar stands: at its end until its user goes up, then where its user is."""

from __future__ import annotations

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

COUNT = 12
CELL = f"%load_ext gemini_magic\nimport scripting as s\ns.many({COUNT})"

# `grow` gives an exchange that much more height, `end` says how far the end is from what is seen.
TOOLS = """
  const list = document.querySelector('#gemini-magic-panel .gm-Exchanges');
  const all = [...list.querySelectorAll('.gm-Exchange')];
  const grow = (place, height) => {
    const more = document.createElement('div');
    more.style.cssText = `flex: none; height: ${height}px`;
    place.append(more);
    return more;
  };
  const end = () => Math.round(list.scrollHeight - list.clientHeight - list.scrollTop);
  const frames = async count => {
    for (let n = 0; n < count; n++) { await new Promise(requestAnimationFrame); }
  };
"""

# The list has been put to its end, and the event of that is to come. Before it does, what is above
# what is seen shrinks, which moves the list, and its end grows.
DRAWING = f"""async () => {{{TOOLS}
  await frames(1);
  const above = grow(all.at(-3), 400);
  await new Promise(done => setTimeout(done));
  const before = [end(), list.scrollTop];
  above.remove();
  const moved = list.scrollTop;
  grow(all.at(-1), 900);
  const down = end();
  await frames(10);
  return {{ before, moved, down, after: end() }};
}}"""

# Something takes place below the list, as a notice does, or a long prompt.
AROUND = f"""async () => {{{TOOLS}
  const before = list.clientHeight;
  const notice = grow(list.parentElement, 150);
  await frames(5);
  const seen = [before - list.clientHeight, end()];
  notice.remove();
  await frames(5);
  return seen;
}}"""

GROWING = f"""async () => {{{TOOLS}
  const seen = list.scrollTop;
  for (let n = 0; n < 10; n++) {{
    grow(all.at(-1), 100);
    await frames(2);
  }}
  return [seen, list.scrollTop];
}}"""

# The exchange at the upper edge, and how far above it begins.
UPPERMOST = f"""() => {{{TOOLS}
  const edge = list.getBoundingClientRect().top;
  const at = all.findIndex(one => one.getBoundingClientRect().bottom > edge);
  return [at, Math.round(edge - all[at].getBoundingClientRect().top)];
}}"""


def opened(app: App) -> Sidebar:
    app.open([CELL])
    app.run(0)
    panel = Sidebar(app).open().ready()
    panel.answered(COUNT - 1)
    until(lambda: still(app), "the answers to have their heights")
    return panel


def still(app: App) -> bool:
    """Whether nothing moves for longer than an answer takes to get its height."""
    return bool(
        app.js(
            f"""async () => {{{TOOLS}
  const drawn = () => [list.scrollTop, list.scrollHeight, list.querySelectorAll('.gm-Turn').length];
  const before = String(drawn());
  await new Promise(done => setTimeout(done, 600));
  return String(drawn()) === before;
}}"""
        )
    )


def wheel(app: App, by: int) -> None:
    app.page.locator("#gemini-magic-panel .gm-Exchanges").hover()
    app.page.mouse.wheel(0, by)


def test_what_is_drawn_does_not_take_the_list_from_its_end_but_its_user_does(lab: App) -> None:
    opened(lab)
    shifted = lab.js(DRAWING)
    assert shifted["moved"] < shifted["before"][1], "the browser has moved the list up"
    assert shifted["down"] > 500, "and the end is out of sight"
    assert shifted["after"] < 60, "it is at its end again"
    taken, left = lab.js(AROUND)
    assert taken > 100
    assert left < 60, "what takes place below hides no end"
    wheel(lab, -2000)
    until(lambda: lab.js(UPPERMOST)[0] < COUNT - 1, "the wheel")
    until(lambda: still(lab), "the list to stand")
    before, after = lab.js(GROWING)
    assert after == before, "who has gone up stays there, whatever comes"


def test_a_sidebar_that_was_closed_opens_where_it_was(lab: App) -> None:
    panel = opened(lab)
    wheel(lab, -4000)
    until(lambda: lab.js(UPPERMOST)[0] < COUNT - 3, "the wheel")
    until(lambda: still(lab), "the list to stand")
    at, above = lab.js(UPPERMOST)
    panel.turn(at).wait_for()
    lab.js("window.jupyterapp.shell.collapseRight()")
    until(lambda: not panel.node.is_visible(), "the sidebar to close")
    panel.open()
    panel.turn(at).wait_for()
    until(lambda: still(lab), "the list to stand")
    now, beside = lab.js(UPPERMOST)
    assert now == at
    assert abs(beside - above) < 20
    # Closed and opened in one moment, too.
    lab.js(
        "() => { window.jupyterapp.shell.collapseRight();"
        " void window.jupyterapp.commands.execute('gemini-magic:open-panel'); }"
    )
    panel.turn(at).wait_for()
    assert lab.own_errors == []
