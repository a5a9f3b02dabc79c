"""The scoring page's modules, looked at without a browser: their words exist, and each stays small."""

import re
from pathlib import Path

import pytest

from annotation.models import Skip
from frontend.client_text.scoring_page import scoring_page_text, skip_reasons

from .static_modules import is_small

STATIC = Path(__file__).parents[2] / "frontend" / "static" / "frontend"
MODULES = [*sorted((STATIC / "common").glob("*.js")), *sorted((STATIC / "scoring").glob("*.js"))]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_is_checked_small_and_on_its_own(module: Path) -> None:
    lines = module.read_text().splitlines()
    assert lines[0] == "// @ts-check"
    assert is_small(module)
    assert not [line for line in lines if re.search(r"\b(window|globalThis)\.\w+ =[^=]", line)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_says_only_what_is_translated(module: Path) -> None:
    said = set(re.findall(r'say\(\s*"(\w+)"', module.read_text()))
    assert said <= scoring_page_text().keys()


def test_the_modules_use_no_style_attributes_which_the_content_policy_would_drop() -> None:
    assert not [module.name for module in MODULES if re.search(r"[\"' ]style[\"']?\s*[:=]", module.read_text())]


def test_every_reason_to_skip_is_listed_and_in_the_words_of_the_page() -> None:
    assert list(skip_reasons()) == Skip.Reason.values
    assert all(scoring_page_text()[f"skip_reason_{reason}"] == label for reason, label in skip_reasons().items())


@pytest.mark.parametrize("kind", ["submit", "revise", "skip"])
def test_what_was_refused_is_named(kind: str) -> None:
    assert f"was_refused_{kind}" in scoring_page_text()
