"""The admins' list of a study's discussions: filtered, sorted, paged. Read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.core import permissions
from annotation.core.rubric_cache import RubricDefinition
from annotation.core.sample_content import questions_of
from annotation.models import Discussion, Exposure, FinalScore, Member, Participant, Sample, Stance, Study, Topic, User

from .case import is_handed_over
from .deadlines import handed_over_condition
from .participant_list import case_rows
from .participant_order import BY_RANGE, with_visible_spread
from .view_types import DiscussionListRow

# What a list can be narrowed to, by where its cases stand.
OPEN, TO_DECIDE, CLOSED = "open", "to_decide", "closed"
STANDINGS = (OPEN, TO_DECIDE, CLOSED)
# Said as the index of the queue says it.
NOT_CLOSED = ~Q(state=Discussion.State.CLOSED)


@dataclass(frozen=True, slots=True)
class DiscussionFilter:
    """The filters of the list."""

    standing: str = OPEN
    """`OPEN` holds those that are to be decided, too."""
    dimension: int | None = None
    """A dimension in dispute; in cases that are not closed, one that is still open."""
    waits_for: int | None = None
    """The primary key of a member."""
    somebody_away: bool = False
    """Only cases in which somebody takes part who cannot answer: is paused, has left or has no login."""


@dataclass(frozen=True, slots=True)
class TopicLine:
    """One dimension in the line of a case."""

    key: str
    closed: bool
    values: tuple[float, ...]
    """Where everybody stands now, ascending; empty while the reader must not know."""
    final: float | None = None
    outcome: str = ""
    """How it ended, in a case that is closed; nothing where it was broken off."""

    @property
    def spread(self) -> float:
        """How far apart the values are."""
        return self.values[-1] - self.values[0] if self.values else 0


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in the list."""

    row: DiscussionListRow
    sample: Sample
    question: str
    topics: tuple[TopicLine, ...]

    @property
    def to_decide(self) -> bool:
        """Whether the admins decide the case now."""
        return self.row.state == Discussion.State.HANDED_OVER

    @property
    def withheld(self) -> bool:
        """Whether values are hidden because the reader takes part and owes a reason."""
        return self.row.spread is None


@dataclass(slots=True)
class CasePage:
    """Some cases, and the name of the last one where there are more."""

    rows: list[CaseLine] = field(default_factory=list)
    next: str = ""


def count_by_standing(study: Study) -> dict[str, int]:
    """Return the number of cases of a study in each state of the list."""
    rows = Discussion.objects.filter(study=study)
    not_closed = rows.filter(NOT_CLOSED)
    return {
        OPEN: not_closed.count(),
        TO_DECIDE: not_closed.filter(handed_over_condition(timezone.now())).count(),
        CLOSED: rows.filter(state=Discussion.State.CLOSED).count(),
    }


def read_case_page(
    *, by: User, study: Study, rubric: RubricDefinition, wanted: DiscussionFilter, after: str = "", limit: int
) -> CasePage:
    """Return the cases that follow the one named ``after``.

    Those that wait for the admins come first, then the others, each by range and then age, those in which ``by`` owes
    a reason last; closed ones come as they were closed, the last one first.
    """
    cases = Discussion.objects.filter(study=study)
    last = cases.filter(public_id=after).first() if after else None
    if wanted.standing == CLOSED:
        found = _last_closed_first(_filter_cases(cases, study, wanted), last, limit + 1)
    else:
        cases = with_visible_spread(cases, by=by, study=study, leads=permissions.may_lead(by, study))
        beyond = _condition_after(cases, last)
        rows = _filter_cases(cases, study, wanted)
        found = _most_pressing_first(rows, last, beyond, limit + 1, only_to_decide=wanted.standing == TO_DECIDE)
    return CasePage(
        rows=_build_lines(found[:limit], rubric, by=by, study=study),
        next=found[limit - 1].public_id if len(found) > limit else "",
    )


def awaited_members(study: Study) -> list[Member]:
    """Return the members whom some case of the study waits for, by name."""
    waiting = Participant.objects.filter(member=OuterRef("pk"), waits=True)
    return list(Member.objects.filter(Exists(waiting), study=study).order_by("name"))


def eligible_replacements(discussion: str) -> list[Member]:
    """Return the members who can replace a participant, by name, as `excuse_participant` checks."""
    case = Discussion.objects.select_related("sample__protocol").get(public_id=discussion)
    takes_part = Participant.objects.filter(discussion=case).values("member")
    rows = Member.objects.filter(study=case.study_id, state=Member.State.ACTIVE, user__isnull=False)
    rows = rows.exclude(role=Member.Role.RESEARCHER).exclude(pk__in=takes_part)
    if case.sample.protocol is None or case.sample.protocol.reason_first:
        seen = Exposure.objects.filter(sample=case.sample).values("member")
        rows = rows.exclude(pk__in=seen).filter(exposed_through__lt=case.sample_id)
    return list(rows.order_by("name"))


