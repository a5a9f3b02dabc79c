"""A closed study rejects every import, even if it closes during one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotation.core.errors import WrongState
from annotation.jobs import queueing, running
from annotation.models import HistoryEntry, Job, Rating, Sample, Study, User
from annotation.studies import studies
from tests.annotation.conftest import look

from .importing import (
    import_sample_file,
    import_score_file,
    line_counts,
    sample_line,
    text_lines,
    write_samples,
    write_scores,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(study: Study) -> Study:
    Study.objects.update(state="closed")
    study.refresh_from_db()
    return study


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(WrongState) as refused:
        act()
    assert "Open it again" in refused.value.message
    return refused.value.code


@pytest.mark.parametrize("dry_run", [False, True], ids=["for real", "dry run"])
def test_a_closed_study_takes_no_samples(closed: Study, tmp_path: Path, dry_run: bool) -> None:
    path = write_samples(tmp_path, sample_line("a"))
    assert code_of(lambda: import_sample_file(closed, path, dry_run=dry_run)) == "study_closed"
    assert not Sample.objects.exists()


def test_no_sample_of_a_closed_study_is_replaced(study: Study, tmp_path: Path) -> None:
    import_sample_file(study, write_samples(tmp_path, sample_line("a")))
    study.state = "closed"
    changed = write_samples(tmp_path, sample_line("a", answer="Otherwise."))
    assert code_of(lambda: import_sample_file(study, changed, update=True)) == "study_closed"


def test_what_is_open_again_takes_samples_again(closed: Study, ada: User, tmp_path: Path) -> None:
    path = write_samples(tmp_path, sample_line("a"))
    assert line_counts(import_sample_file(studies.change_study(by=ada, study=closed, state="paused"), path)) == (
        1,
        0,
        0,
        0,
    )


def closing(ada: User, study: Study) -> Callable[..., None]:
    """Return a progress at whose first step Ada closes the study."""

    def close(*step: Any) -> None:
        studies.change_study(by=ada, study=study, state="closed")

    return close


def test_samples_of_a_study_that_is_closed_meanwhile_come_in_up_to_there(
    study: Study, ada: User, tmp_path: Path
) -> None:
    path = write_samples(tmp_path, *text_lines(f"s{n}" for n in range(1500)))
    assert code_of(lambda: import_sample_file(study, path, progress=closing(ada, study))) == "study_closed"
    assert Sample.objects.count() == 1000
    assert HistoryEntry.objects.get(event="samples_imported").detail["counts"]["created"] == 1000


def test_scores_of_a_study_that_is_closed_meanwhile_come_in_up_to_there(
    study: Study, ada: User, tmp_path: Path
) -> None:
    import_sample_file(study, write_samples(tmp_path, *text_lines(f"s{n}" for n in range(2500))))
    path = write_scores(tmp_path, *(f"s{n},Dan,TCC,3,1,," for n in range(2500)))
    assert code_of(lambda: import_score_file(study, path, progress=closing(ada, study))) == "study_closed"
    assert Rating.objects.count() == 2000


@pytest.mark.usefixtures("sent")
class TestJobs:
    @pytest.fixture(autouse=True)
    def _lines(self, settings: Any, tmp_path: Path) -> None:
        settings.IMPORT_ROOT = str(tmp_path)
        write_samples(tmp_path, sample_line("a"), name="file.jsonl")

    @pytest.mark.parametrize("kind", ["import_samples", "import_scores"])
    def test_none_is_queued(self, closed: Study, ada: User, kind: str) -> None:
        arguments = {"path": "file.jsonl"}
        assert code_of(lambda: queueing.enqueue(by=ada, study=closed, kind=kind, arguments=arguments)) == "study_closed"
        assert not Job.objects.exists()

    def test_other_work_is(self, closed: Study, ada: User) -> None:
        assert queueing.enqueue(by=ada, study=closed, kind="statistics", arguments={}).state == "queued"

    def test_one_that_was_queued_before_says_why_it_failed(self, study: Study, ada: User) -> None:
        job = queueing.enqueue(by=ada, study=study, kind="import_samples", arguments={"path": "file.jsonl"})
        Study.objects.update(state="closed")
        running.run_job(job.pk)
        assert look(job).state == "failed"
        assert "This study is closed and takes no more samples." in look(job).error
