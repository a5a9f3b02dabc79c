"""The order of a queue is complete, reproducible, explained and partly random."""

import math
import time
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.review_queue import ranking
from annotation.review_queue.ranking import (
    DimensionEvidence,
    OrderPurpose,
    QueueKind,
    ReasonKind,
    SampleEvidence,
    interleave_random,
    rank_entries,
)

FIGURES = st.one_of(st.none(), st.floats(0, 1))
SEEN = st.builds(
    DimensionEvidence,
    key=st.sampled_from(["TCC", "ICC"]),
    values=st.lists(st.integers(0, 5).map(float), max_size=3).map(tuple),
    expected=st.one_of(st.none(), st.floats(0, 5)),
    sd=FIGURES,
    interval=st.one_of(st.none(), st.tuples(st.floats(0, 2), st.floats(2, 5))),
    ensemble_sd=FIGURES,
    chance=FIGURES,
    final=st.one_of(st.none(), st.integers(0, 5).map(float)),
)


@st.composite
def studies(draw):
    several = draw(
        st.lists(st.tuples(st.lists(SEEN, max_size=2).map(tuple), st.one_of(st.none(), st.integers(0, 4))), max_size=40)
    )
    return [SampleEvidence(number, f"s{number}", cluster, seen) for number, (seen, cluster) in enumerate(several)]


def sample(name, *seen, cluster=None):
    return SampleEvidence(sum(map(ord, name)) * 1000 + len(name), name, cluster, seen)


def in_order(ranked):
    return [entry for entry in ranked if not entry.random]


@given(studies(), st.sampled_from(QueueKind), st.sampled_from(OrderPurpose), st.integers(0, 5), st.floats(0.2, 1))
def test_every_sample_has_one_place_and_the_same_one_whoever_asks(evidence_rows, queue, purpose, seed, share):
    ranked = rank_entries(evidence_rows, queue, seed=seed, share=share, purpose=purpose)
    assert sorted(entry.sample for entry in ranked) == sorted(one.sample for one in evidence_rows)
    assert ranked == rank_entries(reversed(evidence_rows), queue, seed=seed, share=share, purpose=purpose)


@given(studies(), st.sampled_from(QueueKind), st.integers(0, 5))
def test_at_least_a_fifth_is_random_and_marked_however_far_somebody_reads(evidence_rows, queue, seed):
    ranked = rank_entries(evidence_rows, queue, seed=seed)
    for read in range(5, len(ranked) + 1, 5):
        assert sum(entry.random for entry in ranked[:read]) >= read / 5
    assert sum(entry.random for entry in ranked) >= math.ceil(len(ranked) / 5)
    assert all((entry.reason.kind is ReasonKind.RANDOM) == entry.random for entry in ranked)


@given(studies(), st.sampled_from(QueueKind), st.sampled_from(OrderPurpose))
def test_what_is_in_order_falls_by_rank_and_equals_by_draw(evidence_rows, queue, purpose):
    ranked = [
        (entry.rank, -entry.draw) for entry in in_order(rank_entries(evidence_rows, queue, seed=1, purpose=purpose))
    ]
    assert ranked == sorted(ranked, reverse=True)


@given(studies(), st.sampled_from(QueueKind))
def test_what_is_random_is_so_by_name_and_seed_alone(evidence_rows, queue):
    """New evidence about samples does not change which are random."""
    unknown = [replace(one, cluster=None, dimensions=()) for one in evidence_rows]
    random = [entry.sample for entry in rank_entries(evidence_rows, queue, seed=3) if entry.random]
    assert random == [entry.sample for entry in rank_entries(unknown, queue, seed=3) if entry.random]


