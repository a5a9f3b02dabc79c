"""A sample may change its question only where no release part changes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from annotation.imports.report import ImportReport
from annotation.models import Question, ReservedPool, Sample, Study
from tests.annotation.releases.release_rows import read_parts, release_study
from tests.factories import make_study

from .importing import import_sample_file, line_counts, sample_line, write_samples

pytestmark = pytest.mark.django_db

LABELS = [5, 0, 0, 0]
Move = Callable[..., ImportReport]


@pytest.fixture
def study() -> Study:
    return make_study("birds", k=2)


@pytest.fixture
def sample(study: Study, tmp_path: Path) -> Sample:
    import_sample_file(study, write_samples(tmp_path, sample_line("a", question_id="old")))
    return Sample.objects.get()


@pytest.fixture
def move(study: Study, tmp_path: Path) -> Move:
    """Import sample ``a`` under another question, or with other fields."""

    def run(**fields: object) -> ImportReport:
        about: dict[str, object] = {"question_id": "new", "answer": "Otherwise."}
        return import_sample_file(study, write_samples(tmp_path, sample_line("a", **about | fields)), update=True)

    return run


def set_question_binding(study: Study, key: str, **fields: object) -> None:
    Question.objects.update_or_create(study=study, key=key, defaults=fields)


def question_of_a() -> str:
    return Sample.objects.get(external_id="a").question.key


def test_where_nothing_is_fixed_a_sample_may_answer_another_question(sample: Sample, move: Move) -> None:
    assert line_counts(move()) == (0, 1, 0, 0)
    assert question_of_a() == "new"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ({"part": "train"}, {"part": "test", "reserved": True}, "in the train part, and the other is in the test part"),
        ({"part": "test", "reserved": True}, {"part": "train"}, "in the test part"),
        ({"part": "train"}, {}, "in the train part, and the other is free"),
        ({"part": "test", "reserved": True}, None, "in the test part, and the other is free"),
        ({}, {"part": "train"}, "free, and the other is in the train part"),
        ({}, {"reserved": True}, "free, and the other is reserved for test"),
        ({"reserved": True}, None, "reserved for test, and the other is free"),
        ({"calibration": True}, {}, "kept for calibration"),
        ({"part": "train", "calibration": True}, {"part": "train"}, "in the train part and kept for calibration"),
    ],
)
def test_a_sample_leaves_no_part_and_enters_none(
    study: Study, sample: Sample, move: Move, old: dict[str, object], new: dict[str, object] | None, says: str
) -> None:
    set_question_binding(study, "old", **old)
    if new is not None:
        set_question_binding(study, "new", **new)
    report = move()
    (error,) = report.errors
    assert (error.line, error.field) == (1, "question_id")
    assert says in error.message
    assert '"question_id": "old"' in error.message, "how to keep the question"
    assert "another id" in error.message
    assert question_of_a() == "old"
    assert sample.content.turns == Sample.objects.get().content.turns


def test_questions_of_one_part_may_be_changed_before_the_sample_is_released(
    study: Study, sample: Sample, move: Move
) -> None:
    for key in ("old", "new"):
        set_question_binding(study, key, part="train")
    assert line_counts(move()) == (0, 1, 0, 0)


def test_a_new_question_is_compared_by_what_it_is_drawn_for(study: Study, sample: Sample, move: Move) -> None:
    ReservedPool.objects.create(study=study, share=0.999, calibration_share=0, seed=1, at=timezone.now())
    assert [error.field for error in move().errors] == ["question_id"]
    set_question_binding(study, "old", reserved=True)
    assert line_counts(move()) == (0, 1, 0, 0)
    assert Question.objects.get(key="new").reserved


def test_the_remedy_that_is_told_helps(study: Study, tmp_path: Path) -> None:
    import_sample_file(study, write_samples(tmp_path, sample_line("a")))
    key = question_of_a()
    set_question_binding(study, key, part="train")
    path = write_samples(tmp_path, sample_line("a", question="Why, oh why?"))
    (error,) = import_sample_file(study, path, update=True).errors
    assert error.field == "question"
    assert f'"question_id": "{key}"' in error.message
    path = write_samples(tmp_path, sample_line("a", question="Why, oh why?", question_id=key))
    assert line_counts(import_sample_file(study, path, update=True)) == (0, 1, 0, 0)
    assert question_of_a() == key


class TestReleased:
    @pytest.fixture
    def study(self, study: Study, tmp_path: Path) -> Study:
        lines = [sample_line(name, question_id=f"q-{name}", labels=LABELS) for name in "abcdef"]
        import_sample_file(study, write_samples(tmp_path, *lines))
        return study

    def test_its_question_stays_even_for_another_one_of_the_same_part(self, study: Study, move: Move) -> None:
        found = read_parts(release_study(study, test_count=2))
        part = "train" if "a" in found["train"] else "test"
        mate = next(name for name in sorted(found[part]) if name != "a")
        (error,) = move(question_id=f"q-{mate}", answer="So a.", labels=LABELS).errors
        assert "is in a release" in error.message
        assert question_of_a() == "q-a"

    def test_its_labels_and_content_may_be_corrected(self, study: Study, move: Move) -> None:
        release_study(study, test_count=2)
        assert line_counts(move(question_id="q-a", labels=[4, 0, 0, 0])) == (0, 1, 0, 0)

    def test_what_is_told_without_update_is_that_it_cannot_be(self, study: Study, tmp_path: Path) -> None:
        release_study(study, test_count=2)
        (error,) = import_sample_file(study, write_samples(tmp_path, sample_line("a", question_id="new"))).errors
        assert error.field == "question_id"
