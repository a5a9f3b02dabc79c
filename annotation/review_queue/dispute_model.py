"""PURE. Which samples annotators will differ about: learned from scores like these, given those so far and a judge.

What has been scored and what the judge expects tell of which type a sample is (`sample_types`); the type tells what
further people will say. Where few samples have two scores yet, the judge's own distribution speaks, and without a judge
the base rate. Learning and telling are two steps: what was learned is plain data and serves for as long as one likes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from annotation.statistics.krippendorff_alpha import Floats, Ints
from annotation.statistics.latent_classes import EvidenceRows, SampleTypes, distinct_rows, learn_types

from .next_score import ScoringCandidates, best_ratios
from .ranking import DISPUTE

TO_COME = -1
"""Of a value: this score is still to be given."""
NO_SLOT = -2
"""Of a value: this sample has no such score to come."""

# The judge's own distribution, or the base rate, weighs like so many samples with two scores.
LEAN = 20.0
# The base rate before anything was seen, and like how many samples it counts.
BEFORE = 0.25
BEFORE_COUNTS = 4.0
BINS = 4

Flags = npt.NDArray[np.bool_]


class DisputeEvidence(NamedTuple):
    """What is known of one dimension of many samples: a row each, and a column for each score that it has or will have.

    ``values`` are positions of levels from 0 on, `TO_COME` or `NO_SLOT`. ``people`` are numbers of who gave or will
    give them, `sample_types.ANYBODY` where that is open; None: anybody everywhere. ``p`` are the judge's distributions
    over the levels, NaN where it says nothing; None without a judge.
    """

    values: Ints
    people: Ints | None = None
    p: Floats | None = None


class ScoringPlan(NamedTuple):
    """What asking for scores promises, by sample."""

    promise: Floats
    """Disputes shown per further score, by the best way to go on; 0 where one is known or nothing is left to ask."""
    column: Ints
    """The score to ask for first; -1 where none is left."""


@dataclass(frozen=True, slots=True)
class DisputeModel:
    """What was learned of one dimension."""

    levels: tuple[float, ...]
    types: SampleTypes
    edges: Floats
    """Between the bins of what the judge expects; empty without a judge."""
    finished: int
    """Samples with two scores or more, from which differing was learned."""
    base: float
    """The share of these that were disputed."""

    def chances(self, evidence: DisputeEvidence) -> Floats:
        """Return the chance that two annotators of each sample differ by `DISPUTE` or more, once all its scores are in.

        It is 1 where two do so already and 0 where nobody is left to.
        """
        rows = self._rows(evidence)
        learned = self._differing(self.types.posterior(rows), self.types.people, rows.values, rows.people)[rows.place]
        judged = np.full(len(learned), self.base)
        if evidence.p is not None:
            said, own = _judge_evidence(evidence.p)
            nobody = np.zeros_like(evidence.values)
            by_judge = self._differing(np.ones((len(own), 1)), own[:, None, :], evidence.values, nobody, each=True)
            judged = np.where(said, by_judge, self.base)
        found = np.clip(self._lean(learned, judged), 0, 1)
        known, left = self._known(evidence.values), (evidence.values == TO_COME).any(axis=1)
        return np.where(known, 1.0, np.where(left, found, 0.0))

    def plan(self, evidence: DisputeEvidence) -> ScoringPlan:
        """Return for each sample what asking on promises, and which score to ask for first.

        The promises of a sample without scores are of two scores at least, so that those begun and not begun compare.
        """
        values, free = evidence.values, evidence.values == TO_COME
        rows = self._rows(evidence)
        low, high = _ends(rows.values, len(self.levels))
        board = ScoringCandidates(self.types.posterior(rows), low, high, rows.values == TO_COME, rows.people)
        learned, column = best_ratios(board, self.types.people, self._apart())
        promise = learned[rows.place]
        if evidence.p is not None:
            said, own = _judge_evidence(evidence.p)
            promise = np.where(said, self._lean(promise, self._by_judge_alone(own, values)), promise)
        column = column[rows.place]
        if evidence.people is None:
            column = np.where(free.any(axis=1), free.argmax(axis=1), -1)
        ready = free.any(axis=1) & ~self._known(values)
        return ScoringPlan(np.where(ready, promise, 0.0), np.where(free.any(axis=1), column, -1))

    def as_data(self) -> dict[str, Any]:
        """Return plain data from which `foresight_from` makes the same again."""
        return {
            "levels": list(self.levels),
            "shares": self.types.shares.tolist(),
            "people": self.types.people.tolist(),
            "bins": self.types.bins.tolist(),
            "edges": self.edges.tolist(),
            "finished": self.finished,
            "base": self.base,
        }

    def _rows(self, evidence: DisputeEvidence) -> EvidenceRows:
        return _distinct(evidence, self.levels, self.edges)

    def _lean(self, learned: Floats, otherwise: Floats | float) -> Floats:
        share = LEAN / (LEAN + self.finished)
        return np.asarray((1 - share) * learned + share * otherwise, dtype=np.float64)

    def _differing(self, weight: Floats, chances: Floats, values: Ints, people: Ints, *, each: bool = False) -> Floats:
        """Return the chance that the range will be a dispute, of rows whose types weigh so.

        People agree when all their values lie within a window of levels: by its lowest one, these exclude each other.
        ``each`` says that every row has chances of its own, instead of every person.
        """
        windows = self._windows()
        agreeing = np.zeros(len(values))
        for sign, window in ((1.0, windows[0]), (-1.0, windows[1])):
            inside = chances @ window.T
            within = np.repeat(weight[:, :, None], len(self.levels), axis=2)
            for column in range(values.shape[1]):
                given, coming = values[:, column] >= 0, values[:, column] == TO_COME
                within[given] *= window[:, values[given, column]].T[:, None, :]
                within[coming] *= inside[coming] if each else inside[people[coming, column]]
            agreeing += sign * within.sum(axis=(1, 2))
        return 1 - agreeing

    def _by_judge_alone(self, p: Floats, values: Ints) -> Floats:
        """Return what the next score promises by the judge's own distributions; half a dispute's chance for a first."""
        begun = (values >= 0).any(axis=1)
        apart = self._apart().astype(np.float64)
        low, high = _ends(values, len(self.levels))
        either = np.maximum(apart[np.minimum(low, len(apart) - 1)], apart[high])
        first = np.einsum("ni,ij,nj->n", p, apart, p) / 2
        return np.asarray(np.where(begun, (p * either).sum(axis=1), first), dtype=np.float64)

    def _known(self, values: Ints) -> Flags:
        low, high = _ends(values, len(self.levels))
        return (high >= 0) & self._apart()[np.minimum(low, len(self.levels) - 1), np.maximum(high, 0)]

    def _apart(self) -> Flags:
        points = np.asarray(self.levels)
        return np.asarray(np.abs(points[:, None] - points[None]) >= DISPUTE - 1e-9)

    def _windows(self) -> Floats:
        """Return by lowest level which levels lie within a window: with the lowest one, and above it."""
        inside = np.triu(~self._apart())
        return np.stack([inside, np.triu(inside, 1)]).astype(np.float64)


def fit_dispute_model(evidence: DisputeEvidence, levels: Sequence[float], *, people: int = 0) -> DisputeModel:
    """Learn from everything known of a study's samples on one dimension; ``people`` are numbered below that."""
    values = evidence.values
    edges = np.zeros(0)
    if evidence.p is not None:
        expected = evidence.p @ np.asarray(levels, dtype=np.float64)
        expected = expected[np.isfinite(expected)]
        if len(expected):
            edges = np.quantile(expected, np.linspace(0, 1, BINS + 1)[1:-1])
    rows = _distinct(evidence, levels, edges)
    types = learn_types(rows, levels=len(levels), people=people, bins=len(edges) + 1 if len(edges) else 0)
    several = (values >= 0).sum(axis=1) >= 2
    low, high = _ends(values[several], len(levels))
    points = np.asarray(levels, dtype=np.float64)
    disputed = int((points[high] - points[low] >= DISPUTE - 1e-9).sum()) if several.any() else 0
    finished = int(several.sum())
    base = (disputed + BEFORE * BEFORE_COUNTS) / (finished + BEFORE_COUNTS)
    return DisputeModel(tuple(map(float, levels)), types, edges, finished, base)


