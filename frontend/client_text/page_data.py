"""The data with which the scripts of the annotators' pages start."""

from typing import Any

from annotation.core.rubric_cache import RubricDefinition

# Stands in an address for the public name that the script puts there.
OPAQUE = "222222222222"


def dimensions_of(rubric: RubricDefinition) -> list[dict[str, Any]]:
    """Return the dimensions of a rubric with their levels, whole values as whole numbers."""
    return [
        {
            "key": dimension.key,
            "name": dimension.name,
            "description": dimension.description,
            "needs": [side for side in ("text", "image") if getattr(dimension, f"needs_{side}")],
            "levels": [
                {
                    "value": int(level.value) if level.value.is_integer() else level.value,
                    "label": level.label,
                    "anchor": level.anchor,
                }
                for level in dimension.levels
            ],
        }
        for dimension in rubric.dimensions
    ]
