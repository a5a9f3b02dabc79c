"""Memory does not grow with a release: its records pass through one at a time."""

import gc
import tracemalloc

import pyarrow
import pytest

from annotation.releases.formats import FORMATS, parquet
from annotation.releases.rendering import render_release

from .frozen_records import make_facts, make_record, make_turn

pytestmark = [pytest.mark.sqlite, pytest.mark.slow]
ALLOWED = 1_000_000


def peak(folder, count):
    """Return the most memory that rendering held at once: Python's, and Arrow's."""
    # What earlier tests left would be freed in between and make less of what is held now.
    gc.collect()
    pool = pyarrow.default_memory_pool()
    before = pool.bytes_allocated()

    def records():
        for number in range(count):
            yield make_record(
                f"s{number}", make_turn(f"{number} " + "words " * 200), part=("test", "train")[number % 2]
            )

    tracemalloc.start()
    try:
        render_release(records=records, facts=make_facts(), formats=list(FORMATS), folder=folder)
        return tracemalloc.get_traced_memory()[1], pool.bytes_allocated() - before
    finally:
        tracemalloc.stop()


def test_rendering_six_times_as_much_takes_no_more_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 200)
    # The smaller one fills a row group of each part already.
    few, many = peak(tmp_path / "few", 500), peak(tmp_path / "many", 3_000)
    assert many[0] < few[0] + ALLOWED
    assert many[1] == few[1] == 0