def test_random_ones_are_a_uniform_draw():
    """Over seeds, each of 40 samples is random equally often."""
    evidence_rows = [
        SampleEvidence(number, f"s{number}", None, (DimensionEvidence("TCC", (float(number % 6),)),))
        for number in range(40)
    ]
    drawn = Counter(
        entry.sample
        for seed in range(1000)
        for entry in rank_entries(evidence_rows, QueueKind.DISPUTED, seed=seed)
        if entry.random
    )
    share = sum(drawn.values()) / 40_000
    assert 0.2 <= share < 0.24
    expected = share * 1000
    statistic = sum((drawn[number] - expected) ** 2 / (expected * (1 - share)) for number in range(40))
    assert statistic < 73  # the 99.9 % point of chi-squared with 39 degrees


def test_whoever_is_random_stays_so_while_others_come_and_go():
    evidence_rows = [SampleEvidence(number, f"s{number}", None, ()) for number in range(200)]
    stay = {one.sample for one in evidence_rows if ranking.draw_number(one.name, QueueKind.DISPUTED, seed=5) < 0.2}
    some = [one for one in evidence_rows if one.sample % 3]
    random = {entry.sample for entry in rank_entries(some, QueueKind.DISPUTED, seed=5) if entry.random}
    assert random >= {number for number in stay if number % 3}


@given(studies())
def test_of_labels_to_come_no_cluster_comes_twice_while_another_has_not_come(evidence_rows):
    ranked = in_order(rank_entries(evidence_rows, QueueKind.LABEL_NEXT, seed=2))
    cluster = {one.sample: one.cluster for one in evidence_rows}
    several = {cluster[entry.sample] for entry in ranked}
    assert {cluster[entry.sample] for entry in ranked[: len(several)]} == several


def test_within_a_cluster_the_judge_models_disagreement_decides():
    evidence_rows = [
        sample(name, DimensionEvidence("TCC", ensemble_sd=sd), cluster=1)
        for name, sd in zip("abcdef", range(6), strict=True)
    ]
    ranked = in_order(rank_entries(evidence_rows, QueueKind.LABEL_NEXT, seed=1))
    assert [entry.rank[1] for entry in ranked] == sorted((entry.rank[1] for entry in ranked), reverse=True)
    assert [entry.reason.place for entry in ranked] == list(range(len(ranked)))
    assert {entry.reason.kind for entry in ranked} == {ReasonKind.ENSEMBLE}


def test_disputed_shows_the_widest_range_first_then_the_chance_then_the_gap():
    wide = sample(
        "wide",
        DimensionEvidence("TCC", (4.0, 4.0)),
        DimensionEvidence("ITS", (1.0, 4.0, 5.0), expected=3.9, chance=0.5),
    )
    close = sample("close", DimensionEvidence("TCC", (2.0, 4.0), chance=0.9, expected=3.0))
    near = sample("near", DimensionEvidence("TCC", (2.0, 4.0), chance=0.9, expected=3.1))
    foreseen = sample("foreseen", DimensionEvidence("TCC", chance=0.95))
    one = sample("one", DimensionEvidence("ITS", (5.0,), chance=0.97, expected=3.2))
    weights = [ranking.weigh_sample(each, QueueKind.DISPUTED) for each in (wide, near, close, one, foreseen)]
    assert [each.rank for each in weights] == sorted((each.rank for each in weights), reverse=True)
    assert [each.reason.kind for each in weights] == [
        ReasonKind.SPREAD, ReasonKind.SPREAD, ReasonKind.SPREAD, ReasonKind.ONE_SCORE, ReasonKind.FORESEEN,
    ]  # fmt: skip
    first = weights[0]
    assert first.dimension == "ITS"
    assert first.reason.range == 4
    assert first.reason.gap == pytest.approx(3.9 - 10 / 3)


def test_who_is_asked_to_score_is_not_sent_to_what_is_disputed_already():
    """Known disputes are shown first, but are the last to be scored again."""
    wide = sample("wide", DimensionEvidence("ITS", (1.0, 5.0), chance=1.0))
    likely = sample("likely", DimensionEvidence("ITS", (5.0,), chance=0.6))
    unlikely = sample("unlikely", DimensionEvidence("ITS", (4.0, 4.0), chance=0.1))
    ranks = [ranking.weigh_sample(each, QueueKind.DISPUTED, OrderPurpose.ASK).rank for each in (likely, unlikely, wide)]
    assert ranks == sorted(ranks, reverse=True)
    shown = [ranking.weigh_sample(each, QueueKind.DISPUTED).rank for each in (wide, likely, unlikely)]
    assert shown == sorted(shown, reverse=True)


