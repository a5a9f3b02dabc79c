"""Templates are laid out so that a person can read them and a difference shows one change."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from tests.markup import TEXT_LEVEL

FOLDERS = (settings.BASE_DIR / "frontend" / "templates", settings.BASE_DIR / "api" / "templates")
TEMPLATES = sorted(path for folder in FOLDERS for path in folder.rglob("*.html"))
LONGEST_LINE = 140

# An element of a sentence in a text to be translated belongs to that text.
TRANSLATED = re.compile(r"\{% blocktranslate\b.*?\{% endblocktranslate %\}", re.DOTALL)
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
