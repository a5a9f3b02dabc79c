"""Figures of a study: calculated as a job, stored with what they rest on, shown with their age."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils import timezone

from annotation.core import permissions
from annotation.core.transactions import write_transaction
from annotation.jobs import queueing
from annotation.models import HistoryEntry, Job, Member, Study, StudyFigures, User

if TYPE_CHECKING:
    from .agreement import Progress

KIND = "statistics"
REFRESHED_EVERY = timedelta(minutes=10)
# What happens all the time and changes no figure.
CHANGES_NOTHING = (
    "leased",
    "assigned",
    "released",
    "job_queued",
    "job_cancelled",
    "job_retried",
    "release_made",
    "release_rendered",
    "pool_reserved",
    "judge_run_started",
    "judge_run_imported",
    "judge_trained",
    "judge_predicted",
    "judge_evaluated",
    "judge_activated",
    "judge_deactivated",
    "predictions_imported",
    "queue_pinned",
    "queue_unpinned",
    "queue_dismissed",
    "queue_restored",
)
# A transaction that is open for longer may write entries that are older than ones already seen.
LONGEST_WRITE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A stored result with its age."""

    data: dict[str, Any]
    made_at: datetime
    stale: bool
    """Something has happened in the study since that may change it."""


def latest_report(study: Study, kind: str) -> StoredReport | None:
    """Return the latest figures of a kind, or None before the first calculation. Who may see them is for the caller."""
    row = StudyFigures.objects.filter(study=study, kind=kind).first()
    if row is None:
        return None
    return StoredReport(row.data, row.made_at, changed_since(study, row.last_history))


def all_latest_reports(study: Study) -> dict[str, StoredReport]:
    """Return the latest figures of every kind that has been calculated, in two queries."""
    rows = list(StudyFigures.objects.filter(study=study))
    stale = bool(rows) and changed_since(study, min(row.last_history for row in rows))
    return {row.kind: StoredReport(row.data, row.made_at, stale) for row in rows}


def request_reports(*, by: User | None, study: Study) -> Job:
    """Queue a calculation, or return the one that is queued or running; ``by=None`` is the platform itself.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
    """
    if by is not None:
        permissions.require_lead(by, study)
    with write_transaction():
        # Of two requests at the same time the second waits here and finds the first one's job.
        Study.objects.select_for_update().get(pk=study.pk)
        waiting = current_job(study)
        return waiting or queueing.enqueue(by=by, kind=KIND, study=study, arguments={})


def current_job(study: Study) -> Job | None:
    """Return the calculation that is queued or running."""
    unfinished = Job.objects.filter(
        study=study, kind=KIND, state__in=(Job.State.QUEUED, Job.State.RUNNING), cancel_requested=False
    )
    return unfinished.order_by("pk").first()


def refresh_reports(*, study: Study, progress: "Progress | None" = None) -> None:
    """Calculate all figures of a study and store them; run twice it stores the same.

    ``progress`` is report_progress of every step and may raise to stop the work: then what was stored before stays.
    """
    # Imported here: numpy is nothing that a web process should load.
    from . import agreement as measuring
    from .judge_influence import influence_report
    from .progress import progress_report as progress_of

    counts = (0, 0)

    def report_progress(done: int, total: int, activity: str) -> None:
        nonlocal counts
        counts = done, total
        if progress is not None:
            progress(done, total, activity)

    # Read before anything else: what happens during the calculation makes its result stale.
    last = HistoryEntry.objects.aggregate(last=Max("pk"))["last"] or 0
    agreement, annotators = measuring.build_reports(study, progress=report_progress)
    data = {
        StudyFigures.Kind.AGREEMENT: agreement,
        StudyFigures.Kind.ANNOTATORS: annotators,
        StudyFigures.Kind.PROGRESS: progress_of(study),
    }
    names = dict(Member.objects.filter(study=study).values_list("pk", "public_id"))
    met = influence_report(study, names=names, step=lambda activity: report_progress(*counts, activity))
    if met is not None:
        data[StudyFigures.Kind.INFLUENCE] = met
    now = timezone.now()
    with write_transaction():
        # Of a judge that is gone nothing stays.
        StudyFigures.objects.filter(study=study).exclude(kind__in=data).delete()
        for kind, figures in data.items():
            StudyFigures.objects.update_or_create(
                study=study, kind=kind, defaults={"made_at": now, "last_history": last, "data": figures}
            )


def request_due_reports(*, now: datetime | None = None) -> int:
    """Queue the calculation of every study whose figures are older than ten minutes and stale; return how many."""
    now = now or timezone.now()
    kept = {row.study_id: row for row in StudyFigures.objects.filter(kind=StudyFigures.Kind.AGREEMENT).defer("data")}
    settled = _settled_history(now)
    queued = 0
    for study in Study.objects.exclude(state=Study.State.DRAFT):
        row = kept.get(study.pk)
        if row is None or changed_since(study, row.last_history):
            if row is None or row.made_at <= now - REFRESHED_EVERY:
                queued += _queued(study)
        elif row.last_history < settled:
            # Nothing of this study up to there: the next look need not read it again.
            StudyFigures.objects.filter(study=study, last_history__lt=settled, made_at=row.made_at).update(
                last_history=settled
            )
    return queued


def _queued(study: Study) -> bool:
    failed_lately = Job.objects.filter(
        study=study, kind=KIND, finished_at__gt=timezone.now() - REFRESHED_EVERY
    ).exclude(state=Job.State.DONE)
    if current_job(study) is not None or failed_lately.exists():
        return False
    # Every ten minutes for months: of those that nobody asked for, the latest is enough.
    Job.objects.filter(study=study, kind=KIND, created_by=None, state=Job.State.DONE).delete()
    request_reports(by=None, study=study)
    return True


def changed_since(study: Study, last_history: int) -> bool:
    """Tell whether something that figures rest on has happened after that entry of the history."""
    newer = HistoryEntry.objects.filter(study=study, pk__gt=last_history).exclude(event__in=CHANGES_NOTHING)
    return newer.exists()


def _settled_history(now: datetime) -> int:
    """Return up to where the history of all studies is complete: no open transaction can still add to it."""
    newest = HistoryEntry.objects.order_by("-pk").filter(at__lt=now - LONGEST_WRITE).values_list("pk", flat=True)
    return newest.first() or 0
