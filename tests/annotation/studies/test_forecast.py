"""Forecasts of rules from the scores so far, and what they lack."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from annotation.models import Discussion, Level, Member, Participant, Post, Rating, Score, Study, User
from annotation.scoring import leasing, submitting
from annotation.studies import protocols
from annotation.studies.forecast import (
    LEAST_TIMES,
    ForecastRow,
    ObservedSample,
    WorkTime,
    candidate_tolerances,
    forecast_rows,
    mean_time,
    share_interval,
)
from annotation.studies.protocol_rules import complete_rules
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_member, make_sample, make_study, make_user

SIX = (0, 1, 2, 3, 4, 5)


def forecast(values: Sequence[Sequence[float]], tolerance: float = 0, of: int = 100, **rules: Any) -> ForecastRow:
    """Forecast from samples with one dimension each."""
    observed = [ObservedSample(f"sample{number}", {"A": given}) for number, given in enumerate(values)]
    forecast_report = forecast_rows(
        observed,
        levels={"A": SIX},
        rules=complete_rules({"annotators_per_sample": len(values[0]), **rules}),
        tolerances=[tolerance],
        sample_count=of,
        scoring=WorkTime(36.0),
        discussing=WorkTime(72.0),
    )
    return forecast_report[0]


def test_the_share_of_disputed_samples_falls_with_the_tolerance() -> None:
    values = [(3, 3, 3), (3, 3, 4), (3, 4, 5), (1, 3, 5)]
    assert [forecast(values, tolerance).disputed for tolerance in (0, 1, 2, 4)] == [3, 2, 1, 0]


def test_hours_are_those_of_all_samples() -> None:
    row = forecast([(3, 3, 3), (3, 3, 4)], of=100)
    assert (row.disputed_share, row.topics) == (0.5, 0.5)
    assert row.hours_scoring == pytest.approx(100 * 3 * 36 / 3600)
    assert row.hours_discussing == pytest.approx(50 * 3 * 72 / 3600), "each of three speaks on each disputed dimension"


def test_a_tie_asks_one_more_or_is_discussed_as_the_rules_say() -> None:
    values = [(3, 4), (3, 3)]
    third = forecast(values, 1, tie_rule="third")
    assert (third.disputed, third.one_more_share) == (0, 0.5)
    assert third.hours_scoring == pytest.approx(100 * 2.5 * 36 / 3600)
    assert forecast(values, 1, tie_rule="discuss").disputed == 1
    assert forecast(values, 1, tie_rule="lower").disputed == 0


def test_reviews_cost_scores_where_the_values_are_high() -> None:
    row = forecast([(4, 4, 4), (5, 5, 5), (3, 3, 3), (3, 4, 5)], cross_review="high", review_threshold=4)
    assert row.review_share == 0.5
    assert row.hours_scoring == pytest.approx(100 * 3.5 * 36 / 3600)


def test_a_dimension_set_by_rule_keeps_a_sample_from_being_high_rated() -> None:
    rules = complete_rules({"cross_review": "high", "review_threshold": 4})
    for by_rule, share in (((0,), 0), ((5,), 1), ((), 1)):
        forecast_report = forecast_rows(
            [ObservedSample("one", {"A": (5, 5, 5)}, by_rule)],
            levels={"A": SIX},
            rules=rules,
            tolerances=[0],
            sample_count=1,
            scoring=WorkTime(60),
            discussing=WorkTime(60),
        )
        assert forecast_report[0].review_share == share, by_rule


def test_an_interval_says_something_even_where_all_or_none_are_disputed() -> None:
    assert share_interval(0, 20) == (0.0, pytest.approx(0.161, abs=0.001))
    assert share_interval(20, 20) == (pytest.approx(0.839, abs=0.001), 1.0)
    low, high = share_interval(50, 100)
    assert (low, high) == (pytest.approx(0.4038, abs=0.001), pytest.approx(0.5962, abs=0.001))
    assert share_interval(0, 0) == (0.0, 1.0)


def test_the_tolerances_are_those_that_the_levels_can_differ_by() -> None:
    assert candidate_tolerances([SIX, SIX]) == [0, 1, 2, 3]
    assert candidate_tolerances([(1, 1.5, 2)]) == [0, 0.5, 1]
    assert candidate_tolerances([(0, 1)], also=0.4) == [0, 0.4, 1]
    assert candidate_tolerances([SIX], most=12) == [0, 1, 2, 3, 4, 5]
    wide = candidate_tolerances([tuple(range(101))], most=12)
    assert wide[:4] == [0, 1, 2, 3]
    assert 10 <= len(wide) <= 12
    assert wide[-1] > 90


def test_a_few_times_say_nothing() -> None:
    assert mean_time([1.0] * (LEAST_TIMES - 1), assumed=60) == WorkTime(60)
    assert mean_time([1.0, 3.0] * LEAST_TIMES, assumed=60) == WorkTime(2, 2 * LEAST_TIMES)


# From the tables


@pytest.fixture
def study(db: None) -> Study:
    study = make_study(k=2)
    for who in ("ann", "ben", "cho"):
        make_member(study, who)
    make_member(study, "ada", "admin")
    return study


@pytest.fixture
def ada(study: Study) -> User:
    return make_user("ada")


def score_sample(study: Study, who: str, value: int, seconds: float = 20, **ratings: int) -> None:
    held = leasing.lease_samples(by=make_user(who), slug=study.slug).assignments[0]
    submitting.submit_score(
        by=make_user(who),
        assignment_id=held.public_id,
        client_key=uuid.uuid4(),
        ratings=ratings or {"TCC": value, "ICC": value, "IQ": value, "ITS": value},
        notes={},
        seconds=seconds,
    )


def test_nothing_yet_says_what_is_needed(study: Study, ada: User) -> None:
    make_sample(study, pictures=["red"])
    forecast_report = protocols.forecast_protocol(by=ada, study=study)
    assert (list(forecast_report.rows), forecast_report.sample_count) == ([], 1)
    assert "Nobody has scored yet" in forecast_report.needed
    score_sample(study, "ann", 3)
    assert "the most that one has is 1" in protocols.forecast_protocol(by=ada, study=study).needed
    assert (
        "nothing that could differ" in protocols.forecast_protocol(by=ada, study=study, annotators_per_sample=1).needed
    )


def test_what_was_scored_is_judged_at_each_tolerance(study: Study, ada: User) -> None:
    for value in (3, 4, 5):
        make_sample(study, f"Answer {value}.", ["red"])
        score_sample(study, "ann", 3)
        score_sample(study, "ben", value)
    forecast_report = protocols.forecast_protocol(by=ada, study=study, tie_rule="lower")
    assert [(row.tolerance, row.disputed) for row in forecast_report.rows] == [(0, 2), (1, 1), (2, 0), (3, 0)]
    assert (forecast_report.samples, forecast_report.sample_count, forecast_report.k) == (3, 3, 2)
    assert forecast_report.rows[0].topics == pytest.approx(8 / 3)
    assert forecast_report.basis["scores_timed"] == 0, "six times are too few to speak for others"
    assert forecast_report.scoring.seconds == 60


def test_the_review_score_does_not_count_as_one_of_the_first_round(study: Study, ada: User) -> None:
    protocols.change_protocol(by=ada, study=study, cross_review="all")
    make_sample(study, pictures=["red"])
    for who, value in (("ann", 3), ("ben", 3), ("cho", 5)):
        score_sample(study, who, value)
    forecast_report = protocols.forecast_protocol(by=ada, study=study)
    assert (forecast_report.samples, forecast_report.rows[0].disputed, forecast_report.rows[0].review_share) == (
        1,
        0,
        1.0,
    )
    assert protocols.forecast_protocol(by=ada, study=study, annotators_per_sample=3).rows[0].disputed == 1


def test_a_missing_side_is_left_out_of_the_judging(study: Study, ada: User) -> None:
    make_sample(study, "Only text.", [])
    score_sample(study, "ann", 3, TCC=5)
    score_sample(study, "ben", 3, TCC=5)
    forecast_report = protocols.forecast_protocol(by=ada, study=study, cross_review="high", review_threshold=4)
    assert forecast_report.rows[0].disputed == 0
    assert forecast_report.rows[0].review_share == 0, "the dimensions set to 0 by rule count against being high-rated"


def test_measured_times_are_used_and_told(study: Study, ada: User) -> None:
    for number in range(6):
        make_sample(study, f"Answer {number}.", ["red"])
        score_sample(study, "ann", 3, seconds=10)
        score_sample(study, "ben", 3, seconds=30)
    forecast_report = protocols.forecast_protocol(by=ada, study=study)
    assert forecast_report.scoring == WorkTime(20, 12)
    assert forecast_report.rows[0].hours_scoring == pytest.approx(6 * 2 * 20 / 3600)
    assert forecast_report.discussing.measured == 0


def test_imported_scores_count_even_before_they_are_declared_complete(study: Study, ada: User) -> None:
    sample = make_sample(study, pictures=["red"])
    for name, position in (("expert1", 2), ("expert2", 3)):
        expert = make_member(study, None, name=name)
        given = Score.objects.create(sample=sample, member=expert, origin="imported")
        for dimension in study.rubric.dimensions.all():
            level = Level.objects.get(dimension=dimension, position=position)
            Rating.objects.create(score=given, dimension=dimension, level=level)
    forecast_report = protocols.forecast_protocol(by=ada, study=study)
    assert (forecast_report.samples, forecast_report.rows[0].disputed, forecast_report.rows[1].tolerance) == (1, 1, 1)


def test_the_time_of_discussing_is_counted_once_per_submission(study: Study, ada: User) -> None:
    for number in range(6):
        make_sample(study, f"Answer {number}.", ["red"])
        score_sample(study, "ann", 3)
        score_sample(study, "ben", 5)
    dimensions = list(study.rubric.dimensions.all())[:2]
    for case in Discussion.objects.all():
        for participant in Participant.objects.filter(discussion=case):
            key = uuid.uuid4()
            for dimension in dimensions:
                Post.objects.create(
                    discussion=case,
                    participant=participant,
                    dimension=dimension,
                    kind="reason",
                    text="Look.",
                    seconds=30,
                    client_key=key,
                    at=case.opened_at,
                )
    assert protocols.forecast_protocol(by=ada, study=study).discussing.measured == 0, (
        "open ones have not come to an end"
    )
    Discussion.objects.update(state="closed", closed_at=Discussion.objects.all()[0].opened_at)
    assert protocols.forecast_protocol(by=ada, study=study).discussing == WorkTime(15, 12)


def test_no_more_than_some_samples_are_read(study: Study, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.studies.forecast_data.MOST_SAMPLES", 3)
    for number in range(5):
        make_sample(study, f"Answer {number}.", ["red"])
        score_sample(study, "ann", 3)
        score_sample(study, "ben", 3)
    forecast_report = protocols.forecast_protocol(by=ada, study=study)
    assert (forecast_report.samples, forecast_report.sample_count) == (3, 5)
    assert Member.objects.filter(study=study).count() == 4


def test_values_that_a_judge_gave_first_forecast_nothing(study: Study, ada: User) -> None:
    for value in (3, 4):
        make_sample(study, f"Answer {value}.", ["red"])
        score_sample(study, "ann", 3)
        score_sample(study, "ben", value)
    assert protocols.forecast_protocol(by=ada, study=study).samples == 2
    Score.objects.filter(member__user__username="ben").update(arm=SuggestionArm.PREFILLED)
    assert protocols.forecast_protocol(by=ada, study=study).samples == 0
    Score.objects.update(arm=SuggestionArm.DELAYED)
    assert protocols.forecast_protocol(by=ada, study=study).samples == 2
