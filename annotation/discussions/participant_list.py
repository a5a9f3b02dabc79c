"""The discussions of a user: lists, rows, and counts of waiting ones. Read-only."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound
from annotation.core.rubric_cache import load_rubric
from annotation.core.visibility import awaited_participations
from annotation.models import Discussion, Participant, Sample, Stance, Study, Topic, User
from annotation.models.people import pseudonym_of

from .case import asks_reason_first, can_answer, is_covered, state_of, visible_reason, why_away
from .participant_order import BY_AGE, BY_RANGE, with_visible_spread
from .view_types import DiscussionListRow

HANDED_OVER, CLOSED = Discussion.State.HANDED_OVER, Discussion.State.CLOSED
LISTS = ("waiting", "open", "handed_over", "closed", "all")


class DiscussionListing(NamedTuple):
    """A queryset of discussions and the fields to sort it by, the last of them unique."""

    rows: QuerySet[Discussion]
    order: Sequence[str]


def list_discussions(*, by: User, study: Study, state: str = "waiting") -> DiscussionListing:
    """Return one of `LISTS`: the discussions that ``by`` may see, and their order.

    ``waiting`` are those that wait for an answer of theirs; for admins those that were handed over to them, too.
    Those who read results find the widest difference first, and last those in which they owe a reason; the others find
    the oldest first.

    Raises:
        NotFound: the study is not theirs to know.
        BadInput: there is no such list.
    """
    member = permissions.find_member(by, study)
    if member is None and not by.is_site_admin:
        raise NotFound("There is no such study, or you are not a member of it.")
    if state not in LISTS:
        raise BadInput("No such list.", fields={"state": "One of " + ", ".join(LISTS) + "."})
    leads, reads = permissions.leads_as(by, member), permissions.reads_results_as(by, member)
    rows = Discussion.objects.filter(study=study)
    mine = Participant.objects.filter(discussion=OuterRef("pk"), member=member)
    if state == "waiting":
        waits = Exists(mine.filter(waits=True))
        rows = rows.filter(~Q(state=CLOSED), waits | Q(state=HANDED_OVER) if leads else waits)
    else:
        if not reads:
            rows = rows.filter(Exists(mine))
        rows = rows if state == "all" else rows.filter(state=state)
    if not reads:
        return DiscussionListing(rows, BY_AGE)
    return DiscussionListing(with_visible_spread(rows, by=by, study=study, leads=leads), BY_RANGE)


class _Part(NamedTuple):
    """A participation as plain values, which load faster than model instances."""

    pk: int
    discussion: int
    number: int
    state: str
    waits: bool
    user: int | None
    member_state: str
    role: str
    name: str
    public_id: str

    @property
    def alias(self) -> str:
        return f"R{self.number}"


_PART = (
    *("pk", "discussion_id", "number", "state", "waits"),
    *("member__user_id", "member__state", "member__role", "member__name", "member__public_id"),
)


def case_rows(*, by: User, study: Study, discussions: Sequence[Discussion]) -> list[DiscussionListRow]:
    """Return the rows of one study's discussions, in the given order, in five queries."""
    member = permissions.find_member(by, study)
    leads, reads = permissions.leads_as(by, member), permissions.reads_results_as(by, member)
    ids = [discussion.pk for discussion in discussions]
    samples = _read_sample_ids(discussions)
    dimensions, open_topics = _read_topics(ids)
    people: dict[int, list[_Part]] = {pk: [] for pk in ids}
    for values in Participant.objects.filter(discussion__in=ids).order_by("number").values_list(*_PART):
        part = _Part(*values)
        people[part.discussion].append(part)
    mine = {part.discussion: part for parts in people.values() for part in parts if part.user == by.pk}
    lacking = _lacking_reason(mine, open_topics)
    keys = [(dimension.id, dimension.key) for dimension in load_rubric(study.rubric_id).dimensions]
    now = timezone.now()
    rows = []
    for discussion in discussions:
        pk, me = discussion.pk, mine.get(discussion.pk)
        covered = me is not None and pk in lacking
        if me is not None and covered:
            active = me.state == Participant.State.ACTIVE
            covered = is_covered(discussion, active=active, reads=reads, leads=leads, at=now)
        waiting = [part for part in people[pk] if part.waits]
        public_id, external_id = samples[discussion.sample_id]
        rows.append(
            DiscussionListRow(
                id=discussion.public_id,
                sample_public_id=public_id,
                sample_external_id=external_id if reads else None,
                state=state_of(discussion, now),
                because=discussion.because if reads else visible_reason(discussion),
                spread=None if covered else discussion.spread,
                dimensions=tuple(key for dimension, key in keys if dimension in dimensions[pk]),
                opened_at=discussion.opened_at,
                due_at=discussion.due_at,
                closed_at=discussion.closed_at,
                me=None if me is None else me.alias,
                waits_for_me=me is not None and me.waits and can_answer(study, state=me.member_state, role=me.role),
                waits_for=None if covered else tuple(_display_name(part, reads=reads, leads=leads) for part in waiting),
                away=_absent_aliases(waiting) if leads and not covered else (),
            )
        )
    return rows


