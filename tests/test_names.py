"""Names and docstrings follow docs/GLOSSARY.md, so that somebody new finds a place by its name."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("annotation", "api", "config", "frontend", "judge")
LONGEST_FIRST_LINE = 120
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), ast.parse(path.read_text())


def definitions(tree: ast.Module) -> Iterator[Definition]:
    return (node for node in ast.walk(tree) if isinstance(node, Definition))


def banned_words() -> dict[str, str]:
    """Return the words that no name has, each with the word to use instead, from the glossary's last table."""
    section = (ROOT / "docs" / "GLOSSARY.md").read_text().partition("## Words not used in names")[2]
    rows = re.findall(r"^\|\s*`?([a-z_]+)`?\s*\|\s*(.+?)\s*\|$", section, re.MULTILINE)
    return {word: instead for word, instead in rows if word != "word"}


def words_of(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_").split("_")


def banned_in(name: str, banned: dict[str, str]) -> list[str]:
    """Return the banned words of a name; one of several parts, as ``met_judge``, counts as a whole."""
    words = words_of(name)
    joined = f"_{'_'.join(words)}_"
    return [word for word in banned if f"_{word}_" in joined]


def test_the_glossary_lists_words_that_no_name_has() -> None:
    assert len(banned_words()) > 20
    assert banned_in("met_judge_rows", banned_words())
    assert not banned_in("submit_score", banned_words())


def test_no_module_class_or_function_has_a_banned_word_in_its_name() -> None:
    banned = banned_words()
    faults = []
    for path, tree in modules():
        faults += [f"{path}: {word} ({banned[word]})" for word in banned_in(path.stem, banned)]
        faults += [
            f"{path}:{node.lineno}: {node.name}: {word} ({banned[word]})"
            for node in definitions(tree)
            for word in banned_in(node.name, banned)
        ]
    assert not faults, "\n".join(faults)


def test_no_two_public_classes_have_one_name() -> None:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path, tree in modules():
        for node in tree.body:
            # Django finds commands by the name of their class.
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name != "Command":
                homes[node.name].append(f"{path}:{node.lineno}")
    twice = {name: places for name, places in homes.items() if len(places) > 1}
    assert not twice, "\n".join(f"{name}: {', '.join(places)}" for name, places in twice.items())


@pytest.mark.parametrize("kind", [ast.Module, ast.ClassDef, ast.FunctionDef])
def test_the_first_line_of_a_docstring_is_one_short_line(kind: type[ast.AST]) -> None:
    faults = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, kind) and isinstance(node, ast.Module | Definition):
                first = (ast.get_docstring(node) or "").partition("\n")[0]
                if len(first) > LONGEST_FIRST_LINE:
                    faults.append(f"{path}: {first}")
    assert not faults, "\n".join(faults)


def test_every_module_says_what_it_is() -> None:
    assert not [str(path) for path, tree in modules() if tree.body and not ast.get_docstring(tree)]
