"""The worst misses: samples with the largest error relative to the judge's uncertainty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from frontend.charts.level_colour import level_colour
from frontend.presenters.annotator_remarks import format_signed, format_two_decimals
from frontend.presenters.vocabulary import format_decimals

from .text import format_interval

ROWS_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class ShownSample:
    """What a row shows of a sample of the study."""

    url: str
    """Its page."""
    question: str
    """The first line of what was asked."""
    thumb: str = ""
    """The address of its first picture; nothing where it has none."""
    name: str = ""
    """How it is called where its own id must not be shown."""


@dataclass(frozen=True, slots=True)
class WorstMiss:
    """One sample on one dimension."""

    id: str
    key: str
    name: str
    sample: ShownSample | None
    """None where the sample is not, or no more, in the study."""
    human: SafeString
    judge: str
    interval: str
    sd: str
    gap: str
    units: str
    """The gap in standard deviations of the judge."""


def worst_misses(card: Mapping[str, Any], samples: Mapping[str, ShownSample]) -> list[WorstMiss]:
    """Return the worst misses of all dimensions, the gravest first.

    What rounds to people's own score is no miss.
    """
    misses = [
        (float(miss["surprise"]), miss, dimension)
        for dimension in card["dimensions"]
        for miss in dimension["worst"]
        if abs(miss["expected"] - miss["human"]) >= _half_a_step(dimension["levels"])
    ]
    misses.sort(key=lambda row: (-round(row[0], 9), row[1]["id"], row[2]["key"]))
    return [_worst_miss(units, miss, dimension, samples) for units, miss, dimension in misses[:ROWS_AT_MOST]]


def _half_a_step(levels: Sequence[float]) -> float:
    ordered = sorted(levels)
    return min(upper - lower for lower, upper in pairwise(ordered)) / 2


def _worst_miss(
    units: float, miss: Mapping[str, Any], dimension: Mapping[str, Any], samples: Mapping[str, ShownSample]
) -> WorstMiss:
    return WorstMiss(
        id=miss["id"],
        key=dimension["key"],
        name=dimension["name"],
        sample=samples.get(miss["id"]),
        human=level_chip(miss["human"], dimension["levels"]),
        judge=format_two_decimals(miss["expected"]),
        interval=format_interval(miss.get("interval")),
        sd=format_two_decimals(miss["sd"]),
        gap=format_signed(miss["expected"] - miss["human"]),
        units=format_decimals(units, 1),
    )


def level_chip(value: float, levels: Sequence[float]) -> SafeString:
    """Draw a score as its numeral in the colour of its level.

    A value between levels, as a mean, has no colour.
    """
    place = next((place for place, level in enumerate(levels) if abs(level - value) < 1e-9), None)
    if place is None:
        return format_html('<span class="level-chip is-outlined">{}</span>', format_two_decimals(value))
    return format_html('<span class="level-chip level-{}">{}</span>', level_colour(place, levels), f"{value:g}")