def _read_sample_ids(discussions: Sequence[Discussion]) -> dict[int, tuple[str, str]]:
    """Return opaque and external id by primary key."""
    found = Sample.objects.filter(pk__in=[discussion.sample_id for discussion in discussions])
    return {
        pk: (public_id, external_id)
        for pk, public_id, external_id in found.values_list("pk", "public_id", "external_id")
    }


def _read_topics(ids: Sequence[int]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Return the dimensions of each discussion, and those that are open."""
    dimensions: dict[int, set[int]] = {pk: set() for pk in ids}
    still_open: dict[int, set[int]] = {pk: set() for pk in ids}
    rows = Topic.objects.filter(discussion__in=ids)
    for pk, dimension, closed_at in rows.values_list("discussion_id", "dimension_id", "closed_at"):
        dimensions[pk].add(dimension)
        if closed_at is None:
            still_open[pk].add(dimension)
    return dimensions, still_open


def _lacking_reason(mine: dict[int, _Part], open_topics: dict[int, set[int]]) -> set[int]:
    """Return the discussions in which the viewer has given no reason of their own on some open dimension."""
    if not mine:
        return set()
    of_part = {part.pk: pk for pk, part in mine.items()}
    protocol = "participant__discussion__sample__protocol"
    ruled = Q(**{protocol: None}) | Q(**{f"{protocol}__reason_first": True})
    missing = Stance.objects.filter(ruled, participant__in=list(of_part), reasoned_at=None)
    rows = missing.values_list("participant_id", "dimension_id")
    return {of_part[part] for part, dimension in rows if dimension in open_topics[of_part[part]]}


def _absent_aliases(waiting: list[_Part]) -> tuple[str, ...]:
    return tuple(part.name for part in waiting if why_away(state=part.member_state, role=part.role, user_id=part.user))


def _display_name(part: _Part, *, reads: bool, leads: bool) -> str:
    if leads:
        return part.name
    return pseudonym_of(part.public_id) if reads else part.alias


def waiting_count(user: User, study: Study | None = None) -> int:
    """Return how many discussions wait for the user's answer, in one study or in all."""
    rows = awaited_participations().filter(member__user=user)
    return rows.filter(member__study=study).count() if study is not None else rows.count()


def waiting_by_study(user: User) -> dict[int, int]:
    """Return how many discussions wait for the user's answer, by study's primary key."""
    rows = awaited_participations().filter(member__user=user).order_by().values_list("member__study_id")
    return dict(rows.annotate(n=Count("pk")))


def owes_reason(user: User, sample: Sample) -> bool:
    """Whether the user owes a reason in the open discussion of a sample.

    Whatever else shows the sample then withholds the others' values from them. A lead is told all once it is for the
    admins to decide.
    """
    me = (
        Participant.objects.select_related("discussion__study")
        .filter(discussion__sample=sample, member__user=user, state=Participant.State.ACTIVE)
        .exclude(discussion__state=CLOSED)
        .first()
    )
    if me is None or not asks_reason_first(sample):
        return False
    leads = permissions.may_lead(user, me.discussion.study)
    if not is_covered(me.discussion, active=True, reads=leads, leads=leads, at=timezone.now()):
        return False
    still = Topic.objects.filter(discussion=me.discussion, closed_at=None).values("dimension")
    return Stance.objects.filter(participant=me, dimension__in=still, reasoned_at=None).exists()
