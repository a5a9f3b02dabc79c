"""PURE. States of a sample, what can happen to it, and the one table of allowed transitions."""

from enum import StrEnum

from .errors import WrongState


class State(StrEnum):
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


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.WAITING, Event.LEASED): State.SCORING,
    (State.WAITING, Event.ASSIGNED): State.SCORING,
    (State.WAITING, Event.CONTENT_REPLACED): State.WAITING,
    (State.WAITING, Event.DECIDED_BY_RULE): State.AGREED,
    (State.WAITING, Event.LABELS_IMPORTED): State.AGREED,
    (State.WAITING, Event.SCORES_COMPLETED): State.SCORING,
    (State.WAITING, Event.WITHDRAWN): State.WITHDRAWN,
    (State.SCORING, Event.LEASED): State.SCORING,
    (State.SCORING, Event.ASSIGNED): State.SCORING,
    (State.SCORING, Event.RELEASED): State.SCORING,
    (State.SCORING, Event.SCORED): State.SCORING,
    (State.SCORING, Event.UNDONE): State.SCORING,
    # Those who were shown a judge's values after their own keep or change them; until then nothing is decided.
    (State.SCORING, Event.REVISED): State.SCORING,
    (State.SCORING, Event.REVISION_UNDONE): State.SCORING,
    (State.SCORING, Event.REVISION_LAPSED): State.SCORING,
    (State.SCORING, Event.SKIPPED): State.SCORING,
    (State.SCORING, Event.SKIPPED_BY_ALL): State.BLOCKED,
    (State.SCORING, Event.NOBODY_ELIGIBLE): State.BLOCKED,
    (State.SCORING, Event.SCORES_COMPLETED): State.SCORING,
    (State.SCORING, Event.PROTOCOL_CHANGED): State.SCORING,
    (State.SCORING, Event.ONE_MORE_ASKED): State.SCORING,
    (State.SCORING, Event.AGREED): State.AGREED,
    (State.SCORING, Event.REVIEW_ASKED): State.IN_REVIEW,
    (State.SCORING, Event.DISPUTED): State.IN_DISCUSSION,
    (State.SCORING, Event.WITHDRAWN): State.WITHDRAWN,
    # To its annotator a review is a first assignment like any other; the values before it stand.
    (State.IN_REVIEW, Event.LEASED): State.IN_REVIEW,
    (State.IN_REVIEW, Event.ASSIGNED): State.IN_REVIEW,
    (State.IN_REVIEW, Event.RELEASED): State.IN_REVIEW,
    (State.IN_REVIEW, Event.SCORED): State.IN_REVIEW,
    (State.IN_REVIEW, Event.SKIPPED): State.IN_REVIEW,
    (State.IN_REVIEW, Event.SKIPPED_BY_ALL): State.BLOCKED,
    (State.IN_REVIEW, Event.NOBODY_ELIGIBLE): State.BLOCKED,
    (State.IN_REVIEW, Event.ONE_MORE_ASKED): State.IN_REVIEW,
    (State.IN_REVIEW, Event.AGREED): State.AGREED,
    (State.IN_REVIEW, Event.DISPUTED): State.IN_DISCUSSION,
    (State.IN_REVIEW, Event.WITHDRAWN): State.WITHDRAWN,
    (State.IN_DISCUSSION, Event.DISCUSSED): State.AGREED,
    (State.IN_DISCUSSION, Event.OVERRIDDEN): State.AGREED,
    (State.IN_DISCUSSION, Event.WITHDRAWN): State.WITHDRAWN,
    # Somebody may still be looking at a sample that others have given up: their work is kept.
    (State.BLOCKED, Event.SCORED): State.BLOCKED,
    (State.BLOCKED, Event.SKIPPED): State.BLOCKED,
    (State.BLOCKED, Event.RELEASED): State.BLOCKED,
    (State.BLOCKED, Event.UNDONE): State.BLOCKED,
    (State.BLOCKED, Event.REVISED): State.BLOCKED,
    (State.BLOCKED, Event.REVISION_UNDONE): State.BLOCKED,
    (State.BLOCKED, Event.REVISION_LAPSED): State.BLOCKED,
    (State.BLOCKED, Event.SENT_BACK): State.SCORING,
    (State.BLOCKED, Event.WITHDRAWN): State.WITHDRAWN,
    # Those with two or more scores are discussed again; the others are scored again.
    (State.AGREED, Event.REOPENED): State.IN_DISCUSSION,
    (State.AGREED, Event.SENT_BACK): State.SCORING,
    (State.AGREED, Event.REVIEW_ASKED): State.IN_REVIEW,
    (State.AGREED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.WITHDRAWN, Event.SENT_BACK): State.SCORING,
    # What a rule decides is not scored.
    (State.WITHDRAWN, Event.RESTORED): State.AGREED,
    # By an import, and only where no score stands and nobody is at it; agreed ones only if a file or the rule decided.
    (State.SCORING, Event.CONTENT_REPLACED): State.SCORING,
    (State.BLOCKED, Event.CONTENT_REPLACED): State.BLOCKED,
    (State.AGREED, Event.CONTENT_REPLACED): State.WAITING,
}


def after(state: str, event: Event) -> State:
    """Return the state that follows ``event`` in ``state``.

    Raises:
        WrongState: the table has no such transition.
    """
    try:
        return TRANSITIONS[State(state), event]
    except KeyError:
        raise WrongState(f"A sample that is {state.replace('_', ' ')} cannot be {event.replace('_', ' ')}.") from None


def diagram() -> str:
    """Return the table as a Mermaid state diagram, one arrow per pair of states, for the README."""
    events: dict[tuple[State, State], list[str]] = {}
    for (state, event), following in TRANSITIONS.items():
        if state is not following:
            events.setdefault((state, following), []).append(event.replace("_", " "))
    arrows = [f"    {state} --> {following}: {', '.join(names)}" for (state, following), names in events.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> waiting", *arrows])
