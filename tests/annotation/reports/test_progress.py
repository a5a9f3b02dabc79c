"""The stored progress: pace, generators, final scores and everybody's work. Ann and Ben score."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from annotation.models import FinalScore, Sample, Study
from annotation.reports import progress
from tests.factories import make_sample, make_study

from .rating_rows import rate

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def study() -> Study:
    return make_study("birds", k=2)


def agreed(study: Study, *, days_ago: float, outcome: str = "unanimous", value: float = 4, **fields) -> Sample:
    """Make a sample that came to agreement some days before NOW, with the same value on every dimension."""
    sample = make_sample(study, pictures=["red"], state="agreed", stage=0, **fields)
    for dimension in study.rubric.dimensions.all():
        level = dimension.levels.get(value=value)
        final = FinalScore.objects.create(sample=sample, dimension=dimension, level=level, outcome=outcome)
        FinalScore.objects.filter(pk=final.pk).update(at=NOW - timedelta(days=days_ago))
    return sample


def test_pace_counts_samples_that_people_agreed_on_in_the_last_fortnight(study: Study) -> None:
    for days_ago in (0.5, 0.7, 3.2, 13.9, 14.1, 40):
        agreed(study, days_ago=days_ago)
    pace = progress.progress_report(study, now=NOW)["pace"]
    assert (pace["agreed"], pace["days"]) == (4, 14)
    assert pace["by_day"][-1] == 2, "today is last"
    assert (pace["by_day"][-4], pace["by_day"][0]) == (1, 1)
    assert sum(pace["by_day"]) == 4


def test_a_young_study_is_measured_over_the_days_that_it_has_had(study: Study) -> None:
    agreed(study, days_ago=1.5)
    agreed(study, days_ago=0.2)
    pace = progress.progress_report(study, now=NOW)["pace"]
    assert (pace["agreed"], pace["days"], pace["by_day"]) == (2, 2, [1, 1])


def test_what_a_file_or_the_rule_has_settled_says_nothing_of_the_pace(study: Study) -> None:
    agreed(study, days_ago=1, outcome="imported")
    agreed(study, days_ago=1, outcome="by_rule")
    agreed(study, days_ago=1, outcome="unanimous", counts_imported=True)
    assert progress.progress_report(study, now=NOW)["pace"]["agreed"] == 0
    sample = agreed(study, days_ago=1, outcome="unanimous", counts_imported=True)
    FinalScore.objects.filter(sample=sample, dimension__key="ITS").update(outcome="reviewed")
    assert progress.progress_report(study, now=NOW)["pace"]["agreed"] == 1, "a dimension of it was people's work"


def test_an_agreement_that_was_reopened_is_no_pace(study: Study) -> None:
    sample = agreed(study, days_ago=1)
    sample.state = "in_discussion"
    sample.save()
    assert progress.progress_report(study, now=NOW)["pace"]["agreed"] == 0


def test_a_study_in_which_nothing_has_happened_has_no_pace_and_does_not_fail(study: Study) -> None:
    assert progress.progress_report(study, now=NOW) == {
        "pace": {"agreed": 0, "days": 1, "by_day": [0]},
        "generators": [],
        "finals": [],
        "members": [],
    }


def test_generators_are_counted_by_state(study: Study) -> None:
    agreed(study, days_ago=1, generator="heron", scores_in=2)
    make_sample(study, generator="heron", state="scoring", scores_in=1)
    make_sample(study, generator="merlin")
    assert progress.progress_report(study)["generators"] == [
        {"generator": "heron", "samples": 2, "scores": 3, "states": {"agreed": 1, "scoring": 1}},
        {"generator": "merlin", "samples": 1, "scores": 0, "states": {"waiting": 1}},
    ]


def test_final_scores_have_a_mean_and_a_population_variance_per_generator(study: Study) -> None:
    for value in (1, 2, 5):
        agreed(study, days_ago=1, generator="heron", value=value)
    agreed(study, days_ago=1, generator="merlin", value=3)
    (heron, merlin) = progress.progress_report(study)["finals"]
    assert heron["dimensions"]["ITS"] == {"n": 3, "mean": pytest.approx(8 / 3), "variance": pytest.approx(26 / 9)}
    assert merlin["dimensions"]["ITS"] == {"n": 1, "mean": 3, "variance": 0}


def test_only_current_values_of_agreed_samples_count_and_those_without_a_level_do_not(study: Study) -> None:
    sample = agreed(study, days_ago=1, generator="heron", value=1)
    FinalScore.objects.filter(sample=sample, dimension__key="TCC").update(current=False)
    FinalScore.objects.filter(sample=sample, dimension__key="ICC").update(level=None, outcome="by_rule")
    undecided = agreed(study, days_ago=1, generator="heron", value=5)
    Sample.objects.filter(pk=undecided.pk).update(state="in_discussion")
    (heron,) = progress.progress_report(study)["finals"]
    assert set(heron["dimensions"]) == {"IQ", "ITS"}
    assert heron["dimensions"]["IQ"]["mean"] == 1


def test_work_is_counted_by_member_with_the_median_of_their_time_and_their_weeks(study: Study) -> None:
    for number, (days_ago, seconds) in enumerate([(1, 10), (2, 90), (3, 20), (20, 30)]):
        sample = make_sample(study)
        rate(sample, "Ann", {"TCC": 3}, seconds=seconds, at=NOW - timedelta(days=days_ago))
        if number == 0:
            rate(sample, "Ben", {"TCC": 3})
    ann, ben = progress.progress_report(study, now=NOW)["members"]
    assert (ann["scored"], ann["last_week"], ann["seconds"]) == (4, 3, 25)
    assert ann["last_at"] == (NOW - timedelta(days=1)).isoformat()
    assert [week["week"] for week in ann["weeks"]][-3:] == ["2026-W45", "2026-W46", "2026-W47"]
    assert ann["weeks"][-1] == {"week": "2026-W47", "n": 3, "seconds": 20}
    assert ann["weeks"][-4] == {"week": "2026-W44", "n": 1, "seconds": 30}
    assert len(ann["weeks"]) == progress.WEEKS
    assert (ben["scored"], ben["seconds"], ben["last_at"]) == (1, None, None)


def test_undone_scores_and_signatures_are_no_work(study: Study) -> None:
    sample = make_sample(study)
    rate(sample, "Ann", {"TCC": 3}, voided_at=timezone.now())
    rate(sample, "Ben", {"TCC": 3}, round=2)
    assert progress.progress_report(study)["members"] == []


def test_weeks_are_named_across_the_turn_of_a_year() -> None:
    names = progress.week_names(datetime(2027, 1, 6, tzinfo=UTC), weeks=3)
    assert names == ["2026-W52", "2026-W53", "2027-W01"]
