"""PURE. Replays a finished study: which disputes a queue would have found, and how soon.

A judge can be trained along, on what the queue chose to ask.

Only revealed scores are known, and `RevealedScores` alone gives them out. A sample is a candidate while it has a score
left and its dispute is not known. Each refresh of the queue asks for one score of each sample from the top, and random
entries are work like all others. That order is `OrderPurpose.ASK`; pages show the same samples by `OrderPurpose.SHOW`,
disputes first.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from annotation.core.stable_hash import stable_digest
from annotation.review_queue.dispute_model import TO_COME, DisputeEvidence, DisputeModel, ScoringPlan, fit_dispute_model
from annotation.review_queue.ranking import (
    DISPUTE,
    LEAST_SHARE,
    DimensionEvidence,
    OrderPurpose,
    QueueKind,
    RankedEntry,
    SampleEvidence,
    rank_entries,
)
from annotation.statistics.krippendorff_alpha import Floats, Ints

# A refresh after each of these parts of the work, in whole fives: every fifth is random.
REFRESHES = 150
# The judge is trained again after this growth of the scores, and before each evaluation.
TRAINING_GROWTH = 1.3
MIN_SCORES_TO_TRAIN = 15
CHECKPOINTS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
SNAPSHOT_AT = 0.2
"""The share of the work after which a snapshot of the queue is taken."""
HELD_OUT = 0.1

Flags = npt.NDArray[np.bool_]


class ReplayPolicy(StrEnum):
    """The policy that decides which score is revealed next."""

    DISPUTED = "disputed"
    LABEL_NEXT = "label_next"
    AUDIT = "audit"
    RANDOM = "random"
    """Samples in random order, each finished before the next: the work without a queue."""


@dataclass(frozen=True, slots=True)
class FinishedDimension:
    """One dimension of a finished study.

    Samples are in rows; all have as many scores.
    """

    names: Sequence[str]
    """The source of random draws."""
    questions: Ints
    levels: tuple[float, ...]
    values: Ints
    """Positions of levels, samples x scores."""
    people: Ints
    """Numbers of the annotators who gave them."""

    @property
    def disputed(self) -> Flags:
        """The samples that are disputed once everything is known."""
        return self.find_disputed(self.values)

    def find_disputed(self, values: Ints) -> Flags:
        """Return the samples whose values differ by a dispute.

        Some values may still be to come.
        """
        points = np.asarray(self.levels)
        scored = values >= 0
        high = np.where(scored, points[values], -np.inf).max(axis=1)
        low = np.where(scored, points[values], np.inf).min(axis=1)
        return np.asarray(high - low >= DISPUTE - 1e-9)


class OutOfFoldPredictions(NamedTuple):
    """Out-of-fold predictions of a judge for every sample; NaN where it has none."""

    p: Floats
    ensemble_sd: Floats
    cluster: Ints


Relearn = Callable[[Ints], OutOfFoldPredictions | None]
"""Trains a judge on all values revealed so far, samples x scores with `TO_COME` elsewhere; None where too few."""


class QueueSnapshot(NamedTuple):
    """The queue at `SNAPSHOT_AT`: its predictions for open samples, and the truth."""

    probability: Floats
    disputed: Flags
    in_order: Flags
    """Whether each of the samples at the queue's top is disputed, in order, random ones left out."""


@dataclass(slots=True)
class ReplayResult:
    """The result of one replay."""

    revealed: list[tuple[int, int]] = field(default_factory=list)
    """Rows and columns, in order."""
    at_random: list[bool] = field(default_factory=list)
    disputes_found: list[int] = field(default_factory=list)
    """Disputes known after each revealed score."""
    samples: int = 0
    disputes: int = 0
    work: int = 0
    """Number of scores that can be revealed."""
    exhausted: bool = False
    """Whether nothing was left to find before the work was done."""
    rmse: list[tuple[float, int, float]] = field(default_factory=list)
    """Share of the work, scores revealed, and the judge's error on held-out questions."""
    snapshot: QueueSnapshot | None = None


