"""Predictions that were made elsewhere are imported line by line.

An import can be run twice.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.imports.predictions import import_predictions
from annotation.imports.report import ImportReport
from annotation.models import HistoryEntry, JudgeRun, Prediction, Sample, Study
from tests.annotation.judges.judge_studies import (
    join_lines,
    learnable_study,
    make_prediction_line,
    stored_predictions,
    train_judge,
)
from tests.factories import make_member, make_sample, make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "judge_dir")]


@pytest.fixture
def study() -> Study:
    study = make_study("birds", k=2)
    make_member(study, "rae", "researcher")
    for number in range(3):
        make_sample(study, pictures=("red",), external_id=f"s{number}")
    return study


@pytest.fixture
def samples(study: Study) -> list[Sample]:
    return list(study.samples.order_by("pk"))


def import_lines(study: Study, path: Path, lines: list[Any], **options: Any) -> ImportReport:
    file = path / "predictions.jsonl"
    file.write_bytes(join_lines(lines))
    return import_predictions(by=None, study=study, path=file, **options)


def test_a_judge_that_nobody_knew_becomes_a_run_with_what_it_says(study: Study, samples, tmp_path: Path) -> None:
    report = import_lines(study, tmp_path, [make_prediction_line(sample) for sample in samples])
    assert report.counts() == {"created": 3, "updated": 0, "unchanged": 0, "refused": 0}
    run = JudgeRun.objects.get()
    assert (run.number, run.name, run.origin, run.prompt_sha) == (1, "elsewhere-1", "imported", "ab" * 32)
    assert run.finished_at is not None
    assert stored_predictions(run)["s0"]["TCC"]["expected"] == 4
    row = Prediction.objects.filter(run=run).first()
    assert row is not None
    assert (row.status, row.readout, row.p_dispute) == ("ok", "expected", 0)
    assert [
        entry.detail["counts"]["created"] for entry in HistoryEntry.objects.filter(event="predictions_imported")
    ] == [3]


def test_the_same_file_again_changes_nothing_and_a_new_one_replaces(study: Study, samples, tmp_path: Path) -> None:
    import_lines(study, tmp_path, [make_prediction_line(sample) for sample in samples])
    again = import_lines(study, tmp_path, [make_prediction_line(sample) for sample in samples])
    assert again.counts() == {"created": 0, "updated": 0, "unchanged": 3, "refused": 0}
    unsure = {key: {"p": [0.5, 0, 0, 0, 0, 0.5]} for key in ("TCC", "ICC", "IQ", "ITS")}
    changed = import_lines(
        study, tmp_path, [make_prediction_line(samples[0], dimensions=unsure), make_prediction_line(samples[1])]
    )
    assert changed.counts() == {"created": 0, "updated": 1, "unchanged": 1, "refused": 0}
    row = Prediction.objects.get(sample=samples[0])
    assert row.dimensions["TCC"]["expected"] == 2.5
    assert row.p_dispute == 0.5
    assert Prediction.objects.count() == 3


def test_versions_of_judges_live_side_by_side(study: Study, samples, tmp_path: Path) -> None:
    import_lines(
        study,
        tmp_path,
        [
            make_prediction_line(samples[0], "one"),
            make_prediction_line(samples[0], "two"),
            make_prediction_line(samples[1], "two"),
        ],
    )
    assert {run.name: run.predictions.count() for run in JudgeRun.objects.all()} == {"one": 1, "two": 2}
    assert sorted(JudgeRun.objects.values_list("number", flat=True)) == [1, 2]


def test_each_bad_line_is_refused_by_its_number_with_the_field_and_the_remedy(
    study: Study, samples, tmp_path: Path
) -> None:
    report = import_lines(
        study,
        tmp_path,
        [
            make_prediction_line(samples[0]),
            "{not JSON",
            make_prediction_line(samples[1], judge=""),
            make_prediction_line(samples[1], dimensions={"TCC": {"p": [0.5, 0.1, 0, 0, 0, 0]}}),
            make_prediction_line(samples[1], dimensions={"NO": {"p": [1]}}),
            make_prediction_line(samples[0]) | {"id": "nobody"},
            make_prediction_line(samples[0]),
            make_prediction_line(samples[2], status="parse_error", dimensions={}, message="no score of IQ"),
        ],
    )
    assert report.counts() == {"created": 2, "updated": 0, "unchanged": 0, "refused": 6}
    assert [(error.line, error.field) for error in report.errors] == [
        (2, ""),
        (3, "judge"),
        (4, "dimensions.TCC.p"),
        (5, "dimensions.NO"),
        (6, "id"),
        (7, "id"),
    ]
    failed = Prediction.objects.get(sample=samples[2])
    assert (failed.status, failed.message, failed.dimensions) == ("parse_error", "no score of IQ", {})


def test_a_dry_run_tells_the_same_and_stores_nothing(study: Study, samples, tmp_path: Path) -> None:
    report = import_lines(study, tmp_path, [make_prediction_line(samples[0]), "{"], dry_run=True)
    assert report.counts() == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert not JudgeRun.objects.exists()
    assert not Prediction.objects.exists()


def test_what_a_judge_said_that_was_trained_here_is_never_replaced(tmp_path: Path) -> None:
    run = train_judge(learnable_study())
    row = Prediction.objects.filter(run=run).select_related("sample")[0]
    other = Sample.objects.exclude(pk__in=run.predictions.values("sample")).filter(study=run.study)[0]
    report = import_lines(
        run.study, tmp_path, [make_prediction_line(row.sample, run.name), make_prediction_line(other, run.name)]
    )
    assert report.counts() == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert "has said something else" in next(iter(report.errors)).message
    assert stored_predictions(run)[row.sample.external_id] == row.dimensions


def test_the_command_exits_by_what_came_of_it(study: Study, samples, tmp_path: Path, capsys) -> None:
    file = tmp_path / "predictions.jsonl"
    file.write_bytes(join_lines([make_prediction_line(samples[0])]))
    call_command("import_predictions", str(file), "--study", "birds", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
        "errors": [],
    }
    file.write_bytes(join_lines([make_prediction_line(samples[0]), "{"]))
    with pytest.raises(CommandError) as some:
        call_command("import_predictions", str(file), "--study", "birds")
    assert some.value.returncode == 3
    file.write_bytes(b"{\n")
    with pytest.raises(CommandError) as none:
        call_command("import_predictions", str(file), "--study", "birds")
    assert none.value.returncode == 1
    with pytest.raises(CommandError, match="There is no study"):
        call_command("import_predictions", str(file), "--study", "fishes")
