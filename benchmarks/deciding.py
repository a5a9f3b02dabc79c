"""What it costs an annotator that their score decides and opens a discussion."""

import json
import statistics
from dataclasses import dataclass, field

from .annotators import Annotator, Log, broken_rules
from .client import converse
from .databases import Database, Store
from .figures import Measured, row
from .load import tell
from .population import Population
from .server import serving

SAMPLES = 10_000
PAIRS, PAIRS_QUICK = 1200, 400
WARM_UP_PAIRS = 60
# The first two annotators have scored the samples; the third one's are plain scores and deciding ones in turn.
THIRD = 2


@dataclass(slots=True)
class SplitLog:
    """How long submissions took, by how many scores the sample had before."""

    seconds: dict[int, list[float]] = field(default_factory=lambda: {1: [], 2: []})
    faults: list[str] = field(default_factory=list)


class Third(Annotator):
    """Knows, unlike a person, how many have scored a sample."""

    def __init__(self, token: str, pairs: int, scores_in: dict[str, int], split: SplitLog) -> None:
        super().__init__(token, pairs, Log(faults=split.faults))
        self.scores_in, self.split = scores_in, split
        self.before = 0

    def take(self, status: int, body: bytes, seconds: float) -> None:
        submitted = self.assignment is not None
        super().take(status, body, seconds)
        if submitted and status == 200:
            self.split.seconds[self.before].append(seconds)
        elif self.assignment is not None:
            (leased,) = json.loads(body)["assignments"]
            self.before = self.scores_in[leased["sample"]["id"]]


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield what a submission takes that decides, relative to one that does not, in one and the same run."""
    with store.filled(Population(samples=SAMPLES, alternating=SAMPLES)) as database:
        scores_in = {name: int(n) for name, n in database.rows("SELECT public_id, scores_in FROM annotation_sample")}
        with serving(database, workers=1) as server:
            token = database.tokens[THIRD]
            split = SplitLog()
            converse(server.port, [Third(token, WARM_UP_PAIRS, scores_in, split)])
            split = SplitLog(faults=split.faults)
            converse(server.port, [Third(token, PAIRS_QUICK if quick else PAIRS, scores_in, split)])
        faults = [*split.faults, *broken_rules(database), *_undecided(database)]
    plain, deciding = (statistics.median(split.seconds[before] or [float("inf")]) for before in (1, 2))
    yield row("submit a score that does not decide, p50", "ms"), 1000 * plain
    yield row("submit the score that opens a discussion, p50", "ms"), 1000 * deciding
    yield row("the latter over the former", "times", most=1.5), deciding / plain
    yield row("deciding: errors and rules broken", "", most=0), len(faults)
    tell(faults)


def _undecided(database: Database) -> list[str]:
    """Return what is wrong with the samples that have their scores."""
    left = database.rows("SELECT count(*) FROM annotation_sample WHERE scores_in = 3 AND state = 'scoring'")[0][0]
    opened = database.rows("SELECT count(*) FROM annotation_discussion")[0][0]
    full = database.rows("SELECT count(*) FROM annotation_sample WHERE scores_in = 3")[0][0]
    faults = [f"{left} samples with three scores are not decided"] if left else []
    if opened < 0.9 * full:
        faults.append(f"only {opened} of {full} decided samples are discussed")
    return faults
