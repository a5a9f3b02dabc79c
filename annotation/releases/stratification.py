"""PURE. Chooses the test questions so that every generator and domain has its share.

First the questions of one size are taken at even distances along their order by domain and generators. Then questions
of one size change places between train and test as long as that brings the generators and domains nearer to their
shares of everything, what earlier releases have fixed included. All of it is whole numbers and stable sorting: no
rounding of a machine can change a choice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from annotation.core.stable_hash import stable_digest

from .subset_sums import choose_counts

Ints = npt.NDArray[np.int64]
Pair = tuple[str, str]

# How much a sample too many of a generator or a domain weighs against one of the two together.
MARGIN_WEIGHT = 8
# What bounds the work: how many kinds of questions are compared at a time, on either side; how often places are
# changed before the kinds are picked again; and how often all sizes are gone through.
CANDIDATES = 128
EXCHANGES = 256
SWEEPS = 48
# An exchange of many at once would take all from one kind where several would do.
PORTION = 8
# Few questions leave exchanges little room, and cost little: then the best of several beginnings is taken.
ATTEMPTS = 16
ATTEMPTED_QUESTIONS = 5_000


def choose_questions(
    free: Mapping[str, Sequence[Pair]],
    samples: int,
    *,
    every: Mapping[Pair, int],
    earlier: Mapping[Pair, int],
    seed: int,
) -> set[str]:
    """Return the keys of the questions that become test.

    Args:
        free: the samples, as generator and domain, of each question that may.
        samples: how many samples they are to have together; it must be a number that whole questions reach.
        every: how many samples of each generator and domain there are, those of questions that may not included.
        earlier: how many of them are test already.
        seed: of the random order of equal questions.

    Raises:
        ValueError: when whole questions do not reach the number.
    """
    strata = _Strata(every, earlier, seed)
    strata.wanted += samples
    kinds = _group_by_kind(free, strata, seed)
    available = {size: sum(map(len, keys.values())) for size, keys in kinds.items()}
    before = strata.test
    best: tuple[int, list[_SizeClass]] | None = None
    for attempt in range(max(1, min(ATTEMPTS, ATTEMPTED_QUESTIONS // len(free)))):
        take = choose_counts(available, samples, rounding_draw=_seeded_number("size", seed, attempt))
        offset = _seeded_number("offset", seed, attempt)
        classes = [
            _SizeClass.take_evenly(size, kinds[size], take[size], offset(size)) for size in sorted(kinds, reverse=True)
        ]
        strata.test = before + sum(size_class.samples_in_test(strata) for size_class in classes)
        for _ in range(SWEEPS):
            if not sum([size_class.improve(strata) for size_class in classes]):
                break
        loss = strata.loss()
        if best is None or loss < best[0]:
            best = loss, classes
    assert best is not None
    return {key for size_class in best[1] for key in size_class.keys_in_test()}


def _seeded_number(purpose: str, seed: int, attempt: int) -> Callable[[int], int]:
    return lambda size: int.from_bytes(stable_digest(purpose, seed, str(attempt), str(size))[:8])


def _group_by_kind(
    free: Mapping[str, Sequence[Pair]], strata: "_Strata", seed: int
) -> dict[int, dict[bytes, list[str]]]:
    """Return the questions by size and by their pairs, in random order."""
    sizes = np.fromiter(map(len, free.values()), dtype=np.int64, count=len(free))
    numbers = np.fromiter(map(strata.pair.__getitem__, chain.from_iterable(free.values())), dtype=np.int64)
    # Sorted within each question, by one sorting of all.
    numbers += np.repeat(np.arange(len(free)) * len(strata.pair), sizes)
    numbers.sort()
    data = (numbers % len(strata.pair)).astype(">u4").tobytes()
    ends = (4 * sizes.cumsum()).tolist()
    kind = dict(zip(free, map(data.__getitem__, map(slice, [0, *ends], ends)), strict=True))
    groups: dict[int, dict[bytes, list[str]]] = {}
    order = {key: stable_digest("question", seed, key) for key in free}
    for key in sorted(free, key=order.__getitem__):
        groups.setdefault(len(free[key]), {}).setdefault(kind[key], []).append(key)
    return groups


class _Strata:
    """Counts of samples by generator, domain and pair of both, in all and in test."""

    def __init__(self, every: Mapping[Pair, int], earlier: Mapping[Pair, int], seed: int) -> None:
        self.seed = seed
        generator = self._number_values({pair[0] for pair in every}, "generator")
        domain = self._number_values({pair[1] for pair in every}, "domain")
        ordered = sorted(every, key=lambda pair: (domain[pair[1]], generator[pair[0]]))
        margins = len(generator) + len(domain)
        self.pair = {pair: number for number, pair in enumerate(ordered)}
        self.size = margins + len(ordered)
        self.members: Ints = np.array(
            [
                (generator[pair[0]], len(generator) + domain[pair[1]], margins + number)
                for number, pair in enumerate(ordered)
            ],
            dtype=np.int64,
        )
        """The three strata of each pair."""
        self.weight: Ints = np.where(np.arange(self.size) < margins, MARGIN_WEIGHT, 1)
        self.counts = self._of_pairs(np.array([every[pair] for pair in ordered], dtype=np.int64))
        self.test = self._of_pairs(np.array([earlier.get(pair, 0) for pair in ordered], dtype=np.int64))
        self.total = sum(every.values())
        self.wanted = sum(earlier.values())

    def _number_values(self, values: set[str], kind: str) -> dict[str, int]:
        """Number values in an order that depends on the seed, so that neighbours differ, too."""
        ordered = sorted(values, key=lambda value: (stable_digest(kind, self.seed, value), value))
        return {value: number for number, value in enumerate(ordered)}

    def count_samples(self, pairs: Ints, times: Ints) -> Ints:
        """Return the samples per stratum, given their pairs and how often each occurs."""
        of_pair = np.zeros(len(self.members), dtype=np.int64)
        np.add.at(of_pair, pairs, times)
        return self._of_pairs(of_pair)

    def _of_pairs(self, of_pair: Ints) -> Ints:
        counts = np.zeros(self.size, dtype=np.int64)
        np.add.at(counts, self.members, of_pair[:, None])
        return counts

    def excess(self) -> Ints:
        """Return the excess of test samples per stratum, times all samples."""
        return self.total * self.test - self.wanted * self.counts

    def loss(self) -> int:
        """Return the weighted squares of the excess, which exchanges of questions lower."""
        return sum(
            weight * excess**2 for weight, excess in zip(self.weight.tolist(), self.excess().tolist(), strict=True)
        )


@dataclass(slots=True)
class _SizeClass:
    """The questions of one size.

    Those that have the same pairs are of one kind and can replace each other.
    """

    pairs: Ints
    """The pairs of each kind, one row per kind."""
    keys: list[list[str]]
    """The questions of each kind, in random order."""
    counts: Ints
    """How many questions there are of each kind."""
    test: Ints
    """How many of them are in test: the first ones."""

    @classmethod
    def take_evenly(cls, size: int, kinds: Mapping[bytes, list[str]], take: int, offset: int) -> "_SizeClass":
        """Take questions at even distances, from the random place ``offset`` on."""
        ordered = sorted(kinds)
        pairs = np.frombuffer(b"".join(ordered), dtype=">u4").reshape(-1, size).astype(np.int64)
        keys = [kinds[kind] for kind in ordered]
        counts = np.array([len(same_kind) for same_kind in keys], dtype=np.int64)
        ends = counts.cumsum()
        total = int(ends[-1])
        taken_before = (ends * take + offset % total) // total
        return cls(pairs, keys, counts, np.diff(taken_before, prepend=0))

    def samples_in_test(self, strata: _Strata) -> Ints:
        """Return how many samples of each stratum this class has in test."""
        return strata.count_samples(self.pairs, self.test[:, None])

    def keys_in_test(self) -> list[str]:
        """Return the questions in test."""
        return [key for keys, number in zip(self.keys, self.test.tolist(), strict=True) for key in keys[:number]]

    def improve(self, strata: _Strata) -> int:
        """Exchange questions where that helps most, and return how often."""
        if not 0 < int(self.test.sum()) < int(self.counts.sum()):
            return 0
        of_pair = (strata.weight * strata.excess())[strata.members].sum(axis=1)
        excess_of_kind = of_pair[self.pairs].sum(axis=1)
        leaving = _lowest(-excess_of_kind, self.test > 0)
        coming = _lowest(excess_of_kind, self.test < self.counts)
        if excess_of_kind[leaving[0]] <= excess_of_kind[coming[0]]:
            return 0
        return _Exchange(self, strata, leaving, coming).run()


def _lowest(numbers: Ints, usable: npt.NDArray[np.bool_]) -> Ints:
    """Return the places of the `CANDIDATES` lowest usable numbers, in order.

    Of equal numbers the first ones.
    """
    places = np.flatnonzero(usable)
    if len(places) > CANDIDATES:
        bound = np.partition(numbers[places], CANDIDATES - 1)[CANDIDATES - 1]
        places = places[numbers[places] <= bound]
    return places[np.argsort(numbers[places], kind="stable")[:CANDIDATES]]


class _Exchange:
    """Kinds that could leave test, and kinds that could replace them."""

    def __init__(self, questions: _SizeClass, strata: _Strata, leaving: Ints, coming: Ints) -> None:
        self._questions, self._strata = questions, strata
        self._leaving, self._coming = leaving, coming
        rows = np.concatenate([leaving, coming])
        strata_of_rows = strata.members[questions.pairs[rows]].reshape(len(rows), -1)
        self._columns, place = np.unique(strata_of_rows, return_inverse=True)
        width = len(self._columns)
        at = np.arange(len(rows))[:, None] * width + place.reshape(len(rows), -1)
        vectors = np.bincount(at.ravel(), minlength=len(rows) * width).reshape(len(rows), width)
        self._out, self._in = vectors[: len(leaving)], vectors[len(leaving) :]
        weight = strata.weight[self._columns]
        # Products of small whole numbers: exact in floating point, where the library multiplies tables fast.
        both = ((self._out * weight).astype(np.float64) @ self._in.T.astype(np.float64)).astype(np.int64)
        squares = ((self._out**2) @ weight)[:, None] + ((self._in**2) @ weight)[None, :] - 2 * both
        self._curve = strata.total * squares
        self._weight = weight

    def run(self) -> int:
        """Make the best exchange repeatedly, until none helps or the limit is reached."""
        excess = self._strata.excess()[self._columns]
        in_test = self._questions.test
        done = 0
        closed = np.iinfo(np.int64).max // 4
        while done < EXCHANGES:
            of_out, of_in = self._out @ (self._weight * excess), self._in @ (self._weight * excess)
            # The change of the loss, over the number of all samples: what falls, less what the step itself costs.
            change = self._curve + 2 * (of_in[None, :] - of_out[:, None])
            change[in_test[self._leaving] == 0] = closed
            change[:, in_test[self._coming] == self._questions.counts[self._coming]] = closed
            out_index, in_index = divmod(int(change.argmin()), change.shape[1])
            if change[out_index, in_index] >= 0:
                break
            curve = int(self._curve[out_index, in_index])
            best = (curve - int(change[out_index, in_index])) // (2 * curve)
            leaving_kind, coming_kind = int(self._leaving[out_index]), int(self._coming[in_index])
            room = min(int(in_test[leaving_kind]), int(self._questions.counts[coming_kind] - in_test[coming_kind]))
            times = max(1, min(best // PORTION, room))
            in_test[leaving_kind] -= times
            in_test[coming_kind] += times
            step = times * (self._in[in_index] - self._out[out_index])
            self._strata.test[self._columns] += step
            excess += self._strata.total * step
            done += 1
        return done