def dispute_model_from(data: Mapping[str, Any]) -> DisputeModel:
    """Return what `Foresight.as_data` wrote."""
    shares = np.asarray(data["shares"], dtype=np.float64)
    bins = np.asarray(data["bins"], dtype=np.float64).reshape(len(shares), -1)
    return DisputeModel(
        levels=tuple(data["levels"]),
        types=SampleTypes(shares, np.asarray(data["people"], dtype=np.float64), bins),
        edges=np.asarray(data["edges"], dtype=np.float64),
        finished=int(data["finished"]),
        base=float(data["base"]),
    )


def _distinct(evidence: DisputeEvidence, levels: Sequence[float], edges: Floats) -> EvidenceRows:
    bins = np.full(len(evidence.values), -1, dtype=np.int64)
    if evidence.p is not None and len(edges):
        expected = evidence.p @ np.asarray(levels, dtype=np.float64)
        said = np.isfinite(expected)
        bins[said] = np.searchsorted(edges, expected[said])
    return distinct_rows(evidence.values, evidence.people, bins)


def _judge_evidence(p: Floats) -> tuple[Flags, Floats]:
    """Return where the judge says something, and what; zeros elsewhere."""
    said = np.asarray(np.isfinite(p).all(axis=1))
    return said, np.where(said[:, None], p, 0.0)


def _ends(values: Ints, levels: int) -> tuple[Ints, Ints]:
    """Return the positions of the lowest and highest level given; ``levels`` and -1 where none was."""
    given = values >= 0
    low = np.where(given, values, levels).min(axis=1, initial=levels)
    return low, np.where(given, values, -1).max(axis=1, initial=-1)
