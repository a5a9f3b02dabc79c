"""The same samples in every format are stored as the same rows.

Anything else is rejected with a clear message.
"""

import csv
import itertools
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.core.errors import BadInput
from annotation.imports.format_names import FORMATS, SAMPLE_FORMATS
from annotation.imports.formats import OPENERS, open_samples, open_scores
from annotation.models import Sample
from tests.factories import make_study

from .importing import import_sample_file, text_lines, write_picture

pytestmark = pytest.mark.django_db
TABLES = ("jsonl", "json", "csv", "tsv", "parquet")
NUMBERS = itertools.count()
IN_CELLS = ("turns", "metadata", "labels", "images")


def write_in_format(folder: Path, form: str, lines: list[dict[str, Any]]) -> Path:
    """Write sample lines in a format, as the usual tools do."""
    path = folder / f"samples.{form}"
    if form == "jsonl":
        path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    elif form == "json":
        path.write_text(json.dumps(lines, indent=1))
    elif form == "parquet":
        columns = sorted({name for one in lines for name in one} | {"id", "question"})
        rows = [{name: make_cell(name, one.get(name)) for name in columns} for one in lines]
        schema = pa.schema([(name, pa.string()) for name in columns if name != "images"])
        if "images" in columns:
            schema = schema.append(pa.field("images", pa.list_(pa.string())))
            rows = [row | {"images": one.get("images")} for row, one in zip(rows, lines, strict=True)]
        pa.parquet.write_table(pa.Table.from_pylist(rows, schema), path)
    else:
        columns = sorted({name for one in lines for name in one} | {"id", "question"})
        with path.open("w", newline="") as file:
            rows = csv.writer(file, delimiter="\t" if form == "tsv" else ",", quoting=csv.QUOTE_ALL)
            rows.writerow(columns)
            rows.writerows([make_cell(name, one.get(name)) or "" for name in columns] for one in lines)
    return path


def make_cell(name: str, value: Any) -> str | None:
    return json.dumps(value) if name in IN_CELLS and value is not None else value


def read_content(study) -> dict[str, tuple[Any, ...]]:
    """What the database holds of a study's samples."""
    rows = Sample.objects.filter(study=study)
    names = ("content__digest", "content__turns", "content__metadata", "generator", "domain", "question__key")
    return {row[0]: row[1:] for row in rows.values_list("external_id", *names)}


WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\0"), min_size=1, max_size=30)
SPACED = st.lists(WORDS | st.sampled_from([",", ";", "\t", '"', "\n", "\r\n", "null", "|", "[", "=1"]), max_size=6).map(
    "".join
)
QUESTION = st.builds("Why {}?".format, SPACED)
VALUE = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS
BLOCK = st.builds(lambda text: {"text": text}, SPACED) | st.just({"image": "a.png"}) | st.just({"image": "b c.png"})
TURN = st.builds(
    lambda question, blocks: {"question": question, "blocks": blocks}, QUESTION, st.lists(BLOCK, max_size=3)
)
ABOUT = st.fixed_dictionaries(
    {}, optional={"generator": WORDS, "domain": WORDS, "metadata": st.dictionaries(WORDS, VALUE, max_size=3)}
)
FLAT = st.fixed_dictionaries(
    {"question": QUESTION},
    optional={"answer": SPACED, "images": st.lists(st.sampled_from(["a.png", "b c.png"]), max_size=2)},
)
LINES = st.lists(
    st.tuples(FLAT | st.fixed_dictionaries({"turns": st.lists(TURN, min_size=1, max_size=3)}), ABOUT), max_size=5
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_the_same_samples_are_the_same_in_every_format(tmp_path, lines):
    for name in ("a.png", "b c.png"):
        write_picture(tmp_path / name)
    samples = [{"id": f"s{index}", **about, **more} for index, (about, more) in enumerate(lines)]
    found = []
    for form in TABLES:
        study = make_study(f"as-{form}-{next(NUMBERS)}")
        report = import_sample_file(study, write_in_format(tmp_path, form, samples))
        assert (report.refused, report.created) == (0, len(samples)), (form, list(report.errors))
        found.append(read_content(study))
    assert all(one == found[0] for one in found)
    Sample.objects.all().delete()


WORDS_OF_FORMATS = (
    '{"id": "a"',
    ',"question"',
    ":",
    "[",
    "]",
    "{",
    "}",
    '"',
    ",",
    "\n",
    "null",
    "NaN",
    "1e999",
    "id,question\n",
)
BYTES_OF_FORMATS = (b"PK\3\4", b"PK\5\6", b"PAR1", b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\\u0000", b"\xff\xff\xff\xff")
PIECES = st.sampled_from([*(word.encode() for word in WORDS_OF_FORMATS), *BYTES_OF_FORMATS])


def read_source(opened: Any) -> list[Any]:
    """Return all rows of a source, or the error for the whole file."""
    try:
        with opened as source:
            source.count()
            return list(source.rows())
    except BadInput as refusal:
        return [refusal]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=200) | st.lists(PIECES, max_size=12).map(b"".join),
    ending=st.sampled_from([".jsonl", ".json", ".csv", ".tsv", ".parquet", ".zip", ".txt", ""]),
    named=st.none() | st.sampled_from(SAMPLE_FORMATS),
)
def test_arbitrary_bytes_are_refused_in_words(tmp_path, data, ending, named):
    path = tmp_path / f"file{ending}"
    path.write_bytes(data)
    for opened in (open_samples, open_scores):
        for found in read_source(opened(path, format=named)):
            if isinstance(found, BadInput):
                assert found.message
                assert found.fields
            else:
                assert isinstance(found.content, dict) or found.content.message


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), change=st.binary(min_size=1, max_size=8))
def test_a_parquet_file_with_some_bytes_changed_is_read_or_refused_in_words(tmp_path, place, change):
    path = write_in_format(tmp_path, "parquet", text_lines(f"s{n}" for n in range(50)))
    data = bytearray(path.read_bytes())
    at = int(place * (len(data) - len(change)))
    data[at : at + len(change)] = change
    path.write_bytes(data)
    for found in read_source(open_samples(path, format="parquet")):
        assert found.message if isinstance(found, BadInput) else found.number >= 0


def test_every_named_format_can_be_opened_and_no_other():
    assert {*OPENERS, "zip"} == set(FORMATS)
    with pytest.raises(BadInput) as refusal, open_samples(Path(__file__), format="xml"):
        pass
    assert "format" in refusal.value.fields
