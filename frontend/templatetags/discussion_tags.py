"""Template tags for the values and texts of a discussion."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from frontend.charts.level_colour import level_colour
from frontend.presenters import discussions

register = template.Library()

REFERENCE = re.compile(r"\b([QTI][1-9]\d?)\b")


@register.simple_tag
def chip(dimension: Any, value: float | None) -> SafeString:
    """Show a value on a dimension as its numeral in the colour of its level."""
    return _chip(tuple(dimension.levels) if dimension is not None else (), value)


@lru_cache(maxsize=1024)
def _chip(levels: tuple[Any, ...], value: float | None) -> SafeString:
    # A list of cases shows some hundred of these, of which few differ.
    if value is None:
        return format_html('<span class="level-chip is-outlined">{}</span>', "–")
    place = next((place for place, level in enumerate(levels) if level.value == value), None)
    if place is None:
        return format_html('<span class="level-chip is-outlined">{}</span>', f"{value:g}")
    return format_html('<span class="level-chip level-{}">{}</span>', level_colour(place, levels), f"{value:g}")


@register.simple_tag
def dimension_of(rubric: Any, key: str) -> Any:
    """Return a dimension of a rubric by its key."""
    return next((dimension for dimension in rubric.dimensions if dimension.key == key), None)


@register.simple_tag
def link_blocks(text: str, blocks: Iterable[str]) -> SafeString:
    """Show a text with links where it names blocks of the sample."""
    names = set(blocks)

    def link(match: re.Match[str]) -> str:
        name = match[1]
        return f'<a class="block-link" href="#{name}">{name}</a>' if name in names else name

    return mark_safe(REFERENCE.sub(link, escape(text)))  # noqa: S308 - escaped before the links are put in


@register.filter
def outcome(stored: str) -> str:
    """Show how a final value came about, in words."""
    return discussions.outcome_text(stored)


@register.filter
def reason(code: str) -> str:
    """Show a chosen reason in words."""
    return discussions.reason_text(code)


@register.filter
def because(code: str) -> str:
    """Show why a discussion was opened, in words."""
    return str(discussions.OPENING_REASONS.get(code, code))


@register.filter
def age(at: datetime) -> str:
    """Show how long something has been there."""
    return discussions.format_duration(timezone.now() - at)


@register.filter
def due(at: datetime) -> str:
    """Show how long there is until a deadline, or how long ago it was."""
    return discussions.format_due(at)


@register.filter
def away(code: str) -> str:
    """Show why somebody cannot answer, in words."""
    return str(discussions.ABSENCE_REASONS.get(code, code))
