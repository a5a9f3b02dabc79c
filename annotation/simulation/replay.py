"""PURE. A finished study played again: what a queue would have found, and a judge learned, had it chosen what to ask.

Only scores that were bought are known; `Revealed` is the one place that gives them out. An order of samples becomes an
order of scores so: a sample is a candidate while it has a score left and its dispute is not shown, each refresh of the
queue asks for one score of each sample from the top, and what is drawn at random is work like everything else. That is
`priority.Purpose.ASK`; pages show the same samples by `Purpose.SHOW`, disputes first.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from annotation.core import stable_hash as chance
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
# The judge learns again once so much more is known, and where it is held to what nobody scored.
GROWTH = 1.3
FEWEST_TO_LEARN = 15
CHECKPOINTS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
LOOK = 0.2
"""The share of the work at which the queue is looked at."""
HELD_OUT = 0.1

Flags = npt.NDArray[np.bool_]


class ReplayPolicy(StrEnum):
    """What decides which score is bought next."""

    DISPUTED = "disputed"
    LABEL_NEXT = "label_next"
    AUDIT = "audit"
    RANDOM = "random"
    """Samples in an order of chance, each finished before the next: the work as it is without a queue."""


@dataclass(frozen=True, slots=True)
class FinishedDimension:
    """One dimension of a finished study, samples in rows; all have as many scores."""

    names: Sequence[str]
    """Chance is drawn from them."""
    questions: Ints
    levels: tuple[float, ...]
    values: Ints
    """Positions of levels, samples x scores."""
    people: Ints
    """Who gave them, numbered."""

    @property
    def disputed(self) -> Flags:
        """Which samples are disputed, once everything is known."""
        return self.differing(self.values)

    def differing(self, values: Ints) -> Flags:
        """Return of which samples these values, some perhaps still to come, differ by a dispute."""
        points = np.asarray(self.levels)
        given = values >= 0
        high = np.where(given, points[values], -np.inf).max(axis=1)
        low = np.where(given, points[values], np.inf).min(axis=1)
        return np.asarray(high - low >= DISPUTE - 1e-9)


class OutOfFoldPredictions(NamedTuple):
    """What a judge says of every sample, by models that had not seen its question; NaN where nothing."""

    p: Floats
    ensemble_sd: Floats
    cluster: Ints


Relearn = Callable[[Ints], OutOfFoldPredictions | None]
"""Is given all values bought so far, samples x scores with `TO_COME` elsewhere; None where these are too few."""


class QueueSnapshot(NamedTuple):
    """The queue as it was at `LOOK`: what it foretold of samples that were open, and what is true."""

    chance: Floats
    disputed: Flags
    in_order: Flags
    """Whether each of the samples at the queue's top is disputed, in order, random ones left out."""


@dataclass(slots=True)
class ReplayResult:
    """What came of one replay."""

    bought: list[tuple[int, int]] = field(default_factory=list)
    """Rows and columns, in order."""
    at_random: list[bool] = field(default_factory=list)
    found: list[int] = field(default_factory=list)
    """Disputes shown after each score bought."""
    samples: int = 0
    disputes: int = 0
    work: int = 0
    """Scores that there are to buy."""
    exhausted: bool = False
    """Nothing was left to find before the work was done."""
    rmse: list[tuple[float, int, float]] = field(default_factory=list)
    """Share of the work, scores bought, and the judge's error on questions of which nothing was bought."""
    look: QueueSnapshot | None = None


class RevealedScores:
    """The scores bought so far. Nothing else reads the others."""

    def __init__(self, finished: FinishedDimension) -> None:
        self._finished = finished
        self.values = np.full_like(finished.values, TO_COME)
        self.shown = np.zeros(len(finished.values), dtype=bool)
        """Samples whose dispute is known."""

    def buy(self, row: int, column: int) -> None:
        if self.values[row, column] != TO_COME:
            raise ValueError("a score is bought once")
        self.values[row, column] = self._finished.values[row, column]
        self.shown[row] = self._finished.differing(self.values[row : row + 1])[0]

    @property
    def open(self) -> Flags:
        """Samples with a score left, whose dispute is not known."""
        return (self.values == TO_COME).any(axis=1) & ~self.shown


