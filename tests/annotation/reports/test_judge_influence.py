"""What of a study enters the influence report."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import JudgeRun, Member, Protocol, ReleaseEntry, Sample, Score, Study
from annotation.reports import judge_influence_sql
from annotation.reports.judge_influence import influence_report
from annotation.simulation.synthetic_annotators import SyntheticAnnotator
from tests.factories import make_member, make_release, make_sample, make_study
from tests.judge_run_rows import make_judge_run
from tests.suggestion_rows import foresee, meet, meet_a_judge

from .rating_rows import rate

pytestmark = pytest.mark.django_db

THREES = {"TCC": 3, "ICC": 3, "IQ": 3, "ITS": 3}
FOURS = {"TCC": 4, "ICC": 4, "IQ": 4, "ITS": 4}


@pytest.fixture
def study() -> Study:
    return make_study(suggestions="prefilled", pull_limit=0.25)


@pytest.fixture
def run(study: Study) -> JudgeRun:
    return make_judge_run(study, samples=[], active=True)


def report(study: Study) -> dict:
    found = influence_report(study, names=dict(Member.objects.filter(study=study).values_list("pk", "name")))
    assert found is not None
    json.dumps(found, allow_nan=False)
    return found


def row(study: Study, dimension: str | None = "TCC", arm: str = "prefilled") -> dict:
    (found,) = [one for one in report(study)["rows"] if (one["arm"], one["dimension"]) == (arm, dimension)]
    return found


def blind(study: Study) -> dict:
    return report(study)["arms"][0]


def mixed(study: Study, run: JudgeRun, **others: dict[str, float]) -> Sample:
    """Make a sample on which Ann took four for what the judge filled in, and the others scored blind."""
    sample = make_sample(study, pictures=["red"])
    meet(sample, "Ann", FOURS, arm="prefilled", shown=FOURS, run=run)
    for name, values in others.items():
        meet(sample, name, values)
    return sample


def test_a_study_in_which_nobody_met_a_judge_has_no_report(study, run):
    meet(make_sample(study), "Ann", THREES)
    assert influence_report(study, names={}) is None


def test_the_known_pull_comes_back_out_of_the_database(study, run):
    people = [
        (make_member(study, None, name=f"Annotator {n}"), SyntheticAnnotator(f"{n}", n / 4 - 0.5, anchoring=0.5))
        for n in range(5)
    ]
    meet_a_judge(study, run, people, samples=100, suggestions="both")
    found = report(study)
    whole = {one["arm"]: one for one in found["rows"] if one["dimension"] is None}
    assert whole["delayed"]["pull"] == pytest.approx(0.5, abs=0.06)
    low, high = whole["prefilled"]["interval"]
    assert low < 0.5 < high
    assert (found["limit"], found["alarm"]) == (0.25, True)
    assert [one["arm"] for one in found["arms"]] == ["blind", "delayed", "prefilled"]
    assert [one["values"] for one in found["arms"]] == [4 * Score.objects.filter(arm=arm).count() for arm in (0, 1, 2)]
    assert len(found["people"]) == 10
    assert {one["member"] for one in found["people"]} == {member.name for member, _ in people}


def test_every_figure_of_an_arm_comes_from_its_values(study, run):
    mixed(study, run, Ben=FOURS, Cho=THREES)
    found = row(study)
    assert (found["values"], found["samples"], found["compared"], found["acceptance"]) == (1, 1, 1, 1)
    assert (found["coincidence"], found["blind_values"], found["blind_values_beside"]) == (0.5, 2, 2)
    assert row(study, None)["values"] == 4
    assert row(study)["undefined"] == row(study, None)["undefined"]


def test_on_wholly_blind_samples_what_the_judge_would_have_shown_is_what_it_says_of_them(study, run):
    mixed(study, run)
    other = make_sample(study, pictures=["red"])
    meet(other, "Ben", THREES)
    assert row(study)["blind_values"] == 0, "nobody knows what would have been shown"
    foresee(run, other, {"TCC": 3, "IQ": 2})
    assert (row(study)["coincidence"], row(study)["blind_values"], row(study)["blind_values_beside"]) == (1, 1, 0)
    assert row(study, "IQ")["coincidence"] == 0
    assert row(study, "ITS")["blind_values"] == 0


def test_what_others_were_shown_goes_before_what_is_stored_and_the_active_run_before_others(study, run):
    older = make_judge_run(study, samples=[], name="older")
    sample = mixed(study, run, Ben=FOURS)
    meet(make_sample(study, pictures=["red"]), "Ann", FOURS, arm="prefilled", shown=FOURS, run=older)
    foresee(run, sample, THREES)
    foresee(older, sample, THREES)
    assert row(study)["coincidence"] == 1
    other = make_sample(study, pictures=["red"])
    meet(other, "Ben", FOURS)
    foresee(older, other, FOURS)
    assert row(study)["coincidence"] == 1
    foresee(run, other, THREES)
    assert row(study)["coincidence"] == 0.5


def test_what_a_run_has_learned_from_it_does_not_foresee_unless_out_of_fold(study, run):
    release = make_release(study)
    JudgeRun.objects.filter(pk=run.pk).update(release=release)
    mixed(study, run)
    for part, kept in (("train", 0), ("test", 4), ("", 4)):
        sample = make_sample(study, pictures=["red"], question=f"Of {part}?")
        sample.question.part, sample.question.reserved = part, part == "test"
        sample.question.save()
        ReleaseEntry.objects.create(release=release, sample=sample, newest_final=0)
        before = blind(study)["values"]
        meet(sample, "Ben", THREES)
        said = foresee(run, sample, THREES)
        assert blind(study)["values"] == before + kept, part
        said.out_of_fold = True
        said.save()
        assert blind(study)["values"] == before + 4, part


def test_blind_values_count_from_then_on_that_samples_are_opened_for_the_judge(study, run):
    early = make_sample(study, pictures=["red"])
    meet(early, "Ben", FOURS, at=timezone.now() - timedelta(days=9), seconds=300)
    foresee(run, early, FOURS)
    rate(early, "Cho", FOURS)
    sample = make_sample(study, pictures=["red"])
    meet(sample, "Ben", THREES, at=timezone.now() - timedelta(days=1))
    meet(sample, "Ann", FOURS, arm="prefilled", shown=FOURS, run=run)
    assert (row(study)["coincidence"], row(study)["blind_values"]) == (0, 1), "Ben's came first, and is of that sample"
    assert (blind(study)["scores"], blind(study)["seconds"]) == (1, 30)


def test_undone_scores_later_rounds_and_withdrawn_samples_are_left_out(study, run):
    mixed(study, run, Ben=FOURS)
    before = report(study)
    undone = make_sample(study, pictures=["red"])
    meet(undone, "Ann", THREES, arm="prefilled", shown=FOURS, run=run, voided_at=timezone.now())
    meet(undone, "Ben", THREES, voided_at=timezone.now())
    mixed(study, run, Ben=THREES)
    Sample.objects.filter(pk=Sample.objects.latest("pk").pk).update(state="withdrawn")
    rate(undone, "Cho", THREES, round=2)
    assert report(study) == before


def test_values_that_a_missing_side_decides_are_nobodys(study, run):
    mixed(study, run)
    textless = make_sample(study, None, pictures=["red"])
    meet(textless, "Ben", THREES | {"TCC": 0, "ITS": 0})
    foresee(run, textless, THREES)
    assert [row(study, key)["blind_values"] for key in THREES] == [0, 1, 1, 0]


def test_a_revision_counts_its_time_and_one_that_never_came_is_only_counted(study, run):
    sample = make_sample(study, pictures=["red"])
    meet(sample, "Ann", THREES, arm="delayed", shown=FOURS, final={"TCC": 4}, run=run, seconds=30, revision_seconds=6)
    meet(sample, "Ben", THREES, arm="delayed", shown=FOURS, run=run, answered=False)
    found = row(study, "TCC", "delayed")
    assert (found["values"], found["moved"]["changed"], found["agreed_before"]) == (1, 1, 0)
    assert row(study, "IQ", "delayed")["moved"]["changed"] == 0
    _, delayed = report(study)["arms"]
    assert (delayed["scores"], delayed["values"], delayed["unanswered"]) == (2, 4, 4)
    assert delayed["seconds"] == 33, "between 36 with the answer and 30 without"


def test_what_is_pending_or_was_never_seen_is_left_out(study, run):
    mixed(study, run)
    before = report(study)
    for pending in ({"final": None}, {"final": None, "first": None, "shown_at": None}):
        score = meet(make_sample(study, pictures=["red"]), "Ben", THREES, arm="delayed", shown=FOURS, run=run)
        score.assignment.suggestions.update(touched=False, **pending)
    found = report(study)
    assert found["rows"] == before["rows"]
    assert found["people"] == before["people"]


def test_the_limit_is_that_of_the_current_rules(study, run):
    mixed(study, run)
    Protocol.objects.filter(study=study).update(current=False)
    Protocol.objects.create(study=study, version=2, pull_limit=0.4)
    assert report(study)["limit"] == 0.4


def test_another_study_adds_nothing(study, run):
    mixed(study, run, Ben=FOURS)
    before = report(study)
    other = make_study("fishes", suggestions="prefilled")
    mixed(other, make_judge_run(other, samples=[], active=True), Ben=THREES)
    assert report(study) == before


def test_a_sample_that_is_foretold_while_the_report_is_made_is_not_in_it(
    study: Study, run: JudgeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed(study, run, Ben=THREES)
    before, samples = report(study), judge_influence_sql.read_influence_samples

    def meanwhile(study_id: int) -> judge_influence_sql.InfluenceSamples:
        found = samples(study_id)
        foresee(run, make_sample(study, pictures=["red"]), FOURS)
        return found

    monkeypatch.setattr(judge_influence_sql, "read_influence_samples", meanwhile)
    assert report(study) == before
