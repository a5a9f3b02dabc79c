"""The influence report by the API: as stored, people by name or pseudonym."""

import pytest

from annotation.models import Member, Study
from annotation.reports import stored_reports
from annotation.simulation.synthetic_annotators import SyntheticAnnotator
from tests.factories import make_member
from tests.judge_run_rows import make_judge_run
from tests.suggestion_rows import meet_a_judge

from .caller import Caller, refusal

pytestmark = pytest.mark.django_db
ADDRESS = "studies/birds/influence/"


@pytest.fixture
def met(study: Study) -> None:
    """Three made-up annotators have met a judge on forty samples; the last one only hands in what stands there."""
    habits = (
        SyntheticAnnotator("Dan", 0.4, anchoring=0.6),
        SyntheticAnnotator("Eve", -0.4, anchoring=0.6),
        SyntheticAnnotator("Hal", haste=1),
    )
    people = [(make_member(study, None, name=habit.name), habit) for habit in habits]
    meet_a_judge(study, make_judge_run(study, samples=[], active=True), people, samples=40)


def test_before_anybody_met_a_judge_there_is_nothing_and_it_says_so(study: Study, ada: Caller) -> None:
    stored_reports.refresh_reports(study=study)
    shown = ada.get(ADDRESS).json()
    assert (shown["study"], shown["limit"], shown["alarm"]) == ("birds", 0.2, False)
    assert (shown["rows"], shown["arms"], shown["people"]) == ([], [], [])
    assert (shown["made_at"], shown["stale"], shown["job"]) == (None, True, None)


@pytest.mark.usefixtures("met")
def test_pull_arms_and_people_come_as_last_calculated(study: Study, ada: Caller) -> None:
    stored_reports.refresh_reports(study=study)
    shown = ada.get(ADDRESS).json()
    assert [row["dimension"] for row in shown["rows"]] == ["TCC", "ICC", "IQ", "ITS", None]
    assert shown["alarm"] is True
    assert shown["rows"][-1]["pull"] > 0.4
    assert [row["arm"] for row in shown["arms"]] == ["blind", "prefilled"]
    assert [row["annotator"] for row in shown["people"] if row["rubber_stamp"]] == ["Hal"]
    assert (shown["stale"], shown["job"]) == (False, None)
    assert shown["made_at"] is not None


@pytest.mark.usefixtures("met")
def test_researchers_meet_pseudonyms_alone(study: Study, rae: Caller) -> None:
    stored_reports.refresh_reports(study=study)
    hal = Member.objects.get(name="Hal")
    answer = rae.get(ADDRESS)
    assert f"R-{hal.public_id}" in {row["annotator"] for row in answer.json()["people"]}
    for name in ("Dan", "Eve", "Hal"):
        assert name not in answer.content.decode()


@pytest.mark.usefixtures("met")
def test_annotators_see_nothing_of_it(ann: Caller) -> None:
    assert refusal(ann.get(ADDRESS)) == (403, "not_allowed")
