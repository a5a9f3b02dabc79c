"""Reopens and withdraws samples for admins."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from annotation.core import slot_mask
from annotation.core.errors import BadInput, WrongState
from annotation.core.history import record_step
from annotation.core.rubric_cache import DimensionDefinition
from annotation.core.sample_states import Event, next_state
from annotation.core.sql import to_microseconds
from annotation.core.transactions import write_transaction
from annotation.core.visibility import deciding_level
from annotation.discussions import case as discussion_case
from annotation.discussions.case import require_open_study
from annotation.discussions.closing import HistorySteps, close_discussion, store_case
from annotation.models import (
    Assignment,
    Discussion,
    FinalScore,
    Member,
    Participant,
    Protocol,
    Rating,
    Sample,
    Score,
    User,
)
from annotation.models.studies import MAX_SLOTS
from annotation.scoring import deciding, revision_expiry
from annotation.scoring.leases import release_leases

from .admin_step import (
    decided_by_rule_error,
    lock_sample,
    member_id_of,
    reload_sample,
    require_reason,
    scored_dimensions,
)

FEWEST = 2


def reopen_sample(*, by: User, sample_id: str, reason: str, dimensions: Sequence[str] | None = None) -> Sample:
    """Reopen a sample that was agreed, blocked or withdrawn.

    An agreed one that two or more people scored who are still here is discussed again, on ``dimensions`` or on all;
    their values before it are where they begin. Any other goes back to be scored: agreed ones get at least one more
    score, beside those that stand. It is then discussed or agreed by all of them. A withdrawn one of which a rule
    decides everything is agreed as it was before.

    Raises:
        NotFound, NotAllowed: the user does not lead the study.
        BadInput: no reason, or a dimension that nobody scores on this sample.
        WrongState: `by_rule` where a rule decides it and it was not withdrawn, `no_slot`, `study_closed`, and where
            there is nothing to reopen.
    """
    words = require_reason(reason)
    now = timezone.now()
    with write_transaction():
        sample = lock_sample(by, sample_id)
        require_open_study(sample.study)
        scored = scored_dimensions(sample)
        if not scored and sample.state != Sample.State.WITHDRAWN:
            raise decided_by_rule_error()
        chosen = _check_dimensions(scored, dimensions)
        people = _read_last_values(sample) if sample.state == Sample.State.AGREED else {}
        if not scored:
            _restore_finals(sample, by=by, reason=words)
        elif len(people) >= FEWEST:
            _discuss_again(sample, chosen, people, by=by, reason=words, at=now)
        else:
            _score_again(sample, by=by, reason=words, at=now)
    return reload_sample(sample)


def withdraw_sample(*, by: User, sample_id: str, reason: str) -> Sample:
    """Withdraw a sample: it is not scored or discussed, and has no final values.

    What was said stays. Reopening it brings it back.

    Raises:
        NotFound, NotAllowed: the user does not lead the study.
        BadInput: no reason.
        WrongState: it is withdrawn already, or the study is closed (`study_closed`).
    """
    words = require_reason(reason)
    now = timezone.now()
    with write_transaction():
        sample = lock_sample(by, sample_id)
        require_open_study(sample.study)
        state = next_state(sample.state, Event.WITHDRAWN)
        _end_discussion(sample, by=by, at=now)
        held = Assignment.objects.filter(sample=sample, state=Assignment.State.LEASED)
        release_leases(list(held.values_list("pk", flat=True)), event="released")
        waiting = Assignment.objects.filter(sample=sample, revise_until__isnull=False)
        revision_expiry.end_revisions(list(waiting.values_list("pk", flat=True)), deciding=False)
        FinalScore.objects.filter(sample=sample, current=True).update(current=False)
        Sample.objects.filter(pk=sample.pk).update(
            state=state, state_reason=words[:200], stage=Sample.Stage.CLOSED, free_slots=0
        )
        record_step(Event.WITHDRAWN, study=sample.study, by=by, sample=sample, to=state, reason=words)
    return reload_sample(sample)


def dimensions_to_discuss(sample: Sample) -> list[DimensionDefinition]:
    """Return the dimensions that `reopen_sample` can discuss again; none where it sends the sample to be scored."""
    if sample.state != Sample.State.AGREED or len(_read_last_values(sample)) < FEWEST:
        return []
    return scored_dimensions(sample)


def _check_dimensions(scored: list[DimensionDefinition], wanted: Sequence[str] | None) -> list[DimensionDefinition]:
    if wanted is None:
        return scored
    known = [dimension.key for dimension in scored]
    if not known:
        raise BadInput("A rule decides all of this sample.", fields={"dimensions": "None: nobody scores it."})
    if not wanted or not set(wanted) <= set(known):
        raise BadInput("Choose dimensions of this sample.", fields={"dimensions": "Some of " + ", ".join(known) + "."})
    return [dimension for dimension in scored if dimension.key in wanted]


def _read_last_values(sample: Sample) -> dict[int, dict[int, int | None]]:
    """Return the last levels by dimension of members who scored the sample and can discuss."""
    last = Discussion.objects.filter(sample=sample).order_by("-number").first()
    excused = Participant.objects.filter(discussion=last, state=Participant.State.EXCUSED).values("member")
    scores = Score.objects.filter(sample=sample, voided_at=None, member__user__isnull=False).exclude(
        member__state=Member.State.LEFT
    )
    scores = scores.exclude(member__role=Member.Role.RESEARCHER).exclude(member__in=excused)
    if not sample.counts_imported:
        scores = scores.exclude(origin=Score.Origin.IMPORTED)
    # What was signed covers the discussed dimensions alone; an imported score may lack some.
    scores = scores.exclude(complete=False, round=1)
    values: dict[int, dict[int, int | None]] = {}
    rows = (
        Rating.objects.filter(score__in=scores).annotate(deciding=deciding_level()).order_by("score__round", "score_id")
    )
    for member, dimension, level in rows.values_list("score__member_id", "dimension_id", "deciding"):
        values.setdefault(member, {})[dimension] = level
    return values


def _discuss_again(
    sample: Sample,
    dimensions: list[DimensionDefinition],
    people: dict[int, dict[int, int | None]],
    *,
    by: User,
    reason: str,
    at: datetime,
) -> None:
    state = next_state(sample.state, Event.REOPENED)
    keys = [dimension.id for dimension in dimensions]
    discussion = deciding.open_discussion(
        sample,
        because=Discussion.Because.REOPENED,
        dimensions=keys,
        participants=[(member, {key: own.get(key) for key in keys}) for member, own in sorted(people.items())],
        at=at,
        discussion_days=sample.protocol.discussion_days if sample.protocol else None,
    )
    FinalScore.objects.filter(sample=sample, dimension__in=keys, current=True).update(current=False)
    Sample.objects.filter(pk=sample.pk).update(state=state, state_reason="", stage=Sample.Stage.CLOSED, free_slots=0)
    record_step(
        Event.REOPENED,
        study=sample.study,
        by=by,
        sample=sample,
        to=state,
        discussion=discussion.public_id,
        dimensions=[dimension.key for dimension in dimensions],
        reason=reason,
    )


def _score_again(sample: Sample, *, by: User, reason: str, at: datetime) -> None:
    """Open slots for the missing scores, at least one where the sample was agreed."""
    state = next_state(sample.state, Event.SENT_BACK)
    protocol = sample.protocol or Protocol.objects.get(study=sample.study, current=True)
    needed = max(sample.scores_needed, protocol.annotators_per_sample)
    if sample.state == Sample.State.AGREED:
        needed = max(needed, sample.scores_in + 1)
    live = Assignment.objects.filter(sample=sample, state__lte=Assignment.State.SCORED)
    used = dict(live.values_list("slot", "state"))
    held = sum(1 for kind in used.values() if kind == Assignment.State.LEASED)
    missing = max(0, needed - sample.scores_in - held)
    unused = [slot for slot in range(1, MAX_SLOTS + 1) if slot not in used]
    if missing > len(unused):
        raise WrongState(f"A sample takes {MAX_SLOTS} scores at most.", code="no_slot")
    free = sum(slot_mask.mask_of_slot(slot) for slot in unused[:missing])
    FinalScore.objects.filter(sample=sample, current=True).update(current=False)
    Sample.objects.filter(pk=sample.pk).update(
        state=state,
        state_reason="",
        protocol=protocol,
        scores_needed=needed,
        free_slots=free,
        stage=Sample.Stage.BEGUN if free else Sample.Stage.CLOSED,
        queued_at=to_microseconds(at),
    )
    record_step(Event.SENT_BACK, study=sample.study, by=by, sample=sample, to=state, reason=reason, scores=missing)
    if not missing and not held:
        deciding.decide_samples(
            [sample.pk], study_id=sample.study_id, by_member=member_id_of(by, sample.study), by_user=by.pk, at=at
        )


def _restore_finals(sample: Sample, *, by: User, reason: str) -> None:
    """Make the last values that a rule gave the sample current again."""
    state = next_state(sample.state, Event.RESTORED)
    finals = FinalScore.objects.filter(sample=sample, outcome=FinalScore.Outcome.BY_RULE)
    newest = finals.aggregate(newest=Max("version"))["newest"]
    if newest is None:
        raise decided_by_rule_error()
    finals.filter(version=newest).update(current=True)
    Sample.objects.filter(pk=sample.pk).update(state=state, state_reason="")
    record_step(Event.RESTORED, study=sample.study, by=by, sample=sample, to=state, reason=reason)


def _end_discussion(sample: Sample, *, by: User, at: datetime) -> None:
    open_one = Discussion.objects.filter(sample=sample).exclude(state=Discussion.State.CLOSED)
    public_id = open_one.values_list("public_id", flat=True).first()
    if public_id is None:
        return
    case = discussion_case.lock_case(public_id)
    close_discussion(case, at)
    store_case(case, HistorySteps(at=at, user_id=by.pk, member_id=member_id_of(by, sample.study)))
