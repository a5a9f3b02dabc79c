"""Figures are calculated by a job, stored, and known to be old."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound
from annotation.core.history import record_step
from annotation.jobs import context, queueing, running
from annotation.models import HistoryEntry, Job, Study, StudyFigures, User
from annotation.reports import agreement, stored_reports
from annotation.reports.ratings import StudyRatings
from tests.annotation.conftest import let_lease_end, look
from tests.factories import make_member, make_sample, make_study, make_user
from tests.judge_run_rows import make_judge_run
from tests.suggestion_rows import meet

from .rating_rows import rated_sample

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "eager_progress")]


def calculated(study: Study) -> dict:
    stored = stored_reports.latest_report(study, "agreement")
    assert stored is not None
    return {row["dimension"]: row for row in stored.data["levels"]["ordinal"]["all"]}


def happens(study: Study, event: str = "scored") -> None:
    record_step(event, study=study, by=None)


def test_figures_are_calculated_and_stored_with_everything_that_pages_show(study: Study) -> None:
    assert stored_reports.latest_report(study, "agreement") is None
    for ann, ben in ((1, 2), (3, 3), (5, 4)):
        rated_sample(study, generator="model-a", domain="rivers", Ann=ann, Ben=ben)
    stored_reports.refresh_reports(study=study)
    stored = stored_reports.latest_report(study, "agreement")
    assert stored is not None
    assert not stored.stale
    assert timezone.now() - stored.made_at < timedelta(minutes=1)
    assert set(stored.data["levels"]) == {"ordinal", "interval", "nominal"}
    for groups in stored.data["levels"].values():
        assert {name: len(rows) for name, rows in groups.items()} == {"all": 4, "generator": 4, "domain": 4}
    assert calculated(study)["TCC"]["samples"] == 3
    ids = set(study.members.filter(name__in=("Ann", "Ben")).values_list("public_id", flat=True))
    assert set(calculated(study)["TCC"]["kappa"][0]["pair"]) == ids
    people = stored_reports.latest_report(study, "annotators")
    assert people is not None
    assert {row["member"] for row in people.data["rows"]} == ids
    assert stored_reports.latest_report(study, "progress") is not None


def test_a_new_calculation_takes_the_place_of_the_old_one(study: Study) -> None:
    stored_reports.refresh_reports(study=study)
    rated_sample(study, Ann=1, Ben=2)
    stored_reports.refresh_reports(study=study)
    assert calculated(study)["TCC"]["samples"] == 1
    assert StudyFigures.objects.filter(study=study).count() == 3


def test_the_influence_of_a_judge_is_stored_once_somebody_has_met_one_and_as_long_as_it_is_there(study: Study) -> None:
    stored_reports.refresh_reports(study=study)
    assert stored_reports.latest_report(study, "influence") is None
    run = make_judge_run(study, samples=[])
    values = dict.fromkeys(("TCC", "ICC", "IQ", "ITS"), 3)
    meet(make_sample(study, pictures=["red"]), "Ann", values, arm="prefilled", shown=values, run=run)
    said: list[tuple[int, int, str]] = []
    stored_reports.refresh_reports(study=study, progress=lambda *step: said.append(step))
    stored = stored_reports.latest_report(study, "influence")
    assert stored is not None
    assert [row["acceptance"] for row in stored.data["rows"]] == [1] * 5
    assert [row["member"] for row in stored.data["people"]] == [study.members.get(name="Ann").public_id]
    assert [(done == total, activity) for done, total, activity in said[-2:]] == [
        (True, "influence: reading"),
        (True, "influence: calculating"),
    ]
    study.samples.get().assignments.all().delete()
    stored_reports.refresh_reports(study=study)
    assert stored_reports.latest_report(study, "influence") is None


def test_figures_are_stale_once_something_has_happened_in_the_study(study: Study) -> None:
    happens(study)
    stored_reports.refresh_reports(study=study)
    for event in ("leased", "released", "job_queued"):
        happens(study, event)
    happens(make_study("another"))
    assert stored_reports.latest_report(study, "agreement").stale is False
    happens(study)
    assert stored_reports.latest_report(study, "agreement").stale is True


def test_what_happens_during_a_calculation_makes_it_stale(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    original = agreement.read_ratings

    def read(study: Study) -> StudyRatings:
        found = original(study)
        happens(study)
        return found

    monkeypatch.setattr(agreement, "read_ratings", read)
    stored_reports.refresh_reports(study=study)
    assert stored_reports.latest_report(study, "agreement").stale is True


# --- the job --------------------------------------------------------------------------------------


def test_ada_asks_and_a_worker_calculates(
    study: Study, ada: User, sent: list[int], django_capture_on_commit_callbacks
) -> None:
    rated_sample(study, Ann=1, Ben=2)
    with django_capture_on_commit_callbacks(execute=True):
        job = stored_reports.request_reports(by=ada, study=study)
    assert (job.kind, job.created_by, job.state) == ("statistics", ada, "queued")
    assert sent == [job.pk]
    running.run_job(job.pk)
    assert (look(job).state, look(job).error) == ("done", "")
    assert look(job).done == look(job).total
    assert calculated(study)["TCC"]["samples"] == 1
    assert not stored_reports.latest_report(study, "agreement").stale


def test_asking_again_while_it_waits_or_runs_is_the_same_job(study: Study, ada: User) -> None:
    job = stored_reports.request_reports(by=ada, study=study)
    assert stored_reports.request_reports(by=ada, study=study) == job
    assert stored_reports.request_reports(by=None, study=study) == job
    running.claim_job(job.pk)
    assert stored_reports.request_reports(by=ada, study=study) == job
    another = make_study("another")
    assert stored_reports.request_reports(by=None, study=another) != job
    Job.objects.filter(pk=job.pk).update(state="done")
    assert stored_reports.request_reports(by=ada, study=study) != job


def test_only_those_who_lead_the_study_may_ask(study: Study) -> None:
    make_member(study, "rae", "researcher")
    waiting = stored_reports.request_reports(by=None, study=study)
    for who, refusal in (("ann", NotAllowed), ("rae", NotAllowed), ("sam", NotFound)):
        with pytest.raises(refusal):
            stored_reports.request_reports(by=make_user(who), study=study)
    assert list(Job.objects.all()) == [waiting]


def test_the_work_reads_no_file(study: Study, ada: User) -> None:
    with pytest.raises(BadInput) as refusal:
        queueing.enqueue(by=ada, kind="statistics", study=study, arguments={}, file="jobs/x.csv")
    assert refusal.value.fields == {"file": "This work reads no file."}
    with pytest.raises(BadInput):
        queueing.enqueue(by=ada, kind="statistics", study=study, arguments={"path": "x.csv"})


def test_a_cancelled_calculation_leaves_what_was_stored(
    study: Study, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_reports.refresh_reports(study=study)
    rated_sample(study, Ann=1, Ben=2)
    job = stored_reports.request_reports(by=ada, study=study)
    original = agreement.measure_agreement

    def measure(*args, **options):
        queueing.cancel(by=ada, job=look(job))
        return original(*args, **options)

    monkeypatch.setattr(agreement, "measure_agreement", measure)
    running.run_job(job.pk)
    assert look(job).state == "cancelled"
    assert calculated(study)["TCC"]["samples"] == 0
    monkeypatch.undo()
    queueing.retry(by=ada, job=look(job))


def test_a_calculation_whose_worker_was_lost_is_done_by_the_next(study: Study, ada: User) -> None:
    rated_sample(study, Ann=1, Ben=2)
    job = stored_reports.request_reports(by=ada, study=study)
    assert running.claim_job(job.pk) is not None
    let_lease_end(job)
    queueing.resend_silent_jobs()
    running.run_job(job.pk)
    assert (look(job).state, look(job).attempts) == ("done", 2)
    assert calculated(study)["TCC"]["samples"] == 1


def test_a_worker_asked_to_stop_hands_the_calculation_back(study: Study, ada: User) -> None:
    job = stored_reports.request_reports(by=ada, study=study)
    context.stopping.set()
    try:
        running.run_job(job.pk)
    finally:
        context.stopping.clear()
    assert look(job).state == "queued"
    assert stored_reports.latest_report(study, "agreement") is None
    running.run_job(job.pk)
    assert look(job).state == "done"


# --- by itself ------------------------------------------------------------------------------------


def later(**by: float):
    return timezone.now() + timedelta(**by)


def test_stale_figures_are_calculated_anew_and_at_most_every_ten_minutes(study: Study) -> None:
    assert stored_reports.request_due_reports() == 1
    assert stored_reports.request_due_reports() == 0
    (first,) = Job.objects.all()
    running.run_job(first.pk)
    assert stored_reports.request_due_reports(now=later(minutes=11)) == 0
    happens(study)
    assert stored_reports.request_due_reports(now=later(minutes=9)) == 0
    assert stored_reports.request_due_reports(now=later(minutes=11)) == 1
    (second,) = Job.objects.all()
    assert second != first
    running.run_job(second.pk)
    assert not stored_reports.latest_report(study, "agreement").stale


def test_what_somebody_asked_for_stays_listed(study: Study, ada: User) -> None:
    asked = stored_reports.request_reports(by=ada, study=study)
    running.run_job(asked.pk)
    happens(study)
    stored_reports.request_due_reports(now=later(minutes=11))
    assert Job.objects.filter(pk=asked.pk).exists()


def test_a_calculation_that_failed_is_not_tried_again_at_once(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_reports.request_due_reports()
    (job,) = Job.objects.all()
    monkeypatch.setattr(agreement, "read_ratings", lambda study: 1 / 0)
    running.run_job(job.pk)
    assert look(job).state == "failed"
    assert stored_reports.request_due_reports() == 0
    Job.objects.filter(pk=job.pk).update(finished_at=later(minutes=-11))
    assert stored_reports.request_due_reports() == 1


def test_drafts_are_left_alone(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(state="draft")
    assert stored_reports.request_due_reports() == 0


def test_the_history_that_was_looked_through_is_not_looked_through_again(study: Study) -> None:
    stored_reports.refresh_reports(study=study)
    elsewhere = make_study("another")
    happens(elsewhere)
    happens(elsewhere)
    old = HistoryEntry.objects.order_by("pk").first()
    stored_reports.request_due_reports()
    assert set(StudyFigures.objects.filter(study=study).values_list("last_history", flat=True)) == {0}
    HistoryEntry.objects.filter(pk=old.pk).update(at=later(minutes=-6))
    stored_reports.request_due_reports()
    assert set(StudyFigures.objects.filter(study=study).values_list("last_history", flat=True)) == {old.pk}
    happens(study)
    assert stored_reports.latest_report(study, "agreement").stale
