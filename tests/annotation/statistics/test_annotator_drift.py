"""Annotators over all dimensions together, and who has changed: by more than chance, and by enough to matter."""

import random

import numpy as np
import pytest

from annotation.statistics.annotator_drift import AnnotatorOverall, RatedDimension, describe_annotators

FIVE = (1.0, 2.0, 3.0, 4.0, 5.0)
DAY = 86_400
WEEK = 7 * DAY
MONDAY = 4 * DAY  # 5 January 1970
ANN, BEN, CHO = 0, 1, 2


class Book:
    """Scores as they come in: a sample, who, values on some dimensions, and when."""

    def __init__(self, dimensions: int = 1, values: tuple[float, ...] = FIVE) -> None:
        self.values = values
        self.rows: list[list[tuple[int, int, int, int]]] = [[] for _ in range(dimensions)]
        self.member: list[int] = []
        self.at: list[float] = []
        self.seconds: list[float] = []

    def score(self, unit: int, who: int, *positions: int | None, at: float = np.nan, seconds: float = np.nan) -> None:
        for rows, position in zip(self.rows, positions, strict=True):
            if position is not None:
                rows.append((unit, who, position, len(self.member)))
        self.member.append(who)
        self.at.append(at)
        self.seconds.append(seconds)

    def wholes(self) -> dict[int, AnnotatorOverall]:
        rated = [
            RatedDimension(*np.array(rows, dtype=np.int64).reshape(-1, 4).T, values=self.values)  # type: ignore[misc]
            for rows in self.rows
        ]
        found = describe_annotators(
            rated, annotator=np.array(self.member), seconds=np.array(self.seconds), at=np.array(self.at)
        )
        return {one.annotator: one for one in found}


def test_bias_is_the_mean_over_samples_of_the_mean_over_dimensions() -> None:
    book = Book(dimensions=2)
    # Sample 1: Ann is 2 above on both; sample 2: 1 below on the one that both scored.
    book.score(1, ANN, 4, 3)
    book.score(1, BEN, 2, 1)
    book.score(2, ANN, 0, 0)
    book.score(2, BEN, 1, None)
    found = book.wholes()
    assert found[ANN].bias == pytest.approx((2 - 1) / 2)
    assert found[BEN].bias == pytest.approx(-(2 - 1) / 2)
    assert found[ANN].n == 2
    assert found[ANN].interval is None, "two samples carry no interval"


def test_bias_is_counted_in_levels_whatever_these_stand_for() -> None:
    book = Book(values=(0.0, 25.0, 50.0, 75.0, 100.0))
    book.score(1, ANN, 3)
    book.score(1, BEN, 1)
    assert book.wholes()[ANN].bias == pytest.approx(2)


def test_somebody_alone_has_a_spread_and_no_bias() -> None:
    book = Book()
    for unit, position in enumerate((1, 3)):
        book.score(unit, ANN, position)
    found = book.wholes()[ANN]
    assert found.bias is None
    assert found.spread == pytest.approx(2**0.5)
    assert (found.bias_change, found.pace_change, list(found.weeks)) == (None, None, [])


def test_spread_is_pooled_within_dimensions() -> None:
    book = Book(dimensions=2)
    # Always low on one and always high on the other: no spread on either.
    for unit in range(3):
        book.score(unit, ANN, 0, 4)
    assert book.wholes()[ANN].spread == 0


def test_the_interval_holds_the_bias_that_was_put_in() -> None:
    chance = random.Random(3)
    held = 0
    for _ in range(60):
        book = Book()
        for unit in range(40):
            true = chance.randint(0, 2)
            book.score(unit, ANN, true + 1 + chance.choice((-1, 0, 0, 1)))
            book.score(unit, BEN, true + 1)
        interval = book.wholes()[ANN].interval
        assert interval is not None
        held += interval[0] <= 0 <= interval[1]
    assert held >= 52, "about 57 of 60"


def over_weeks(late: int, *, seconds: tuple[float, float] = (60, 60), weeks: int = 8, a_week: int = 20) -> Book:
    """Ann and Ben score; in the last three weeks Ann goes ``late`` levels up, and needs the second time."""
    chance = random.Random(5)
    book = Book()
    for number in range(weeks * a_week):
        week = number // a_week
        at = MONDAY + week * WEEK + number % a_week * 60
        recent = week >= weeks - 3
        true = chance.randint(1, 2)
        book.score(number, BEN, true, at=at, seconds=60 * chance.uniform(0.8, 1.25))
        own = true + chance.choice((-1, 0, 0, 1)) + (late if recent else 0)
        book.score(number, ANN, own, at=at, seconds=seconds[recent] * chance.uniform(0.8, 1.25))
    return book


def test_somebody_who_drifts_is_noticed_with_when_and_from_where_to_where() -> None:
    change = over_weeks(late=1).wholes()[ANN].bias_change
    assert change is not None
    assert change.noteworthy
    assert change.before == pytest.approx(0, abs=0.25)
    assert change.after == pytest.approx(1, abs=0.25)
    assert change.since == 1 + 5, "weeks are numbered from that of 1 January 1970"


def test_somebody_who_stays_as_they_are_is_not_noticed() -> None:
    ann = over_weeks(late=0).wholes()[ANN]
    assert ann.bias_change is not None
    assert not ann.bias_change.noteworthy
    assert ann.pace_change is not None
    assert not ann.pace_change.noteworthy


def test_somebody_who_hurries_is_noticed() -> None:
    change = over_weeks(late=0, seconds=(90, 40)).wholes()[ANN].pace_change
    assert change is not None
    assert change.noteworthy
    assert change.before == pytest.approx(90, rel=0.1)
    assert change.after == pytest.approx(40, rel=0.1)


def test_a_change_needs_enough_samples_before_and_after() -> None:
    assert over_weeks(late=1, a_week=5).wholes()[ANN].bias_change is None
    assert over_weeks(late=1, weeks=3).wholes()[ANN].bias_change is None


def test_by_chance_alone_hardly_anybody_is_noticed() -> None:
    chance = random.Random(11)
    noticed = 0
    for _study in range(40):
        book = Book()
        for number in range(160):
            at = MONDAY + number // 20 * WEEK
            for who in (ANN, BEN, CHO):
                book.score(number, who, chance.randint(0, 4), at=at, seconds=chance.uniform(20, 90))
        noticed += any(
            change is not None and change.noteworthy
            for one in book.wholes().values()
            for change in (one.bias_change, one.pace_change)
        )
    assert noticed <= 5, "1 study in 20"


def test_weeks_hold_what_was_done_in_them() -> None:
    book = Book()
    for unit, (own, other, week) in enumerate([(4, 2, 0), (3, 3, 0), (0, 2, 1)]):
        book.score(unit, ANN, own, at=MONDAY + week * WEEK, seconds=30 + week)
        book.score(unit, BEN, other, at=MONDAY + 9 * WEEK)
    first, second = book.wholes()[ANN].weeks
    assert (first.n, first.bias, first.seconds) == (2, 1, 30)
    assert (second.n, second.bias, second.spread, second.seconds) == (1, -2, None, 31)


def test_nothing_at_all_gives_nobody() -> None:
    assert Book(dimensions=2).wholes() == {}
