"""Tests the dataset card: every statistic, and no generator that it may not name."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from annotation.releases.formats import FORMATS
from annotation.releases.markdown import markdown_table, markdown_text
from annotation.releases.yaml_front_matter import render_front_matter

from .frozen_records import make_facts, make_record, make_statistics, render_records


def card(folder, *formats, **options):
    records = [make_record("a"), make_record("b", part="test")]
    render_records(folder / "out", records, *(formats or ("jsonl",)), **options)
    return (folder / "out" / "README.md").read_text()


def rows(page, head):
    """Return the cells of the table whose first line begins with ``head``."""
    lines = iter(page.splitlines())
    for line in lines:
        if line.startswith(head):
            next(lines)
            found = []
            for row in lines:
                if not row.startswith("|"):
                    return found
                found.append([cell.strip() for cell in row.strip("|").split("|")])
    raise AssertionError(f"no table {head}")


def test_it_tells_parts_aims_agreement_protocol_outcomes_and_origins(tmp_path):
    page = card(tmp_path)
    assert rows(page, "| part |") == [
        ["train", "80", "40"],
        ["test", "20", "10"],
        ["both", "100", "50"],
        ["calibration, within train", "4", "2"],
    ]
    assert "21 wanted, 20 got, the nearest that whole questions reach. Every question has two samples." in page
    assert "30 questions were train before and 8 test; 0 have moved" in page
    assert "reserved pool of 12 questions; 0 come from outside" in page
    assert "alpha at the ordinal level of measurement" in page
    agreement = rows(page, "| dimension | alpha |")
    assert agreement[0] == ["TCC", "0.551", "0.480 to 0.620", "100", "300", "61.0%", "93.0%", "0.440"]
    assert agreement[2][:3] == ["IQ", "–", "–"]
    assert "No alpha can be given for IQ: All ratings are the same." in page
    assert ["annotators per sample", "3"] in rows(page, "| rule |")
    assert rows(page, "| dimension | discussed |")[0] == ["TCC", "40", "60"]
    assert rows(page, "| label origin |") == [["blind", "96"], ["mixed", "4"]]
    assert "manage.py verify" in page


def test_an_exact_split_without_a_pool_is_called_so(tmp_path):
    found = make_statistics()
    found["met"]["test_samples"] = {"wanted": 20, "got": 20, "exact": True, "why": ""}
    found["met"]["pool"] = {"reserved": False, "questions": 0, "outside": 0}
    page = card(tmp_path, facts=make_facts(statistics=found))
    assert "20 wanted, 20 got, exactly." in page
    assert "No pool was reserved" in page


def test_generators_are_letters_by_size_where_they_are_not_to_be_named(tmp_path):
    page = card(tmp_path)
    assert "a-model" not in page
    assert "secret-model-7" not in page
    assert [row[0] for row in rows(page, "| generator | train |")] == ["Model A", "Model B"]
    assert rows(page, "| generator | samples |")[0] == ["Model A", "90", "88", "2", "0"]


def test_generators_are_named_where_the_files_name_them(tmp_path):
    page = card(tmp_path, with_generator=True)
    assert rows(page, "| generator | samples |")[0][0] == "secret-model-7"
    assert "Which model made a sample is left out" not in page


def test_each_format_says_what_it_is_and_what_it_left_out(tmp_path):
    page = card(tmp_path, *FORMATS)
    for one in FORMATS.values():
        assert f"**{one.title}** (`{one.name}`). {one.sentence}" in page
        assert one.leaves_out in page


def test_a_part_without_samples_is_not_offered_to_be_loaded(tmp_path):
    render_records(tmp_path / "out", [make_record("a")], "jsonl")
    head = yaml.safe_load((tmp_path / "out" / "README.md").read_text().split("---\n")[1])
    assert head["configs"][0]["data_files"] == [{"split": "train", "path": "train.jsonl"}]


def test_nothing_is_offered_to_load_dataset_where_it_could_open_nothing(tmp_path):
    head = yaml.safe_load(card(tmp_path, "scores", "label-studio").split("---\n")[1])
    assert "configs" not in head


def test_a_title_cannot_be_markup_or_more_than_a_line(tmp_path):
    nasty = "Birds\n---\n# <img src=x onerror=alert(1)> | `code` [link](javascript:x)"
    page = card(tmp_path, facts=make_facts(title=nasty))
    head, body = page.split("\n---\n", 1)
    assert yaml.safe_load(head.removeprefix("---\n"))["pretty_name"] == f"{nasty}: pilot"
    assert "\\<img" in body.splitlines()[0]
    assert not re.search(r"(?<!\\)<img", body)


yamls = st.recursive(
    st.one_of(
        st.text(), st.booleans(), st.integers(), st.sampled_from(["yes", "null", "on", "1e3", "~", "- a", "a: b"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), yamls, min_size=1, max_size=4))
def test_any_front_matter_is_read_back_by_yaml(value):
    assert yaml.safe_load(render_front_matter(value).removeprefix("---\n").removesuffix("---\n")) == value


@pytest.mark.parametrize("nasty", ["a|b", "a\nb", "| |", "\\|"])
def test_a_cell_stays_one_cell(nasty):
    row = markdown_table(["name", "count"], [(markdown_text(nasty), 1_000)])[2]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3
    assert row.endswith("| 1,000 |")
