"""Whether work gets slower for somebody who has done much of it."""

import statistics
import time

from .annotators import Log, broken_rules, work
from .databases import Store
from .figures import Measured, row
from .load import tell
from .population import Population
from .server import serving

OWN = 20_000
# Every sample that the veteran has scored is still open for two others: all of the queue's front is their own.
STUDY = Population(samples=48_000, begun=OWN)
ROUNDS, ROUNDS_QUICK = 100, 40
WARM_UP = 20
# A person takes longer; without any pause the newest of their own would pile up faster than in life.
PAUSE_SECONDS = 0.1


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield what a lease takes somebody with 20,000 scores, relative to somebody with none.

    The two take turns on one connection at a time, so that both meet with the same noise. The newcomer's first lease
    and the veteran's first one are part of the warm-up.
    """
    with store.filled(STUDY) as database, serving(database, workers=1) as server:
        veteran, newcomer = database.tokens[0], database.tokens[1]
        first, _ = work(server, (veteran,), 1)
        for token in (veteran, newcomer):
            work(server, (token,), WARM_UP)
        logs = {veteran: Log(), newcomer: Log()}
        for _ in range(ROUNDS_QUICK if quick else ROUNDS):
            for token, log in logs.items():
                time.sleep(PAUSE_SECONDS)
                one, _ = work(server, (token,), 1)
                log.lease_seconds += one.lease_seconds
                log.faults += one.faults
        faults = [*first.faults, *logs[veteran].faults, *logs[newcomer].faults, *broken_rules(database)]
    after, before = (statistics.median(log.lease_seconds or [float("inf")]) for log in logs.values())
    yield row(f"lease of an annotator with {OWN:,} scores, p50", "ms"), 1000 * after
    yield row("lease of an annotator with none, p50", "ms"), 1000 * before
    yield row("the former over the latter", "times", most=2), after / before
    yield row(f"first lease after {OWN:,} scores without a break", "ms"), 1000 * sum(first.lease_seconds)
    yield row("an annotator with much work: errors and rules broken", "", most=0), len(faults)
    tell(faults)
