"""A discussion with all of its rows, for writing to it and for showing it."""

from dataclasses import dataclass, field
from datetime import datetime

from annotation.core.errors import NotFound, WrongState
from annotation.core.rubric_cache import DimensionDefinition, RubricDefinition, load_rubric
from annotation.models import Discussion, Member, Participant, Post, Sample, Stance, Study, Topic

from .closing_rules import ParticipantStance, TopicPost, awaited_participants

REOPENED = Discussion.Because.REOPENED


@dataclass(slots=True)
class DiscussionCase:
    """One discussion and everything in it; ``posts`` are oldest first."""

    discussion: Discussion
    sample: Sample
    study: Study
    reason_first: bool
    rubric: RubricDefinition
    participants: list[Participant]
    topics: list[Topic]
    stances: dict[tuple[int, int], Stance]
    posts: list[Post] = field(default_factory=list)

    @property
    def active(self) -> list[Participant]:
        """The participants who have not been excused."""
        return [one for one in self.participants if one.state == Participant.State.ACTIVE]

    @property
    def open_topics(self) -> list[Topic]:
        """The dimensions that are still disputed."""
        return [topic for topic in self.topics if topic.closed_at is None]

    def dimension(self, topic: Topic) -> DimensionDefinition:
        """Return what the rubric says of a topic's dimension."""
        return next(dimension for dimension in self.rubric.dimensions if dimension.id == topic.dimension_id)

    def stance(self, participant: Participant, topic: Topic) -> Stance:
        """Return a participant's stance on a topic."""
        return self.stances[participant.pk, topic.dimension_id]

    def value(self, level_id: int | None) -> float | None:
        """Return the value of a level."""
        return None if level_id is None else self.rubric.value_of(level_id)

    def stands(self, topic: Topic) -> dict[int, ParticipantStance]:
        """Return the stances of active participants on a topic, by participant's primary key."""
        found = {one.pk: self.stance(one, topic) for one in self.active}
        return {
            pk: ParticipantStance(stance.level_id, stance.reasoned_at is not None, stance.answered_at is not None)
            for pk, stance in found.items()
        }

    def awaited(self, topic: Topic) -> set[int]:
        """Return the participants a topic waits for, by primary key; none once it is closed."""
        if topic.closed_at is not None:
            return set()
        said = [
            TopicPost(p.participant_id, p.kind, p.level_id) for p in self.posts if p.dimension_id == topic.dimension_id
        ]
        return awaited_participants(self.stands(topic), said, reason_first=self.reason_first)

    def lacks_reason(self, participant: Participant) -> bool:
        """Whether a participant has given no reason yet on some open dimension."""
        return self.reason_first and any(
            self.stance(participant, topic).reasoned_at is None for topic in self.open_topics
        )


def is_handed_over(discussion: Discussion, at: datetime) -> bool:
    """Whether the admins decide: from the deadline on, even before the periodic job notes it."""
    if discussion.state == Discussion.State.HANDED_OVER:
        return True
    return discussion.state == Discussion.State.OPEN and discussion.due_at is not None and discussion.due_at <= at


def asks_reason_first(sample: Sample) -> bool:
    """Whether participants give their own reason before they see the others'."""
    return sample.protocol is None or sample.protocol.reason_first


def read_case(discussion_id: int) -> DiscussionCase:
    """Return a discussion with all of its rows, in six queries."""
    discussion = Discussion.objects.select_related("sample__protocol", "study").get(pk=discussion_id)
    return _read_case_rows(discussion, discussion.sample)


def lock_case(public_id: str) -> DiscussionCase:
    """Return a discussion with all of its rows, its sample and itself locked; call it in a transaction.

    Raises:
        NotFound: there is no such discussion.
    """
    sample_id = Discussion.objects.filter(public_id=public_id).values_list("sample_id", flat=True).first()
    if sample_id is None:
        raise NotFound("There is no such discussion, or you do not take part in it.")
    # The sample first, as everywhere: two transactions that lock in the same order never wait for each other.
    sample = Sample.objects.select_for_update(of=("self",)).select_related("protocol").get(pk=sample_id)
    rows = Discussion.objects.select_for_update(of=("self",)).select_related("study")
    return _read_case_rows(rows.get(public_id=public_id), sample)


def _read_case_rows(discussion: Discussion, sample: Sample) -> DiscussionCase:
    rubric = load_rubric(discussion.study.rubric_id)
    place = {dimension.id: position for position, dimension in enumerate(rubric.dimensions)}
    participants = list(Participant.objects.select_related("member").filter(discussion=discussion).order_by("number"))
    topics = sorted(Topic.objects.filter(discussion=discussion), key=lambda topic: place[topic.dimension_id])
    stances = Stance.objects.filter(participant__discussion=discussion)
    return DiscussionCase(
        discussion=discussion,
        sample=sample,
        study=discussion.study,
        reason_first=asks_reason_first(sample),
        rubric=rubric,
        participants=participants,
        topics=topics,
        stances={(stance.participant_id, stance.dimension_id): stance for stance in stances},
        posts=list(Post.objects.filter(discussion=discussion).order_by("pk")),
    )


def require_open_study(study: Study) -> None:
    """Raise `WrongState` where a study takes no more decisions (`study_closed`)."""
    if study.state == Study.State.CLOSED:
        raise WrongState("This study is closed: what was agreed stands.", code="study_closed")


def why_away(*, state: str, role: str, user_id: int | None) -> str | None:
    """Return why a member cannot answer (paused, left, researcher, `no_login`), or None where they can."""
    if state != Member.State.ACTIVE:
        return state
    if user_id is None:
        return "no_login"
    return role if role == Member.Role.RESEARCHER else None


def is_covered(discussion: Discussion, *, active: bool, reads: bool, leads: bool, at: datetime) -> bool:
    """Whether a reader who owes a reason sees no more than participants do.

    Those who read the study's results are, while they owe it as ``active`` participants; those who lead no longer,
    once they have to decide.
    """
    if not reads:
        return True
    owes = active and discussion.state != Discussion.State.CLOSED
    return owes and not (leads and is_handed_over(discussion, at))


def state_of(discussion: Discussion, at: datetime) -> str:
    """Return the state of a discussion to show, with a passed deadline taken into account."""
    return Discussion.State.HANDED_OVER.value if is_handed_over(discussion, at) else discussion.state


def visible_reason(discussion: Discussion) -> str:
    """Return the reason of a discussion as shown to its participants."""
    # A review looks like any other score to those who give one, and so it does afterwards.
    because = discussion.because
    return Discussion.Because.SCORES.value if because == Discussion.Because.REVIEW else because


def can_answer(study: Study, *, state: str, role: str) -> bool:
    """Whether a member with a login can discuss in a study now."""
    running = study.state == Study.State.RUNNING
    return running and state == Member.State.ACTIVE and role != Member.Role.RESEARCHER
