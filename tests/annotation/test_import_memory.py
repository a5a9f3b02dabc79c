"""Memory does not grow with the file."""

import tracemalloc

import pytest

from annotation.services.exporting import export_scores
from tests.annotation.importing import take, take_scores, texts, write_samples, write_scores
from tests.factories import make_study

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ALLOWED = 3_000_000


def peak(work) -> int:
    """Return the most memory that ``work`` held at once, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_importing_and_exporting_ten_times_as_much_takes_no_more_memory(tmp_path):
    spent = {}
    for count in (1_500, 15_000):
        study = make_study(f"study-{count}")
        samples = write_samples(tmp_path, *texts(f"s{n}" for n in range(count)), *[b"{broken"] * count)
        rows = [f"s{n},{who},TCC,3,1,," for n in range(count) for who in ("Ann", "Ben")]
        scores = write_scores(tmp_path, *rows, *rows[:count])
        spent[count] = [
            peak(lambda: take(study, samples)),  # noqa: B023 - called at once
            peak(lambda: take_scores(study, scores)),  # noqa: B023
            peak(lambda: sum(len(piece) for piece in export_scores(by=None, study=study))),  # noqa: B023
        ]
    for few, many in zip(*spent.values(), strict=True):
        assert many < few + ALLOWED
