"""Discussions of disputed samples: topics, participants, stances and posts."""

from django.db import models
from django.db.models import F, Q

from .fields import opaque_id
from .people import Member
from .rubrics import LEVELS_PER_DIMENSION, Dimension, Level
from .samples import Sample
from .studies import Study


def _level_of_its_dimension(field: str) -> Q:
    """Return the condition that a level, where there is one, belongs to the row's dimension."""
    lowest = F("dimension_id") * LEVELS_PER_DIMENSION
    return Q(**{f"{field}__isnull": True}) | Q(
        **{f"{field}_id__gte": lowest, f"{field}_id__lt": lowest + LEVELS_PER_DIMENSION}
    )


class Discussion(models.Model):
    """The discussion of one sample's disputed dimensions."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        HANDED_OVER = "handed_over", "with the admins"
        CLOSED = "closed", "closed"

    class Because(models.TextChoices):
        SCORES = "scores", "the scores differ"
        REVIEW = "review", "the cross-review differs"
        REOPENED = "reopened", "an admin reopened it"

    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="discussions", db_index=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="discussions", db_index=False)
    number = models.PositiveSmallIntegerField(help_text="of the sample's discussions, from 1")
    because = models.CharField(max_length=8, choices=Because.choices)
    state = models.CharField(max_length=11, choices=State.choices, default=State.OPEN)
    spread = models.FloatField(help_text="the widest range of first values on one dimension; orders the queue")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(
        default=1, help_text="grows with every change, so that a page can ask for news"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "number"], name="discussion_number_once"),
            models.UniqueConstraint(fields=["sample"], condition=~Q(state="closed"), name="discussion_one_open"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | ~Q(state="closed") & Q(closed_at__isnull=True),
                name="discussion_closed_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                F("study"), F("spread").desc(), F("id"), condition=~Q(state="closed"), name="discussion_queue"
            ),
            models.Index(fields=["due_at"], condition=Q(state="open"), name="discussion_due"),
            models.Index(fields=["study"], condition=Q(state="handed_over"), name="discussion_handed_over"),
            models.Index(F("study"), F("closed_at").desc(), condition=Q(state="closed"), name="discussion_closed"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Topic(models.Model):
    """One dimension of a discussion, closed by a common value or by an admin."""

    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="topics", db_index=False)
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+", db_index=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["discussion", "dimension"], name="topic_dimension_once")]


class Participant(models.Model):
    """A member's part in a discussion, under a pseudonym that holds for this one alone."""

    class State(models.TextChoices):
        ACTIVE = "active", "takes part"
        EXCUSED = "excused", "excused"

    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="participants", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="participations")
    number = models.PositiveSmallIntegerField(help_text="n of the pseudonym Rn")
    state = models.CharField(max_length=7, choices=State.choices, default=State.ACTIVE)
    replaces = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    excused_because = models.CharField(max_length=400, blank=True)
    waits = models.BooleanField(default=True, help_text="the discussion waits for an answer of theirs")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["discussion", "member"], name="participant_once"),
            models.UniqueConstraint(fields=["discussion", "number"], name="participant_number_once"),
            models.CheckConstraint(
                condition=Q(state="active") | Q(waits=False), name="participant_excused_is_not_awaited"
            ),
        ]
        indexes = [models.Index(fields=["member"], condition=Q(waits=True), name="participant_awaited")]

    def __str__(self) -> str:
        return f"R{self.number}"


class Stance(models.Model):
    """A participant's first and current level on a topic; the posts hold its history."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="stances", db_index=False)
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+", db_index=False)
    first = models.ForeignKey(
        Level,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="the independent value, or the first one of somebody who came later",
    )
    level = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    reasoned_at = models.DateTimeField(null=True, blank=True, help_text="when the own reason was given")
    answered_at = models.DateTimeField(null=True, blank=True, help_text="when the value was last kept or moved")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "dimension"], name="stance_once"),
            models.CheckConstraint(condition=_level_of_its_dimension("first"), name="stance_first_of_its_dimension"),
            models.CheckConstraint(condition=_level_of_its_dimension("level"), name="stance_level_of_its_dimension"),
        ]


class Post(models.Model):
    """One reason, comment or stance change on a topic. Append-only."""

    class Kind(models.TextChoices):
        REASON = "reason", "own reason, before seeing the others"
        COMMENT = "comment", "comment"
        KEEP = "keep", "keeps the value"
        MOVE = "move", "moves to another value"

    class Reason(models.TextChoices):
        CONVINCED = "convinced", "the others' reasons convince me"
        OVERLOOKED = "overlooked", "I had overlooked something"
        MISREAD = "misread", "I had misread the question"
        RUBRIC = "rubric", "the rubric's wording fits this level better"
        PICTURE = "picture", "seen in what the picture shows"
        TEXT = "text", "seen in what the text says"
        SLIP = "slip", "a slip of the finger"

    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="posts")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="posts", db_index=False)
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    before = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    level = models.ForeignKey(
        Level,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="where its author stands from here on",
    )
    reason = models.CharField(max_length=10, choices=Reason.choices, blank=True)
    text = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True, help_text="active time, as measured by the page")
    client_key = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client_key", "dimension"], name="post_once"),
            models.CheckConstraint(condition=_level_of_its_dimension("before"), name="post_before_of_its_dimension"),
            models.CheckConstraint(condition=_level_of_its_dimension("level"), name="post_level_of_its_dimension"),
            models.CheckConstraint(condition=~Q(reason="") | ~Q(text="") | Q(kind="keep"), name="post_says_something"),
        ]
        ordering = ["id"]
