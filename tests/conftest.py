"""What all tests share: hypothesis without a clock."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long an example takes says nothing on two shared cores: speed is held in the tests that
# measure it, as ratios, and not by hypothesis' deadline and its check for slow strategies.
settings.register_profile(
    "shared cores", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared cores")