def _last_closed_first(rows: QuerySet[Discussion], last: Discussion | None, limit: int) -> list[Discussion]:
    if last is not None:
        rows = rows.filter(Q(closed_at__lt=last.closed_at) | Q(closed_at=last.closed_at, pk__lt=last.pk))
    # Sorted by their keys alone: no index holds this order, and whole rows are heavy to sort.
    keys = list(rows.order_by("-closed_at", "-pk").values_list("pk", flat=True)[:limit])
    found = Discussion.objects.select_related("sample").in_bulk(keys)
    return [found[key] for key in keys]


def _condition_after(cases: QuerySet[Discussion], last: Discussion | None) -> Q:
    """Return the condition for cases after the last one by range and age; any case without one."""
    if last is None:
        return Q()
    told, _ = cases.values_list(*(field.lstrip("-") for field in BY_RANGE)).get(pk=last.pk)
    return Q(told_spread__lt=told) | Q(told_spread=told, pk__gt=last.pk)


def _most_pressing_first(
    rows: QuerySet[Discussion], last: Discussion | None, beyond: Q, limit: int, *, only_to_decide: bool
) -> list[Discussion]:
    """Return cases to decide, then the others, each in the order of an index."""
    now = timezone.now()
    rows = rows.select_related("sample").order_by(*BY_RANGE)
    found: list[Discussion] = []
    if last is None or is_handed_over(last, now):
        found = list(rows.filter(handed_over_condition(now), beyond)[:limit])
        beyond = Q()
    if len(found) < limit and not only_to_decide:
        found += rows.exclude(handed_over_condition(now)).filter(beyond)[: limit - len(found)]
    return found


def _filter_cases(cases: QuerySet[Discussion], study: Study, wanted: DiscussionFilter) -> QuerySet[Discussion]:
    rows = cases.filter(state=Discussion.State.CLOSED) if wanted.standing == CLOSED else cases.filter(NOT_CLOSED)
    if wanted.dimension is not None:
        topics = Topic.objects.filter(discussion=OuterRef("pk"), dimension=wanted.dimension)
        rows = rows.filter(Exists(topics if wanted.standing == CLOSED else topics.filter(closed_at=None)))
    if wanted.waits_for is not None:
        rows = rows.filter(pk__in=Participant.objects.filter(member=wanted.waits_for, waits=True).values("discussion"))
    if wanted.somebody_away:
        parts = Participant.objects.filter(member__study=study, state=Participant.State.ACTIVE)
        here = Q(member__state=Member.State.ACTIVE, member__user__isnull=False)
        here &= ~Q(member__role=Member.Role.RESEARCHER)
        rows = rows.filter(pk__in=parts.exclude(here).values("discussion"))
    return rows


def _build_lines(found: Sequence[Discussion], rubric: RubricDefinition, *, by: User, study: Study) -> list[CaseLine]:
    values = {level.id: level.value for dimension in rubric.dimensions for level in dimension.levels}
    stands: dict[tuple[int, int], list[float]] = {}
    stances = Stance.objects.filter(participant__discussion__in=found, participant__state=Participant.State.ACTIVE)
    for case, dimension, level in stances.exclude(level=None).values_list(
        "participant__discussion_id", "dimension_id", "level_id"
    ):
        stands.setdefault((case, dimension), []).append(values[level])
    still_open = set(
        Topic.objects.filter(discussion__in=found, closed_at=None).values_list("discussion_id", "dimension_id")
    )
    ended = _read_outcomes([case for case in found if case.state == Discussion.State.CLOSED], values)
    questions = questions_of(case.sample_id for case in found)
    rows = case_rows(by=by, study=study, discussions=list(found))
    return [
        CaseLine(
            row=row,
            sample=case.sample,
            question=questions.get(case.sample_id, ""),
            topics=tuple(
                TopicLine(
                    key=dimension.key,
                    closed=(case.pk, dimension.id) not in still_open,
                    values=() if row.spread is None else tuple(sorted(stands.get((case.pk, dimension.id), ()))),
                    final=ended.get((case.pk, dimension.id), (None, ""))[0],
                    outcome=ended.get((case.pk, dimension.id), (None, ""))[1],
                )
                for dimension in rubric.dimensions
                if dimension.key in row.dimensions
            ),
        )
        for case, row in zip(found, rows, strict=True)
    ]


def _read_outcomes(
    closed: Sequence[Discussion], values: Mapping[int, float]
) -> dict[tuple[int, int], tuple[float | None, str]]:
    """Return final value and outcome of closed cases, by case and dimension."""
    if not closed:
        return {}
    return {
        (final.discussion_id or 0, final.dimension_id): (values.get(final.level_id or 0), final.outcome)
        for final in FinalScore.objects.filter(discussion__in=closed)
    }
