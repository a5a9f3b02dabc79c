"""PURE. Splits the questions of a release into test and train.

Whole questions (groups) stay together, parts given by earlier releases never change, and the number of test samples
is the wanted one wherever whole questions can reach it, otherwise the nearest that they can. Random draws come from
SHA-256 of the seed and the question's key alone, and everything is counted in whole numbers: the same questions and
the same seed give the same parts in any order of the input, on any machine and in any later version. The tests hold
that in place.

Only `split_questions` loads numpy: a web process may ask whether a question is drawn without it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from annotation.core.stable_hash import stable_digest

from .subset_sums import NearestSum, nearest_sum

TEST, TRAIN, UNDECIDED = "test", "train", ""
_HASHES = 2**64


class CannotSplit(ValueError):
    """The questions cannot be split as asked.

    The message says why and is meant for the person who asked.
    """


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """One question with its samples in the release."""

    key: str
    """Names the question, unlike any other. Random draws depend on it, so it must never change."""
    samples: Sequence[tuple[str, str]]
    """Generator and domain of each of its samples, in any order; at least one. An empty text is a value like others."""
    part: str = UNDECIDED
    """``train`` or ``test`` where an earlier release has given it: kept. Otherwise empty."""
    may_test: bool = True
    """Whether it may become test. It does not matter for a question that has a part already."""


@dataclass(frozen=True, slots=True)
class SplitBalance:
    """The samples of one generator or domain in test and in train."""

    value: str
    train: int
    test: int
    share: float
    """Of its samples, how many are test: 0 to 1."""
    apart: float
    """That share minus the share of test among all samples."""
    beyond: int
    """Test samples too many or too few, beyond the rounding to one of the two whole numbers next to the fair one."""


@dataclass(frozen=True, slots=True)
class QuestionSplit:
    """The parts of all questions, and how well the request is met."""

    test: frozenset[str]
    """Keys of the test questions; all others are train."""
    wanted: int
    """Test samples asked for."""
    got: int
    """Test samples reached."""
    exact: bool
    reason: str
    """Empty when exact, otherwise a sentence on what stands in the way and what was reached."""
    by_generator: tuple[SplitBalance, ...]
    """Sorted by value, as are the domains."""
    by_domain: tuple[SplitBalance, ...]


def is_drawn(seed: int, key: str, share: float, *, purpose: str = "") -> bool:
    """Return whether a question is in a random share of all questions.

    Questions that are not known yet count, too.

    It rests on nothing but the arguments, so it never changes; a question in a share is in every larger one. Draws
    with the same seed and purpose are nested; draws for different purposes are independent.

    Args:
        seed: any whole number.
        key: the question's key.
        share: 0 (none) to 1 (all).
        purpose: a fixed word that sets draws with one seed apart, as ``calibration``.

    Raises:
        ValueError: when the share is outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"A share lies between 0 and 1, not at {share}.")
    return int.from_bytes(stable_digest("drawn", seed, purpose, key)[:8]) < share * _HASHES


def compute_test_size(total: int, *, share: float | None = None, count: int | None = None) -> int:
    """Return the number of test samples for a share or a count.

    Both parts keep at least one sample.

    A share is read as the decimal number that it is written as (0.15 of 10 is 1.5) and rounded half up (to 2).

    Args:
        total: samples in the release.
        share: of them, how many are to be test: above 0, below 1.
        count: how many are to be test. Give one of the two.

    Raises:
        CannotSplit: when one of the parts would have no sample.
        TypeError: when both are given, or neither.
    """
    if (share is None) == (count is None):
        raise TypeError("give a share or a count")
    if total < 2:
        raise CannotSplit(_too_few(total, "sample"))
    if share is not None:
        try:
            exact_share = Fraction(Decimal(str(share)))
        except (InvalidOperation, ValueError, OverflowError):
            exact_share = Fraction(0)
        if not 0 < exact_share < 1:
            raise CannotSplit(f"The share of test samples must be above 0 and below 1, not {share}.")
        count = int(exact_share * total + Fraction(1, 2))
        if not 0 < count < total:
            part = TEST if count == 0 else TRAIN
            raise CannotSplit(
                f"A test share of {share} leaves no {part} sample among {_format_number(total)}: "
                "choose another share, or give a count."
            )
    assert count is not None
    _check_bounds(count, total)
    return count


def split_questions(groups: Iterable[QuestionGroup], *, wanted: int, seed: int) -> QuestionSplit:
    """Split whole questions into train and test.

    Args:
        groups: the questions of the release, in any order.
        wanted: how many samples are to be test, those that already are included.
        seed: any whole number; the same one gives the same parts.

    Raises:
        CannotSplit: when there are fewer than two questions, one is given twice or has no sample, a part would have
            no sample, or ``wanted`` would leave none in one.
    """
    by_key = _groups_by_key(groups)
    total = sum(len(group.samples) for group in by_key.values())
    _check_bounds(wanted, total)
    test = {key for key, group in by_key.items() if group.part == TEST}
    earlier_test = sum(len(by_key[key].samples) for key in test)
    free = {key: group for key, group in by_key.items() if group.part == UNDECIDED and group.may_test}
    if earlier_test == total:
        raise CannotSplit("All questions were test in earlier releases, which leaves no train sample.")
    if not earlier_test and not free:
        raise CannotSplit("No question of this release may become test, which leaves no test sample.")
    available = Counter(len(group.samples) for group in free.values())
    fewest = 0 if earlier_test else 1
    nearest = nearest_sum(available, max(0, wanted - earlier_test), fewest=fewest, most=total - earlier_test - 1)
    added = nearest.nearest_to(max(0, wanted - earlier_test))
    assert added is not None, "one free question, or none beside the earlier ones, is always a choice"
    got = earlier_test + added
    pairs = _count_pairs(by_key, by_key)
    if added:
        from .stratification import choose_questions

        test |= choose_questions(
            {key: group.samples for key, group in free.items()},
            added,
            every=pairs,
            earlier=_count_pairs(by_key, test),
            seed=seed,
        )
    test_pairs = _count_pairs(by_key, test)
    return QuestionSplit(
        test=frozenset(test),
        wanted=wanted,
        got=got,
        exact=got == wanted,
        reason="" if got == wanted else _explain_difference(wanted, earlier_test, nearest, added, available),
        by_generator=_balances(pairs, test_pairs, 0),
        by_domain=_balances(pairs, test_pairs, 1),
    )


