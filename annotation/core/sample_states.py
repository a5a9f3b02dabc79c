"""PURE. States and events of a sample, and the table of allowed transitions."""

from enum import StrEnum

from .errors import WrongState


class SampleState(StrEnum):
    WAITING = "waiting"
    SCORING = "scoring"
    IN_REVIEW = "in_review"
    IN_DISCUSSION = "in_discussion"
    AGREED = "agreed"
    BLOCKED = "blocked"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    # Scoring, the cross-review included
    LEASED = "leased"
    ASSIGNED = "assigned"
    RELEASED = "released"
    SCORED = "scored"
    UNDONE = "undone"
    REVISED = "revised"
    REVISION_UNDONE = "revision_undone"
    REVISION_LAPSED = "revision_lapsed"
    SKIPPED = "skipped"
    SKIPPED_BY_ALL = "skipped_by_all"
    NOBODY_ELIGIBLE = "nobody_eligible"
    ONE_MORE_ASKED = "one_more_asked"
    # What follows from the scores
    AGREED = "agreed"
    REVIEW_ASKED = "review_asked"
    DISPUTED = "disputed"
    # Discussing
    DISCUSSED = "discussed"
    OVERRIDDEN = "overridden"
    # By an import
    CONTENT_REPLACED = "content_replaced"
    DECIDED_BY_RULE = "decided_by_rule"
    LABELS_IMPORTED = "labels_imported"
    SCORES_COMPLETED = "scores_completed"
    # By an admin
    PROTOCOL_CHANGED = "protocol_changed"
    REOPENED = "reopened"
    SENT_BACK = "sent_back"
    RESTORED = "restored"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[tuple[SampleState, Event], SampleState] = {
    (SampleState.WAITING, Event.LEASED): SampleState.SCORING,
    (SampleState.WAITING, Event.ASSIGNED): SampleState.SCORING,
    (SampleState.WAITING, Event.CONTENT_REPLACED): SampleState.WAITING,
    (SampleState.WAITING, Event.DECIDED_BY_RULE): SampleState.AGREED,
    (SampleState.WAITING, Event.LABELS_IMPORTED): SampleState.AGREED,
    (SampleState.WAITING, Event.SCORES_COMPLETED): SampleState.SCORING,
    (SampleState.WAITING, Event.WITHDRAWN): SampleState.WITHDRAWN,
    (SampleState.SCORING, Event.LEASED): SampleState.SCORING,
    (SampleState.SCORING, Event.ASSIGNED): SampleState.SCORING,
    (SampleState.SCORING, Event.RELEASED): SampleState.SCORING,
    (SampleState.SCORING, Event.SCORED): SampleState.SCORING,
    (SampleState.SCORING, Event.UNDONE): SampleState.SCORING,
    # Those who were shown a judge's values after their own keep or change them; until then nothing is decided.
    (SampleState.SCORING, Event.REVISED): SampleState.SCORING,
    (SampleState.SCORING, Event.REVISION_UNDONE): SampleState.SCORING,
    (SampleState.SCORING, Event.REVISION_LAPSED): SampleState.SCORING,
    (SampleState.SCORING, Event.SKIPPED): SampleState.SCORING,
    (SampleState.SCORING, Event.SKIPPED_BY_ALL): SampleState.BLOCKED,
    (SampleState.SCORING, Event.NOBODY_ELIGIBLE): SampleState.BLOCKED,
    (SampleState.SCORING, Event.SCORES_COMPLETED): SampleState.SCORING,
    (SampleState.SCORING, Event.PROTOCOL_CHANGED): SampleState.SCORING,
    (SampleState.SCORING, Event.ONE_MORE_ASKED): SampleState.SCORING,
    (SampleState.SCORING, Event.AGREED): SampleState.AGREED,
    (SampleState.SCORING, Event.REVIEW_ASKED): SampleState.IN_REVIEW,
    (SampleState.SCORING, Event.DISPUTED): SampleState.IN_DISCUSSION,
    (SampleState.SCORING, Event.WITHDRAWN): SampleState.WITHDRAWN,
    # To its annotator a review is a first assignment like any other; the values before it stand.
    (SampleState.IN_REVIEW, Event.LEASED): SampleState.IN_REVIEW,
    (SampleState.IN_REVIEW, Event.ASSIGNED): SampleState.IN_REVIEW,
    (SampleState.IN_REVIEW, Event.RELEASED): SampleState.IN_REVIEW,
    (SampleState.IN_REVIEW, Event.SCORED): SampleState.IN_REVIEW,
    (SampleState.IN_REVIEW, Event.SKIPPED): SampleState.IN_REVIEW,
    (SampleState.IN_REVIEW, Event.SKIPPED_BY_ALL): SampleState.BLOCKED,
    (SampleState.IN_REVIEW, Event.NOBODY_ELIGIBLE): SampleState.BLOCKED,
    (SampleState.IN_REVIEW, Event.ONE_MORE_ASKED): SampleState.IN_REVIEW,
    (SampleState.IN_REVIEW, Event.AGREED): SampleState.AGREED,
    (SampleState.IN_REVIEW, Event.DISPUTED): SampleState.IN_DISCUSSION,
    (SampleState.IN_REVIEW, Event.WITHDRAWN): SampleState.WITHDRAWN,
    (SampleState.IN_DISCUSSION, Event.DISCUSSED): SampleState.AGREED,
    (SampleState.IN_DISCUSSION, Event.OVERRIDDEN): SampleState.AGREED,
    (SampleState.IN_DISCUSSION, Event.WITHDRAWN): SampleState.WITHDRAWN,
    # Somebody may still be looking at a sample that others have given up: their work is kept.
    (SampleState.BLOCKED, Event.SCORED): SampleState.BLOCKED,
    (SampleState.BLOCKED, Event.SKIPPED): SampleState.BLOCKED,
    (SampleState.BLOCKED, Event.RELEASED): SampleState.BLOCKED,
    (SampleState.BLOCKED, Event.UNDONE): SampleState.BLOCKED,
    (SampleState.BLOCKED, Event.REVISED): SampleState.BLOCKED,
    (SampleState.BLOCKED, Event.REVISION_UNDONE): SampleState.BLOCKED,
    (SampleState.BLOCKED, Event.REVISION_LAPSED): SampleState.BLOCKED,
    (SampleState.BLOCKED, Event.SENT_BACK): SampleState.SCORING,
    (SampleState.BLOCKED, Event.WITHDRAWN): SampleState.WITHDRAWN,
    # Those with two or more scores are discussed again; the others are scored again.
    (SampleState.AGREED, Event.REOPENED): SampleState.IN_DISCUSSION,
    (SampleState.AGREED, Event.SENT_BACK): SampleState.SCORING,
    (SampleState.AGREED, Event.REVIEW_ASKED): SampleState.IN_REVIEW,
    (SampleState.AGREED, Event.WITHDRAWN): SampleState.WITHDRAWN,
    (SampleState.WITHDRAWN, Event.SENT_BACK): SampleState.SCORING,
    # What a rule decides is not scored.
    (SampleState.WITHDRAWN, Event.RESTORED): SampleState.AGREED,
    # By an import, and only where no score stands and nobody is at it; agreed ones only if a file or the rule decided.
    (SampleState.SCORING, Event.CONTENT_REPLACED): SampleState.SCORING,
    (SampleState.BLOCKED, Event.CONTENT_REPLACED): SampleState.BLOCKED,
    (SampleState.AGREED, Event.CONTENT_REPLACED): SampleState.WAITING,
}


def next_state(state: str, event: Event) -> SampleState:
    """Return the state that follows ``event`` in ``state``.

    Raises:
        WrongState: the table has no such transition.
    """
    try:
        return TRANSITIONS[SampleState(state), event]
    except KeyError:
        raise WrongState(f"A sample that is {state.replace('_', ' ')} cannot be {event.replace('_', ' ')}.") from None


def draw_state_diagram() -> str:
    """Return the table as a Mermaid state diagram, one arrow per pair of states, for docs/ARCHITECTURE.md."""
    events: dict[tuple[SampleState, SampleState], list[str]] = {}
    for (state, event), following in TRANSITIONS.items():
        if state is not following:
            events.setdefault((state, following), []).append(event.replace("_", " "))
    arrows = [f"    {state} --> {following}: {', '.join(names)}" for (state, following), names in events.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> waiting", *arrows])
