"""The way to a service 40 ms away: a second question, whose connection is there.

From the start of its cell to its first byte at the service, over a proxy on this machine through
which all bytes take their time, TLS on top.
"""

from __future__ import annotations

from pathlib import Path

from ..certificate import pem
from ..certificate import serving as certificate_serving
from ..far import Far
from ..kernel import Kernel
from ..replay import Replay
from ..sse import ANSWER
from .measuring import Claim, Found, Results

TRIP = 0.040  # seconds there and back
SECOND = Claim(
    "cell start to its first byte at a service 40 ms away, by TLS, from the second question on",
    "half a round trip",
    ratio=1.25,
    most=TRIP / 2 + 0.005,
)
CLAIMS = (SECOND,)
_NOTING = """
import time
began = []
get_ipython().events.register("pre_run_cell", lambda info: began.append(time.monotonic()))
"""


def measure(folder: Path, rounds: int) -> Results:
    """``rounds`` questions after the first, which makes the connection."""
    certificate = pem(folder)
    with Replay(lambda asked: asked.whole(ANSWER), tls=certificate_serving(certificate)) as service:
        port = int(service.url.rstrip("/").rpartition(":")[2])
        with Far(port, TRIP) as way, _kernel(folder, way, certificate) as kernel:
            found = [_second(kernel, way) for _ in range(rounds + 1)]
        assert {asked.connection for asked in service.asked} == {1}, "one connection for all"
    return {SECOND: Found(found[1:], [TRIP / 2])}


def _kernel(folder: Path, way: Far, certificate: Path) -> Kernel:
    return Kernel(
        folder,
        GEMINI_API_KEY="k" * 12,
        GOOGLE_GEMINI_BASE_URL=f"https://127.0.0.1:{way.port}/",
        SSL_CERT_FILE=str(certificate),
    )


def _second(kernel: Kernel, way: Far) -> float:
    if not way.arrived:
        assert kernel.run(_NOTING).ok
    before = len(way.arrived)
    ran = kernel.run("%%gemini --stateless\nhello", cell="bench")
    assert ran.ok, ran.error
    return float(way.arrived[before].at - kernel.value("began[-2]"))
