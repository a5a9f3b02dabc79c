"""From the rules that let annotators meet a judge to the report of what that did, all through the API."""

from typing import Any
from uuid import uuid4

import pytest

from annotation.models import Assignment, Sample, Study
from annotation.reports import stored_reports
from annotation.scoring import leases
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_member, make_study
from tests.suggestion_studies import drawn_sample, judge_saying, let_time_to_revise_pass

from .caller import Caller

pytestmark = pytest.mark.django_db

JUDGES = {"TCC": 5, "ICC": 5, "IQ": 5, "ITS": 5}
OWN = {"TCC": 3, "ICC": 4, "IQ": 5, "ITS": 0}


@pytest.fixture
def study() -> Study:
    """Three score each sample: two of each kind, and the judge always says five."""
    study = make_study("birds", k=3, suggestions="both")
    drawn = (SuggestionArm.PREFILLED, SuggestionArm.DELAYED, SuggestionArm.BLIND)
    samples = [drawn_sample(study, arm, blind_slot=slot) for arm in drawn for slot in (1, 2)]
    judge_saying(study, dict.fromkeys(samples, JUDGES))
    # Blind work counts from then on that the first of the others is opened.
    Sample.objects.filter(pk__in=[sample.pk for sample in samples[:4]]).update(priority=9)
    return study


def work_off(who: Caller, said: dict[str, list[dict[str, float]]]) -> None:
    """Score all that there is: prefilled values are corrected on ITS alone, and locked ones moved to five on TCC."""
    while held := who.post("studies/birds/assignments/", {"count": 1}).json()["assignments"]:
        (work,) = held
        prefilled = work["suggestion"] is not None
        values: dict[str, float] = JUDGES | {"ITS": 0} if prefilled else OWN
        answer = who.score(work["id"], values, touched=list(values), seconds=10 if prefilled else 40).json()
        if answer["state"] != "revising":
            said["prefilled" if prefilled else "blind"].append(values)
            continue
        final = OWN | {"TCC": 5}
        revised = who.put(
            f"assignments/{work['id']}/revision/", {"client_key": str(uuid4()), "ratings": final, "seconds": 5}
        )
        assert revised.status_code == 200, revised.content
        said["delayed"].append(final)


def test_what_people_did_with_the_judge_is_in_the_report(study: Study, ann: Caller, ben: Caller, ada: Caller) -> None:
    cho = Caller(make_member(study, "cho"))
    said: dict[str, list[dict[str, float]]] = {"blind": [], "delayed": [], "prefilled": []}
    for who in (ann, ben, cho):
        work_off(who, said)
    assert {arm: len(values) for arm, values in said.items()} == {"blind": 10, "delayed": 4, "prefilled": 4}
    stored_reports.refresh_reports(study=study)
    report: dict[str, Any] = ada.get("studies/birds/influence/").json()
    arms = {row["arm"]: row for row in report["arms"]}
    assert {arm: (row["scores"], row["values"]) for arm, row in arms.items()} == {
        arm: (len(values), 4 * len(values)) for arm, values in said.items()
    }
    assert {arm: row["seconds"] for arm, row in arms.items()} == {"blind": 40, "delayed": 45, "prefilled": 10}
    assert {arm: row["acceptance"] for arm, row in arms.items()} == {"blind": 0.25, "delayed": 0.5, "prefilled": 0.75}
    rows = {(row["arm"], row["dimension"]): row for row in report["rows"]}
    assert rows["delayed", "TCC"]["moved"] == {"share": 1, "changed": 4, "towards": 4, "away": 0, "across": 0}
    assert rows["delayed", "ICC"]["moved"]["changed"] == 0
    assert rows["prefilled", "ITS"]["acceptance"] == 0
    assert (rows["prefilled", "IQ"]["blind_values"], rows["prefilled", "IQ"]["blind_values_beside"]) == (10, 4)
    assert {row["annotator"] for row in report["people"]} == {"Ann", "Ben", "Cho"}
    assert report["stale"] is False


def test_an_undone_answer_leaves_the_report_and_one_that_never_came_is_not_taken_for_consent() -> None:
    study = make_study("fishes", k=2, suggestions="both")
    ann, ada = (Caller(make_member(study, who, role)) for who, role in (("ann", "annotator"), ("ada", "admin")))
    undone = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=2)
    forgotten = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {undone: JUDGES, forgotten: JUDGES})
    for sample in (undone, forgotten):
        work = ann.post("studies/fishes/assignments/", {"count": 2}).json()["assignments"]
        (mine,) = [one["id"] for one in work if Assignment.objects.get(public_id=one["id"]).sample_id == sample.pk]
        assert ann.score(mine, OWN, touched=list(OWN)).status_code == 200
        if sample == undone:
            assert ann.delete(f"assignments/{mine}/score/").status_code == 200
        else:
            let_time_to_revise_pass(mine)
            leases.expire_leases()
    assert forgotten.assignments.get().suggestions.filter(final__isnull=False).count() == 4
    stored_reports.refresh_reports(study=study)
    report = ada.get("studies/fishes/influence/").json()
    assert report["rows"] == report["people"] == []
    (_, delayed) = report["arms"]
    assert (delayed["arm"], delayed["values"], delayed["unanswered"]) == ("delayed", 0, 4)
