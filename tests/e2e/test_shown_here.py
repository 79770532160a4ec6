"""What runs in the kernel have shown, for everybody: by axe's rules, and a figure that is alive."""

from __future__ import annotations

import pytest
from browsing import App, until
from looking import change_theme, serious
from sidebar import Sidebar
from test_consent import LOAD, THEMES, scripted

pytestmark = pytest.mark.timeout(400)

RICH = """
import pandas as pd, matplotlib.pyplot as plt
from IPython.display import HTML, Javascript, SVG, display
display(pd.DataFrame({"region": ["North", "South"], "revenue": [120, 80]}))
plt.bar(["North", "South"], [120, 80]); plt.show()
display(HTML("<p>kept</p><script>document.title = 'x'</script>"), Javascript("1"))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"><text y="20">vector</text></svg>'))
display({"application/json": {"a": [1, 2]}}, raw=True)
"""
ASK = "%%gemini --here --yes\nShow all of it."
FIGURE = (
    "import plotly.express as px\npx.bar(x=['North', 'South'], y=[3, 4], title='Growth <b>').show()"
)


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_rich_outputs_in_cell_and_sidebar(
    lab: App, theme: str
) -> None:
    lab.open([LOAD, scripted(RICH), ASK])
    change_theme(lab, THEMES[theme], theme)
    for at in range(3):
        lab.run(at)
    sidebar = Sidebar(lab).open().ready()
    for turn, context in (
        (lab.turn(2), ".jp-Notebook .gm-Turn"),
        (sidebar.answered(0), "#gemini-magic-panel"),
    ):
        until(lambda turn=turn: turn.locator("iframe.gm-Frame").count() == 2, "the frames")
        assert turn.locator("td", has_text="North").count() == 1
        assert turn.locator("img.gm-Image").count() == 1
        assert serious(lab, context) == []
        turn.locator("button[data-action=live]").first.click()
        frame = turn.locator("iframe.gm-Frame").first
        until(
            lambda frame=frame: frame.get_attribute("sandbox") == "allow-scripts", "the live frame"
        )
        assert serious(lab, context) == []


def test_a_figure_of_plotly_waits_as_text_and_draws_itself_without_a_network(lab: App) -> None:
    lab.open([LOAD, scripted(FIGURE), ASK])
    for at in range(3):
        lab.run(at)
    turn = lab.turn(2)
    line = turn.locator(".gm-FrameLine")
    line.wait_for(timeout=60_000)
    assert line.inner_text().startswith("Plotly figure: bar, Growth <b>")
    assert turn.locator("iframe.gm-Frame").count() == 0, "it has nothing to show without scripts"
    lab.save()
    lab.reload()
    turn = lab.turn(2)
    shows = turn.locator("button[data-action=live]")
    shows.wait_for(timeout=60_000)
    fetched: list[str] = []
    lab.page.context.on("request", lambda request: fetched.append(request.url))
    shows.click()
    drawn = turn.locator("iframe.gm-Frame").content_frame.locator("iframe").content_frame
    drawn.locator(".bars .point").first.wait_for(state="attached", timeout=60_000)
    assert drawn.locator(".bars .point").count() == 2
    assert "Growth" in drawn.locator(".gtitle").text_content()
    own = ("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:")
    assert [url for url in fetched if not url.startswith(own)] == []
