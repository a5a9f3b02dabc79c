"""The colours of levels, from the lowest to the highest of a dimension."""

from collections.abc import Sequence
from typing import Any

# So many colours do the style sheets have: the classes level-0 to level-5.
LEVEL_COLOURS = 6


def level_colour(position: int, levels: Sequence[Any]) -> int:
    """Return the number of the colour, from 0, of the level at ``position`` among ``levels``."""
    if len(levels) <= 1:
        return 0
    return round(position * (LEVEL_COLOURS - 1) / (len(levels) - 1))
