"""Which scores are independent or complete is one rule, and all that read scores follow it."""

from itertools import product

import pytest
from django.db import connection
from django.utils import timezone

from annotation.core import score_rules
from annotation.core.rubric_cache import load_rubric
from annotation.models import Arm, Assignment, Rating, Score, Study
from annotation.models.rubrics import level_id
from annotation.reports import agreement_sql
from annotation.review_queue import queue_sql, row_values
from annotation.studies import forecast_data
from tests.factories import make_member, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """A study with a score of every kind, each on a sample of its own."""
    study = make_study(k=1)
    member = make_member(study, make_user("ann"))
    dimension = load_rubric(study.rubric_id).dimensions[0]
    now = timezone.now()
    kinds = product((1, 2), ("given", "imported"), Arm, (True, False), (None, now))
    for number, (round_, origin, arm, complete, voided_at) in enumerate(kinds):
        sample = make_sample(study, "text", external_id=f"s{number}")
        assignment = None
        if origin == "given":
            assignment = Assignment.objects.create(
                sample=sample, member=member, slot=1, state=Assignment.State.SCORED, leased_at=now, expires_at=now
            )
        score = Score.objects.create(
            sample=sample,
            member=member,
            assignment=assignment,
            round=round_,
            origin=origin,
            arm=arm,
            complete=complete,
            voided_at=voided_at,
            at=now,
        )
        Rating.objects.create(score=score, dimension_id=dimension.id, level_id=level_id(dimension.id, 0))
    return study


def is_of_first_round(score: Score) -> bool:
    return score.round == 1 and score.voided_at is None


def is_independent(score: Score) -> bool:
    return is_of_first_round(score) and score.arm != Arm.PREFILLED


def samples_where(rule) -> set[int]:
    return {score.sample_id for score in Score.objects.all() if rule(score)}


def samples_by_sql(condition: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT s.sample_id FROM annotation_score s WHERE {condition}")  # noqa: S608
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.usefixtures("study")
def test_conditions_of_orm_and_sql_select_the_same_scores() -> None:
    rules = [
        (score_rules.first_round_scores, score_rules.first_round_sql, is_of_first_round),
        (score_rules.complete_scores, score_rules.complete_sql, lambda s: is_of_first_round(s) and s.complete),
        (score_rules.independent_scores, score_rules.independent_sql, is_independent),
    ]
    for condition, sql, rule in rules:
        expected = samples_where(rule)
        assert expected
        assert set(Score.objects.filter(condition()).values_list("sample", flat=True)) == expected
        assert set(Rating.objects.filter(condition("score__")).values_list("score__sample", flat=True)) == expected
        assert samples_by_sql(sql("s")) == expected


def test_reports_and_queues_read_the_independent_scores(study: Study) -> None:
    expected = samples_where(is_independent)
    assert set(agreement_sql.read_independent_scores(study.pk)["sample"]) == expected
    assert {sample for sample, _ in queue_sql.read_independent_ratings(study.pk)} == expected
    everything = list(Score.objects.values_list("sample", flat=True))
    rows = row_values.read_first_round_values(everything, load_rubric(study.rubric_id))
    assert {sample for sample, row in rows.items() if row.values} == expected


def test_a_forecast_rests_on_independent_scores_that_are_complete(study: Study) -> None:
    expected = samples_where(lambda score: is_independent(score) and score.complete)
    rows = [(pk, "", True, False) for pk in Score.objects.values_list("sample", flat=True)]
    observed, _ = forecast_data._observe_samples(rows, load_rubric(study.rubric_id), 1)
    assert len(observed) == len(expected) > 0
