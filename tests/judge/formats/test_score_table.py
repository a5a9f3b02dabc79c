"""Score tables: CSV rows in all their forms, and valid values."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.json_line import RecordError
from judge.formats.score_table import ScoreTable, parse_score

HEADER = b"sample,annotator,dimension,value,round,at,seconds\n"


def read_table(content: bytes) -> ScoreTable:
    return ScoreTable(list(enumerate(content.splitlines(keepends=True), 1)))


def read_rows(content: bytes) -> list[tuple[int, object]]:
    return [(n, row if isinstance(row, dict) else type(row)) for n, row in read_table(content)]


def make_line(**fields):
    return {"sample": "s1", "annotator": "ann", "dimension": "TCC", "value": 4, **fields}


def test_a_line_without_round_is_of_the_first():
    record = parse_score(make_line())
    assert (record.value, record.round, record.at, record.seconds) == (4.0, 1, None, None)


def test_text_cells_become_values():
    record = parse_score(make_line(value="0.5", round="2", at="2022-09-26 15:42:06", seconds="12.5"))
    assert (record.value, record.round, record.seconds) == (0.5, 2, 12.5)
    assert record.at == datetime(2022, 9, 26, 15, 42, 6, tzinfo=UTC)


def test_a_time_with_a_zone_is_taken_to_utc():
    assert parse_score(make_line(at="2026-01-01T02:00:00+02:00")).at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value": None}, "value"),
        ({"value": ""}, "value"),
        ({"value": "abc"}, "value"),
        ({"value": "nan"}, "value"),
        ({"value": "1_0"}, "value"),
        ({"value": "٣"}, "value"),
        ({"value": True}, "value"),
        ({"value": [4]}, "value"),
        ({"sample": ""}, "sample"),
        ({"sample": None}, "sample"),
        ({"annotator": " "}, "annotator"),
        ({"annotator": "x" * 121}, "annotator"),
        ({"dimension": {}}, "dimension"),
        ({"round": 0}, "round"),
        ({"round": 1.5}, "round"),
        ({"round": "two"}, "round"),
        ({"round": 40_000}, "round"),
        ({"at": "yesterday"}, "at"),
        ({"at": 5}, "at"),
        ({"at": "0001-01-01T00:00:00+10:00"}, "at"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": "long"}, "seconds"),
        ({"note": "x"}, "note"),
    ],
)
def test_a_faulty_field_is_refused_by_name(fields, field):
    with pytest.raises(RecordError) as refused:
        parse_score(make_line(**fields))
    assert refused.value.field == field


def test_a_byte_order_free_table_with_windows_line_ends_is_read():
    content = HEADER.replace(b"\n", b"\r\n") + b"s1,ann,TCC,4,1,,\r\n\r\ns2,ann,TCC,3,1,,\r\n"
    assert [(n, row["sample"], row["seconds"]) for n, row in read_rows(content)] == [(2, "s1", ""), (4, "s2", "")]


def test_semicolons_and_tabs_separate_too():
    for delimiter in (b";", b"\t"):
        content = HEADER.replace(b",", delimiter) + b"s1,ann,TCC,4,1,,\n".replace(b",", delimiter)
        assert read_rows(content)[0][1]["value"] == "4"


def test_a_quoted_cell_may_hold_commas_quotes_and_line_breaks_and_lines_are_counted_as_they_lie():
    content = HEADER + b'"a, ""b""\r\nc",ann,TCC,4,1,,\ns2,ann,TCC,3,1,,\n'
    assert [(n, row["sample"]) for n, row in read_rows(content)] == [(2, 'a, "b"\r\nc'), (4, "s2")]


def test_a_quote_that_nobody_closes_costs_its_own_line_only():
    content = HEADER + b'"s1,ann,TCC,4,1,,\n' + b"s2,ann,TCC,3,1,,\n" * 100
    parsed_rows = read_rows(content)
    assert parsed_rows[0] == (2, RecordError)
    assert [n for n, row in parsed_rows[1:] if isinstance(row, dict)] == list(range(3, 103))


def test_two_stray_quotes_cost_their_own_lines_only():
    content = HEADER + b'"s1,ann,TCC,4,1,,\ns2,ann,TCC,3,1,,\n"s3,ann,TCC,3,1,,\ns4,ann,TCC,3,1,,\n'
    assert [n for n, row in read_rows(content) if isinstance(row, dict)] == [3, 5]


@pytest.mark.parametrize("bad", [b"s1,ann\n", b"s1,ann,TCC,4,1,,,\n", b"\xff,ann,TCC,4,1,,\n", b"a\0,ann,TCC,4,1,,\n"])
def test_a_bad_row_is_refused_and_the_next_one_read(bad):
    parsed_rows = read_rows(HEADER + bad + b"s2,ann,TCC,3,1,,\n")
    assert parsed_rows[0][1] is RecordError
    assert parsed_rows[1][1]["sample"] == "s2"


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"sample,annotator,value\n",
        b"sample,annotator,dimension,value,note\n",
        b"\xff\n",
        b"sample,sample,annotator,dimension,value\n",
    ],
)
def test_a_header_that_is_none_is_refused(header):
    with pytest.raises(RecordError):
        read_table(header + b"s1,ann,TCC,4\n")


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_whatever_a_csv_writer_writes_is_read_back(pairs):
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow(["sample", "annotator", "dimension", "value"])
    for sample, annotator in pairs:
        writer.writerow([sample, annotator, "TCC", "4"])
    lines = [(n, raw) for n, raw in enumerate(io.BytesIO(written.getvalue().encode()), 1)]
    read = [(row["sample"], row["annotator"]) for _, row in ScoreTable(lines) if isinstance(row, dict)]
    assert read == pairs