def test_a_sample_disputed_on_one_dimension_is_asked_for_by_another():
    both = sample(
        "both", DimensionEvidence("ITS", (1.0, 5.0), chance=1.0), DimensionEvidence("TCC", (3.0, 3.0), chance=0.2)
    )
    weight = ranking.weigh_sample(both, QueueKind.DISPUTED, OrderPurpose.ASK)
    assert weight.dimension == "TCC"


def test_an_audit_counts_in_half_widths_of_the_interval_and_in_sd_without_one():
    sure = DimensionEvidence("TCC", expected=4.0, interval=(3.5, 4.5), final=2.0)
    unsure = DimensionEvidence("ICC", expected=4.0, interval=(1.0, 5.0), final=1.0)
    without = DimensionEvidence("IQ", expected=4.0, sd=1.0, final=2.5)
    weights = [ranking.weigh_sample(sample("s", seen), QueueKind.AUDIT) for seen in (sure, unsure, without)]
    assert [each.rank[0] for each in weights] == [4.0, 1.5, 1.5]
    assert [each.reason.kind for each in weights] == [
        ReasonKind.AUDIT_OUTSIDE,
        ReasonKind.AUDIT_WITHIN,
        ReasonKind.AUDIT_OUTSIDE,
    ]
    together = ranking.weigh_sample(sample("s", unsure, sure, without), QueueKind.AUDIT)
    assert together.dimension == "TCC"
    assert together.reason.half_widths == 4.0


def test_where_nothing_is_known_the_entry_says_so():
    ranked = rank_entries([sample(name) for name in "abcde"], QueueKind.AUDIT, seed=1)
    assert {entry.reason.kind for entry in in_order(ranked)} == {ReasonKind.NOTHING}
    assert [entry.dimension for entry in ranked] == [None] * 5


def test_ranges_of_tenths_are_exact():
    assert ranking.observed_range((0.3, 0.1)) == ranking.observed_range((0.2, 0.4)) == 0.2


def test_places_of_random_ones_are_every_fifth_and_what_is_left_follows():
    assert interleave_random("abcdefgh", "xy") == list("abcdxefghy")
    assert interleave_random("abcdef", "xyz") == list("abcdxefyz")
    assert interleave_random("abcdef", "") == list("abcdef")
    assert interleave_random("", "xyz") == list("xyz")


def test_less_than_a_fifth_at_random_is_refused_and_so_is_a_sample_that_comes_twice():
    with pytest.raises(ValueError, match="at random"):
        rank_entries([], QueueKind.DISPUTED, seed=1, share=0.1)
    with pytest.raises(ValueError, match="twice"):
        rank_entries([sample("a"), sample("a")], QueueKind.DISPUTED, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("queue", QueueKind)
def test_a_large_study_is_put_in_order_in_a_few_seconds(queue):
    """Ranking 48,000 samples of four dimensions takes a few seconds.

    It is processor time, which nothing else on the machine makes longer.
    """
    evidence_rows = [
        SampleEvidence(
            number,
            f"sample-{number}",
            number % 50,
            tuple(
                DimensionEvidence(
                    key, (float(number % 6), float(number % 5)), number % 7 / 2, 0.5, (1.0, 4.0), None, 0.1, 0.3, 3.0
                )
                for key in ("TCC", "ICC", "IQ", "ITS")
            ),
        )
        for number in range(48_000)
    ]
    begun = time.process_time()
    ranked = rank_entries(evidence_rows, queue, seed=1)
    assert len(ranked) == 48_000
    assert time.process_time() - begun < 5
