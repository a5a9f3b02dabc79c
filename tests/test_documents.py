"""README stays short, and its links lead somewhere; mkdocs checks those of docs/."""

import json
import re
from pathlib import Path

from judge.formats.prediction_line import parse_prediction
from judge.formats.rubric import parse_rubric
from judge.formats.sample_line import parse_sample
from judge.formats.score_table import parse_score

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


def example(beginning: str) -> str:
    """Return the example of FORMATS that begins so."""
    document = (ROOT / "docs" / "FORMATS.md").read_text()
    blocks = [
        re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in re.findall(r"(?:^    .*\n|^\n)+", document, re.M)
    ]
    (found,) = (block.strip() for block in blocks if block.strip().startswith(beginning))
    return found


def test_the_examples_of_the_formats_are_read_as_they_are_written() -> None:
    sample = parse_sample(json.loads(example('{"id": "owl-1", "question_id"')))
    assert (sample.id, sample.question_id, len(sample.images)) == ("owl-1", "owl", 1)
    head, line = example("sample,annotator").split("\n")
    assert parse_score(dict(zip(head.split(","), line.split(","), strict=True))).sample == sample.id
    assert [one.key for one in parse_rubric(example('key = "clarity"')).dimensions] == ["C"]


def test_what_the_example_of_a_prediction_says_follows_from_its_distribution() -> None:
    rubric = parse_rubric((ROOT / "fixtures/rubrics/interleaved-answer.toml").read_bytes())
    data = json.loads(example('{"id": "owl-1", "judge"'))
    written = parse_prediction(data, rubric).dimensions["TCC"]
    computed = parse_prediction(data | {"dimensions": {"TCC": {"p": list(written.p)}}}, rubric).dimensions["TCC"]
    for name in ("expected", "sd", "rounded", "p_dispute"):
        assert abs(getattr(written, name) - getattr(computed, name)) < 0.005, name


def test_the_glossary_defines_each_term_once() -> None:
    definitions = (ROOT / "docs" / "GLOSSARY.md").read_text().partition("## Preferred terms")[0]
    terms = [term for term in re.findall(r"^\| ([^|]+) \|", definitions, re.MULTILINE) if term != "term"]
    assert len(terms) > 50
    assert len(terms) == len(set(terms))
