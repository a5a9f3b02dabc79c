"""README stays short, and its links lead somewhere; mkdocs checks those of docs/."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= 150


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    targets = re.findall(r"\]\(([^)#]+)", README)
    assert len(targets) > 5
    assert not [target for target in targets if not (ROOT / target).is_file()]


def test_every_document_is_named_in_the_navigation_of_the_site() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert not [path.name for path in (ROOT / "docs").glob("*.md") if f": {path.name}" not in navigation]


def test_every_module_that_the_architecture_names_is_there() -> None:
    document = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    missing = []
    for row in re.findall(r"^\| [^|]+ \| (.*) \|$", document.partition("## Which file to open")[2], re.MULTILINE):
        folder = ROOT
        for name in re.findall(r"`([\w/.-]+)`", row):
            path = ROOT / name if "/" in name else folder / name
            folder = path.parent
            if not path.exists():
                missing.append(str(path.relative_to(ROOT)))
    assert "annotation" in document
    assert not missing


def test_no_page_of_the_site_needs_a_script_from_elsewhere() -> None:
    # The theme fetches a library for diagrams that this extension marks; without it they are shown as text.
    assert "superfences" not in (ROOT / "mkdocs.yml").read_text()
