"""Queue order sets which samples annotators get first, and hides none."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.core.sql import to_microseconds
from annotation.models import Member, Protocol, QueueCursor, Sample, Study
from annotation.review_queue import ranking, work_priority
from annotation.review_queue.sample_facts import SampleFact
from annotation.scoring import claiming_sql, leases, leasing, submitting
from tests.annotation.reports.rating_rows import rate
from tests.annotation.scoring.score_rows import lease, same, score
from tests.factories import make_member, make_sample, make_study, make_user

from .queue_studies import (
    get_entry,
    make_active_judge,
    make_dimension_prediction,
    rebuild_queues,
    store_prediction,
    update_queues,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Ann, Ben and Cho are given the likely disputed first."""
    study = make_study(work_order="disputed")
    for name in ("ann", "ben", "cho"):
        make_member(study, name)
    return study


def make_predicted_samples(study: Study, count: int) -> list[Sample]:
    """Make samples, each more likely to be disputed than the one before."""
    run = make_active_judge(study)
    samples = [make_sample(study, pictures=["red"]) for _ in range(count)]
    for number, sample in enumerate(samples):
        # On all dimensions alike: of one that nothing is said of, something else is foreseen.
        same_of_all = make_dimension_prediction(unlike=number / count / 2, ensemble_sd=number / count)
        store_prediction(run, sample, dict.fromkeys(("TCC", "ICC", "IQ", "ITS"), same_of_all), cluster=number % 4)
    return samples


def read_priorities(study: Study) -> dict[int, int]:
    return dict(Sample.objects.filter(study=study).values_list("pk", "priority"))


@pytest.mark.parametrize("order", ["disputed", "label_next"])
def test_tenths_of_the_order_become_priorities_and_each_has_its_share_of_random_ones(study: Study, order: str) -> None:
    study.protocols.update(work_order=order)
    make_predicted_samples(study, 100)
    rebuild_queues(study)
    found = read_priorities(study)
    assert Counter(found.values()) == dict.fromkeys(range(10), 10)
    random = study.queue_entries.filter(kind=order, random=True)
    # Twenty are at random, or more where more have drawn that: every fifth while there are others, then the rest.
    places = ranking.interleave_random([0] * (100 - random.count()), [1] * random.count())
    shares = [sum(places[start : start + 10]) for start in range(0, 100, 10)]
    assert [random.filter(sample__priority=step).count() for step in range(9, -1, -1)] == shares
    assert shares[0] == 2
    ranked = study.queue_entries.filter(kind=order, random=False).order_by("-first", "-second", "-third", "draw")
    steps = [found[entry.sample_id] for entry in ranked]
    assert steps == sorted(steps, reverse=True)


def test_in_an_even_study_nothing_is_set_and_what_was_set_goes_back(study: Study) -> None:
    samples = make_predicted_samples(study, 20)
    rebuild_queues(study)
    assert max(read_priorities(study).values()) == 9
    for name in ("ann", "ben", "cho"):
        assert lease(study, name)
    Protocol.objects.update(work_order="even")
    rebuild_queues(study)
    assert set(read_priorities(study).values()) == {0}
    Sample.objects.filter(pk=samples[0].pk).update(priority=5)
    rebuild_queues(study)
    assert read_priorities(study)[samples[0].pk] == 5


def test_a_refresh_that_was_cut_short_is_known_to_have_set_some(study: Study) -> None:
    from annotation.review_queue import rebuild

    make_predicted_samples(study, 20)

    def stop(done: int, total: int | None, activity: str) -> None:
        if activity == "Setting priorities":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild.rebuild_queue(study=study, progress=stop)
    assert max(read_priorities(study).values()) == 9
    Protocol.objects.update(work_order="even")
    rebuild_queues(study)
    assert set(read_priorities(study).values()) == {0}


def test_only_rows_that_change_are_written(study: Study) -> None:
    make_predicted_samples(study, 20)
    rebuild_queues(study)
    with CaptureQueriesContext(connection) as queries:
        rebuild_queues(study)
    assert not [query for query in queries if query["sql"].startswith("UPDATE annotation_sample")]


