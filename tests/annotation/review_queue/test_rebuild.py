"""Rebuilding queues places entries with reasons, predictions and outcomes."""

from dataclasses import asdict
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.core.errors import NotAllowed, NotFound
from annotation.imports.predictions import import_predictions
from annotation.jobs import running
from annotation.judges import runs
from annotation.models import Arm, Job, Question, QueueEntry, ReviewQueue, Sample, Score, Study
from annotation.review_queue import list as queue_list
from annotation.review_queue import rebuild
from annotation.review_queue.pin_dismiss import dismiss_sample
from annotation.review_queue.ranking import QueueKind, ReasonKind
from annotation.studies import protocols
from tests.annotation.judges.judge_studies import join_lines, make_prediction_line
from tests.annotation.reports.rating_rows import rated_sample
from tests.annotation.scoring.score_rows import all_score, same, state_of
from tests.factories import make_member, make_release, make_sample, make_user
from tests.judge_run_rows import make_judge_run

from .queue_studies import (
    get_entry,
    make_active_judge,
    make_dimension_prediction,
    make_led_study,
    prior_dispute_chance,
    read_order,
    read_rows,
    rebuild_queues,
    store_prediction,
    update_queues,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_led_study()


def in_order(study: Study, kind: str = "disputed") -> list[int]:
    return [row.sample.pk for row in read_rows(study, kind) if not row.random]


def let_all_be_in_order(study: Study) -> None:
    """Create the queues with a seed that draws few samples at random."""
    ReviewQueue.objects.update_or_create(study=study, defaults={"seed": 1})


def test_without_a_judge_the_widest_observed_range_comes_first(study: Study) -> None:
    narrow = rated_sample(study, Ann=3, Ben=4)
    wide = rated_sample(study, Ann=1, Ben=5)
    nothing = make_sample(study)
    rebuild_queues(study)
    found = {row.sample.pk: row for row in read_rows(study)}
    assert set(found) == {narrow.pk, wide.pk, nothing.pk}
    assert [pk for pk in read_order(study) if not found[pk].random] == [
        pk for pk in (wide.pk, narrow.pk, nothing.pk) if not found[pk].random
    ]
    assert dict(found[wide.pk].values) == {"TCC": (1.0, 5.0)}
    assert found[wide.pk].predictions == {}
    entry = get_entry(wide)
    assert (entry.spread, entry.scores, entry.foreseen) == (4.0, 2, None)
    assert ReviewQueue.objects.get(study=study).run is None


def test_with_a_judge_the_chance_of_a_dispute_orders_those_of_equal_range(study: Study) -> None:
    run = make_active_judge(study)
    samples = [make_sample(study) for _ in range(10)]
    for number, sample in enumerate(samples):
        store_prediction(run, sample, {"TCC": make_dimension_prediction(unlike=number / 20)})
    rebuild_queues(study)
    order = in_order(study)
    assert order == [sample.pk for sample in reversed(samples) if sample.pk in order]
    row = next(row for row in read_rows(study) if row.sample.pk == samples[9].pk)
    assert row.predictions["TCC"].expected == 3.0
    assert row.entry.foreseen == row.entry.chance == pytest.approx(prior_dispute_chance(0.45))
    assert row.entry.reason["kind"] in (ReasonKind.FORESEEN, ReasonKind.RANDOM)


def test_prefilled_values_are_nobodys_own(study: Study) -> None:
    sample = rated_sample(study, Ann=1, Ben=5)
    Score.objects.filter(sample=sample, member__name="Ben").update(arm=Arm.PREFILLED)
    rebuild_queues(study)
    assert (get_entry(sample).spread, get_entry(sample).scores) == (0.0, 1)
    assert dict(read_rows(study)[0].values) == {"TCC": (1.0,)}


def test_what_a_judge_says_of_what_it_learned_from_counts_only_out_of_fold(study: Study) -> None:
    learned, foretold = (make_sample(study, question=f"Question {number}?") for number in range(2))
    Question.objects.update(part="train")
    release = make_release(study)
    for sample in (learned, foretold):
        release.entries.create(sample=sample, newest_final=1)
    run = make_active_judge(study)
    run.release = release
    run.save()
    store_prediction(run, learned, {"TCC": make_dimension_prediction(unlike=0.5)})
    store_prediction(run, foretold, {"TCC": make_dimension_prediction(unlike=0.4)}, out_of_fold=True)
    rebuild_queues(study)
    assert get_entry(foretold).foreseen == pytest.approx(prior_dispute_chance(0.4))
    assert get_entry(learned).reason.get("expected") is None
    base = get_entry(learned).foreseen
    nothing = make_sample(study)
    rebuild_queues(study)
    assert get_entry(nothing).foreseen == base


def test_a_dimension_that_a_rule_decides_is_left_out(study: Study) -> None:
    """Without a picture only completeness is scored; whatever a judge says of the rest."""
    run = make_active_judge(study)
    sample = make_sample(study)
    store_prediction(
        run, sample, {"TCC": make_dimension_prediction(unlike=0.1), "ITS": make_dimension_prediction(unlike=0.5)}
    )
    pictured = make_sample(study, pictures=["red"])
    store_prediction(
        run,
        pictured,
        {
            "TCC": make_dimension_prediction(unlike=0.1),
            "ITS": make_dimension_prediction(unlike=0.5) | {"rule": "no_image"},
        },
    )
    rebuild_queues(study)
    assert get_entry(sample).foreseen == pytest.approx(prior_dispute_chance(0.1))
    assert get_entry(pictured).foreseen != pytest.approx(prior_dispute_chance(0.5))


def test_labels_to_come_next_are_those_with_a_slot_to_give_one_of_each_cluster_first(study: Study) -> None:
    run = make_active_judge(study)
    samples = [make_sample(study) for _ in range(12)]
    for number, sample in enumerate(samples):
        store_prediction(run, sample, {"TCC": make_dimension_prediction(ensemble_sd=number / 10)}, cluster=number // 6)
    closed = samples[-1]
    Sample.objects.filter(pk=closed.pk).update(stage=0)
    rebuild_queues(study)
    assert not QueueEntry.objects.filter(sample=closed, kind=QueueKind.LABEL_NEXT).exists()
    order = in_order(study, "label_next")
    clusters = {sample.pk: number // 6 for number, sample in enumerate(samples)}
    assert {clusters[pk] for pk in order[:2]} == {0, 1}
    assert all(entry.foreseen is not None for entry in QueueEntry.objects.filter(kind=QueueKind.LABEL_NEXT))


def test_an_audit_holds_agreed_values_against_the_judge(study: Study) -> None:
    run = make_active_judge(study)
    far, near = make_sample(study, pictures=["red"]), make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(1), "ben": same(1), "cho": same(1)})
    all_score(study, {"ann": same(1), "ben": same(1), "cho": same(1)})
    assert state_of(far) == state_of(near) == "agreed"
    store_prediction(
        run, far, {"TCC": make_dimension_prediction(4.0, interval=(3.0, 5.0)), "ICC": make_dimension_prediction(1.0)}
    )
    store_prediction(run, near, {"TCC": make_dimension_prediction(2.0, interval=(0.0, 4.0))})
    rebuild_queues(study)
    entry = get_entry(far, "audit")
    assert (entry.first, entry.second, entry.foreseen) == (3.0, 3.0, 3.0)
    assert entry.reason["final"] == 1.0
    assert entry.dimension is not None
    assert entry.dimension.key == "TCC"
    assert get_entry(near, "audit").first == 0.5
    assert QueueEntry.objects.filter(kind="disputed", left_at=None).count() == 0


def test_refreshing_twice_stores_the_same_and_writes_nothing_new(study: Study) -> None:
    run = make_active_judge(study)
    for number in range(6):
        store_prediction(
            run, make_sample(study), {"TCC": make_dimension_prediction(unlike=number / 20, ensemble_sd=None)}
        )
    rated_sample(study, Ann=1, Ben=5)
    rebuild_queues(study)
    before = list(QueueEntry.objects.order_by("pk").values())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        rebuild_queues(study)
    assert list(QueueEntry.objects.order_by("pk").values()) == before
    written = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "COPY"))]
    assert not [sql for sql in written if "queueentry" in sql]


