"""Template filters that format numbers and values."""

import json
from typing import Any

from django import template

from frontend.charts.level_colour import level_colour
from frontend.presenters import annotator_remarks, vocabulary

register = template.Library()


@register.filter
def grouped(value: float | None) -> str:
    """Show a whole number with its thousands apart; nothing for None."""
    return "" if value is None else vocabulary.format_number(value)


@register.filter
def plain(value: float | None) -> str:
    """Show a level's value without a needless fraction."""
    return "–" if value is None else f"{value:g}"


@register.filter
def percent(part: float, total: float) -> str:
    """Show a share in per cent; a tiny one as less than one."""
    if not total:
        return "0 %"
    share = 100 * part / total
    return "<1 %" if 0 < share < 1 else f"{share:.0f} %"


@register.filter
def word(stored: str) -> str:
    """Show a stored role, state or reason in words."""
    return vocabulary.stored_word(stored)


@register.filter
def entry(mapping: dict[Any, Any] | None, key: Any) -> Any:
    """Return the value of a key; None where there is no mapping."""
    return mapping.get(key) if mapping else None


register.simple_tag(level_colour, name="level_colour")


@register.filter
def pretty(value: Any) -> str:
    """Show data as indented JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False)


@register.filter
def unlocalized(value: float) -> str:
    """Show a number as drawings and programs read it, whatever the language."""
    return f"{value:g}"


@register.filter
def two(value: float | None) -> str:
    """Show a number with two decimals; a dash where it is not known."""
    return annotator_remarks.format_two_decimals(value)


@register.filter
def signed(value: float | None) -> str:
    """Show a difference with its sign and two decimals, or a dash."""
    return annotator_remarks.format_signed(value)
