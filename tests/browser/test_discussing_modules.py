"""The discussion page's modules, looked at without a browser: their words exist, and each stays small."""

import re
from pathlib import Path

import pytest

from annotation.models import Post
from frontend.client_text.discussion_page import discussion_page_text, discussion_reasons

from .static_modules import is_small

STATIC = Path(__file__).parents[2] / "frontend" / "static" / "frontend"
OWN = sorted((STATIC / "discussing").glob("*.js"))
MODULES = [*sorted((STATIC / "common").glob("*.js")), *OWN]


@pytest.mark.parametrize("module", OWN, ids=lambda module: module.name)
def test_a_module_is_checked_small_and_on_its_own(module: Path) -> None:
    lines = module.read_text().splitlines()
    assert lines[0] == "// @ts-check"
    assert is_small(module)
    assert not [line for line in lines if re.search(r"\b(window|globalThis)\.\w+ =[^=]", line)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_says_only_what_is_translated(module: Path) -> None:
    said = set(re.findall(r'say\(\s*"(\w+)"', module.read_text()))
    assert said <= discussion_page_text().keys()


def test_the_modules_use_no_style_attributes_which_the_content_policy_would_drop() -> None:
    assert not [module.name for module in OWN if re.search(r"[\"' ]style[\"']?\s*[:=]", module.read_text())]


def test_every_reason_of_the_list_has_a_key_of_its_own_that_nothing_else_uses() -> None:
    listed = discussion_reasons()
    assert {reason["code"] for reason in listed} == set(Post.Reason.values)
    keys = [reason["key"] for reason in listed]
    assert len(set(keys)) == len(keys)
    keyboard = (STATIC / "discussing" / "keyboard.js").read_text()
    assert not set(keys) & set(re.findall(r"^    (\w): ", keyboard, re.MULTILINE))


@pytest.mark.parametrize("kind", Post.Kind.values)
def test_everything_that_can_be_said_has_words(kind: str) -> None:
    assert f"heard_{kind}" in discussion_page_text()