def replay_dimension(
    finished: FinishedDimension, policy: ReplayPolicy, *, seed: int, relearn: Relearn | None = None, until: float = 1.0
) -> ReplayResult:
    """Play a study again, until this share of the work is done or nothing is left to find."""
    return _ReplayRun(finished, policy, seed, relearn).play(until)


def draw_held_out(finished: FinishedDimension, *, seed: int) -> Flags:
    """Return which samples are never bought: those of some whole questions, on which the judge is measured."""
    names = np.unique(finished.questions)
    count = round(HELD_OUT * len(names)) if len(names) > 2 else 0
    drawn = sorted(names.tolist(), key=lambda name: chance.stable_digest("held out", seed, str(name)))
    return np.isin(finished.questions, drawn[:count])


def draw_raters(name: str, people: Sequence[int], count: int, *, seed: int) -> list[int]:
    """Return the places of ``count`` of a sample's raters, in an order of chance."""
    return sorted(range(len(people)), key=lambda place: chance.stable_digest("rater", seed, name, str(people[place])))[
        :count
    ]


class _ReplayRun:
    def __init__(self, finished: FinishedDimension, policy: ReplayPolicy, seed: int, relearn: Relearn | None) -> None:
        self._finished, self._policy, self._seed, self._relearn = finished, policy, seed, relearn
        self._out = draw_held_out(finished, seed=seed)
        self._revealed = RevealedScores(finished)
        self._said: OutOfFoldPredictions | None = None
        self._learned_from = 0
        self._replay = ReplayResult(
            samples=int((~self._out).sum()),
            disputes=int((finished.disputed & ~self._out).sum()),
            work=int((~self._out).sum()) * finished.values.shape[1],
        )
        self._batch = 5 * max(1, round(self._replay.work / (5 * REFRESHES)))

    def play(self, until: float) -> ReplayResult:
        marks = sorted({mark for mark in (*CHECKPOINTS, LOOK, until) if mark <= until})
        for mark in marks:
            # In whole fives, of which one is random.
            target = min(self._replay.work, 5 * math.ceil(round(mark * self._replay.work) / 5))
            while self._count < target and not self._replay.exhausted:
                self._replay.exhausted = not self._some_work(target - self._count)
            if mark in CHECKPOINTS and self._relearn is not None:
                self._measure(mark)
            if mark == LOOK:
                self._replay.look = self._looked()
        return self._replay

    @property
    def _count(self) -> int:
        return len(self._replay.bought)

    def _some_work(self, most: int) -> bool:
        """Refresh the queue and buy from its top; False where nothing is left in it."""
        bought = 0
        for row, column, at_random in self._next(min(self._batch, most)):
            self._revealed.buy(row, column)
            self._replay.bought.append((row, column))
            self._replay.at_random.append(at_random)
            self._replay.found.append(int(self._revealed.shown.sum()))
            bought += 1
        return bought > 0

    def _next(self, count: int) -> Iterator[tuple[int, int, bool]]:
        if self._policy is ReplayPolicy.RANDOM:
            yield from self._by_chance(count)
            return
        if self._relearn is not None and self._count >= max(FEWEST_TO_LEARN, GROWTH * self._learned_from):
            self._learn()
        evidence = self._evidence()
        foresight = fit_dispute_model(
            evidence, self._finished.levels, people=int(self._finished.people.max(initial=0)) + 1
        )
        plan = foresight.plan(evidence)
        for entry in self._entries(foresight, evidence, plan)[:count]:
            row = entry.sample
            free = np.flatnonzero(self._revealed.values[row] == TO_COME)
            column = int(plan.column[row]) if self._policy is ReplayPolicy.DISPUTED else int(free[0])
            yield row, column, entry.random

    def _by_chance(self, count: int) -> Iterator[tuple[int, int, bool]]:
        open_rows = np.flatnonzero(self._revealed.open & ~self._out).tolist()
        order = sorted(open_rows, key=lambda row: chance.stable_digest("work", self._seed, self._finished.names[row]))
        for row in order:
            # One at a time: the next is not asked for where this one has shown the dispute.
            for column in np.flatnonzero(self._revealed.values[row] == TO_COME).tolist():
                if count == 0 or self._revealed.shown[row]:
                    break
                count -= 1
                yield row, column, True

    def _entries(self, foresight: DisputeModel, evidence: DisputeEvidence, plan: ScoringPlan) -> list[RankedEntry]:
        known = self._known(foresight.predict_chances(evidence), plan.disputes_per_score)
        return rank_entries(
            known, QueueKind(self._policy.value), seed=self._seed, share=LEAST_SHARE, purpose=OrderPurpose.ASK
        )

    def _known(self, chances: Floats, promise: Floats) -> list[SampleEvidence]:
        points = np.asarray(self._finished.levels)
        said = self._said
        expected = sd = None
        if said is not None:
            expected = said.p @ points
            sd = np.sqrt(np.maximum((said.p * (points[None] - expected[:, None]) ** 2).sum(axis=1), 0))
        found = []
        for row in np.flatnonzero(self._revealed.open & ~self._out).tolist():
            values = tuple(points[self._revealed.values[row][self._revealed.values[row] >= 0]].tolist())
            judged = said is not None and bool(np.isfinite(said.p[row, 0]))
            seen = DimensionEvidence(
                key="",
                values=values,
                expected=float(expected[row]) if judged and expected is not None else None,
                sd=float(sd[row]) if judged and sd is not None else None,
                ensemble_sd=float(said.ensemble_sd[row]) if judged and said is not None else None,
                chance=float(chances[row]),
                disputes_per_score=float(promise[row]),
                # Nothing is agreed on while scores come in: what they say so far stands for it.
                final=sum(values) / len(values) if values else None,
            )
            cluster = int(said.cluster[row]) if judged and said is not None else None
            found.append(SampleEvidence(row, self._finished.names[row], cluster, (seen,)))
        return found

    def _evidence(self) -> DisputeEvidence:
        return DisputeEvidence(
            self._revealed.values, self._finished.people, None if self._said is None else self._said.p
        )

    def _learn(self) -> None:
        assert self._relearn is not None
        self._said = self._relearn(self._revealed.values) or self._said
        self._learned_from = self._count

    def _measure(self, mark: float) -> None:
        if self._count > self._learned_from:
            self._learn()
        if self._said is None or not self._out.any():
            return
        points = np.asarray(self._finished.levels)
        truth = points[self._finished.values[self._out]].mean(axis=1)
        off = self._said.p[self._out] @ points - truth
        off = off[np.isfinite(off)]
        if len(off):
            self._replay.rmse.append((mark, self._count, float(np.sqrt((off**2).mean()))))

    def _looked(self) -> QueueSnapshot:
        evidence = self._evidence()
        foresight = fit_dispute_model(
            evidence, self._finished.levels, people=int(self._finished.people.max(initial=0)) + 1
        )
        rows = np.flatnonzero(self._revealed.open & ~self._out)
        disputed = self._finished.disputed
        top: list[int] = []
        if self._policy is not ReplayPolicy.RANDOM:
            top = [one.sample for one in self._entries(foresight, evidence, foresight.plan(evidence)) if not one.random]
        else:
            top = sorted(
                rows.tolist(), key=lambda row: chance.stable_digest("work", self._seed, self._finished.names[row])
            )
        return QueueSnapshot(
            foresight.predict_chances(evidence)[rows], disputed[rows], disputed[np.array(top, dtype=np.int64)]
        )
