"""What waits for a person: the counts in a study's header, and everything on their front page. Read-only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OuterRef, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from annotation.core.sample_content import questions_of
from annotation.core.visibility import awaited_participations
from annotation.discussions.deadlines import handed_over_condition
from annotation.models import Discussion, Job, Member, Participant, Sample, Study, Topic, User
from annotation.models.jobs import UNFINISHED

# So many cases of one study are named on the front page; the rest is a number.
NAMED = 5


@dataclass(frozen=True, slots=True)
class StudyMembership:
    """Somebody's place in a study, with what its header counts."""

    member: Member | None
    waiting: int
    """Discussions that wait for an answer of theirs."""
    handed_over: int
    """Discussions that wait for the admins to decide; 0 for those who do not lead."""
    at_work: int
    """Jobs that wait or run; 0 for those who do not lead."""


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """A discussion that waits for its reader."""

    public_id: str
    question: str
    dimensions: tuple[str, ...]
    opened_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class StudyInbox:
    """What waits for one person in one study."""

    waiting: int = 0
    cases: tuple[WaitingCase, ...] = ()
    handed_over: int = 0
    blocked: int = 0
    failed_jobs: int = 0

    @property
    def more(self) -> int:
        """How many cases are not named."""
        return self.waiting - len(self.cases)

    @property
    def empty(self) -> bool:
        """Does nothing wait here?"""
        return not (self.waiting or self.handed_over or self.blocked or self.failed_jobs)


def find_membership(user: User, study: Study) -> StudyMembership:
    """Return a person's place in a study and its counts, in one query for a member."""
    unfinished = Job.objects.filter(study=study, state__in=UNFINISHED)
    waiting = (
        awaited_participations()
        .filter(member=OuterRef("pk"))
        .order_by()
        .values("member")
        .annotate(n=Count("pk"))
        .values("n")
    )
    handed = (
        Discussion.objects.filter(handed_over_condition(timezone.now()), study=study)
        .order_by()
        .values("study")
        .annotate(n=Count("pk"))
        .values("n")
    )
    working = unfinished.order_by().values("study").annotate(n=Count("pk")).values("n")

    def of_leaders(counted: Any) -> Any:
        leads = When(role=Member.Role.ADMIN, state=Member.State.ACTIVE, then=Subquery(counted))
        return Coalesce(Subquery(counted) if user.is_site_admin else Case(leads, output_field=IntegerField()), Value(0))

    row = (
        Member.objects.filter(study=study, user=user)
        .exclude(state=Member.State.LEFT)
        .annotate(
            waiting=Coalesce(Subquery(waiting), Value(0)), handed_over=of_leaders(handed), at_work=of_leaders(working)
        )
        .first()
    )
    if row is not None:
        return StudyMembership(row, row.waiting, row.handed_over, row.at_work)
    if user.is_site_admin:
        to_decide = Discussion.objects.filter(handed_over_condition(timezone.now()), study=study).count()
        return StudyMembership(None, 0, to_decide, unfinished.count())
    return StudyMembership(None, 0, 0, 0)


def read_inbox(members: Iterable[Member], led: Iterable[int]) -> dict[int, StudyInbox]:
    """Return what waits, by the primary key of the study: for the members named, and in the studies that are led.

    The number of queries does not grow with the number of studies.
    """
    members, led = list(members), list(led)
    by_member = (
        awaited_participations().filter(member__in=members).order_by().values_list("member_id").annotate(n=Count("pk"))
    )
    study_of = {member.pk: member.study_id for member in members}
    counts = {study_of[member]: number for member, number in by_member}
    cases = _cases(members) if counts else {}
    handed = _by_study(Discussion.objects.filter(handed_over_condition(timezone.now()), study__in=led))
    blocked = _by_study(Sample.objects.filter(study__in=led, state=Sample.State.BLOCKED))
    failed = _by_study(Job.objects.filter(study__in=led, state=Job.State.FAILED))
    return {
        study: StudyInbox(
            waiting=counts.get(study, 0),
            cases=tuple(cases.get(study, ())),
            handed_over=handed.get(study, 0),
            blocked=blocked.get(study, 0),
            failed_jobs=failed.get(study, 0),
        )
        for study in {member.study_id for member in members} | set(led)
    }


def _by_study(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("study_id").annotate(n=Count("pk")))


def _cases(members: list[Member]) -> dict[int, list[WaitingCase]]:
    # By age: a place by range would tell of values that are shown only after an own reason.
    place_in_line = Window(RowNumber(), partition_by=F("member_id"), order_by=F("discussion_id").asc())
    lines = awaited_participations().filter(member__in=members).annotate(line=place_in_line).filter(line__lte=NAMED)
    line_of = dict(lines.values_list("pk", "line"))
    rows = sorted(
        Participant.objects.filter(pk__in=line_of).select_related("discussion"), key=lambda row: line_of[row.pk]
    )
    questions = questions_of(row.discussion.sample_id for row in rows)
    topics: dict[int, list[str]] = {}
    open_ones = Topic.objects.filter(discussion__in=[row.discussion_id for row in rows], closed_at=None)
    for discussion, key in open_ones.order_by("dimension__position").values_list("discussion_id", "dimension__key"):
        topics.setdefault(discussion, []).append(key)
    found: dict[int, list[WaitingCase]] = {}
    for row in rows:
        case = WaitingCase(
            public_id=row.discussion.public_id,
            question=questions.get(row.discussion.sample_id, ""),
            dimensions=tuple(topics.get(row.discussion_id, ())),
            opened_at=row.discussion.opened_at,
            due_at=row.discussion.due_at,
        )
        found.setdefault(row.discussion.study_id, []).append(case)
    return found
