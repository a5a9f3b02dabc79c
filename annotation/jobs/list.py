"""The list of a study's jobs: active ones, then the newest, filtered and paged. Read-only."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, QuerySet, Value, When

from annotation.core.visibility import jobs_visible_to
from annotation.models import Job, Study, User
from annotation.models.jobs import UNFINISHED

# What a list says of a result; the whole of one may hold pictures.
FIGURES = ("created", "updated", "refused")


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs, and where the next one begins."""

    rows: list[Job]
    next: int | None


def visible_jobs(user: User, study: Study) -> QuerySet[Job]:
    """Return the jobs of a study that the user may see: all for those who lead it, their own for everybody else."""
    return jobs_visible_to(user).filter(study=study).select_related("created_by")


def list_jobs(rows: QuerySet[Job]) -> QuerySet[Job]:
    """Return jobs without their large columns, with the numbers of their results."""
    figures = {f"said_{name}": F(f"result__{name}") for name in FIGURES}
    return rows.defer("result", "checkpoint").annotate(**figures)


def read_job_page(jobs: QuerySet[Job], *, kind: str = "", state: str = "", start: int = 0, limit: int = 50) -> JobPage:
    """Return a page of jobs from ``start`` on, active ones first, then the newest."""
    rows = list_jobs(jobs)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    ended = Case(When(state__in=UNFINISHED, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = list(rows.order_by(ended, "-created_at", "-pk")[start : start + limit + 1])
    return JobPage(found[:limit], start + limit if len(found) > limit else None)


def kinds_of(jobs: QuerySet[Job]) -> Iterable[str]:
    """Return the kinds of some jobs, in alphabetical order."""
    return jobs.order_by("kind").values_list("kind", flat=True).distinct()
