"""Which predictions of a run are fair: those of samples that it did not learn from, or that were out of fold."""

import pytest

from annotation.models import JudgeRun, Prediction, Question, Sample, Study
from annotation.suggestions.unseen_predictions import fair_predictions, training_entries
from tests.annotation.releases.releasing import agree
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
        sample = agree(study, name)
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


def test_what_a_run_learned_from_is_fair_only_out_of_fold(study: Study) -> None:
    run = run_of(study)
    assert names(training_entries(run)) == {"learned", "foretold"}
    assert names(fair_predictions(run)) == {"foretold", "calibrating", "tested", "later"}


def test_another_answer_to_a_question_that_was_learned_was_not_learned_itself(study: Study) -> None:
    run = run_of(study)
    agree(study, "sibling", question="Why learned?")
    Prediction.objects.create(run=run, sample=Sample.objects.get(external_id="sibling"), status="ok", dimensions={})
    assert "sibling" in names(fair_predictions(run))


def test_each_run_answers_for_its_own_release_and_an_imported_one_for_nothing(study: Study) -> None:
    first, imported = run_of(study), make_judge_run(study)
    second = make_judge_run(study, release=make_release(study), held=False)
    assert fair_predictions(first).count() == 4
    assert fair_predictions(second).count() == fair_predictions(imported).count() == 5
    assert not training_entries(imported).exists()
