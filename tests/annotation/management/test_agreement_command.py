"""The command for agreement: a table for people, one JSON object for programs."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Study
from annotation.statistics import undefined_reasons
from tests.annotation.imports.importing import (
    import_sample_file,
    import_score_file,
    sample_line,
    write_samples,
    write_scores,
)
from tests.annotation.reports.rating_rows import rated_sample, settle
from tests.factories import make_discussion, make_study

pytestmark = pytest.mark.django_db


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("agreement", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def study() -> Study:
    study = make_study()
    for number in range(6):
        rated_sample(study, generator=f"model-{number % 2}", Ann=number % 5, Ben=min(5, number))
    return study


def test_a_program_gets_one_object_and_nothing_else(study):
    found = json.loads(told("birds", "--json", "--level", "interval"))
    assert (found["study"], found["level"], found["round"]) == ("birds", "interval", 1)
    row = found["rows"][0]
    assert {"group", "dimension", "alpha", "undefined", "samples", "ratings", "exact"} <= set(row)
    assert {"within_one", "mad", "interval", "kappa", "icc", "range_two"} <= set(row)
    assert (row["group"], row["dimension"], row["samples"], row["ratings"]) == ({}, "TCC", 6, 12)
    assert 0 < row["alpha"] < 1
    assert row["undefined"] is None
    assert row["kappa"][0]["pair"] == ["Ann", "Ben"]
    assert [(one["dimension"], one["alpha"], one["undefined"]) for one in found["rows"][1:]] == [
        (key, None, undefined_reasons.NO_RATINGS) for key in ("ICC", "IQ", "ITS")
    ]


def test_the_level_is_ordinal_unless_another_is_named(study):
    ordinal, interval = (json.loads(told("birds", "--json", *more)) for more in ((), ("--level", "interval")))
    assert ordinal["level"] == "ordinal"
    assert ordinal["rows"][0]["alpha"] != interval["rows"][0]["alpha"]


def test_groups_are_named_in_their_rows(study):
    rows = json.loads(told("birds", "--json", "--by", "generator"))["rows"]
    assert [row["group"] for row in rows if row["dimension"] == "TCC"] == [
        {"generator": "model-0"},
        {"generator": "model-1"},
    ]


def test_people_read_a_table_with_the_level_and_what_is_undefined(study):
    text = told("birds")
    head, columns, first, *_ = text.splitlines()
    assert "alpha at the ordinal level" in head
    assert columns.split()[:2] == ["dimension", "alpha"]
    assert first.split()[0] == "TCC"
    assert f"IQ: undefined. {undefined_reasons.NO_RATINGS}" in text
    assert "discussions" not in text


def test_a_grouping_that_no_sample_has_says_so(study):
    assert "No sample with ratings names its domain." in told("birds", "--by", "domain")
    assert json.loads(told("birds", "--by", "domain", "--json"))["rows"] == []


def test_what_discussions_moved_is_told_too():
    study = make_study()
    settle(make_discussion(study), ann=4, ben=4, cho=4)
    text = told("birds")
    assert "What discussions moved" in text
    row = next(line for line in text.partition("moved\n")[2].splitlines() if line.startswith("ITS"))
    assert row.split()[:7] == ["ITS", "1", "3", "33%", "1", "0", "+0.67"]
    moved = json.loads(told("birds", "--json"))["moved"]
    assert [(one["dimension"], one["moved"]) for one in moved] == [("ITS", 1)]


def test_scores_that_were_imported_complete_come_out(tmp_path):
    study = make_study(k=2)
    import_sample_file(study, write_samples(tmp_path, *(sample_line(name) for name in "abc")))
    values = {"a": (1, 1), "b": (2, 4), "c": (5, 5)}
    table = [
        f"{name},{who},TCC,{value},1,,"
        for name in values
        for who, value in zip(("Ann", "Ben"), values[name], strict=True)
    ]
    import_score_file(study, write_scores(tmp_path, *table), complete=True)
    found = json.loads(told("birds", "--json", "--level", "nominal"))["rows"][0]
    assert (found["samples"], found["ratings"], found["range_two"]) == (3, 6, 1)
    assert found["alpha"] == pytest.approx(1 - 2 / ((36 - (4 + 1 + 1 + 4)) / 5))


def test_a_study_that_is_not_there_is_refused_with_those_that_are(study):
    with pytest.raises(CommandError, match=r"no study 'bird'.*birds"):
        told("bird", "--json")


def test_an_unknown_level_is_refused(study):
    with pytest.raises(CommandError, match="--level"):
        told("birds", "--level", "ratio")