class RevealedScores:
    """The scores revealed so far; nothing else reads the others."""

    def __init__(self, finished: FinishedDimension) -> None:
        self._finished = finished
        self.values = np.full_like(finished.values, TO_COME)
        self.dispute_known = np.zeros(len(finished.values), dtype=bool)
        """Samples whose dispute is known."""

    def reveal(self, row: int, column: int) -> None:
        if self.values[row, column] != TO_COME:
            raise ValueError("a score is revealed once")
        self.values[row, column] = self._finished.values[row, column]
        self.dispute_known[row] = self._finished.find_disputed(self.values[row : row + 1])[0]

    @property
    def open_samples(self) -> Flags:
        """The samples with a score left whose dispute is not known."""
        return (self.values == TO_COME).any(axis=1) & ~self.dispute_known


def replay_dimension(
    finished: FinishedDimension, policy: ReplayPolicy, *, seed: int, relearn: Relearn | None = None, until: float = 1.0
) -> ReplayResult:
    """Replay a study until a share of the work is done or nothing is left."""
    return _ReplayRun(finished, policy, seed, relearn).run(until)


def draw_held_out(finished: FinishedDimension, *, seed: int) -> Flags:
    """Draw whole questions that are never revealed, on which the judge is evaluated."""
    names = np.unique(finished.questions)
    count = round(HELD_OUT * len(names)) if len(names) > 2 else 0
    drawn = sorted(names.tolist(), key=lambda name: stable_digest("held out", seed, str(name)))
    return np.isin(finished.questions, drawn[:count])


def draw_raters(name: str, people: Sequence[int], count: int, *, seed: int) -> list[int]:
    """Draw ``count`` of a sample's raters and return their places."""
    return sorted(range(len(people)), key=lambda index: stable_digest("rater", seed, name, str(people[index])))[:count]


