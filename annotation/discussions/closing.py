"""Closes dimensions and discussions, and stores signatures, history and awaited participants."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef

from annotation.core.history import insert_history
from annotation.core.sample_states import Event, next_state
from annotation.core.score_rules import complete_scores
from annotation.models import Discussion, FinalScore, Participant, Rating, Sample, Score, Suggestion, Topic, User
from annotation.suggestions.arms import SuggestionArm, label_origin

from .case import REOPENED, DiscussionCase
from .closing_rules import common_level


@dataclass(slots=True)
class HistorySteps:
    """The actor, the time and the collected history entries of one change."""

    at: datetime
    user_id: int | None
    member_id: int | None = None
    entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, event: str, **detail: Any) -> None:
        """Add a history entry."""
        self.entries.append((event, detail))


def settle_case(case: DiscussionCase, steps: HistorySteps) -> None:
    """Close agreed dimensions, end the discussion with its last one, and store the result.

    Call it last in the transaction that changed something, with the case locked and its rows up to date.
    """
    everybody_speaks = case.discussion.because == REOPENED
    for topic in case.open_topics:
        level = common_level(case.stands(topic).values(), everybody_speaks=everybody_speaks)
        if level is not None:
            _close_topic(case, topic, level, steps)
    conclude_case(case, steps, Event.DISCUSSED)


def conclude_case(case: DiscussionCase, steps: HistorySteps, event: Event) -> None:
    """End the discussion if no dimension is open; store version, awaited participants and history."""
    discussion = case.discussion
    if not case.open_topics and discussion.state != Discussion.State.CLOSED:
        state = next_state(case.sample.state, event)
        close_discussion(case, steps.at)
        Sample.objects.filter(pk=case.sample.pk).update(
            state=state, state_reason="", stage=Sample.Stage.CLOSED, free_slots=0
        )
        case.sample.state = state
        steps.add(event, discussion=discussion.public_id, to=state)
    store_case(case, steps)


def close_discussion(case: DiscussionCase, at: datetime) -> None:
    """Mark the discussion as over; the caller stores it."""
    case.discussion.state = Discussion.State.CLOSED
    case.discussion.closed_at = at


def store_case(case: DiscussionCase, steps: HistorySteps) -> None:
    """Store the discussion's version, its awaited participants and the history."""
    discussion = case.discussion
    discussion.version += 1
    discussion.save(update_fields=["version", "state", "due_at", "closed_at"])
    _store_awaited(case)
    insert_history(
        [(case.sample.pk, event, detail) for event, detail in steps.entries],
        study_id=case.study.pk,
        member_id=steps.member_id,
        user_id=steps.user_id,
        at=steps.at,
    )


def set_final(
    case: DiscussionCase,
    topic: Topic,
    level_id: int,
    *,
    outcome: str,
    at: datetime,
    reason: str = "",
    by: User | None = None,
) -> None:
    """Store the value of a dimension as the current one and close its topic."""
    earlier = FinalScore.objects.filter(sample=case.sample, dimension=topic.dimension_id)
    version = earlier.aggregate(last=Max("version"))["last"] or 0
    earlier.filter(current=True).update(current=False)
    FinalScore.objects.create(
        sample=case.sample,
        dimension_id=topic.dimension_id,
        level_id=level_id,
        version=version + 1,
        outcome=outcome,
        label_origin=_label_origin(case.sample, topic.dimension_id),
        discussion=case.discussion,
        reason=reason,
        by=by,
    )
    topic.closed_at = at
    topic.save(update_fields=["closed_at"])


def _label_origin(sample: Sample, dimension_id: int) -> str:
    """Return the label origin of the values from which the discussion of a dimension began."""
    scores = Score.objects.filter(complete_scores(), sample=sample)
    imported = sample.counts_imported and scores.filter(origin=Score.Origin.IMPORTED).exists()
    met = Suggestion.objects.filter(assignment=OuterRef("assignment"), dimension=dimension_id)
    given = scores.filter(origin=Score.Origin.GIVEN).annotate(met=Exists(met))
    return label_origin(
        [arm if met else SuggestionArm.BLIND for arm, met in given.values_list("arm", "met")], imported=imported
    )


def _close_topic(case: DiscussionCase, topic: Topic, level_id: int, steps: HistorySteps) -> None:
    set_final(case, topic, level_id, outcome=FinalScore.Outcome.DISCUSSED, at=steps.at)
    _store_signatures(case, topic, level_id, steps.at)
    dimension = case.dimension(topic)
    steps.add(
        "topic_closed",
        discussion=case.discussion.public_id,
        dimension=dimension.key,
        value=case.value(level_id),
        first={str(one): case.value(case.stance(one, topic).first_id) for one in case.active},
        signed=[str(one) for one in case.active],
    )


def _store_signatures(case: DiscussionCase, topic: Topic, level_id: int, at: datetime) -> None:
    """Store each participant's closing value, in one score per discussion."""
    members = [one.member_id for one in case.active]
    signed = {
        score.member_id: score
        for score in Score.objects.filter(sample=case.sample, member__in=members, discussion=case.discussion)
    }
    rounds: dict[int, int] = dict(
        Score.objects.filter(sample=case.sample, member__in=members, voided_at=None)
        .order_by()
        .values_list("member")
        .annotate(last=Max("round"))
    )
    for one in case.active:
        score = signed.get(one.member_id)
        if score is None:
            score = Score.objects.create(
                sample=case.sample,
                member_id=one.member_id,
                discussion=case.discussion,
                # Round 1 is for independent scores, which a replacement has not given.
                round=max(rounds.get(one.member_id, 1), 1) + 1,
                origin=Score.Origin.SIGNED,
                complete=False,
                at=at,
            )
        else:
            Score.objects.filter(pk=score.pk).update(at=at)
        Rating.objects.create(score=score, dimension_id=topic.dimension_id, level_id=level_id)


def _store_awaited(case: DiscussionCase) -> None:
    awaited: set[int] = set()
    if case.discussion.state == Discussion.State.OPEN:
        for topic in case.open_topics:
            awaited |= case.awaited(topic)
    for waits in (True, False):
        changed = [one for one in case.participants if (one.pk in awaited) is waits and one.waits is not waits]
        if changed:
            Participant.objects.filter(pk__in=[one.pk for one in changed]).update(waits=waits)
            for one in changed:
                one.waits = waits
