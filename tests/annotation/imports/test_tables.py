"""Tables and lists of samples and scores: line numbers, columns and errors."""

import csv
import io
import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet
import pytest

from annotation.core.errors import BadInput
from annotation.imports.formats import open_samples
from annotation.models import Sample, Score
from tests.factories import make_study

from .importing import (
    import_sample_file,
    import_score_file,
    line_counts,
    make_picture,
    rejected_lines,
    sample_line,
    text_lines,
    write_picture,
)

pytestmark = pytest.mark.django_db


# --- numbers that a person finds the line by ------------------------------------------------------


@pytest.fixture
def study():
    return make_study()


def test_the_line_number_of_a_table_is_that_of_the_physical_line(study, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfid;question;answer\r\na;"Why\r\nnot?";So.\r\n\r\nb;;So.\r\nc;Why?\r\nd;"Wh"y;x\r\n')
    report = import_sample_file(study, path)
    assert line_counts(report) == (1, 0, 0, 3)
    assert rejected_lines(report) == [(5, "question"), (6, ""), (7, "")]


def test_the_line_number_of_a_list_is_the_place_of_the_element(study, tmp_path):
    path = tmp_path / "a.json"
    good, other = json.dumps(sample_line("a")), json.dumps(sample_line("b"))
    path.write_text(
        f'[\n{good},\n\n 5, {{"id": "x", "id": "y"}}, {{"id": NaN}}, {{"id": "z\\u0000"}}, [],\n{other}\n]\n'
    )
    report = import_sample_file(study, path)
    assert line_counts(report) == (2, 0, 0, 5)
    assert [number for number, _ in rejected_lines(report)] == [2, 3, 4, 5, 6]


def test_what_precedes_a_break_in_a_list_is_kept(study, tmp_path):
    path = tmp_path / "a.json"
    for broken in ('[{}, {"id": ', "[{} {}]", "[{},]", '[{}, {"id": "b", x}]', "[{}, nul"):
        path.write_text(broken.replace("{}", json.dumps(sample_line("a")), 1))
        report = import_sample_file(study, path)
        assert (report.accepted, report.refused) == (1, 1), broken
        assert "not valid JSON from here on" in next(iter(report.errors)).message


def test_a_list_longer_than_what_is_read_at_once_is_read_whole(study, tmp_path, monkeypatch):
    monkeypatch.setattr("annotation.imports.formats.json_stream.PIECE_BYTES", 7)
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps([sample_line("ä"), sample_line("b", answer='a "quoted" ]}, \\ text')], ensure_ascii=False)
    )
    assert line_counts(import_sample_file(study, path)) == (2, 0, 0, 0)


def test_an_element_that_never_ends_is_not_held_in_memory(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"id": "' + "a" * 30_000_000)
    tracemalloc.start()
    with open_samples(path, format="json") as source:
        (row,) = source.rows()
    assert tracemalloc.get_traced_memory()[1] < 25_000_000
    tracemalloc.stop()
    assert "4,000,000" in row.content.message


@pytest.mark.parametrize("text", ['{"about": {"x": [1]}, "samples": [LINES], "end": 1}', '{"samples": [LINES]}'])
def test_an_object_with_a_list_is_read_and_what_lies_beside_it_is_said(study, tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text.replace("LINES", json.dumps(sample_line("a"))))
    report = import_sample_file(study, path)
    assert line_counts(report) == (1, 0, 0, 0)
    assert report.notes == (
        [] if "about" not in text else ["Beside the list, these fields of the file were left out: about, end."]
    )


def test_a_sample_by_itself_may_be_written_over_several_lines(study, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"id": "a", "turns": [{"question": "Why?", "blocks": [{"text": "So."}]}]}, indent=2))
    assert line_counts(import_sample_file(study, path)) == (1, 0, 0, 0)
    path.write_text(json.dumps({"version": 1}))
    with pytest.raises(BadInput, match="without a list"):
        import_sample_file(study, path)


def test_json_lines_may_be_called_json(study, tmp_path):
    path = tmp_path / "a.json"
    path.write_text("".join(json.dumps(one) + "\n" for one in text_lines("ab")))
    assert line_counts(import_sample_file(study, path)) == (2, 0, 0, 0)


def test_a_file_that_nothing_tells_the_format_of_can_have_it_named(study, tmp_path):
    path = tmp_path / "table.txt"
    path.write_text("question\tid\nWhy?\ta\n")
    assert line_counts(import_sample_file(study, path)) == (1, 0, 0, 0)
    path.write_text("birds\nheron\n")
    with pytest.raises(BadInput, match="--format"):
        import_sample_file(study, path)
    assert rejected_lines(import_sample_file(study, path, format="csv")) == [(1, "birds")]


# --- columns --------------------------------------------------------------------------------------