def test_ann_is_given_the_most_likely_disputed_first(study: Study) -> None:
    make_predicted_samples(study, 50)
    rebuild_queues(study)
    work = lease(study, "ann")
    assert work is not None
    assert Sample.objects.get(public_id=work.sample.public_id).priority == 9


def test_a_begun_sample_with_another_priority_is_hidden_from_nobody(study: Study) -> None:
    """A sample must come after Ben's position in its new priority.

    He has passed all that was queued there so far.
    """
    samples = make_predicted_samples(study, 10)
    now = to_microseconds(timezone.now() - timedelta(hours=1))
    Sample.objects.update(
        stage=2, free_slots=4, state="scoring", scores_needed=3, protocol=study.protocols.get(current=True)
    )
    for number, sample in enumerate(samples):
        Sample.objects.filter(pk=sample.pk).update(queued_at=now + number)
    ben = Member.objects.get(user__username="ben")
    for step in range(10):
        QueueCursor.objects.create(member=ben, priority=step, queued_at=now + 100)
    rebuild_queues(study)
    moved = Sample.objects.exclude(priority=0)
    assert moved.count() == 9
    assert all(sample.queued_at > now + 100 for sample in moved)
    assert len(set(moved.values_list("queued_at", flat=True))) == 9
    kept = Sample.objects.get(priority=0)
    assert kept.queued_at < now + 100
    found = claiming_sql.begun_samples(study.pk, ben.pk, 9, -1, 48, None)
    assert [candidate.sample_id for candidate in found] == [Sample.objects.get(priority=9).pk]


def test_everybody_is_given_every_sample_while_priorities_change_all_the_time(study: Study) -> None:
    """Three people score all samples while priorities change."""
    samples = make_predicted_samples(study, 12)
    rebuild_queues(study)
    for number in range(12 * 3):
        name = ("ann", "ben", "cho")[number % 3]
        work = lease(study, name)
        assert work is not None, f"{name} is told that nothing is left after {number} scores"
        sample = Sample.objects.get(public_id=work.sample.public_id)
        submitting.submit_score(
            by=make_user(name),
            assignment_id=work.public_id,
            client_key=uuid4(),
            ratings=same(2, TCC=(number * 7) % 6),
            notes={},
            seconds=2.0,
        )
        update_queues(study, sample)
        if number % 5 == 0:
            rebuild_queues(study)
    assert Sample.objects.filter(scores_in=3).count() == len(samples)


def test_a_sample_that_is_disputed_already_is_asked_for_last_and_a_likely_one_sooner(study: Study) -> None:
    run = make_active_judge(study)
    # Without a picture, so that there is one dimension alone to be disputed.
    samples = [make_sample(study) for _ in range(40)]
    for number, sample in enumerate(samples):
        store_prediction(run, sample, {"TCC": make_dimension_prediction(unlike=0.1 * number / 40)})
    rebuild_queues(study)
    before = read_priorities(study)
    ordered = [one for one in samples if not get_entry(one).random]
    evidence_rows, likely = ordered[-1], ordered[0]
    assert before[evidence_rows.pk] == 9
    for name, value in (("Ann", 1), ("Ben", 5)):
        rate(evidence_rows, name, {"TCC": value})
    store_prediction(run, likely, {"TCC": make_dimension_prediction(unlike=0.5)})
    update_queues(study, evidence_rows, likely)
    after = read_priorities(study)
    assert after[evidence_rows.pk] == 0
    assert after[likely.pk] == 9
    unchanged = set(before) - {evidence_rows.pk, likely.pk}
    assert all(before[pk] == after[pk] for pk in unchanged)