class _ReplayRun:
    def __init__(self, finished: FinishedDimension, policy: ReplayPolicy, seed: int, relearn: Relearn | None) -> None:
        self._finished, self._policy, self._seed, self._relearn = finished, policy, seed, relearn
        self._held_out = draw_held_out(finished, seed=seed)
        self._revealed = RevealedScores(finished)
        self._predictions: OutOfFoldPredictions | None = None
        self._trained_on = 0
        self._result = ReplayResult(
            samples=int((~self._held_out).sum()),
            disputes=int((finished.disputed & ~self._held_out).sum()),
            work=int((~self._held_out).sum()) * finished.values.shape[1],
        )
        self._batch = 5 * max(1, round(self._result.work / (5 * REFRESHES)))

    def run(self, until: float) -> ReplayResult:
        checkpoints = sorted({checkpoint for checkpoint in (*CHECKPOINTS, SNAPSHOT_AT, until) if checkpoint <= until})
        for checkpoint in checkpoints:
            # In whole fives, of which one is random.
            target = min(self._result.work, 5 * math.ceil(round(checkpoint * self._result.work) / 5))
            while self._revealed_count < target and not self._result.exhausted:
                self._result.exhausted = not self._reveal_batch(target - self._revealed_count)
            if checkpoint in CHECKPOINTS and self._relearn is not None:
                self._measure(checkpoint)
            if checkpoint == SNAPSHOT_AT:
                self._result.snapshot = self._take_snapshot()
        return self._result

    @property
    def _revealed_count(self) -> int:
        return len(self._result.revealed)

    def _reveal_batch(self, most: int) -> bool:
        """Refresh the queue and reveal scores from its top.

        False where nothing is left in it.
        """
        count = 0
        for row, column, at_random in self._next_scores(min(self._batch, most)):
            self._revealed.reveal(row, column)
            self._result.revealed.append((row, column))
            self._result.at_random.append(at_random)
            self._result.disputes_found.append(int(self._revealed.dispute_known.sum()))
            count += 1
        return count > 0

    def _next_scores(self, count: int) -> Iterator[tuple[int, int, bool]]:
        if self._policy is ReplayPolicy.RANDOM:
            yield from self._random_scores(count)
            return
        if self._relearn is not None and self._revealed_count >= max(
            MIN_SCORES_TO_TRAIN, TRAINING_GROWTH * self._trained_on
        ):
            self._retrain()
        evidence = self._dispute_evidence()
        model = fit_dispute_model(evidence, self._finished.levels, people=int(self._finished.people.max(initial=0)) + 1)
        plan = model.plan(evidence)
        for entry in self._rank_open_samples(model, evidence, plan)[:count]:
            row = entry.sample
            free = np.flatnonzero(self._revealed.values[row] == TO_COME)
            column = int(plan.column[row]) if self._policy is ReplayPolicy.DISPUTED else int(free[0])
            yield row, column, entry.random

    def _random_scores(self, count: int) -> Iterator[tuple[int, int, bool]]:
        open_rows = np.flatnonzero(self._revealed.open_samples & ~self._held_out).tolist()
        order = sorted(open_rows, key=lambda row: stable_digest("work", self._seed, self._finished.names[row]))
        for row in order:
            # One at a time: none is asked for once the dispute is known.
            for column in np.flatnonzero(self._revealed.values[row] == TO_COME).tolist():
                if count == 0 or self._revealed.dispute_known[row]:
                    break
                count -= 1
                yield row, column, True

    def _rank_open_samples(
        self, model: DisputeModel, evidence: DisputeEvidence, plan: ScoringPlan
    ) -> list[RankedEntry]:
        samples = self._sample_evidence(model.predict_chances(evidence), plan.disputes_per_score)
        return rank_entries(
            samples, QueueKind(self._policy.value), seed=self._seed, share=LEAST_SHARE, purpose=OrderPurpose.ASK
        )

    def _sample_evidence(self, chances: Floats, promise: Floats) -> list[SampleEvidence]:
        points = np.asarray(self._finished.levels)
        predictions = self._predictions
        expected = sd = None
        if predictions is not None:
            expected = predictions.p @ points
            sd = np.sqrt(np.maximum((predictions.p * (points[None] - expected[:, None]) ** 2).sum(axis=1), 0))
        samples = []
        for row in np.flatnonzero(self._revealed.open_samples & ~self._held_out).tolist():
            values = tuple(points[self._revealed.values[row][self._revealed.values[row] >= 0]].tolist())
            has_prediction = predictions is not None and bool(np.isfinite(predictions.p[row, 0]))
            evidence = DimensionEvidence(
                key="",
                values=values,
                expected=float(expected[row]) if has_prediction and expected is not None else None,
                sd=float(sd[row]) if has_prediction and sd is not None else None,
                ensemble_sd=float(predictions.ensemble_sd[row]) if has_prediction and predictions is not None else None,
                chance=float(chances[row]),
                disputes_per_score=float(promise[row]),
                # Nothing is agreed on while scores come in, so their mean takes its place.
                final=sum(values) / len(values) if values else None,
            )
            cluster = int(predictions.cluster[row]) if has_prediction and predictions is not None else None
            samples.append(SampleEvidence(row, self._finished.names[row], cluster, (evidence,)))
        return samples

    def _dispute_evidence(self) -> DisputeEvidence:
        return DisputeEvidence(
            self._revealed.values, self._finished.people, None if self._predictions is None else self._predictions.p
        )

    def _retrain(self) -> None:
        assert self._relearn is not None
        self._predictions = self._relearn(self._revealed.values) or self._predictions
        self._trained_on = self._revealed_count

    def _measure(self, checkpoint: float) -> None:
        if self._revealed_count > self._trained_on:
            self._retrain()
        if self._predictions is None or not self._held_out.any():
            return
        points = np.asarray(self._finished.levels)
        truth = points[self._finished.values[self._held_out]].mean(axis=1)
        errors = self._predictions.p[self._held_out] @ points - truth
        errors = errors[np.isfinite(errors)]
        if len(errors):
            self._result.rmse.append((checkpoint, self._revealed_count, float(np.sqrt((errors**2).mean()))))

    def _take_snapshot(self) -> QueueSnapshot:
        evidence = self._dispute_evidence()
        model = fit_dispute_model(evidence, self._finished.levels, people=int(self._finished.people.max(initial=0)) + 1)
        rows = np.flatnonzero(self._revealed.open_samples & ~self._held_out)
        disputed = self._finished.disputed
        top: list[int] = []
        if self._policy is not ReplayPolicy.RANDOM:
            top = [
                entry.sample
                for entry in self._rank_open_samples(model, evidence, model.plan(evidence))
                if not entry.random
            ]
        else:
            top = sorted(rows.tolist(), key=lambda row: stable_digest("work", self._seed, self._finished.names[row]))
        return QueueSnapshot(
            model.predict_chances(evidence)[rows], disputed[rows], disputed[np.array(top, dtype=np.int64)]
        )
