"""Sends one agreed sample to cross-review at an admin's request.

To whoever gets it this is a first assignment like any other: the same slot, state and queue as where the protocol asks.
"""

from django.db.models import Max
from django.utils import timezone

from annotation.core import slot_mask
from annotation.core.errors import WrongState
from annotation.core.history import record_step
from annotation.core.sample_states import Event, next_state
from annotation.core.sql import to_microseconds
from annotation.core.transactions import write_transaction
from annotation.discussions.case import require_open_study
from annotation.models import Assignment, FinalScore, Protocol, Sample, User
from annotation.models.studies import MAX_SLOTS
from annotation.scoring import deciding_sql as sql

from .admin_step import decided_by_rule_error, lock_sample, reload_sample, require_reason, scored_dimensions
from .eligibility import eligible_annotators

# What follows from independent scores, which one more score can be held against.
FROM_SCORES = (
    FinalScore.Outcome.UNANIMOUS,
    FinalScore.Outcome.WITHIN_TOLERANCE,
    FinalScore.Outcome.SINGLE,
    FinalScore.Outcome.REVIEWED,
)
# Why a sample that is not agreed cannot be sent, by its state.
NOT_AGREED = {
    Sample.State.WAITING: "Nobody has scored it yet. Assign it to people instead.",
    Sample.State.SCORING: "It is still being scored. Its scores come first.",
    Sample.State.IN_REVIEW: "It waits for a further score already.",
    Sample.State.IN_DISCUSSION: "It is being discussed. Its discussion comes first.",
    Sample.State.BLOCKED: "It is blocked. Reopen it, and it goes back to be scored.",
    Sample.State.WITHDRAWN: "It was withdrawn. Reopen it, and it goes back to be scored.",
}


def request_review(*, by: User, sample_id: str, reason: str) -> Sample:
    """Send an agreed sample to a new annotator; it has no final values until they score it.

    The scores before it stand. The last score decides over all of them, as a cross-review by protocol does.

    Raises:
        NotFound, NotAllowed: the user does not lead the study.
        BadInput: no reason.
        WrongState: `by_rule`, `imported`, `discussed`, `aggregates` where its values did not come from scores that
            have to agree; `nobody_eligible`, `no_slot`, `study_closed`; and where it is not agreed.
    """
    words = require_reason(reason)
    now = timezone.now()
    with write_transaction():
        sample = lock_sample(by, sample_id)
        require_open_study(sample.study)
        refusal = why_not_reviewable(sample, by=by)
        if refusal is not None:
            raise refusal
        state = next_state(sample.state, Event.REVIEW_ASKED)
        # One score more than there are, whatever was needed when it was agreed.
        Sample.objects.filter(pk=sample.pk).update(scores_needed=sample.scores_in)
        slot = slot_mask.mask_of_slot(_next_slot(sample))
        sql.open_slot([sample.pk], state=state, slot_bit=slot, queued_at=to_microseconds(now))
        sql.retire_finals([sample.pk])
        record_step(Event.REVIEW_ASKED, study=sample.study, by=by, sample=sample, to=state, reason=words)
    return reload_sample(sample)


def why_not_reviewable(sample: Sample, *, by: User) -> WrongState | None:
    """Return why the user cannot request a cross-review, or None where they can."""
    if not scored_dimensions(sample):
        return decided_by_rule_error()
    if sample.state != Sample.State.AGREED:
        return WrongState(NOT_AGREED[Sample.State(sample.state)])
    outcomes = set(FinalScore.objects.filter(sample=sample, current=True).values_list("outcome", flat=True))
    if outcomes & {FinalScore.Outcome.DISCUSSED, FinalScore.Outcome.OVERRIDDEN}:
        return WrongState("Its values were settled in a discussion. Reopen it instead.", code="discussed")
    if FinalScore.Outcome.IMPORTED in outcomes or not sample.scores_in:
        return WrongState("Its values came with an import. Reopen it, and people score it.", code="imported")
    protocol = sample.protocol
    if protocol is None or protocol.decide == Protocol.Decide.AGGREGATE or not outcomes & set(FROM_SCORES):
        return WrongState(
            "Its protocol takes the middle of all scores, against which there is nothing to review. Reopen it instead.",
            code="aggregates",
        )
    if _next_slot(sample) > MAX_SLOTS:
        return WrongState(f"A sample takes {MAX_SLOTS} scores at most. Reopen it instead.", code="no_slot")
    others = [
        taker for taker in eligible_annotators(sample.study, [sample])[sample.pk] if taker.member.user_id != by.pk
    ]
    if not any(taker.free for taker in others):
        return WrongState(
            "Everybody who scores here has scored, skipped or seen it. Invite somebody first, or reopen it.",
            code="nobody_eligible",
        )
    return None


def _next_slot(sample: Sample) -> int:
    """Return the first slot behind those of the first round and all that are in use, as `deciding` counts them."""
    live = Assignment.objects.filter(sample=sample, state__lte=Assignment.State.SCORED)
    last: int = live.aggregate(last=Max("slot"))["last"] or 0
    return max(sample.protocol.annotators_per_sample if sample.protocol else 0, last) + 1
