"""Eight annotators in parallel, at three sizes of study."""

import statistics
import sys
from collections.abc import Sequence

from .annotators import Log, broken_rules, scores, work
from .databases import Store
from .figures import Aim, Measured, Row, percentile, row
from .population import a_third_scored
from .server import serving

SIZES = (10_000, 48_000, 200_000)
PAIRS_EACH, PAIRS_EACH_QUICK = 400, 100
# Fills caches and connections, and opens as many samples as a study in full swing has open.
WARM_UP_PAIRS_EACH = 25
PAIRS_AIM = {"sqlite": Aim(300, at_least=True), "postgres": Aim(180, at_least=True)}
P95_AIM = {"sqlite": Aim(40, at_least=False), "postgres": Aim(50, at_least=False)}


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield throughput, latency and faults per size, and what the largest costs relative to the smallest."""
    sizes = (SIZES[0], SIZES[-1]) if quick else SIZES
    seconds_per_pair = {}
    for size in sizes:
        log, seconds, cpu_seconds = _at(store, size, PAIRS_EACH_QUICK if quick else PAIRS_EACH)
        seconds_per_pair[size] = seconds / max(1, log.pairs)
        name = f"8 annotators at {size:,} samples"
        yield Row(f"{name}: lease and submit", "pairs/s", PAIRS_AIM), log.pairs / seconds
        for step, times in (("lease", log.lease_seconds), ("submit", log.submit_seconds)):
            milliseconds = [1000 * value for value in times] or [float("inf")]
            yield row(f"{name}: {step} p50", "ms"), statistics.median(milliseconds)
            yield Row(f"{name}: {step} p95", "ms", P95_AIM), percentile(milliseconds, 0.95)
            yield row(f"{name}: {step} p99", "ms"), percentile(milliseconds, 0.99)
        yield row(f"{name}: web processes' CPU", "ms/pair"), 1000 * cpu_seconds / max(1, log.pairs)
        yield row(f"{name}: errors and rules broken", "", most=0), len(log.faults)
        tell(log.faults)
    title = f"cost of a pair at {sizes[-1]:,} samples over {sizes[0]:,}"
    yield row(title, "times", most=1.3), seconds_per_pair[sizes[-1]] / seconds_per_pair[sizes[0]]


def _at(store: Store, size: int, pairs_each: int) -> tuple[Log, float, float]:
    with store.filled(a_third_scored(size)) as database:
        before = scores(database)
        with serving(database) as server:
            warm_up, _ = work(server, database.tokens, WARM_UP_PAIRS_EACH)
            cpu_before = server.cpu_seconds()
            log, seconds = work(server, database.tokens, pairs_each)
            cpu_seconds = server.cpu_seconds() - cpu_before
        log.faults += warm_up.faults + broken_rules(database)
        lost = before + warm_up.pairs + log.pairs - scores(database)
        if lost:
            log.faults.append(f"{lost} acknowledged scores are not there")
    return log, seconds, cpu_seconds


def tell(faults: Sequence[str]) -> None:
    for fault in faults[:5]:
        print(f"  fault: {fault}", file=sys.stderr)
