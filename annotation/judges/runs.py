"""Starts trainings, predictions and evaluations of judges, and activates runs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, WrongState
from annotation.core.history import record_step
from annotation.core.transactions import write_transaction
from annotation.jobs import queueing
from annotation.models import Job, JudgeRun, Release, Study, User
from annotation.models.jobs import UNFINISHED
from annotation.review_queue import rebuild

from .request import TrainingRequest

TRAIN, PREDICT, EVALUATE = "judge_train", "judge_predict", "judge_evaluate"


def start_training(
    *, by: User | None, release: Release, wanted: TrainingRequest, client_key: UUID | None = None
) -> JudgeRun:
    """Queue the training of a judge on a release.

    ``by=None`` is the command line. The same client key again returns the same run.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
        BadInput: naming what cannot be.
        WrongState: a run of this name is there, or the key stands for other work.
    """
    study = release.study
    if by is not None:
        permissions.require_results(by, study)
    preset = wanted.check(any_path=by is None)
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        earlier = JudgeRun.objects.filter(job__client_key=client_key).first() if client_key else None
        if earlier is not None:
            requested = (release.pk, by, wanted.backend, preset.name, dict(wanted.options), wanted.seed)
            original = (earlier.release_id, earlier.by, earlier.backend, earlier.preset, earlier.options, earlier.seed)
            if requested != original or wanted.name not in ("", earlier.name):
                raise WrongState("This client key stands for other work already.", code="client_key_reused")
            return earlier
        number = next_number(study)
        run = JudgeRun.objects.create(
            study=study,
            number=number,
            name=_require_free_name(study, wanted.name or f"{study.slug}-{number}"),
            origin=JudgeRun.Origin.TRAINED,
            rubric_id=release.rubric_id,
            release=release,
            backend=wanted.backend,
            preset=preset.name,
            options=dict(wanted.options),
            seed=wanted.seed,
            by=by,
        )
        run.job = queueing.enqueue(
            by=by, kind=TRAIN, study=study, arguments={"run": run.public_id}, client_key=client_key
        )
        run.save(update_fields=["job"])
        record_step("judge_run_started", study=study, by=by, run=run.public_id, number=number, release=release.number)
    return run


def next_number(study: Study) -> int:
    """Return the number of the study's next run; call it with the study locked."""
    return int(study.judge_runs.aggregate(most=Max("number"))["most"] or 0) + 1


def _require_free_name(study: Study, name: str) -> str:
    if study.judge_runs.filter(name=name).exists():
        message = f"A judge of this study is called {name} already; its predictions could not be told apart."
        raise WrongState(message, code="name_taken")
    return name


def start_predicting(*, by: User | None, run: JudgeRun, client_key: UUID | None = None) -> Job:
    """Queue the prediction of every sample without one of this run.

    A job that is under way is returned instead.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
        WrongState: the run has no model here.
    """
    if by is not None:
        permissions.require_results(by, run.study)
    _require_finished(run)
    if not run.archive:
        raise WrongState(
            "Only the predictions of this judge are known here, not its model. Import the others, too.",
            code="no_model",
        )
    return _enqueue_once(by, PREDICT, run, {}, client_key)


def start_evaluation(*, by: User | None, run: JudgeRun, release: Release, client_key: UUID | None = None) -> Job:
    """Queue the evaluation of a run on the test part of a release.

    A job that is under way is returned instead.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
        BadInput: the release is of another study, or of another rubric than the run's.
        WrongState: the run is not finished.
    """
    if by is not None:
        permissions.require_results(by, run.study)
    _require_finished(run)
    if release.study_id != run.study_id:
        raise BadInput("There is no such release in this study.", fields={"release": "Of the run's own study."})
    if release.rubric_id != run.rubric_id:
        message = f"Release {release.number} is scored under {release.rubric}, and the judge under {run.rubric}."
        raise BadInput(message, fields={"release": message})
    return _enqueue_once(by, EVALUATE, run, {"release": release.public_id}, client_key)


def _enqueue_once(by: User | None, kind: str, run: JudgeRun, more: Mapping[str, Any], client_key: UUID | None) -> Job:
    arguments = {"run": run.public_id, **more}
    with write_transaction():
        JudgeRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        under_way = Job.objects.filter(study=run.study, kind=kind, arguments=arguments, state__in=UNFINISHED).first()
        if under_way is not None:
            return under_way
        return queueing.enqueue(by=by, kind=kind, study=run.study, arguments=arguments, client_key=client_key)


def activate_run(*, by: User | None, run: JudgeRun) -> JudgeRun:
    """Make a run the study's active judge, replacing the former one.

    Doing it twice changes nothing.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
        WrongState: the run is not finished.
    """
    if by is not None:
        permissions.require_results(by, run.study)
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=run.study_id)
        run.refresh_from_db()
        _require_finished(run)
        if run.active:
            return run
        before = run.study.judge_runs.filter(active=True).first()
        run.study.judge_runs.filter(active=True).update(active=False)
        run.active = True
        run.save(update_fields=["active"])
        record_step(
            "judge_activated",
            study=run.study,
            by=by,
            run=run.public_id,
            number=run.number,
            before=before.public_id if before else None,
        )
        rebuild.request_rebuild(by=None, study=run.study)
    return run


def deactivate_run(*, by: User | None, run: JudgeRun) -> JudgeRun:
    """Deactivate a run, leaving its study without an active judge.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
    """
    if by is not None:
        permissions.require_results(by, run.study)
    with write_transaction():
        if JudgeRun.objects.filter(pk=run.pk, active=True).update(active=False):
            record_step("judge_deactivated", study=run.study, by=by, run=run.public_id, number=run.number)
            rebuild.request_rebuild(by=None, study=run.study)
    run.active = False
    return run


def get_imported_run(*, by: User | None, study: Study, name: str, prompt_sha: str) -> JudgeRun:
    """Return the run of this name, creating it for imported predictions."""
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        existing = study.judge_runs.filter(name=name).first()
        if existing is not None:
            return existing
        run = JudgeRun.objects.create(
            study=study,
            number=next_number(study),
            name=name,
            origin=JudgeRun.Origin.IMPORTED,
            rubric_id=study.rubric_id,
            prompt_sha=prompt_sha,
            by=by,
            finished_at=timezone.now(),
        )
        record_step("judge_run_imported", study=study, by=by, run=run.public_id, number=run.number)
    return run


def _require_finished(run: JudgeRun) -> None:
    if run.finished_at is None:
        raise WrongState(f"Judge run {run.number} is not finished.", code="run_unfinished")
