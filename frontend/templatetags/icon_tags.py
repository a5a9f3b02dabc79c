"""Icons: each is drawn once, as a file in templates/frontend/icons/."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

FOLDER = Path(__file__).parent.parent / "templates" / "frontend" / "icons"
DRAWING = re.compile(r'<svg [^>]*viewBox="(0 0 (\d+) (\d+))">\s*(.*?)\s*</svg>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class IconDrawing:
    """The shapes of an icon and the size of its canvas."""

    view_box: str
    width: int
    height: int
    shapes: SafeString


@register.simple_tag
def icon(name: str, class_name: str = "") -> SafeString:
    """Draw an icon where it stands."""
    drawing = _drawing(name)
    return format_html(
        '<svg{} width="{}" height="{}" viewBox="{}" aria-hidden="true">{}</svg>',
        format_html(' class="{}"', class_name) if class_name else "",
        drawing.width,
        drawing.height,
        drawing.view_box,
        drawing.shapes,
    )


@register.simple_tag
def icon_symbols(*names: str) -> SafeString:
    """Define icons that scripts show again and again; nothing of them is visible here."""
    drawings = [(name, _drawing(name)) for name in names]
    return format_html(
        '<svg class="icon-symbols" width="0" height="0" aria-hidden="true">{}</svg>',
        format_html_join(
            "",
            '<symbol id="icon-{}" viewBox="{}">{}</symbol>',
            ((name, drawing.view_box, drawing.shapes) for name, drawing in drawings),
        ),
    )


@register.simple_tag
def icon_symbol(name: str) -> SafeString:
    """Show an icon that ``icon_symbols`` defined and that a script may exchange for another."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#icon-{}"/></svg>', name)


@cache
def _drawing(name: str) -> IconDrawing:
    match = DRAWING.search((FOLDER / f"{name}.svg").read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{name}.svg is no drawing with a canvas that begins at 0 0")
    shapes = re.sub(r">\s+<", "><", match[4])
    return IconDrawing(match[1], int(match[2]), int(match[3]), mark_safe(shapes))  # noqa: S308 - a file of ours
