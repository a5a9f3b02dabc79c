"""The stored reports of a study for its pages, with their age and people's names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.jobs import queueing
from annotation.jobs.eta import Pace
from annotation.models import Job, Member, Study, StudyFigures
from annotation.models.jobs import UNFINISHED
from annotation.reports import stored_reports, summaries

from . import vocabulary

Kind = StudyFigures.Kind


@dataclass(frozen=True, slots=True)
class StudyReports:
    """The latest reports of a study and when they were made; None before the first."""

    agreement: dict[str, Any] | None
    annotators: dict[str, Any] | None
    progress: dict[str, Any] | None
    influence: dict[str, Any] | None
    """What meeting a judge does; None as well where nobody has met one."""
    made_at: datetime | None
    """When the oldest of them was made."""
    stale: bool
    """Something has happened in the study since."""
    scores_since: int
    job: Job | None
    """The calculation that is going on or waiting, or one that has failed after these were made."""
    pace: Pace | None

    @property
    def running(self) -> bool:
        return self.job is not None and self.job.state in UNFINISHED


def load_study_reports(study: Study) -> StudyReports:
    """Return the latest reports of a study, with their age."""
    stored = stored_reports.all_latest_reports(study)
    made_at = min((report.made_at for report in stored.values()), default=None)
    stale = any(report.stale for report in stored.values())
    job = Job.objects.filter(study=study, kind=stored_reports.KIND).order_by("-created_at").first()
    if job is not None and job.state not in UNFINISHED:
        ended_badly = job.state == Job.State.FAILED and (made_at is None or (job.finished_at or made_at) > made_at)
        job = job if ended_badly else None
    return StudyReports(
        agreement=_report_data(stored, Kind.AGREEMENT),
        annotators=_report_data(stored, Kind.ANNOTATORS),
        progress=_report_data(stored, Kind.PROGRESS),
        influence=_report_data(stored, Kind.INFLUENCE),
        made_at=made_at,
        stale=stale,
        scores_since=summaries.scores_since(study, made_at) if made_at is not None and stale else 0,
        job=job,
        pace=queueing.job_pace(job) if job is not None else None,
    )


def _report_data(stored: Mapping[str, stored_reports.StoredReport], kind: str) -> dict[str, Any] | None:
    return stored[kind].data if kind in stored else None


@dataclass(frozen=True, slots=True)
class People:
    """Everybody in a study, under the names that the viewer may read."""

    members: Mapping[str, Member]
    names: bool

    def name_of(self, public_id: str) -> str:
        """Return a member's name or pseudonym; somebody whose row is gone has neither."""
        return vocabulary.member_name(self.members.get(public_id), names=self.names)

    def in_order(self, public_ids: set[str]) -> list[str]:
        """Return members in the order of their names."""
        return sorted(public_ids, key=lambda member_id: (self.name_of(member_id).casefold(), member_id))


def load_people(study: Study, *, names: bool) -> People:
    """Return the members of a study."""
    rows = Member.objects.filter(study=study)
    return People({row.public_id: row for row in rows}, names)
