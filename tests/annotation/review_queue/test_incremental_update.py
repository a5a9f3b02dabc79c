"""Queues are updated without a rebuild when samples change."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.core.history import record_step
from annotation.models import HistoryEntry, Job, QueueEntry, ReviewQueue, Sample, Study
from annotation.review_queue import incremental_update, ranking, rebuild
from annotation.review_queue.incremental_update import catch_up
from annotation.review_queue.predicting_disputes import models_from_data
from annotation.review_queue.reading_facts import read_facts
from annotation.scoring import leases, leasing, submitting
from tests.annotation.reports.rating_rows import rate, rated_sample
from tests.annotation.scoring.score_rows import lease, same, score
from tests.factories import make_member, make_sample, make_study, make_user

from .queue_studies import (
    get_entry,
    make_active_judge,
    make_dimension_prediction,
    read_order,
    read_rows,
    rebuild_queues,
    store_prediction,
    update_queues,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study()
    for name in ("ann", "ben", "cho"):
        make_member(study, name)
    return study


def let_a_minute_pass() -> None:
    """Let all that has happened be settled."""
    HistoryEntry.objects.update(at=timezone.now() - timedelta(minutes=2))


def test_a_sample_whose_range_grows_moves_up_at_once(study: Study) -> None:
    samples = [rated_sample(study, Ann=3, Ben=4) for _ in range(10)]
    rebuild_queues(study)
    last = [row.sample for row in read_rows(study) if not row.random][-1]
    rate(last, "Cho", {"TCC": 0})
    assert update_queues(study, last) >= 1
    first = next(row for row in read_rows(study) if not row.random)
    assert first.sample == last
    assert first.reason is not None
    assert (first.reason.range, first.reason.values) == (4.0, (0.0, 3.0, 4.0))
    before = read_order(study)
    rebuild_queues(study)
    assert read_order(study) == before
    assert update_queues(study, *samples) == 0


def test_what_followed_is_what_the_pure_function_says_of_what_is_known_now(study: Study) -> None:
    run = make_active_judge(study)
    for number in range(12):
        sample = make_sample(study, pictures=["red"])
        store_prediction(
            run,
            sample,
            {"TCC": make_dimension_prediction(unlike=number / 24, ensemble_sd=number / 10)},
            cluster=number % 3,
        )
    queue = rebuild_queues(study)
    for name, value in (("ann", 1), ("ben", 4), ("cho", 2), ("ann", 3), ("ben", 3)):
        score(study, name, same(3, TCC=value))
    catch_up()
    facts = read_facts(study, run, models=models_from_data(queue.foresight)).samples
    standing = [fact for fact in facts if fact.belongs_in("disputed")]
    wanted = ranking.rank_entries((fact.evidence for fact in standing), ranking.QueueKind.DISPUTED, seed=queue.seed)
    assert read_order(study) == [entry.sample for entry in wanted]
    assert [row.reason for row in read_rows(study)] == [entry.reason for entry in wanted]
    names = ("kind", "sample", "spread", "scores", "disputed", "decided_at", "left_at")
    before = list(QueueEntry.objects.order_by("pk").values(*names))
    rebuild_queues(study)
    assert list(QueueEntry.objects.order_by("pk").values(*names)) == before
    # Who makes the random ones a fifth where too few drew that, may be another one than before: the order says who.
    for kind in ranking.QueueKind:
        evidence_rows = [fact.evidence for fact in facts if fact.belongs_in(kind)]
        by_chance = {one.sample for one in ranking.rank_entries(evidence_rows, kind, seed=queue.seed) if one.random}
        standing_now = QueueEntry.objects.filter(kind=kind, left_at=None, random=True)
        assert set(standing_now.values_list("sample", flat=True)) == by_chance


def test_each_look_reads_what_happened_since_the_last_and_no_more(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    rebuild_queues(study)
    score(study, "ann", same(1))
    score(study, "ben", same(5))
    assert catch_up() > 0
    assert get_entry(sample).spread == 4.0
    let_a_minute_pass()
    catch_up()
    through = ReviewQueue.objects.get(study=study).history_through
    assert through == HistoryEntry.objects.order_by("pk").last().pk  # type: ignore[union-attr]
    QueueEntry.objects.update(spread=1)
    assert catch_up() == 0
    assert get_entry(sample).spread == 1


def test_a_step_that_was_committed_late_is_seen_by_a_later_look(study: Study) -> None:
    """The step has a lower number than those that were read already.

    Its transaction was open for long.
    """
    first, second = make_sample(study, pictures=["red"]), make_sample(study, pictures=["red"])
    rebuild_queues(study)
    let_a_minute_pass()
    early = HistoryEntry.objects.create(study=study, sample=first, event="scored", at=timezone.now())
    HistoryEntry.objects.create(study=study, sample=second, event="scored", at=timezone.now())
    number = early.pk
    early.delete()
    catch_up()
    rate(first, "Ann", {"TCC": 1})
    HistoryEntry.objects.create(pk=number, study=study, sample=first, event="scored", at=timezone.now())
    catch_up()
    assert get_entry(first).scores == 1


def test_a_look_is_bounded_and_the_next_one_goes_on(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [make_sample(study, pictures=["red"]) for _ in range(5)]
    rebuild_queues(study)
    for sample in samples:
        rate(sample, "Ann", {"TCC": 1})
        record_step("scored", study=study, by=None, sample=sample)
    let_a_minute_pass()
    monkeypatch.setattr(incremental_update, "MAX_STEPS", 2)
    seen = []
    for _ in range(3):
        catch_up()
        seen.append(QueueEntry.objects.filter(kind="disputed", scores=1).count())
    assert seen == [2, 4, 5]


def test_a_sample_leaves_with_its_last_slot_and_comes_back_with_a_free_one(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    rebuild_queues(study)
    entered = get_entry(sample, "label_next").entered_at
    for name in ("ann", "ben", "cho"):
        assert lease(study, name)
    catch_up()
    assert get_entry(sample, "label_next").left_at is not None
    assert get_entry(sample).left_at is None
    leases.release_member_leases(member=study.members.get(user__username="cho"))
    catch_up()
    back = get_entry(sample, "label_next")
    assert back.left_at is None
    assert back.entered_at > entered


def test_a_decided_sample_leaves_with_its_outcome(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    store_prediction(make_active_judge(study), sample, {"TCC": make_dimension_prediction(unlike=0.15)})
    rebuild_queues(study)
    foreseen = get_entry(sample).foreseen
    assert foreseen is not None
    for name in ("ann", "ben", "cho"):
        score(study, name, same(2))
    catch_up()
    entry = get_entry(sample)
    assert entry.left_at is not None
    assert (entry.foreseen, entry.disputed) == (foreseen, False)
    assert read_order(study) == []


def test_an_undone_score_counts_no_more(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    rebuild_queues(study)
    work = lease(study, "ann")
    assert work is not None
    score(study, "ann", same(2))
    catch_up()
    assert get_entry(sample).scores == 1
    submitting.undo_score(by=make_user("ann"), assignment_id=work.public_id)
    catch_up()
    assert get_entry(sample).scores == 0


def test_a_withdrawn_sample_leaves_without_an_outcome(study: Study) -> None:
    from annotation.samples.reopening import withdraw_sample

    make_member(study, "ada", "admin")
    sample = rated_sample(study, state="scoring", Ann=1)
    rebuild_queues(study)
    withdraw_sample(by=make_user("ada"), sample_id=sample.public_id, reason="Broken.")
    catch_up()
    assert get_entry(sample).left_at is not None
    assert get_entry(sample).disputed is None


def test_a_new_sample_is_placed_by_what_it_is_and_drawn_as_a_refresh_would(study: Study) -> None:
    rebuild_queues(study)
    new = [rated_sample(study, Ann=1, Ben=number % 6) for number in range(20)]
    update_queues(study, *new)
    marks = dict(QueueEntry.objects.filter(kind="disputed").values_list("sample_id", "random"))
    assert len(marks) == 20
    ranges = [row.entry.spread for row in read_rows(study) if not row.random]
    assert ranges == sorted(ranges, reverse=True)
    rebuild_queues(study)
    for entry in QueueEntry.objects.filter(kind="disputed"):
        assert entry.random >= marks[entry.sample_id]


def test_a_dismissed_entry_stays_dismissed_whatever_comes_in(study: Study) -> None:
    sample = rated_sample(study, Ann=3, Ben=4)
    rebuild_queues(study)
    QueueEntry.objects.update(dismissed_at=timezone.now())
    rate(sample, "Cho", {"TCC": 0})
    update_queues(study, sample)
    rebuild_queues(study)
    assert read_order(study) == []
    assert get_entry(sample).spread == 4.0


def test_a_study_at_work_gets_its_queues_by_itself_once(study: Study) -> None:
    make_sample(study, pictures=["red"])
    catch_up()
    assert not Job.objects.exists()
    assert leasing.lease_samples(by=make_user("ann"), slug=study.slug).assignments
    catch_up()
    catch_up()
    job = Job.objects.get(kind="refresh_queue")
    assert job.created_by is None
    Job.objects.update(state="failed", finished_at=timezone.now())
    catch_up()
    assert Job.objects.count() == 1
    Job.objects.update(finished_at=timezone.now() - timedelta(minutes=11))
    catch_up()
    assert Job.objects.count() == 2


def test_an_import_has_the_queues_made_anew_once(study: Study) -> None:
    rebuild_queues(study)
    catch_up()
    assert not Job.objects.exists()
    record_step("samples_imported", study=study, by=None, counts={})
    catch_up()
    catch_up()
    assert Job.objects.filter(kind="refresh_queue").count() == 1
    Job.objects.update(state="done", finished_at=timezone.now())
    rebuild_queues(study)
    catch_up()
    assert Job.objects.filter(kind="refresh_queue", state="queued").count() == 0


def test_a_refresh_that_began_after_an_import_is_not_asked_for_again_while_it_is_at_work(study: Study) -> None:
    rebuild_queues(study)
    let_a_minute_pass()
    record_step("samples_imported", study=study, by=None, counts={})
    job = rebuild.request_rebuild(by=None, study=study)
    Job.objects.update(state="running", started_at=timezone.now() - timedelta(minutes=1))
    catch_up()
    assert Job.objects.exclude(pk=job.pk).count() == 1, "it may have read what there was before"
    Job.objects.exclude(pk=job.pk).delete()
    Job.objects.update(started_at=timezone.now())
    catch_up()
    assert Job.objects.get() == job


def test_queues_that_were_never_made_to_their_end_are_not_followed_but_made(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])

    def stop(done: int, total: int | None, activity: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild.rebuild_queue(study=study, progress=stop)
    score(study, "ann", same(1))
    catch_up()
    assert not QueueEntry.objects.exists()
    assert Job.objects.filter(kind="refresh_queue", created_by=None).count() == 1
    rebuild_queues(study)
    catch_up()
    assert get_entry(sample).scores == 1


def test_a_study_that_was_closed_for_long_does_not_hold_up_the_others(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incremental_update, "MAX_STEPS", 3)
    other = make_study("boats")
    make_member(other, "dan")
    closed, open_ = make_sample(other, pictures=["red"]), make_sample(study, pictures=["red"])
    for one in (study, other):
        rebuild_queues(one)
    Study.objects.filter(pk=other.pk).update(state="closed")
    for name in ("ann", "ben"):
        score(study, name, same(1))
    for _ in range(20):
        record_step("renamed", study=study, by=None)
    let_a_minute_pass()
    while ReviewQueue.objects.get(study=study).history_through < HistoryEntry.objects.latest("pk").pk:
        catch_up()
    Study.objects.filter(pk=other.pk).update(state="running")
    score(other, "dan", same(1))
    score(study, "cho", same(1))
    catch_up()
    assert (get_entry(open_).left_at is not None, get_entry(closed).scores) == (True, 1)


def test_a_refresh_is_followed_again_from_where_it_read(study: Study) -> None:
    """Updates during a rebuild are overwritten from older facts, then repeated."""
    sample = make_sample(study, pictures=["red"])
    rebuild_queues(study)

    def meanwhile(done: int, total: int | None, activity: str) -> None:
        if activity == "Noting outcomes" and Sample.objects.get(pk=sample.pk).scores_in == 0:
            score(study, "ann", same(1))
            catch_up()

    rebuild.rebuild_queue(study=study, progress=meanwhile)
    assert get_entry(sample).scores == 0
    catch_up()
    assert get_entry(sample).scores == 1
