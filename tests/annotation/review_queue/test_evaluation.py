"""The review queue is evaluated on outcomes, and not on too few."""

import random
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.models import QueueEntry
from annotation.review_queue import evaluation
from annotation.review_queue.evaluation import (
    EvaluatedEntry,
    compute_auroc,
    compute_discovery_points,
    evaluate_entries,
    evaluate_queue,
)
from tests.factories import make_sample, make_study

RANDOM, ORDER = 0.1, 0.7
FORESEEN = st.sampled_from([0.0, 0.1, 0.25, 0.25, 0.5, 0.9])
BECAME = st.lists(
    st.builds(EvaluatedEntry, FORESEEN, st.booleans(), st.none(), st.just(RANDOM)), min_size=2, max_size=30
)


def make_entries(count: int, share: float, foreseen: float = 0.5, draw: float = RANDOM) -> list[EvaluatedEntry]:
    return [EvaluatedEntry(foreseen, number < share * count, None, draw) for number in range(count)]


@given(BECAME)
def test_auroc_is_the_share_of_pairs_that_are_told_apart(became: list[EvaluatedEntry]) -> None:
    hits = np.array([one.predicted for one in became if one.disputed])
    others = np.array([one.predicted for one in became if not one.disputed])
    if not len(hits) or not len(others):
        with pytest.raises(ValueError, match="one kind"):
            compute_auroc(became)
        return
    pairs = (hits[:, None] > others[None, :]) + 0.5 * (hits[:, None] == others[None, :])
    assert compute_auroc(became) == pytest.approx(pairs.mean())


@given(BECAME.filter(lambda became: any(one.disputed for one in became)), st.integers(0, 100))
def test_what_is_found_is_what_is_found_on_average_over_the_orders_of_equals(
    became: list[EvaluatedEntry], seed: int
) -> None:
    chance = random.Random(seed)
    places = range(1, len(became) + 1)
    points = compute_discovery_points(became, [place / len(became) for place in places])
    assert points[-1].found == pytest.approx(1)
    found = np.zeros(len(became))
    rounds = 300
    for _ in range(rounds):
        shuffled = sorted(chance.sample(became, len(became)), key=lambda one: -one.predicted)
        found += np.cumsum([one.disputed for one in shuffled])
    hits = sum(one.disputed for one in became)
    assert [point.found for point in points] == pytest.approx(list(found / rounds / hits), abs=0.2)
    for point, place in zip(points, places, strict=True):
        assert point.precision == pytest.approx(point.found * hits / place)


def test_chance_alone_gains_nothing_and_a_perfect_order_all_there_is() -> None:
    blind = evaluate_entries(make_entries(100, 0.3))
    assert blind.auroc == 0.5
    assert blind.at(0.2) is not None
    assert blind.at(0.2).gain == pytest.approx(1)  # type: ignore[union-attr]
    seeing = evaluate_entries(make_entries(20, 1, 0.9) + make_entries(80, 0, 0.1))
    assert seeing.auroc == 1
    point = seeing.at(0.2)
    assert point is not None
    assert (point.found, point.precision, point.gain) == pytest.approx((1, 1, 5))
    assert seeing.base_rate == 0.2
    assert [(one.k, one.precision) for one in seeing.precision] == [(10, 1.0), (50, pytest.approx(0.4))]
    assert [one.k for one in evaluate_entries(make_entries(20, 0.5)).precision] == [10]


def test_figures_come_from_the_random_arm_alone() -> None:
    """Entries in order were chosen for being likely, so they would bias metrics.

    Among them the queue would seem to know less than it does.
    """
    arm = make_entries(40, 0.5, 0.9) + make_entries(40, 0.1, 0.2)
    assert evaluate_entries(arm).auroc == evaluate_entries(arm + make_entries(500, 0.9, 0.95, ORDER)).auroc


def test_either_arm_and_the_latest_hundred_are_counted_by_themselves() -> None:
    latest = make_entries(79, 62 / 79, draw=ORDER) + make_entries(21, 7 / 21)
    found = evaluate_entries(latest + make_entries(50, 0.1, draw=ORDER))
    assert (found.last_in_order.decided, found.last_in_order.disputed) == (79, 62)
    assert (found.last_at_random.decided, found.last_at_random.disputed) == (21, 7)
    assert (found.in_order.decided, found.in_order.disputed) == (129, 67)
    assert found.at_random.share == pytest.approx(7 / 21)
    assert evaluate_entries([]).in_order.share is None


@pytest.mark.parametrize(
    ("arm", "lacking"),
    [
        ([], evaluation.MIN_RANDOM),
        (make_entries(12, 0.5), 8),
        (make_entries(40, 0.05), 3),
        (make_entries(40, 1), 5),
        (make_entries(500, 0.5, draw=ORDER), evaluation.MIN_RANDOM),
    ],
)
def test_of_too_few_nothing_is_claimed(arm: list[EvaluatedEntry], lacking: int) -> None:
    found = evaluate_entries(arm)
    assert found.lacking == lacking
    assert (found.auroc, found.interval, found.points, found.base_rate) == (None, None, (), None)


def test_the_interval_holds_what_is_true_as_often_as_it_says() -> None:
    """Of samples whose chances are known: held about as often as 95 % says."""
    chance = random.Random(3)
    true = 0.5 + 0.5 * (1 / 3)  # for likelihoods drawn evenly, of which each comes true as often as it says: 2/3
    held = 0
    for _ in range(300):
        arm = [EvaluatedEntry(one := chance.random(), chance.random() < one, None, RANDOM) for _ in range(80)]
        found = evaluate_entries(arm)
        assert found.interval is not None
        held += found.interval[0] <= true + 1 / 6 <= found.interval[1]
    assert 0.92 <= held / 300 <= 0.99


@pytest.mark.django_db
def test_what_was_not_foreseen_and_what_is_not_decided_is_left_out() -> None:
    study, now = make_study(), timezone.now()
    for foreseen, disputed in ((0.9, True), (None, True), (0.5, None), (0.2, False)):
        QueueEntry.objects.create(
            study=study,
            sample=make_sample(study),
            kind="disputed",
            random=True,
            draw=RANDOM,
            first=0,
            second=0,
            third=0,
            foreseen=foreseen,
            entered_at=now,
            decided_at=None if disputed is None else now - timedelta(hours=1),
            disputed=disputed,
            off=None if disputed is None else 0.5 + disputed,
        )
    found = evaluate_queue(study, "disputed")
    assert (found.at_random.decided, found.at_random.disputed, found.at_random.off) == (2, 1, 1.0)
    assert found.lacking == 18
    assert evaluate_queue(study, "audit").at_random.decided == 0
