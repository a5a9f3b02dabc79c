"""Tests of the layout of templates: readable lines, one change per line."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from tests.markup import TEXT_LEVEL

FOLDERS = (settings.BASE_DIR / "frontend" / "templates", settings.BASE_DIR / "api" / "templates")
TEMPLATES = sorted(path for folder in FOLDERS for path in folder.rglob("*.html"))
ICONS = sorted(path.stem for path in FOLDERS[0].rglob("icons/*.svg"))
LONGEST_LINE = 140

# An element of a sentence in a text to be translated belongs to that text.
TRANSLATED = re.compile(r"\{% blocktranslate\b.*?\{% endblocktranslate %\}", re.DOTALL)
DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
OPENING = re.compile(r"<([a-zA-Z][\w-]*)")


def _named(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


@pytest.mark.parametrize("path", TEMPLATES, ids=_named)
def test_no_line_of_a_template_is_too_long_to_be_read(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [place for place, line in enumerate(lines, 1) if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=_named)
def test_a_line_of_a_template_opens_one_element_beside_those_within_a_sentence(path: Path) -> None:
    text = TRANSLATED.sub(lambda found: "\n" * found[0].count("\n"), path.read_text(encoding="utf-8"))
    opened = Counter(
        place
        for place, line in enumerate(text.splitlines(), 1)
        for name in OPENING.findall(line)
        if name.lower() not in TEXT_LEVEL
    )
    assert [place for place, count in opened.items() if count > 1] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=_named)
def test_a_template_draws_only_what_depends_on_data(path: Path) -> None:
    drawings = DRAWING.findall(path.read_text(encoding="utf-8"))
    assert [drawing for drawing in drawings if "{{" not in drawing] == [], "an icon has its place among the icons"


def test_every_icon_is_shown_somewhere() -> None:
    sources = [*TEMPLATES, *(settings.BASE_DIR / "frontend" / "static").rglob("*.js")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert [name for name in ICONS if f'"{name}"' not in text] == []


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_is_drawn_on_a_canvas_of_its_own_size(name: str) -> None:
    drawn = Template('{% load icon_tags %}{% icon name "plain" %}').render(Context({"name": name}))
    assert re.fullmatch(
        r'<svg class="plain" width="(\d+)" height="(\d+)" viewBox="0 0 \1 \2" aria-hidden="true"><.+/></svg>', drawn
    )


def test_a_symbol_is_defined_once_and_shown_by_its_name() -> None:
    page = Template('{% load icon_tags %}{% icon_symbols "check" "lock" %}{% icon_symbol "lock" %}').render(Context())
    assert re.findall(r'<symbol id="([\w-]+)"', page) == ["icon-check", "icon-lock"]
    assert re.findall(r'<use href="#([\w-]+)"', page) == ["icon-lock"]
