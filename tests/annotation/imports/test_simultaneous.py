"""Simultaneous imports and scoring store nothing twice and lose nothing."""

import threading

import pytest
from django.db import connection

from annotation.models import Member, Picture, Question, Rating, Sample, Score
from tests.factories import make_study

from .importing import import_sample_file, import_score_file, sample_line, write_picture, write_samples, write_scores

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _on_a_server():
    if connection.vendor != "postgresql":
        pytest.skip("threads of a test share SQLite's database in memory")


def at_once(*works):
    """Run all of them at the same time and return what they returned."""
    results, errors = [None] * len(works), []
    start = threading.Barrier(len(works))

    def run(index, work):
        try:
            start.wait()
            results[index] = work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    return results


def test_the_same_samples_imported_twice_at_once_are_there_once(tmp_path):
    study = make_study()
    write_picture(tmp_path / "a.png")
    lines = [sample_line(f"s{n}", image="a.png", question_id=f"q{n // 3}") for n in range(300)]
    path = write_samples(tmp_path, *lines)
    reports = at_once(*[lambda: import_sample_file(study, path)] * 3)
    assert sum(report.created for report in reports) == 300
    assert sum(report.unchanged for report in reports) == 600
    assert (Sample.objects.count(), Question.objects.count(), Picture.objects.count()) == (300, 100, 1)


def test_the_same_scores_imported_twice_at_once_are_there_once(tmp_path):
    study = make_study()
    import_sample_file(study, write_samples(tmp_path, *(sample_line(f"s{n}") for n in range(300))))
    rows = [f"s{n},{who},TCC,3,1,," for n in range(300) for who in ("Ann", "Ben")]
    path = write_scores(tmp_path, *rows)
    reports = at_once(*[lambda: import_score_file(study, path)] * 3)
    assert sum(report.created for report in reports) == 600
    assert sum(report.refused for report in reports) == 0
    assert (Rating.objects.count(), Score.objects.count(), Member.objects.count()) == (600, 600, 2)
