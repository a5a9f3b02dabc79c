"""Releases: the reserved test pool, frozen copies of final scores, and rendered files."""

from django.db import models
from django.db.models import Q

from .fields import opaque_id
from .people import User
from .rubrics import Rubric
from .samples import Sample
from .studies import Protocol, Study


class ReservedPool(models.Model):
    """A study's reservation of test questions; see `Question.reserved`.

    Whether a question that arrives later belongs to it follows from the seed, the share and the question's key.
    """

    study = models.OneToOneField(Study, on_delete=models.CASCADE, primary_key=True, related_name="reserved_pool")
    share = models.FloatField(help_text="which share of the questions is reserved")
    calibration_share = models.FloatField(help_text="which share of the others is kept for calibration")
    seed = models.BigIntegerField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lt=1, calibration_share__gte=0, calibration_share__lt=1),
                name="reserved_pool_shares_in_range",
            ),
        ]


class Release(models.Model):
    """A numbered, frozen copy of the final scores of a study; never changed, whatever happens to the study."""

    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="releases", db_index=False)
    number = models.PositiveIntegerField(help_text="1, 2, … within the study")
    name = models.CharField(max_length=120)
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="+")
    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="+", help_text="the current one then")
    seed = models.BigIntegerField()
    frozen = models.CharField(max_length=200, help_text="storage name of the frozen records, which hold all of it")
    frozen_sha256 = models.CharField(max_length=64)
    about = models.JSONField(help_text="what its card and its page say: counts, agreement, protocol, how well met")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(help_text="when the study was read")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="release_number_once")]
        ordering = ["study", "-number"]

    def __str__(self) -> str:
        return f"{self.name} (release {self.number})"


class ReleaseEntry(models.Model):
    """A sample in a release, with the final scores that were current then."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="entries", db_index=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="+")
    newest_final = models.BigIntegerField(help_text="the highest id among the sample's current final scores")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "sample"], name="release_entry_once")]


class Rendition(models.Model):
    """Files made from a release, in an archive in storage."""

    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="renditions")
    formats = models.JSONField(help_text="names of the formats, sorted")
    with_generator = models.BooleanField(default=False)
    with_metadata = models.BooleanField(default=False)
    archive = models.CharField(max_length=200, help_text="storage name of the ZIP file")
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    files = models.JSONField(help_text="the manifest's list: path, bytes and sha256 of each file but the pictures")
    pictures = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["release", "-at"]
