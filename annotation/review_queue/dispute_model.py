"""The model that predicts on which samples annotators will differ. PURE.

The scores so far and the prediction of the judge indicate the type of a sample (`latent_classes`), and the type
predicts further scores. While few samples have two scores, the judge's own distribution is used, and without a judge
the base rate. Fitting and predicting are two steps: a fitted model is plain data and can be used for any time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from annotation.statistics.krippendorff_alpha import Floats, Ints
from annotation.statistics.latent_classes import EvidenceRows, SampleTypes, distinct_rows, learn_types

from .next_score import ScoringState, find_best_ratios
from .ranking import DISPUTE

TO_COME = -1
"""Of a value: this score is still to be given."""
NO_SLOT = -2
"""Of a value: this sample has no such score to come."""

# The judge's own distribution, or the base rate, weighs like so many samples with two scores.
JUDGE_WEIGHT = 20.0
# The base rate before any sample is scored, and the number of samples that it weighs.
PRIOR_BASE_RATE = 0.25
PRIOR_COUNTS = 4.0
BINS = 4

Flags = npt.NDArray[np.bool_]


class DisputeEvidence(NamedTuple):
    """The evidence about one dimension of many samples, a row each.

    There is a column for each score that a sample has or will have.

    ``values`` are positions of levels from 0 on, `TO_COME` or `NO_SLOT`. ``people`` are numbers of who gave or will
    give them, `latent_classes.ANYBODY` where that is open; None: anybody everywhere. ``p`` are the judge's
    distributions over the levels, NaN where it says nothing; None without a judge.
    """

    values: Ints
    people: Ints | None = None
    p: Floats | None = None


class ScoringPlan(NamedTuple):
    """The expected disputes of asking for scores, and the score to ask for, by sample."""

    disputes_per_score: Floats
    """Disputes shown per further score, by the best way to go on; 0 where one is known or nothing is left to ask."""
    column: Ints
    """The score to ask for first; -1 where none is left."""


@dataclass(frozen=True, slots=True)
class DisputeModel:
    """The fitted model of one dimension."""

    levels: tuple[float, ...]
    types: SampleTypes
    edges: Floats
    """Between the bins of what the judge expects; empty without a judge."""
    finished: int
    """Samples with two scores or more, from which differing was learned."""
    base: float
    """The share of these that were disputed."""

    def predict_chances(self, evidence: DisputeEvidence) -> Floats:
        """Return each sample's probability of a dispute, once all its scores are in.

        That is the probability that two of its annotators differ by `DISPUTE` or more. It is 1 where two do so already
        and 0 where no score is left.
        """
        rows = self._evidence_rows(evidence)
        by_scores = self._dispute_probability(self.types.posterior(rows), self.types.people, rows.values, rows.people)[
            rows.place
        ]
        otherwise = np.full(len(by_scores), self.base)
        if evidence.p is not None:
            has_prediction, distributions = _judge_evidence(evidence.p)
            no_annotator = np.zeros_like(evidence.values)
            by_judge = self._dispute_probability(
                np.ones((len(distributions), 1)), distributions[:, None, :], evidence.values, no_annotator, each=True
            )
            otherwise = np.where(has_prediction, by_judge, self.base)
        open_probability = np.clip(self._blend(by_scores, otherwise), 0, 1)
        is_dispute, has_open = self._has_dispute(evidence.values), (evidence.values == TO_COME).any(axis=1)
        return np.where(is_dispute, 1.0, np.where(has_open, open_probability, 0.0))

    def plan(self, evidence: DisputeEvidence) -> ScoringPlan:
        """Return each sample's expected disputes per further score, and its first score to ask for.

        For a sample without scores a plan has two scores at least, so that it compares with samples that have scores.
        """
        values, is_open = evidence.values, evidence.values == TO_COME
        rows = self._evidence_rows(evidence)
        low, high = _level_range(rows.values, len(self.levels))
        state = ScoringState(self.types.posterior(rows), low, high, rows.values == TO_COME, rows.people)
        ratios, column = find_best_ratios(state, self.types.people, self._level_disputes())
        disputes_per_score = ratios[rows.place]
        if evidence.p is not None:
            has_prediction, distributions = _judge_evidence(evidence.p)
            disputes_per_score = np.where(
                has_prediction,
                self._blend(disputes_per_score, self._by_judge_alone(distributions, values)),
                disputes_per_score,
            )
        column = column[rows.place]
        if evidence.people is None:
            column = np.where(is_open.any(axis=1), is_open.argmax(axis=1), -1)
        ready = is_open.any(axis=1) & ~self._has_dispute(values)
        return ScoringPlan(np.where(ready, disputes_per_score, 0.0), np.where(is_open.any(axis=1), column, -1))

    def as_data(self) -> dict[str, Any]:
        """Return plain data from which `dispute_model_from` restores the model."""
        return {
            "levels": list(self.levels),
            "shares": self.types.shares.tolist(),
            "people": self.types.people.tolist(),
            "bins": self.types.bins.tolist(),
            "edges": self.edges.tolist(),
            "finished": self.finished,
            "base": self.base,
        }

    def _evidence_rows(self, evidence: DisputeEvidence) -> EvidenceRows:
        return _make_rows(evidence, self.levels, self.edges)

    def _blend(self, learned: Floats, otherwise: Floats | float) -> Floats:
        share = JUDGE_WEIGHT / (JUDGE_WEIGHT + self.finished)
        return np.asarray((1 - share) * learned + share * otherwise, dtype=np.float64)

    def _dispute_probability(
        self, weight: Floats, chances: Floats, values: Ints, people: Ints, *, each: bool = False
    ) -> Floats:
        """Return the probability that the range of each row will be a dispute.

        ``weight`` is that of each row's types.

        Annotators agree when all their values lie within a window of levels. They are counted by their lowest level,
        so that no agreement counts twice. ``each`` means that ``chances`` are per row, not per annotator.
        """
        windows = self._agreement_windows()
        agreeing = np.zeros(len(values))
        for sign, window in ((1.0, windows[0]), (-1.0, windows[1])):
            inside_window = chances @ window.T
            all_within = np.repeat(weight[:, :, None], len(self.levels), axis=2)
            for column in range(values.shape[1]):
                is_given, is_open = values[:, column] >= 0, values[:, column] == TO_COME
                all_within[is_given] *= window[:, values[is_given, column]].T[:, None, :]
                all_within[is_open] *= inside_window[is_open] if each else inside_window[people[is_open, column]]
            agreeing += sign * all_within.sum(axis=(1, 2))
        return 1 - agreeing

    def _by_judge_alone(self, p: Floats, values: Ints) -> Floats:
        """Return the disputes expected of the next score by the judge's own distributions.

        For a first score it is half the probability of a dispute.
        """
        has_score = (values >= 0).any(axis=1)
        apart = self._level_disputes().astype(np.float64)
        low, high = _level_range(values, len(self.levels))
        dispute_with_either = np.maximum(apart[np.minimum(low, len(apart) - 1)], apart[high])
        first = np.einsum("ni,ij,nj->n", p, apart, p) / 2
        return np.asarray(np.where(has_score, (p * dispute_with_either).sum(axis=1), first), dtype=np.float64)

    def _has_dispute(self, values: Ints) -> Flags:
        low, high = _level_range(values, len(self.levels))
        return (high >= 0) & self._level_disputes()[np.minimum(low, len(self.levels) - 1), np.maximum(high, 0)]

    def _level_disputes(self) -> Flags:
        points = np.asarray(self.levels)
        return np.asarray(np.abs(points[:, None] - points[None]) >= DISPUTE - 1e-9)

    def _agreement_windows(self) -> Floats:
        """Return which levels lie within a window, by its lowest level.

        The first array includes the lowest level, the second has those above it.
        """
        inside_window = np.triu(~self._level_disputes())
        return np.stack([inside_window, np.triu(inside_window, 1)]).astype(np.float64)


def fit_dispute_model(evidence: DisputeEvidence, levels: Sequence[float], *, people: int = 0) -> DisputeModel:
    """Fit the model to all evidence about a study's samples on one dimension.

    ``people`` are numbered below that.
    """
    values = evidence.values
    edges = np.zeros(0)
    if evidence.p is not None:
        expected = evidence.p @ np.asarray(levels, dtype=np.float64)
        expected = expected[np.isfinite(expected)]
        if len(expected):
            edges = np.quantile(expected, np.linspace(0, 1, BINS + 1)[1:-1])
    rows = _make_rows(evidence, levels, edges)
    types = learn_types(rows, levels=len(levels), people=people, bins=len(edges) + 1 if len(edges) else 0)
    has_two_scores = (values >= 0).sum(axis=1) >= 2
    low, high = _level_range(values[has_two_scores], len(levels))
    points = np.asarray(levels, dtype=np.float64)
    disputed = int((points[high] - points[low] >= DISPUTE - 1e-9).sum()) if has_two_scores.any() else 0
    finished = int(has_two_scores.sum())
    base = (disputed + PRIOR_BASE_RATE * PRIOR_COUNTS) / (finished + PRIOR_COUNTS)
    return DisputeModel(tuple(map(float, levels)), types, edges, finished, base)


def dispute_model_from(data: Mapping[str, Any]) -> DisputeModel:
    """Return the model that `DisputeModel.as_data` wrote."""
    shares = np.asarray(data["shares"], dtype=np.float64)
    bins = np.asarray(data["bins"], dtype=np.float64).reshape(len(shares), -1)
    return DisputeModel(
        levels=tuple(data["levels"]),
        types=SampleTypes(shares, np.asarray(data["people"], dtype=np.float64), bins),
        edges=np.asarray(data["edges"], dtype=np.float64),
        finished=int(data["finished"]),
        base=float(data["base"]),
    )


def _make_rows(evidence: DisputeEvidence, levels: Sequence[float], edges: Floats) -> EvidenceRows:
    bins = np.full(len(evidence.values), -1, dtype=np.int64)
    if evidence.p is not None and len(edges):
        expected = evidence.p @ np.asarray(levels, dtype=np.float64)
        has_prediction = np.isfinite(expected)
        bins[has_prediction] = np.searchsorted(edges, expected[has_prediction])
    return distinct_rows(evidence.values, evidence.people, bins)


def _judge_evidence(p: Floats) -> tuple[Flags, Floats]:
    """Return where the judge has a distribution, and which; zeros elsewhere."""
    has_prediction = np.asarray(np.isfinite(p).all(axis=1))
    return has_prediction, np.where(has_prediction[:, None], p, 0.0)


def _level_range(values: Ints, levels: int) -> tuple[Ints, Ints]:
    """Return the positions of the lowest and highest given level.

    They are ``levels`` and -1 where none was given.
    """
    is_given = values >= 0
    low = np.where(is_given, values, levels).min(axis=1, initial=levels)
    return low, np.where(is_given, values, -1).max(axis=1, initial=-1)
