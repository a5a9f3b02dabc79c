"""The pages of a queue follow the order of `ranking.rank_entries`."""

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.core.rubric_cache import load_rubric
from annotation.models import QueueEntry, Study
from annotation.review_queue import list as queue_list
from annotation.review_queue import ranking, storage
from annotation.review_queue.list import QueueFilter, count_random_before
from annotation.review_queue.ranking import DimensionEvidence, QueueKind, SampleEvidence, interleave_random
from annotation.review_queue.sample_facts import SampleFact
from tests.factories import make_sample, make_study

from .queue_studies import read_order, read_rows

pytestmark = pytest.mark.django_db
SAMPLES = 23
FIGURES = st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5]), st.floats(0, 1))
SEEN = st.builds(
    DimensionEvidence,
    key=st.sampled_from(["TCC", "ICC", "IQ"]),
    values=st.lists(st.integers(0, 5).map(float), max_size=3).map(sorted).map(tuple),
    expected=st.one_of(st.none(), st.floats(0, 5)),
    sd=FIGURES,
    interval=st.one_of(st.none(), st.tuples(st.floats(0, 2), st.floats(2, 5))),
    ensemble_sd=FIGURES,
    chance=FIGURES,
    final=st.one_of(st.none(), st.integers(0, 5).map(float)),
)
FACTS = st.lists(
    st.tuples(st.lists(SEEN, max_size=2).map(tuple), st.one_of(st.none(), st.integers(0, 3))),
    min_size=SAMPLES,
    max_size=SAMPLES,
)


@pytest.fixture
def study() -> Study:
    study = make_study()
    for _ in range(SAMPLES):
        make_sample(study)
    return study


def store_order(study: Study, facts: Any, kind: QueueKind, *, seed: int) -> list[ranking.RankedEntry]:
    """Store the order of made-up facts and return it."""
    samples = study.samples.order_by("pk")
    evidence_rows = [
        SampleEvidence(sample.pk, sample.public_id, cluster, seen)
        for sample, (seen, cluster) in zip(samples, facts, strict=False)
    ]
    fact_of = {one.sample: SampleFact(one, "scoring", 2, 0) for one in evidence_rows}
    order = ranking.rank_entries(evidence_rows, kind, seed=seed)
    places = [storage.QueuePosition.from_entry(fact_of[entry.sample], entry) for entry in order]
    storage.store_entries(study.pk, places, load_rubric(study.rubric_id), at=timezone.now())
    return order


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FACTS, st.sampled_from(QueueKind), st.integers(0, 3), st.integers(1, 9), st.integers(0, SAMPLES))
def test_the_pages_are_the_order_of_the_pure_function(
    study: Study, facts: Any, kind: QueueKind, seed: int, at_once: int, count: int
) -> None:
    QueueEntry.objects.all().delete()
    order = store_order(study, facts[:count], kind, seed=seed)
    found = read_rows(study, kind, at_once=at_once)
    assert [row.sample.pk for row in found] == [entry.sample for entry in order]
    assert [row.place for row in found] == list(range(1, count + 1))
    assert [row.random for row in found] == [entry.random for entry in order]
    assert [row.reason for row in found] == [entry.reason for entry in order]


@given(st.integers(0, 40), st.integers(0, 40))
def test_how_many_places_are_random_follows_from_the_lengths_alone(in_order: int, at_random: int) -> None:
    merged = interleave_random(["order"] * in_order, ["random"] * at_random, every=queue_list.RANDOM_EVERY)
    counted = [
        count_random_before(places, in_order=in_order, at_random=at_random)
        for places in range(in_order + at_random + 1)
    ]
    assert counted == [merged[:places].count("random") for places in range(len(merged) + 1)]


def known_ranges(study: Study) -> list[ranking.RankedEntry]:
    facts = [
        ((DimensionEvidence("ITS" if number % 2 else "TCC", (0.0, float(number % 6))),), None)
        for number in range(SAMPLES)
    ]
    return store_order(study, facts, QueueKind.DISPUTED, seed=1)


def test_a_list_is_narrowed_by_dimension_range_scores_domain_and_place(study: Study) -> None:
    order = known_ranges(study)
    wide = [entry.sample for entry in order if entry.reason.range is not None and entry.reason.range >= 4]
    assert sorted(read_order(study, wanted=QueueFilter(spread=4), at_once=3)) == sorted(wide)
    its = {entry.sample for entry in order if entry.dimension == "ITS"}
    assert set(read_order(study, wanted=QueueFilter(dimension="ITS"), at_once=4)) == its
    assert read_order(study, wanted=QueueFilter(dimension="of no rubric")) == []
    assert read_order(study, wanted=QueueFilter(scores=1)) == []
    assert len(read_order(study, wanted=QueueFilter(scores=2))) == SAMPLES
    random = [entry.sample for entry in order if entry.random]
    assert read_order(study, wanted=QueueFilter(place="random"), at_once=2) == random
    assert read_order(study, wanted=QueueFilter(place="order"), at_once=2) == [
        entry.sample for entry in order if not entry.random
    ]
    filtered = study.samples.filter(pk__in=wide[:2])
    filtered.update(domain="anatomy")
    assert set(read_order(study, wanted=QueueFilter(domain="anatomy"))) == set(wide[:2])


def test_what_is_pinned_stands_first_and_what_is_dismissed_or_gone_nowhere(study: Study) -> None:
    order = [entry.sample for entry in known_ranges(study)]
    now = timezone.now()
    for sample in (order[7], order[4]):
        QueueEntry.objects.filter(sample=sample).update(pinned_at=timezone.now())
    QueueEntry.objects.filter(sample=order[2]).update(dismissed_at=now)
    QueueEntry.objects.filter(sample=order[3]).update(left_at=now)
    for at_once in (1, 2, 3, 50):
        found = read_order(study, at_once=at_once)
        assert found[:2] == [order[4], order[7]]
        assert set(found) == set(order) - {order[2], order[3]}
        assert len(found) == SAMPLES - 2
    assert read_order(study, wanted=QueueFilter(dismissed=True)) == [order[2]]
    standing = queue_list.get_queue_status(study)
    assert standing.counts["disputed"].total == SAMPLES - 2
    assert standing.dismissed == {"disputed": 1, "label_next": 0, "audit": 0}
    rubric = load_rubric(study.rubric_id)
    page = queue_list.get_queue_page(study, rubric, "disputed", QueueFilter(), status=standing, start=9, limit=5)
    assert (page.count, page.start, page.next, page.previous) == (SAMPLES - 2, 9, 14, 4)