def test_unknown_columns_are_refused_with_the_remedy(study, tmp_path):
    (tmp_path / "a.csv").write_text("id,question,colour\na,Why?,red\n")
    pa.parquet.write_table(pa.table({"id": ["a"], "question": ["Why?"], "colour": ["red"]}), tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        (error,) = import_sample_file(study, tmp_path / name).errors
        assert error.field == "colour"
        assert "metadata.colour" in error.message


def test_columns_of_metadata_and_labels_are_parts_of_the_field(study, tmp_path):
    header = "id,question,answer,images,metadata.colour,labels.TCC,labels.ICC,labels.IQ,labels.ITS\n"
    (tmp_path / "a.csv").write_text(f"{header}a,Why?,So.,a.png| b.png,red,5,4,3,2\n")
    for name in ("a.png", "b.png"):
        write_picture(tmp_path / name)
    assert line_counts(import_sample_file(study, tmp_path / "a.csv")) == (1, 0, 0, 0)
    sample = Sample.objects.get()
    assert sample.content.metadata == {"colour": "red"}
    assert (sample.pictures.count(), sample.state) == (2, "agreed")


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"metadata": "{", "answer": "x"}, "metadata"),
        ({"metadata": '{"x": 1, "x": 2}', "answer": "x"}, "metadata.x"),
        ({"metadata": '{"colour": 1}', "metadata.colour": "red"}, "metadata.colour"),
        ({"labels.TCC": "high"}, "labels.TCC"),
        ({"labels": "[1, 2, 3, 4]", "labels.TCC": "1"}, "labels.TCC"),
        ({"images": "[a.png]"}, "images"),
        ({"turns": "[1]", "question": ""}, "turns[0]"),
        ({"metadata": '{"x": "\\u0000"}'}, "metadata.x"),
    ],
)
def test_a_cell_that_does_not_hold_what_its_column_asks_for_is_named(study, tmp_path, cells, field):
    row = {"id": "a", "question": "Why?", **cells}
    text = io.StringIO()
    table = csv.DictWriter(text, list(row))
    table.writeheader()
    table.writerow(row)
    (tmp_path / "a.csv").write_text(text.getvalue())
    assert rejected_lines(import_sample_file(study, tmp_path / "a.csv")) == [(2, field)]


def test_a_cell_longer_than_what_the_library_takes_by_itself_is_read(study, tmp_path):
    (tmp_path / "a.csv").write_text('id,question,answer\na,Why?,"' + "line\n" * 60_000 + '"\nb,Why?,So.\n')
    assert line_counts(import_sample_file(study, tmp_path / "a.csv")) == (2, 0, 0, 0)


def test_nested_columns_of_parquet_are_those_of_the_line(study, tmp_path):
    turns = [
        {
            "question": "Why?",
            "context": None,
            "blocks": [{"text": "So.", "image": None}, {"text": None, "image": "a.png"}],
        }
    ]
    rows = [{"id": 1, "question": None, "turns": turns, "metadata": {"colour": "red", "age": None}, "labels": None}]
    pa.parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    write_picture(tmp_path / "a.png")
    assert line_counts(import_sample_file(study, tmp_path / "a.parquet")) == (1, 0, 0, 0)
    sample = Sample.objects.get()
    assert (sample.external_id, sample.has_image, sample.content.metadata) == ("1", True, {"colour": "red"})


def test_pictures_inside_of_parquet_are_taken_in(study, tmp_path):
    rows = [
        {"id": "a", "question": "Why?", "image": {"bytes": make_picture(), "path": "über a.png"}},
        {"id": "b", "question": "Why?", "image": {"bytes": make_picture("JPEG"), "path": None}},
        {"id": "c", "question": "Why?", "image": {"bytes": b"none", "path": None}},
    ]
    pa.parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    report = import_sample_file(study, tmp_path / "a.parquet")
    assert (line_counts(report), rejected_lines(report)) == ((2, 0, 0, 1), [(3, "image")])
    assert [place.picture.width for sample in Sample.objects.all() for place in sample.pictures.all()] == [64, 64]


# --- scores ---------------------------------------------------------------------------------------


def test_scores_come_in_from_every_kind_of_table(study, tmp_path):
    rows = [{"sample": "a", "annotator": who, "dimension": "TCC", "value": 3, "round": 1} for who in ("Ann", "Ben")]
    (tmp_path / "s.jsonl").write_text(json.dumps(sample_line("a")) + "\n")
    (tmp_path / "a.tsv").write_text("sample\tannotator\tdimension\tvalue\na\tAnn\tTCC\t3\na\tBen\tTCC\t9\n")
    (tmp_path / "a.json").write_text(json.dumps(rows))
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pa.parquet.write_table(
        pa.Table.from_pylist([row | {"seconds": float("nan")} for row in rows]), tmp_path / "a.parquet"
    )
    for name in ("a.tsv", "a.json", "a.jsonl", "a.parquet"):
        one = make_study(f"of-{name.split('.')[1]}")
        import_sample_file(one, tmp_path / "s.jsonl")
        report = import_score_file(one, tmp_path / name)
        assert line_counts(report) == ((1, 0, 0, 1) if name == "a.tsv" else (2, 0, 0, 0)), name
    assert Score.objects.count() == 7


def test_a_score_table_has_no_format_of_samples_alone(study, tmp_path):
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(BadInput) as refusal:
        import_score_file(study, tmp_path / "a.csv", format="imagefolder")
    assert "format" in refusal.value.fields
