"""Replacing a sample's content deletes what was predicted and suggested about it."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.core.errors import NotFound
from annotation.core.rubric_cache import load_rubric, rubric_file
from annotation.imports.predictions import import_predictions
from annotation.imports.report import ImportReport
from annotation.jobs import queueing, running
from annotation.judges import jobs as work
from annotation.judges.judge_input import find_unpredicted_samples
from annotation.models import (
    Assignment,
    FinalScore,
    HistoryEntry,
    Job,
    JudgeRun,
    Prediction,
    Sample,
    Score,
    Study,
    Suggestion,
)
from annotation.review_queue import pin_dismiss
from annotation.scoring import leases, leasing, submitting
from annotation.suggestions import showing
from annotation.suggestions.arms import SlotChoice, SuggestionArm
from tests.annotation.judges.judge_studies import join_lines as lines_of
from tests.annotation.judges.judge_studies import learnable_study, release_study, train_judge
from tests.annotation.judges.judge_studies import make_prediction_line as prediction_line
from tests.annotation.review_queue.queue_studies import (
    get_entry,
    make_active_judge,
    make_dimension_prediction,
    rebuild_queues,
    store_prediction,
    update_queues,
)
from tests.annotation.scoring.score_rows import ALL, person, same
from tests.factories import make_member, make_study, make_user
from tests.suggestion_studies import arms_of, drawn_sample, judge_saying, let_lease_run_out

from .importing import import_sample_file, line_counts, sample_line, write_picture, write_samples

pytestmark = pytest.mark.django_db

Replace = Callable[..., ImportReport]


@pytest.fixture
def study() -> Study:
    return make_study(k=3, suggestions="prefilled", discussion_days=None)


@pytest.fixture
def sample(study: Study) -> Sample:
    """A mixed sample for which a judge predicts 5 throughout.

    Whoever leases it first is shown that.
    """
    drawn = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=3)
    judge_saying(study, {drawn: same(5)})
    return drawn


@pytest.fixture
def replace(study: Study, sample: Sample, tmp_path: Path) -> Replace:
    """Import the sample with its own question and picture, but for what is given."""
    write_picture(tmp_path / "a.png")

    def run(*, dry_run: bool = False, **fields: object) -> ImportReport:
        about = {"question": "Why?", "answer": "Otherwise.", "image": "a.png", "question_id": sample.question.key}
        path = write_samples(tmp_path, sample_line(sample.external_id, **about | fields))
        return import_sample_file(study, path, update=True, dry_run=dry_run)

    return run


def lapsed(study: Study, name: str) -> str:
    """Return an assignment that somebody held until their lease ran out."""
    (work,) = leasing.lease_samples(by=person(study, name), slug=study.slug).assignments
    let_lease_run_out(work.public_id)
    leases.expire_leases()
    return work.public_id


def submit(name: str, assignment: str) -> None:
    submitting.submit_score(
        by=make_user(name),
        assignment_id=assignment,
        client_key=uuid4(),
        ratings=same(2),
        notes={},
        seconds=9.0,
        touched=ALL,
    )


def test_what_a_judge_said_of_the_old_content_goes_and_it_judges_the_sample_again(
    study: Study, sample: Sample, replace: Replace
) -> None:
    run = JudgeRun.objects.get()
    assert list(find_unpredicted_samples(run)) == []
    report = replace()
    assert line_counts(report) == (0, 1, 0, 0)
    assert not Prediction.objects.exists()
    assert list(find_unpredicted_samples(run)) == [sample.pk]
    (note,) = report.notes
    assert "1 sample got other content: 1 prediction and 0 suggestions about the old content were deleted." in note
    assert "predict again" in note


def test_a_judge_that_was_trained_here_may_say_something_else_of_the_new_content(
    study: Study, sample: Sample, replace: Replace, tmp_path: Path
) -> None:
    run = JudgeRun.objects.get()
    path = tmp_path / "said.jsonl"
    path.write_bytes(lines_of([prediction_line(sample, judge=run.name)]))
    replace()
    assert import_predictions(by=None, study=study, path=path).created == 1


def test_only_the_predictions_of_the_replaced_sample_go(study: Study, sample: Sample, replace: Replace) -> None:
    other = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=3)
    prediction = Prediction.objects.create(run=JudgeRun.objects.get(), sample=other, status="ok", dimensions={})
    replace()
    assert Prediction.objects.get() == prediction


def test_what_ann_was_shown_of_the_old_content_is_not_shown_with_the_new_one(
    study: Study, sample: Sample, replace: Replace
) -> None:
    lapsed(study, "ann")
    assert arms_of(sample) == {"ann": "prefilled"}
    assert Suggestion.objects.count() == 4
    report = replace()
    assert "1 prediction and 4 suggestions" in report.notes[0]
    assert not Suggestion.objects.exists()
    (work,) = leasing.lease_samples(by=person(study, "ann"), slug=study.slug).assignments
    assert work.suggestion is None
    assert arms_of(sample) == {"ann": "blind"}, "of the new content she has seen nothing"


def test_a_page_that_shows_the_old_content_can_submit_nothing_about_the_new_one(
    study: Study, sample: Sample, replace: Replace
) -> None:
    before = lapsed(study, "ann")
    replace()
    for act in (lambda: submit("ann", before), lambda: leases.renew_lease(by=make_user("ann"), assignment_id=before)):
        with pytest.raises(NotFound):
            act()
    assert not Score.objects.exists()
    (work,) = leasing.lease_samples(by=make_user("ann"), slug=study.slug).assignments
    assert work.public_id != before
    submit("ann", work.public_id)
    assert Score.objects.get().sample == sample


def test_a_submission_that_waited_for_the_import_regains_no_slot(
    study: Study, sample: Sample, replace: Replace
) -> None:
    before = leases.require_own_assignment(make_user("ann"), lapsed(study, "ann"))
    replace()
    assert leases.regain_slot(before, timezone.now()) is None
    assert Assignment.objects.get().state == Assignment.State.RELEASED


def test_without_a_replacement_a_lapsed_lease_is_regained_as_ever(study: Study, sample: Sample) -> None:
    submit("ann", lapsed(study, "ann"))
    assert Score.objects.get().sample == sample


def test_a_lease_that_waited_for_the_import_shows_nothing_about_the_old_content(
    study: Study, sample: Sample, replace: Replace
) -> None:
    member = make_member(study, "ann")
    read_before = showing.suggestion_rules(
        [sample.pk],
        member_id=member.pk,
        protocol_id=study.protocols.get(current=True).pk,
        rubric=load_rubric(study.rubric_id),
    )[sample.pk]
    assert read_before.judge_values
    replace()
    leasing.lease_samples(by=make_user("ann"), slug=study.slug)
    taken = (Assignment.objects.get().pk, read_before, SlotChoice(1, SuggestionArm.PREFILLED))
    showing.store_suggestions([taken], returning=[], at=timezone.now())
    assert not Suggestion.objects.exists()


@pytest.mark.usefixtures("sent", "judge_dir")
def test_what_a_judge_says_that_was_at_work_while_the_content_was_replaced_is_left_out(
    study: Study, sample: Sample, replace: Replace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = JudgeRun.objects.get()
    other = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=3)
    Prediction.objects.all().delete()
    meanwhile = [replace]

    def judge(context: object, arguments: list[str]) -> None:
        while meanwhile:
            meanwhile.pop()()
        said_of = [prediction_line(one, judge=run.name) for one in (sample, other)]
        Path(arguments[arguments.index("--out") + 1]).write_bytes(lines_of(said_of))

    monkeypatch.setattr(work, "run_judge", judge)
    monkeypatch.setattr(work.JobFolder, "unpack", lambda place: tmp_path)
    rubric = rubric_file(load_rubric(study.rubric_id))
    monkeypatch.setattr(work, "Run", lambda folder: SimpleNamespace(rubric=rubric))

    def predict() -> list[str]:
        job = queueing.enqueue(by=None, study=study, kind="judge_predict", arguments={"run": run.public_id})
        running.run_job(job.pk)
        assert Job.objects.get(pk=job.pk).state == "done", Job.objects.get(pk=job.pk).error
        return list(job.log_lines.values_list("line", flat=True))

    assert any("got other content" in told for told in predict())
    assert [one.sample for one in Prediction.objects.all()] == [other]
    predict()
    assert Prediction.objects.filter(sample=sample).exists(), "the new content is judged right after the import"


@pytest.mark.usefixtures("sent", "judge_dir")
def test_what_a_judge_says_of_a_release_is_not_said_of_contents_that_came_since(tmp_path: Path) -> None:
    study = learnable_study()
    release = release_study(study)
    FinalScore.objects.update(outcome="imported")
    ones: Any = Sample.objects.filter(question__part="test").order_by("pk")
    sample, other = ones[:2]
    about = {"question_id": sample.question.key, "answer": "Otherwise.", "labels": {"TCC": 5}}
    assert (
        import_sample_file(
            study, write_samples(tmp_path, sample_line(sample.external_id, **about)), update=True
        ).updated
        == 1
    )
    run = train_judge(study, release)
    assert run.predictions.filter(sample=other).exists()
    assert not run.predictions.filter(sample=sample).exists()


@pytest.mark.parametrize(
    "fields",
    [{"generator": "heron"}, {"metadata": {"x": 1}}, {"language": "en", "domain": "birds"}, {"topic": "t"}],
    ids=lambda fields: next(iter(fields)),
)
def test_other_words_about_the_same_content_delete_nothing(
    study: Study, sample: Sample, replace: Replace, fields: dict[str, object]
) -> None:
    replace()
    judge = JudgeRun.objects.get()
    Prediction.objects.create(run=judge, sample=sample, status="ok", dimensions={})
    before = lapsed(study, "ann")
    report = replace(**fields)
    assert line_counts(report) == (0, 1, 0, 0)
    assert report.notes == []
    assert Prediction.objects.filter(sample=sample).exists()
    assert Assignment.objects.get().public_id == before


def test_another_picture_is_another_content(study: Study, sample: Sample, replace: Replace, tmp_path: Path) -> None:
    replace()
    Prediction.objects.create(run=JudgeRun.objects.get(), sample=sample, status="ok", dimensions={})
    write_picture(tmp_path / "b.png", size=(20, 20))
    replace(image="b.png")
    assert not Prediction.objects.exists()


def test_a_dry_run_tells_what_would_go_and_deletes_nothing(study: Study, sample: Sample, replace: Replace) -> None:
    before = lapsed(study, "ann")
    report = replace(dry_run=True)
    assert report.notes == [
        "1 sample would get other content: 1 prediction and 4 suggestions about the old content would be deleted."
    ]
    assert (Prediction.objects.count(), Suggestion.objects.count()) == (1, 4)
    assert Assignment.objects.get().public_id == before


class TestTheReviewQueue:
    @pytest.fixture
    def sample(self, study: Study) -> Sample:
        drawn = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=3)
        doubt = make_dimension_prediction(unlike=0.5, ensemble_sd=0.9)
        store_prediction(make_active_judge(study), drawn, dict.fromkeys(ALL, doubt), cluster=1)
        rebuild_queues(study)
        return drawn

    def test_its_places_rest_on_the_new_content_alone(self, study: Study, sample: Sample, replace: Replace) -> None:
        assert get_entry(sample, "label_next").foreseen == 0.9
        replace()
        assert HistoryEntry.objects.filter(sample=sample, event="content_replaced").exists(), "the queues follow that"
        update_queues(study, sample)
        entry = get_entry(sample, "label_next")
        assert (entry.foreseen, entry.reason.get("ensemble_sd")) == (None, None)

    def test_a_dismissal_was_about_the_old_content(self, study: Study, sample: Sample, replace: Replace) -> None:
        make_member(study, "ada", "admin")
        pin_dismiss.dismiss_sample(by=make_user("ada"), entry_id=get_entry(sample).public_id, reason="It is fine.")
        replace()
        update_queues(study, sample)
        assert get_entry(sample).dismissed_at is None
