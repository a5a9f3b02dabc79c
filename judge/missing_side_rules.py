"""The rules of missing sides, applied to predictions."""

from dataclasses import replace

from .formats.prediction_line import DimensionPrediction, SamplePrediction, prediction_at_level
from .formats.rubric import RubricSpec
from .formats.sample_line import SampleRecord
from .missing_sides import LockedDimension, locked_dimensions


def locked_keys(sample: SampleRecord, rubric: RubricSpec) -> dict[str, LockedDimension]:
    """Return the dimensions of a sample that no judge is asked about, by key."""
    return locked_dimensions(rubric.dimensions, has_text=sample.has_text, has_image=sample.has_image)


def asked_keys(sample: SampleRecord, rubric: RubricSpec) -> list[str]:
    """Return the keys of the dimensions that a judge is asked about.

    There are none where both sides are missing.
    """
    locked = locked_keys(sample, rubric)
    return [dimension.key for dimension in rubric.dimensions if dimension.key not in locked]


def apply_rules(prediction: SamplePrediction, sample: SampleRecord, rubric: RubricSpec) -> SamplePrediction:
    """Return a prediction with the rules of missing sides applied.

    A dimension whose missing side means a level has that level, whatever the model said; one that does not apply has
    no entry. A sample of which all follows from rules has the status ``rule``. A failure keeps its status: what the
    rules say of such a sample is not what the judge was good for.
    """
    locked = locked_keys(sample, rubric)
    if not locked:
        return prediction
    dimensions: dict[str, DimensionPrediction] = {}
    for dimension in rubric.dimensions:
        rule = locked.get(dimension.key)
        if rule is not None:
            if rule.value is not None:
                dimensions[dimension.key] = prediction_at_level(rule.value, dimension, rule.why)
        elif dimension.key in prediction.dimensions:
            dimensions[dimension.key] = prediction.dimensions[dimension.key]
    status = "rule" if len(locked) == len(rubric.dimensions) else prediction.status
    return replace(prediction, status=status, dimensions=dimensions)
