"""Rubrics, their dimensions and the ordered levels of each."""

from typing import Any

from django.db import models
from django.db.models import F, Q

LEVELS_PER_DIMENSION = 100


class Rubric(models.Model):
    """One version of a set of dimensions; frozen from the first rating given under it."""

    key = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the normalised definition")
    frozen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="rubric_version_once")]
        ordering = ["key", "-version"]

    def __str__(self) -> str:
        return f"{self.key}@{self.version}"


class Dimension(models.Model):
    """One question asked of every sample, with the sides of the answer that it needs."""

    class Missing(models.TextChoices):
        LEVEL = "level", "takes a level"
        NOT_APPLICABLE = "not_applicable", "is not applicable"

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="dimensions")
    key = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField()
    needs_text = models.BooleanField()
    needs_image = models.BooleanField()
    missing = models.CharField(max_length=20, choices=Missing.choices, default=Missing.NOT_APPLICABLE)
    missing_value = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rubric", "key"], name="dimension_key_once"),
            models.UniqueConstraint(fields=["rubric", "position"], name="dimension_position_once"),
            models.CheckConstraint(
                condition=Q(missing="level", missing_value__isnull=False)
                | Q(missing="not_applicable", missing_value__isnull=True),
                name="dimension_missing_value_matches",
            ),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.key


class Level(models.Model):
    """One value that a dimension can take, with its anchor text.

    The primary key is ``dimension * 100 + position``: a rating that names a dimension and a level can then be
    checked by the database to name a level *of that dimension*, without a trigger.
    """

    id = models.BigIntegerField(primary_key=True)
    dimension = models.ForeignKey(Dimension, on_delete=models.CASCADE, related_name="levels")
    position = models.PositiveSmallIntegerField()
    value = models.FloatField()
    label = models.CharField(max_length=40, blank=True, help_text="one or two words, shown inside the key")
    anchor = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dimension", "value"], name="level_value_once"),
            models.CheckConstraint(
                condition=Q(id=F("dimension_id") * LEVELS_PER_DIMENSION + F("position")),
                name="level_id_names_its_dimension",
            ),
            models.CheckConstraint(condition=Q(position__lt=LEVELS_PER_DIMENSION), name="level_position_in_range"),
        ]
        ordering = ["dimension", "position"]

    def __str__(self) -> str:
        return f"{self.value:g}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = level_id(self.dimension_id, self.position)
        super().save(*args, **kwargs)


def level_id(dimension_id: int, position: int) -> int:
    """Return the primary key of the level at ``position`` (from 0) of a dimension."""
    return dimension_id * LEVELS_PER_DIMENSION + position
