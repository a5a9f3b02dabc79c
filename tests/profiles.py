"""How many examples tests draw: few and the same ones in `make test`, many and new ones in `make test-deep`."""

import os

from hypothesis import HealthCheck, settings

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"


def load_profile() -> None:
    """Set how Hypothesis draws; on a slow and noisy machine no example is too slow."""
    settings.register_profile(
        "everywhere",
        deadline=None,
        derandomize=True,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.register_profile("deep", settings.get_profile("everywhere"), derandomize=False, max_examples=1000)
    settings.load_profile("deep" if DEEP else "everywhere")
