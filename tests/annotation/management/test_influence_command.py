"""The command for the influence report: tables for people, one JSON object for programs."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Study
from annotation.simulation.synthetic_annotators import SyntheticAnnotator
from annotation.statistics import undefined_reasons
from tests.factories import make_member, make_study
from tests.judge_run_rows import make_judge_run
from tests.suggestion_rows import meet_a_judge

pytestmark = pytest.mark.django_db


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("influence", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def study() -> Study:
    return make_study(suggestions="both", pull_limit=0.3)


@pytest.fixture
def met(study: Study) -> Study:
    habits = (
        SyntheticAnnotator("Ann", 0.4, anchoring=0.8),
        SyntheticAnnotator("Ben", -0.4, anchoring=0.8),
        SyntheticAnnotator("Cho", haste=1),
    )
    people = [(make_member(study, None, name=habit.name), habit) for habit in habits]
    meet_a_judge(study, make_judge_run(study, samples=[], active=True), people, samples=60, suggestions="both")
    return study


def test_a_program_gets_one_object_and_nothing_else(met):
    found = json.loads(told("birds", "--json"))
    assert list(found) == ["study", "limit", "alarm", "rows", "arms", "people"]
    assert (found["study"], found["limit"], found["alarm"]) == ("birds", 0.3, True)
    wanted = {"arm", "dimension", "pull", "interval", "slope", "undefined", "values", "samples"}
    assert all(wanted | {"acceptance", "coincidence"} <= set(row) for row in found["rows"])
    assert [(row["arm"], row["dimension"]) for row in found["rows"]][4:6] == [("delayed", None), ("prefilled", "TCC")]
    assert {row["member"] for row in found["people"]} == {"Ann", "Ben", "Cho"}


def test_people_read_tables_with_alarms_and_rubber_stamps_in_words(met):
    text = told("birds")
    assert text.startswith("Influence of the judge in birds: levels moved per level shown apart, limit 0.3\n")
    assert "ALARM delayed, all: people are pulled by more than 0.3." in text
    assert "RUBBER STAMP Cho: changed 0 of " in text
    line = next(line for line in text.splitlines() if line.startswith("delayed    all"))
    assert float(line.split()[2]) == pytest.approx(0.5, abs=0.15)


def test_what_cannot_be_told_says_why(study):
    people = [(make_member(study, None, name=name), SyntheticAnnotator(name)) for name in ("Ann", "Ben", "Cho")]
    meet_a_judge(study, make_judge_run(study, samples=[], active=True), people, samples=3)
    assert f"prefilled, TCC: undefined. {undefined_reasons.FEW_SUGGESTED}" in told("birds")


def test_a_study_in_which_nobody_met_a_judge_says_so(study):
    assert told("birds") == "Nobody in birds has been shown anything of a judge yet.\n"
    assert json.loads(told("birds", "--json")) == {
        "study": "birds",
        "limit": 0.3,
        "alarm": False,
        "rows": [],
        "arms": [],
        "people": [],
    }


def test_a_study_that_is_not_there_is_refused(study):
    with pytest.raises(CommandError, match=r"no study 'bird'.*birds"):
        told("bird", "--json")
