"""What all tests share: hypothesis without a clock, and programs that can be interrupted."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# How long an example takes says nothing on two shared cores: speed is held in the tests that
# measure it, as ratios, and not by hypothesis' deadline and its check for slow strategies.
settings.register_profile(
    "shared cores", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared cores")

# A shell that starts the suite in the background has it ignore SIGINT, and every program that the
# tests start inherits that: those that are to be interrupted would run on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
