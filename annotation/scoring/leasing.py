"""Leases samples to annotators, and reads what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound
from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_content import SampleSides, SampleView, build_sample_views
from annotation.models import Assignment, Member, Study, User
from annotation.suggestions import showing
from annotation.suggestions.arms import SuggestionArm
from annotation.suggestions.showing import SuggestionView

from .assignment_sql import HeldRow, LeasingContext, revisable_assignments
from .assignment_sql import find_leasing_context as read_desk
from .assignment_sql import live_leases as held_rows
from .claiming import claim_samples
from .leases import expire_leases, require_own_assignment
from .own_scores import OwnScore, score_views

MAX_HELD = 10


@dataclass(frozen=True, slots=True)
class LeasedWork:
    """An assignment as its annotator sees it.

    It is ``revising`` while they may answer a judge's values, which they were shown once their own were locked; then
    ``expires_at`` is when that ends. ``suggestion`` is what they have been shown of a judge, and nothing else.
    """

    public_id: str
    state: str
    leased_at: datetime
    expires_at: datetime
    sample: SampleView
    score: OwnScore | None
    suggestion: SuggestionView | None


@dataclass(frozen=True, slots=True)
class WorkList:
    """Assignments to work on, and why there are no more (`nothing_left`, `study_not_running`, `member_paused`)."""

    assignments: list[LeasedWork]
    reason: str | None


def lease_samples(*, by: User, slug: str, count: int = 1) -> WorkList:
    """Return up to ``count`` assignments: to revise, then held, then newly leased.

    More are begun samples, then new ones.

    Raises:
        NotFound: the user is a stranger to the study.
        NotAllowed: the user's role does not score.
        BadInput: ``count`` is out of range.
    """
    if not 1 <= count <= MAX_HELD:
        raise BadInput(f"Ask for 1 to {MAX_HELD} samples.", fields={"count": f"From 1 to {MAX_HELD}."})
    now = timezone.now()
    context = _require_leasing_context(by, slug, now)
    if context.a_lease_ran_out:
        expire_leases(limit=100)
    rows = _read_held(context, now)
    reason = None
    missing = count - len(rows)
    if missing > 0:
        if context.study_state != Study.State.RUNNING:
            reason = "study_not_running"
        elif context.member_state != Member.State.ACTIVE:
            reason = "member_paused"
        else:
            rows += claim_samples(context, missing, now)
            if len(rows) < count:
                reason = "nothing_left"
    return WorkList(_build_work(rows[:count], context.rubric_id), reason)


def held_assignments(*, by: User, slug: str) -> list[LeasedWork]:
    """Return the annotator's assignments to revise and to score, oldest lease first."""
    now = timezone.now()
    context = _require_leasing_context(by, slug, now)
    return _build_work(_read_held(context, now), context.rubric_id)


def read_work(assignments: Sequence[Assignment], study: Study) -> list[LeasedWork]:
    """Return assignments of one study, in their order, as their annotator sees them."""
    keys = [assignment.pk for assignment in assignments]
    rows = {row[0]: HeldRow(*row) for row in Assignment.objects.filter(pk__in=keys).values_list(*_ROW)}
    return _build_work([rows[key] for key in keys], study.rubric_id)


def read_own_assignment(*, by: User, assignment_id: str) -> LeasedWork:
    """Return one assignment of the user's own, held or past."""
    assignment = require_own_assignment(by, assignment_id)
    rows = Assignment.objects.filter(pk=assignment.id).values_list(*_ROW)
    return _build_work([HeldRow(*row) for row in rows], assignment.rubric_id)[0]


def _read_held(context: LeasingContext, now: datetime) -> list[HeldRow]:
    revising = revisable_assignments(context.member_id, now, MAX_HELD) if context.meets_judges else []
    return revising + held_rows(context.member_id, now, MAX_HELD)


def _require_leasing_context(by: User, slug: str, now: datetime) -> LeasingContext:
    context = read_desk(by.pk, slug, now)
    if context is None:
        if by.is_site_admin and Study.objects.filter(slug=slug).exists():
            raise NotAllowed("Join this study as an annotator to score in it.")
        raise NotFound("There is no such study, or you are not a member of it.")
    if context.role == Member.Role.RESEARCHER:
        raise NotAllowed("Researchers read results and do not score.")
    return context


_ROW = (
    "pk",
    "public_id",
    "state",
    "arm",
    "leased_at",
    "expires_at",
    "revise_until",
    "sample_id",
    "sample__public_id",
    "sample__has_text",
    "sample__has_image",
)


def _build_work(rows: Sequence[HeldRow], rubric_id: int) -> list[LeasedWork]:
    if not rows:
        return []
    rubric = load_rubric(rubric_id)
    sides = (SampleSides(row.sample_id, row.sample_public_id, row.has_text, row.has_image) for row in rows)
    shown = build_sample_views(sides, rubric)
    finished = [row.assignment_id for row in rows if row.state == Assignment.State.SCORED]
    scores = score_views(finished, rubric) if finished else {}
    suggestions = showing.build_suggestion_views([row.assignment_id for row in rows if _was_shown(row)], rubric)
    return [
        LeasedWork(
            public_id=row.public_id,
            state=Assignment.State(row.state).name.lower() if row.revise_until is None else "revising",
            leased_at=row.leased_at,
            expires_at=row.revise_until or row.expires_at,
            sample=shown[row.sample_id],
            score=scores.get(row.assignment_id),
            suggestion=suggestions.get(row.assignment_id),
        )
        for row in rows
    ]


def _was_shown(row: HeldRow) -> bool:
    """Whether the annotator can have seen a judge's values: prefilled, or after locking their own."""
    return row.arm == SuggestionArm.PREFILLED or (
        row.arm == SuggestionArm.DELAYED and row.state == Assignment.State.SCORED
    )
