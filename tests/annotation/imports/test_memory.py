"""Memory does not grow with the file."""

import csv
import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet
import pytest

from annotation.exports.scores import export_scores
from tests.factories import make_study

from .importing import import_sample_file, import_score_file, text_lines, write_samples, write_scores
from .zip_files import write_zip

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


def write_large_samples(folder, form, count):
    """Write samples with long answers, too large for memory together."""
    rows = [one | {"image": "", "answer": f"{one['id']} " * 300} for one in text_lines(f"s{n}" for n in range(count))]
    path = folder / f"samples-{count}.{form}"
    if form == "json":
        path.write_text(json.dumps(rows))
    elif form == "csv":
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]), quoting=csv.QUOTE_ALL)
            table.writeheader()
            table.writerows(rows)
    elif form == "parquet":
        pa.parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=300)
    else:
        write_zip(path, {"samples.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode()})
    return path


@pytest.mark.one_database
@pytest.mark.parametrize("form", ["json", "csv", "parquet", "zip"])
def test_memory_does_not_grow_with_a_file_of_any_format(tmp_path, form):
    spent = []
    for count in (2_000, 5_000):
        study, path = make_study(f"study-{count}"), write_large_samples(tmp_path, form, count)
        spent.append(peak(lambda: import_sample_file(study, path)))  # noqa: B023 - called at once
    assert spent[1] < spent[0] + ALLOWED


def test_importing_and_exporting_eight_times_as_much_takes_no_more_memory(tmp_path):
    spent = {}
    for count in (1_000, 8_000):
        study = make_study(f"study-{count}")
        samples = write_samples(tmp_path, *text_lines(f"s{n}" for n in range(count)), *[b"{broken"] * count)
        rows = [f"s{n},{who},TCC,3,1,," for n in range(count) for who in ("Ann", "Ben")]
        scores = write_scores(tmp_path, *rows, *rows[:count])
        spent[count] = [
            peak(lambda: import_sample_file(study, samples)),  # noqa: B023 - called at once
            peak(lambda: import_score_file(study, scores)),  # noqa: B023
            peak(lambda: sum(len(piece) for piece in export_scores(by=None, study=study))),  # noqa: B023
        ]
    for few, many in zip(*spent.values(), strict=True):
        assert many < few + ALLOWED