def test_what_stands_there_at_random_keeps_its_place_whatever_comes_in(study: Study) -> None:
    samples = make_predicted_samples(study, 40)
    rebuild_queues(study)
    random = [sample for sample in samples if get_entry(sample).draw < ranking.LEAST_SHARE]
    before = read_priorities(study)
    for sample in random:
        rate(sample, "Ann", {"TCC": 1})
        rate(sample, "Ben", {"TCC": 5})
    update_queues(study, *random)
    raised = {pk for pk, step in read_priorities(study).items() if before[pk] == 0 and step > 0}
    assert {pk: step for pk, step in read_priorities(study).items() if pk not in raised} == {
        pk: step for pk, step in before.items() if pk not in raised
    }
    assert raised <= {sample.pk for sample in random}


def test_a_slot_that_is_given_back_comes_back_at_the_priority_of_its_sample(study: Study) -> None:
    make_predicted_samples(study, 20)
    rebuild_queues(study)
    work = lease(study, "ann")
    assert work is not None
    sample = Sample.objects.get(public_id=work.sample.public_id)
    rebuild_queues(study)
    leases.release_member_leases(member=Member.objects.get(user__username="ann"))
    sample.refresh_from_db()
    assert (sample.stage, sample.priority) == (2, 9)
    assert (
        leasing.lease_samples(by=make_user("ben"), slug=study.slug).assignments[0].sample.public_id == sample.public_id
    )


def test_ranks_between_those_that_were_placed_get_the_priority_of_their_tenth() -> None:
    evidence_rows = [
        ranking.SampleEvidence(number, f"s{number}", None, (ranking.DimensionEvidence("TCC", chance=number / 100),))
        for number in range(100)
    ]
    order = ranking.rank_entries(evidence_rows, ranking.QueueKind.DISPUTED, seed=4, purpose=ranking.OrderPurpose.ASK)
    wanted, cuts = work_priority.compute_priorities(order), work_priority.compute_priority_cuts(order)
    assert len(cuts) == 9
    for entry in order:
        if not entry.random:
            assert work_priority.find_priority(entry.rank, cuts) == wanted[entry.sample]
    assert work_priority.find_priority((-1.0, 0.0, 0.0), cuts) == 0
    assert work_priority.find_priority((2.0, 0.0, 0.0), cuts) == 9
    assert [work_priority.random_priority(draw) for draw in (0.0, 0.0199, 0.021, 0.199, 0.9)] == [9, 9, 8, 0, 0]


def test_with_fewer_samples_than_priorities_the_cuts_still_fall() -> None:
    evidence_rows = [
        ranking.SampleEvidence(number, f"s{number}", None, (ranking.DimensionEvidence("TCC", chance=number / 9),))
        for number in range(4)
    ]
    order = ranking.rank_entries(evidence_rows, ranking.QueueKind.DISPUTED, seed=4, purpose=ranking.OrderPurpose.ASK)
    cuts = work_priority.compute_priority_cuts(order)
    assert cuts == sorted(cuts, reverse=True)
    assert work_priority.compute_priorities([]) == {}
    assert work_priority.find_priority((1.0, 1.0, 1.0), work_priority.compute_priority_cuts([])) == 0


def test_a_sample_that_was_opened_since_it_was_read_is_moved_as_a_begun_one(study: Study) -> None:
    (sample,) = make_predicted_samples(study, 1)
    stale = SampleFact(ranking.SampleEvidence(sample.pk, sample.public_id, None, ()), "waiting", 1, 0)
    assert lease(study, "ann")
    sample.refresh_from_db()
    before = sample.queued_at
    assert work_priority.apply_priorities({sample.pk: 7}, [stale]) == 1
    sample.refresh_from_db()
    assert (sample.stage, sample.priority) == (2, 7)
    assert sample.queued_at > before


def test_a_closed_sample_is_let_be(study: Study) -> None:
    (sample,) = make_predicted_samples(study, 1)
    for name in ("ann", "ben", "cho"):
        score(study, name, same(3))
    stale = SampleFact(ranking.SampleEvidence(sample.pk, sample.public_id, None, ()), "waiting", 1, 0)
    assert work_priority.apply_priorities({sample.pk: 7}, [stale]) == 0
