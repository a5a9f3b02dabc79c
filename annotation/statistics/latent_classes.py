"""PURE. Latent classes of samples, with the probability of each level by class and annotator.

A latent class model (Dawid and Skene 1979) with a prior: what one person says of a type is drawn towards what the
others say of it. What a judge expects is seen in bins, as if by one scorer more.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .krippendorff_alpha import Floats, Ints

# So many scores of others are worth one's own in telling how somebody scores samples of a type.
DRAWN = 2.0
# Somebody's habit of giving a level more or less often than others shows after about so many scores on it.
HABIT = 3.0
# Levels near a type's middle count like so many scores, before anything was seen.
SHAPE = 2.0
# Of bells, in distances between their middles.
WIDTH = 0.9
BINS_DRAWN = 3.0
BINS_WIDTH = 2.0
ROUNDS = 25
MOST_TYPES = 7
LEAST = 1e-4
ANYBODY = -1
"""Of a person: nobody knows who."""


class EvidenceRows(NamedTuple):
    """The distinct rows of evidence, and the row of each sample.

    ``values`` are positions of levels, negative where there is none; ``people`` may be `ANYBODY`; ``bin`` is -1 where
    the judge says nothing.
    """

    values: Ints
    people: Ints
    bin: Ints
    place: Ints


@dataclass(frozen=True, slots=True)
class SampleTypes:
    """The learned types: their shares and level probabilities."""

    shares: Floats
    """How common each is."""
    people: Floats
    """People x types x levels; the last of them is `ANYBODY`, as whom it is found."""
    bins: Floats
    """Types x bins of what the judge expects; no bins without a judge."""

    def posterior(self, rows: EvidenceRows) -> Floats:
        """Return the probability of each type for each row."""
        logs = np.repeat(np.log(self.shares)[None], len(rows.values), axis=0)
        said = np.log(self.people)
        for column in range(rows.values.shape[1]):
            there = rows.values[:, column] >= 0
            logs[there] += said[rows.people[there, column], :, rows.values[there, column]]
        if self.bins.shape[1]:
            judged = rows.bin >= 0
            logs[judged] += np.log(self.bins[:, rows.bin[judged]]).T
        found = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float64)


def distinct_rows(values: Ints, people: Ints | None, bins: Ints) -> EvidenceRows:
    """Return the distinct rows; without named annotators the order of values does not matter."""
    slots = values.shape[1]
    if people is None:
        values = -np.sort(-values, axis=1)
        people = np.full_like(values, ANYBODY)
    keys, place = np.unique(np.concatenate([values, people, bins[:, None]], axis=1), axis=0, return_inverse=True)
    return EvidenceRows(keys[:, :slots], keys[:, slots : 2 * slots], keys[:, -1], place.reshape(-1))


def learn_types(rows: EvidenceRows, *, levels: int, people: int, bins: int) -> SampleTypes:
    """Learn the types of samples by expectation maximisation, reproducibly."""
    number = np.bincount(rows.place, minlength=len(rows.values)).astype(np.float64)
    seen = (rows.values >= 0).any(axis=1)
    rows, number = EvidenceRows(rows.values[seen], rows.people[seen], rows.bin[seen], rows.place), number[seen]
    shape = _bell_shapes(min(levels + 1, MOST_TYPES), levels, WIDTH)
    types = SampleTypes(
        np.full(len(shape), 1 / len(shape)),
        np.repeat(shape[None], people + 1, axis=0),
        _bell_shapes(len(shape), bins, BINS_WIDTH),
    )
    for _ in range(ROUNDS if len(number) else 0):
        weight = types.posterior(rows) * number[:, None]
        types = SampleTypes(
            (weight.sum(axis=0) + 1) / (weight.sum() + len(shape)),
            _learn_people(rows, weight, shape, people),
            _learn_bins(rows, weight, bins),
        )
    return types


def _learn_people(rows: EvidenceRows, weight: Floats, shape: Floats, people: int) -> Floats:
    counts = np.zeros((people + 1, shape.shape[1], len(shape)))
    for column in range(rows.values.shape[1]):
        there = rows.values[:, column] >= 0
        np.add.at(counts, (rows.people[there, column], rows.values[there, column]), weight[there])
    counts = counts.transpose(0, 2, 1)
    everybody = counts.sum(axis=0) + SHAPE * shape
    everybody /= everybody.sum(axis=1, keepdims=True)
    # How often each has given a level, beside how often anybody would have on the same samples.
    given, usual = counts.sum(axis=1), counts.sum(axis=2) @ everybody
    habit = everybody[None] * ((given + HABIT) / (usual + HABIT))[:, None, :]
    found = counts + DRAWN * habit / habit.sum(axis=2, keepdims=True)
    found[ANYBODY] = everybody
    found = np.maximum(found / found.sum(axis=2, keepdims=True), LEAST)
    return np.asarray(found / found.sum(axis=2, keepdims=True), dtype=np.float64)


def _learn_bins(rows: EvidenceRows, weight: Floats, bins: int) -> Floats:
    if not bins:
        return np.zeros((weight.shape[1], 0))
    judged = rows.bin >= 0
    counts = np.zeros((bins, weight.shape[1]))
    np.add.at(counts, rows.bin[judged], weight[judged])
    common = (counts.sum(axis=1) + 0.5) / (counts.sum() + 0.5 * bins)
    found = counts.T + BINS_DRAWN * common
    return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float64)


def _bell_shapes(rows: int, columns: int, width: float) -> Floats:
    """Return bell-shaped rows whose centre moves from before the first column to behind the last.

    ``width`` is in distances between the middles of two rows.
    """
    if not columns:
        return np.zeros((rows, 0))
    middle = np.linspace(-0.3, columns - 0.7, rows)
    reach = width * (middle[1] - middle[0])
    found = np.maximum(np.exp(-0.5 * ((np.arange(columns)[None] - middle[:, None]) / reach) ** 2), LEAST)
    return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float64)