def _groups_by_key(groups: Iterable[QuestionGroup]) -> dict[str, QuestionGroup]:
    by_key: dict[str, QuestionGroup] = {}
    for group in groups:
        if group.key in by_key:
            raise CannotSplit(f"The question “{group.key}” is given twice.")
        if not len(group.samples):
            raise CannotSplit(f"The question “{group.key}” has no sample.")
        if group.part not in (TEST, TRAIN, UNDECIDED):
            raise CannotSplit(f"The question “{group.key}” has the part “{group.part}”, which is none.")
        by_key[group.key] = group
    if len(by_key) < 2:
        raise CannotSplit(_too_few(len(by_key), "question"))
    return by_key


def _too_few(count: int, what: str) -> str:
    return f"Two parts need at least two {what}s, and there {'is one' if count == 1 else 'is none'}."


def _check_bounds(wanted: int, total: int) -> None:
    if not 1 <= wanted <= total - 1:
        raise CannotSplit(
            f"Of {_format_number(total)} samples 1 to {_format_number(total - 1)} can be test, so that no part is "
            f"empty, not {_format_number(wanted)}."
        )


def _count_pairs(by_key: Mapping[str, QuestionGroup], keys: Iterable[str]) -> Counter[tuple[str, str]]:
    return Counter(pair for key in keys for pair in by_key[key].samples)


def _balances(
    pairs: Mapping[tuple[str, str], int], test_pairs: Mapping[tuple[str, str], int], axis: int
) -> tuple[SplitBalance, ...]:
    samples_of_value: Counter[str] = Counter()
    test: Counter[str] = Counter()
    for pair, number in pairs.items():
        samples_of_value[pair[axis]] += number
    for pair, number in test_pairs.items():
        test[pair[axis]] += number
    total, got = samples_of_value.total(), test.total()
    balances = []
    for value, count in sorted(samples_of_value.items()):
        fair, remainder = divmod(count * got, total)
        beyond = max(fair - test[value], test[value] - fair - (remainder > 0), 0)
        share = test[value] / count
        balances.append(SplitBalance(value, count - test[value], test[value], share, share - got / total, beyond))
    return tuple(balances)


def _explain_difference(
    wanted: int, earlier_test: int, nearest: NearestSum, added: int, available: Mapping[int, int]
) -> str:
    """Return a sentence on what prevents the wanted number of test samples."""
    got = earlier_test + added
    available_samples = sum(size * count for size, count in available.items())
    if earlier_test > wanted:
        were, stay = ("was", "stays") if earlier_test == 1 else ("were", "stay")
        return (
            f"{_format_samples(earlier_test)} {were} test in earlier releases already and {stay} so, "
            f"which is more than the {_format_number(wanted)} wanted; none was added."
        )
    if got == earlier_test + available_samples < wanted:
        if not available_samples:
            return (
                f"No further question may become test, so it stays at the {_format_samples(earlier_test)} "
                f"of earlier releases, not {_format_number(wanted)}."
            )
        with_earlier = f", with those of earlier releases {_format_number(got)}" if earlier_test else ""
        return (
            f"The questions that may become test hold only {_format_samples(available_samples)}{with_earlier}, "
            f"not {_format_number(wanted)}."
        )
    reached = [earlier_test + number for number in (nearest.below, nearest.above) if number is not None]
    sentence = (
        f"Whole questions of {_format_sizes(available)} reach {' or '.join(map(_format_number, reached))} test "
        f"samples, not {_format_number(wanted)}"
    )
    if len(reached) == 1:
        return f"{sentence}."
    equal = reached[1] - wanted == wanted - reached[0]
    rank = "lower one of the two, which are equally near" if equal else "nearer one"
    return f"{sentence}; {_format_number(got)} is the {rank}."


def _format_sizes(available: Mapping[int, int]) -> str:
    sizes = sorted(available)
    if len(sizes) == 1:
        return f"{_format_samples(sizes[0])} each"
    if len(sizes) <= 4:
        return f"{', '.join(map(_format_number, sizes[:-1]))} and {_format_number(sizes[-1])} samples"
    return f"{_format_number(sizes[0])} to {_format_number(sizes[-1])} samples"


def _format_samples(number: int) -> str:
    return f"{_format_number(number)} sample{'' if number == 1 else 's'}"


def _format_number(number: int) -> str:
    return f"{number:,}"