def test_of_two_attempts_at_the_same_time_the_later_one_goes_on(study: Study) -> None:
    make_sample(study)

    def begin_another(done: int, total: int | None, activity: str) -> None:
        if activity == "Noting outcomes":
            ReviewQueue.objects.filter(study=study).update(refreshing="another")

    with pytest.raises(rebuild.SupersededRebuild):
        rebuild.rebuild_queue(study=study, progress=begin_another)
    assert ReviewQueue.objects.get(study=study).refreshed_at is None


def test_a_job_refreshes_and_tells_what_it_found(study: Study) -> None:
    make_sample(study)
    job = rebuild.request_rebuild(by=make_user("ada"), study=study)
    assert rebuild.request_rebuild(by=None, study=study) == job
    running.run_waiting_jobs(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("done", "")
    assert job.result == {"disputed": 1, "label_next": 1, "audit": 0, "priorities": 0}
    assert rebuild.request_rebuild(by=None, study=study) != job


def test_only_admins_ask_for_a_refresh(study: Study) -> None:
    make_member(study, "rae", "researcher")
    with pytest.raises(NotAllowed):
        rebuild.request_rebuild(by=make_user("rae"), study=study)
    with pytest.raises(NotFound):
        rebuild.request_rebuild(by=make_user("sam"), study=study)


def asked(study: Study) -> int:
    """Tell how many refreshes are queued, and take them out."""
    jobs = Job.objects.filter(study=study, kind="refresh_queue", state="queued")
    count = jobs.count()
    jobs.update(state="done")
    return count


def test_the_queues_follow_the_active_judge_and_the_order_of_work(study: Study) -> None:
    run = make_active_judge(study)
    runs.deactivate_run(by=None, run=run)
    assert asked(study) == 1
    runs.deactivate_run(by=None, run=run)
    assert asked(study) == 0
    runs.activate_run(by=None, run=run)
    assert asked(study) == 1
    assert rebuild.request_rebuild_for_judges(study=study, judges=["another"]) is None
    assert rebuild.request_rebuild_for_judges(study=study, judges=[run.name]) is not None
    assert asked(study) == 1
    protocols.change_protocol(by=None, study=study, lease_minutes=31)
    assert asked(study) == 0


def test_predictions_of_the_active_judge_that_come_in_have_the_queues_made_anew(study: Study, tmp_path: Path) -> None:
    """Those of another judge do not, nor do the same ones again."""
    sample = make_sample(study, pictures=["red"])
    make_judge_run(study, samples=[], name="elsewhere-1", active=True)
    path = tmp_path / "predictions.jsonl"
    for judge, wanted in (("elsewhere-2", 0), ("elsewhere-1", 1), ("elsewhere-1", 0)):
        path.write_bytes(join_lines([make_prediction_line(sample, judge)]))
        import_predictions(by=None, study=study, path=path)
        assert asked(study) == wanted, judge


def test_another_order_of_work_has_priorities_set_and_other_rules_do_not(study: Study) -> None:
    protocols.change_protocol(by=None, study=study, work_order="label_next")
    assert asked(study) == 1
    protocols.change_protocol(by=None, study=study, work_order="label_next", lease_minutes=20)
    assert asked(study) == 0


def test_what_was_counted_is_what_there_is(study: Study) -> None:
    for low in (1, 2, 3, 4):
        rated_sample(study, Ann=low, Ben=4)
    queue = rebuild_queues(study)
    assert queue.counts == {kind: asdict(one) for kind, one in queue_list.count_entries(study).items()}
    assert queue.counts["disputed"]["total"] == 4
    dismiss_sample(by=make_user("ada"), entry_id=get_entry(read_rows(study)[0].sample).public_id, reason="Why not.")
    assert queue_list.get_queue_status(study).counts == queue_list.count_entries(study)
    assert queue_list.get_queue_status(study).counts["disputed"].dismissed == 1
    Sample.objects.filter(pk=read_rows(study)[0].sample.pk).update(state="withdrawn")
    update_queues(study, *Sample.objects.all())
    assert queue_list.get_queue_status(study).counts == queue_list.count_entries(study)
    assert queue_list.get_queue_status(study).counts["disputed"].total == 2


def test_domains_to_narrow_by_are_looked_up_by_refreshes_and_not_by_pages(study: Study) -> None:
    assert queue_list.get_queue_status(study).domains == []
    first = rated_sample(study, Ann=2, Ben=4)
    Sample.objects.filter(pk=first.pk).update(domain="history")
    assert queue_list.get_queue_status(study).domains == ["history"], "looked up while there is no queue"
    rebuild_queues(study)
    second = make_sample(study, domain="art")
    with CaptureQueriesContext(connection) as asked_of:
        assert queue_list.get_queue_status(study).domains == ["history"]
    assert not [one for one in asked_of.captured_queries if "DISTINCT" in one["sql"]]
    update_queues(study, second)
    assert queue_list.get_queue_status(study).domains == ["art", "history"]
