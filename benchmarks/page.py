"""The scoring page in a browser: how soon the next sample is there, and what a visit weighs."""

import json
import os
from typing import Any

from .databases import Store
from .figures import Measured, row
from .programs import NOT_HANDED_ON, run


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield what `benchmarks.scoring_page` measured; a browser does not see which database there is."""
    if store.kind != "sqlite":
        return
    env = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}
    found: dict[str, Any] = json.loads(run(["-m", "benchmarks.scoring_page"], env=env).output)
    enter, submits = found["enter_to_next_frame_ms"], found["swaps"]
    unseen = submits - found["swapped"] + found["pictures_late"] + abs(submits - found["scores_stored"])
    title = "scoring page, 150 ms of lag: Enter to the next sample's first frame"
    yield row(f"{title}, median", "ms", most=16), enter["median"]
    yield row(f"{title}, worst of {submits}", "ms", most=50), enter["worst"]
    yield row("scoring page: samples that came late and scores that were lost", "", most=0), unseen
    yield row("scoring page: first visit without pictures", "kB", most=300), found["first_visit_bytes"]["total"] / 1e3
    yield row("scoring page: later visits", "kB", most=20), found["later_visit_bytes"]["total"] / 1e3
