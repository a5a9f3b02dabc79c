"""Questions, samples, their content and their pictures."""

from django.db import models
from django.db.models import Q

from .fields import opaque_id, shuffle_number
from .studies import Protocol, Study


class Question(models.Model):
    """The question that several samples answer; they stay together in every split."""

    class Part(models.TextChoices):
        TRAIN = "train", "train"
        TEST = "test", "test"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="questions")
    key = models.CharField(max_length=200, help_text="question_id of the file, else a hash of the question's text")
    part = models.CharField(
        max_length=5, choices=Part.choices, blank=True, help_text="given by its first release, and never changed"
    )
    reserved = models.BooleanField(default=False, help_text="in the pool that test questions come from")
    calibration = models.BooleanField(default=False, help_text="in train, kept from fitting to calibrate with")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "key"], name="question_key_once"),
            models.CheckConstraint(condition=~Q(part="test") | Q(reserved=True), name="question_test_is_reserved"),
            models.CheckConstraint(
                condition=~Q(calibration=True) | ~Q(part="test"), name="question_calibrates_in_train"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Sample(models.Model):
    """One response to score: its generator, state and place in the queue.

    The row is narrow on purpose, as every lease and every score updates it; turns and metadata are in `SampleContent`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        SCORING = "scoring", "scoring"
        IN_REVIEW = "in_review", "in review"
        IN_DISCUSSION = "in_discussion", "in discussion"
        AGREED = "agreed", "agreed"
        BLOCKED = "blocked", "blocked"
        WITHDRAWN = "withdrawn", "withdrawn"

    class Stage(models.IntegerChoices):
        """Where the assigning service looks for it."""

        CLOSED = 0, "no slot to give"
        UNTOUCHED = 1, "never leased"
        BEGUN = 2, "leased before, with a free slot"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="samples", db_index=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="samples")
    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    external_id = models.CharField(max_length=200)
    generator = models.CharField(max_length=120, blank=True)
    domain = models.CharField(max_length=120, blank=True)
    category = models.CharField(max_length=120, blank=True)
    topic = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=40, blank=True)
    has_text = models.BooleanField()
    has_image = models.BooleanField()
    state = models.CharField(max_length=14, choices=State.choices, default=State.WAITING)
    state_reason = models.CharField(max_length=200, blank=True)
    protocol = models.ForeignKey(
        Protocol, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    stage = models.PositiveSmallIntegerField(choices=Stage.choices, default=Stage.UNTOUCHED)
    free_slots = models.PositiveIntegerField(default=0, help_text="bit i set: slot i + 1 can be leased")
    priority = models.PositiveSmallIntegerField(default=0, help_text="0 to 9, higher first")
    shuffle = models.PositiveIntegerField(default=shuffle_number)
    queued_at = models.BigIntegerField(default=0, help_text="microseconds since 1970 when a slot last became free")
    scores_in = models.PositiveSmallIntegerField(default=0, help_text="standing independent scores, the review's too")
    scores_needed = models.PositiveSmallIntegerField(
        default=0, help_text="how many decide: k, more where a tie or a review asks one more; 0 before the first lease"
    )
    counts_imported = models.BooleanField(
        default=False, help_text="an admin has said that its imported scores are all there, so they decide, too"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "external_id"], name="sample_external_id_once"),
            models.CheckConstraint(
                condition=Q(stage=2, free_slots__gt=0) | Q(free_slots=0) & ~Q(stage=2),
                name="sample_begun_has_a_free_slot",
            ),
            models.CheckConstraint(condition=Q(priority__lte=9), name="sample_priority_in_range"),
        ]
        indexes = [
            models.Index(fields=["study", "priority", "shuffle"], condition=Q(stage=1), name="sample_untouched_queue"),
            models.Index(fields=["study", "priority", "queued_at"], condition=Q(stage=2), name="sample_begun_queue"),
            models.Index(fields=["study", "state"], name="sample_by_state"),
        ]

    def __str__(self) -> str:
        return self.public_id


class SampleContent(models.Model):
    """Turns of a sample as they were imported.

    ``turns`` is a list of ``{"question": str, "context": bool, "blocks": [{"text": str} | {"picture": int}]}`` where
    the integer is the position of the sample's `SamplePicture`.
    """

    sample = models.OneToOneField(Sample, on_delete=models.CASCADE, primary_key=True, related_name="content")
    turns = models.JSONField()
    metadata = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the normalised line, pictures by content")


class Picture(models.Model):
    """A picture file, stored once per content."""

    sha256 = models.CharField(max_length=64, unique=True)
    format = models.CharField(max_length=10)
    bytes = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    original = models.CharField(max_length=200, help_text="storage name of the file as it came")
    full = models.CharField(max_length=200, help_text="storage name of the full-size copy without metadata")
    web = models.CharField(max_length=200, help_text="storage name of the web-sized copy without metadata")
    web_width = models.PositiveIntegerField()
    web_height = models.PositiveIntegerField()


class SamplePicture(models.Model):
    """A picture of a sample, under an opaque name."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="pictures", db_index=False)
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="places")
    position = models.PositiveSmallIntegerField()
    source_name = models.CharField(max_length=300, help_text="path in the imported file")
    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "position"], name="sample_picture_position_once")]
        ordering = ["sample", "position"]
