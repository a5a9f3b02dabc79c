"""Which predictions of a run are fair: those of samples that it did not learn from, or that were out of fold."""

import pytest
from django.db import connection

from annotation.models import JudgeRun, Prediction, Question, Sample, Study
from annotation.suggestions.unseen_predictions import fair_predictions, training_entries, unseen_sql
from tests.annotation.releases.release_rows import make_agreed_sample
from tests.factories import make_release, make_study
from tests.judge_run_rows import make_judge_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """A released sample of each kind, and one that came after the release."""
    study = make_study()
    for name, question in {
        "learned": {"part": "train"},
        "foretold": {"part": "train"},
        "calibrating": {"part": "train", "calibration": True},
        "tested": {"part": "test", "reserved": True},
        "later": {},
    }.items():
        sample = make_agreed_sample(study, name)
        Question.objects.filter(pk=sample.question_id).update(**question)
    return study


def run_of(study: Study) -> JudgeRun:
    release = make_release(study)
    for sample in Sample.objects.exclude(external_id="later"):
        release.entries.create(sample=sample, newest_final=1)
    run = make_judge_run(study, release=release, held=False)
    run.predictions.filter(sample__external_id="foretold").update(out_of_fold=True)
    return run


def names(rows) -> set[str]:
    return set(rows.values_list("sample__external_id", flat=True))


def names_by_sql(run: JudgeRun) -> set[str]:
    condition = unseen_sql(prediction="p", run="j", question="q")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT s.external_id FROM annotation_prediction p
                JOIN annotation_sample s ON s.id = p.sample_id JOIN annotation_question q ON q.id = s.question_id
                JOIN annotation_judgerun j ON j.id = p.run_id WHERE p.run_id = %s AND {condition}""",  # noqa: S608
            [run.pk],
        )
        return {row[0] for row in cursor.fetchall()}


def test_what_a_run_learned_from_is_fair_only_out_of_fold(study: Study) -> None:
    run = run_of(study)
    assert names(training_entries(run)) == {"learned", "foretold"}
    assert names(fair_predictions(run)) == names_by_sql(run) == {"foretold", "calibrating", "tested", "later"}


def test_another_answer_to_a_question_that_was_learned_was_not_learned_itself(study: Study) -> None:
    run = run_of(study)
    make_agreed_sample(study, "sibling", question="Why learned?")
    Prediction.objects.create(run=run, sample=Sample.objects.get(external_id="sibling"), status="ok", dimensions={})
    assert "sibling" in names(fair_predictions(run))


def test_each_run_answers_for_its_own_release_and_an_imported_one_for_nothing(study: Study) -> None:
    first, imported = run_of(study), make_judge_run(study)
    second = make_judge_run(study, release=make_release(study), held=False)
    assert fair_predictions(first).count() == 4
    assert fair_predictions(second).count() == fair_predictions(imported).count() == 5
    assert not training_entries(imported).exists()
    for run in (first, second, imported):
        assert names_by_sql(run) == names(fair_predictions(run))
