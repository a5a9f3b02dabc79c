"""Tests the files of a release with the programs that read them.

Tables are in `test_tables`.
"""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from annotation.core.errors import BadInput
from annotation.models import Rating
from annotation.releases.formats import FORMATS
from annotation.releases.verifying import verify_release
from judge.formats.release_line import LABEL_FIELDS
from judge.formats.rubric import parse_rubric
from judge.formats.sample_line import Image, parse_sample
from judge.formats.score_table import ScoreTable, parse_score
from tests.annotation.imports.importing import import_sample_file, import_score_file, sample_line, write_samples
from tests.factories import make_rubric, make_study

from .frozen_records import (
    ORDER,
    RUBRIC,
    make_facts,
    make_rating,
    make_record,
    make_statistics,
    make_turn,
    make_varied_records,
    read_json_lines,
    render_records,
    store_picture,
)

# --- the sample line ------------------------------------------------------------------------------


def test_the_plainest_line_is_the_published_one_with_what_was_agreed(tmp_path):
    render_records(
        tmp_path / "out", [make_record("a", make_turn("To be heard.", 0), pictures=[store_picture()])], "jsonl"
    )
    (found,) = read_json_lines(tmp_path / "out" / "train.jsonl")
    assert found == {
        "id": "a",
        "question_id": "q-a",
        "question": "Why do birds sing?",
        "answer": "To be heard.",
        "image": store_picture()["name"],
        "domain": "birds",
        "language": "en",
        "part": "train",
        "calibration": False,
        "final": {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 2},
        "histogram": {key: [0, 0, 0, 1, 2, 0] for key in ORDER},
        "mean": dict.fromkeys(ORDER, 3.666667),
        "outcome": dict.fromkeys(ORDER, "discussed"),
        "label_origin": "blind",
        "annotators": 3,
        "rubric": "interleaved-answer@1",
    }


def test_whole_numbers_are_written_as_such(tmp_path):
    render_records(tmp_path / "out", [make_record(mean=dict.fromkeys(ORDER, 4.0))], "jsonl")
    raw = (tmp_path / "out" / "train.jsonl").read_text()
    assert '"TCC": 4,' in raw
    assert "4.0" not in raw


def test_every_line_is_a_sample_line_and_means_the_same(tmp_path):
    records = make_varied_records()
    render_records(tmp_path / "out", records, "jsonl")
    found = read_json_lines(tmp_path / "out" / "train.jsonl") + read_json_lines(tmp_path / "out" / "test.jsonl")
    by_id = {one["id"]: one for one in found}
    assert {one["id"] for one in read_json_lines(tmp_path / "out" / "test.jsonl")} == {"text", "picture", "turns"}
    for frozen in records:
        fields = {name: value for name, value in by_id[frozen["id"]].items() if name not in LABEL_FIELDS}
        sample = parse_sample(fields)
        read = [
            make_turn(
                *(
                    [picture["name"] for picture in frozen["pictures"]].index(block.path)
                    if isinstance(block, Image)
                    else block.text
                    for block in one.blocks
                ),
                question=one.question,
                context=one.context,
            )
            for one in sample.turns
        ]
        assert read == frozen["turns"], frozen["id"]
        assert all((tmp_path / "out" / image.path).is_file() for image in sample.images)
    assert by_id["nothing"]["answer"] is by_id["nothing"]["image"] is None
    assert "turns" in by_id["between"]
    assert by_id["many"]["images"][0] == by_id["many"]["images"][2]


def test_a_release_is_imported_again_by_the_platform(tmp_path, db):
    records = make_varied_records()
    render_records(tmp_path / "out", records, "jsonl")
    path = tmp_path / "out" / "again.jsonl"
    parts = [line for name in ("train", "test") for line in read_json_lines(tmp_path / "out" / f"{name}.jsonl")]
    path.write_text(
        "".join(json.dumps({k: v for k, v in one.items() if k not in LABEL_FIELDS}) + "\n" for one in parts)
    )
    report = import_sample_file(make_study(), path, images=tmp_path / "out")
    assert (report.created, report.refused) == (len(records), 0)


def test_generator_and_metadata_are_there_only_where_they_are_asked_for(tmp_path):
    for with_both in (False, True):
        folder = tmp_path / str(with_both)
        render_records(folder, [make_record()], *FORMATS, with_generator=with_both, with_metadata=with_both)
        (found,) = read_json_lines(folder / "train.jsonl")
        assert (found.get("generator"), found.get("metadata")) == (
            ("secret-model-7", {"seed": 3}) if with_both else (None, None)
        )
        named = {path.name for path in folder.rglob("*") if path.is_file() and b"secret-model-7" in path.read_bytes()}
        assert bool(named) is with_both
        columns = parquet.read_schema(folder / "train.parquet").names
        assert ("generator" in columns, "metadata" in columns) == (with_both, with_both)


# --- scores ---------------------------------------------------------------------------------------


def test_the_score_table_is_read_by_the_import_and_gives_the_same_ratings(tmp_path, db):
    study = make_study(rubric=make_rubric())
    import_sample_file(study, write_samples(tmp_path, sample_line("a"), sample_line("=cmd()")))
    ratings = [make_rating("R1", "TCC", 3.0), make_rating("R2", "TCC", 4.0, round=2, at=None, seconds=None)]
    render_records(
        tmp_path / "out", [make_record("a", ratings=ratings), make_record("=cmd()", ratings=ratings[:1])], "scores"
    )
    report = import_score_file(study, tmp_path / "out" / "scores.csv")
    assert (report.created, report.refused) == (3, 0)
    found = Rating.objects.values_list(
        "score__sample__external_id", "score__member__name", "level__value", "score__round", "score__seconds"
    )
    assert sorted(found) == [("=cmd()", "R1", 3.0, 1, 12.5), ("a", "R1", 3.0, 1, 12.5), ("a", "R2", 4.0, 2, None)]


# --- texts that would like to be something else ---------------------------------------------------

NASTY = [
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "+1",
    "@x",
    "-1",
    "a\nb",
    "a\rb",
    'a"b',
    "a,b;c\td",
    " a ",
    "𝒳🦉",
    "a\u2028b\x85c",
]
texts = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
ids = texts.filter(lambda text: text.strip() and len(text) <= 100)
answers = texts.filter(lambda text: text.strip() not in ("", "null"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.tuples(ids, answers, ids), min_size=1, max_size=4, unique_by=lambda row: row[0]))
def test_nasty_texts_come_back_from_every_machine_format_as_they_were(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("nasty") / "out"
    records = [
        make_record(
            id, make_turn(answer, question=answer), domain=domain, ratings=[make_rating(domain[:100], "TCC", 3.0)]
        )
        for id, answer, domain in rows
    ]
    render_records(folder, records, "jsonl", "parquet", "datasets", "scores", "intersyn", "label-studio")
    for found in (
        read_json_lines(folder / "train.jsonl"),
        parquet.read_table(folder / "train.parquet").to_pylist(),
        parquet.read_table(folder / "data" / "train-00000-of-00001.parquet").to_pylist(),
    ):
        assert [(one["id"], one["answer"], one["domain"]) for one in found] == rows
    assert [(one["id"], one["answer"]) for one in read_json_lines(folder / "intersyn" / "train.jsonl")] == [
        row[:2] for row in rows
    ]
    tasks = json.loads((folder / "label-studio" / "train.json").read_text())
    assert [(task["data"]["id"], task["data"]["domain"]) for task in tasks] == [(id, domain) for id, _, domain in rows]
    numbered = enumerate(io.BytesIO((folder / "scores.csv").read_bytes()), 1)
    read = [parse_score(row) for _, row in ScoreTable(numbered)]
    assert [(score.sample, score.annotator) for score in read] == [(id, domain[:100]) for id, _, domain in rows]
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as file:
        assert [row["sample"] for row in csv.DictReader(file)] == [id for id, _, _ in rows]
    assert verify_release(folder).is_intact
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == FIXED_NAMES


FIXED_NAMES = {
    "README.md",
    "data/test-00000-of-00001.parquet",
    "data/train-00000-of-00001.parquet",
    "intersyn/test.jsonl",
    "intersyn/train.jsonl",
    "label-studio/config.xml",
    "label-studio/test.json",
    "label-studio/train.json",
    "manifest.json",
    "rubric.toml",
    "scores.csv",
    "test.jsonl",
    "test.parquet",
    "train.jsonl",
    "train.parquet",
}


def test_a_line_is_one_line_for_readers_that_break_at_more_than_line_feeds(tmp_path):
    render_records(tmp_path / "out", [make_record("a", make_turn("one\u2028two\x85three\u2029four"))], "jsonl")
    (raw,) = (tmp_path / "out" / "train.jsonl").read_text().splitlines()
    assert json.loads(raw)["answer"] == "one\u2028two\x85three\u2029four"


# --- formats that carry less ----------------------------------------------------------------------


def test_intersyn_lines_are_scored_and_what_cannot_be_one_is_counted(tmp_path):
    found = render_records(tmp_path / "out", make_varied_records(), "intersyn")
    train = {one["id"]: one for one in read_json_lines(tmp_path / "out" / "intersyn" / "train.jsonl")}
    assert train["plain"] == {
        "id": "plain",
        "question": "Why do birds sing?",
        "answer": "Because.",
        "image": store_picture("red")["name"],
        "TCC": 4,
        "ICC": 3,
        "IQ": 5,
        "ITS": 2,
    }
    assert set(train) == {"plain", "nothing", "before"}
    assert (train["nothing"]["answer"], train["nothing"]["image"], train["nothing"]["TCC"]) == (None, None, 0)
    assert found.notes["intersyn"][1:] == [
        "1 sample of several turns, or with context, is left out.",
        "2 samples with more than one picture are left out.",
        "1 sample lost the order of its blocks: texts are joined, the picture stands beside them.",
    ]


def test_calibration_samples_are_kept_out_of_what_is_trained_on(tmp_path):
    records = [make_record("a"), make_record("b", calibration=True), make_record("c", part="test")]
    found = render_records(tmp_path / "out", records, *FORMATS)
    for name, read in (
        ("conversations/{}.jsonl", read_json_lines),
        ("intersyn/{}.jsonl", read_json_lines),
        ("llamafactory/{}.json", lambda path: json.loads(path.read_text())),
    ):
        ids = {part: [one["id"] for one in read(tmp_path / "out" / name.format(part))] for part in PARTS}
        assert ids == {"train": ["a"], "test": ["c"], "calibration": ["b"]}
    for name in ("conversations", "intersyn", "llamafactory"):
        assert found.notes[name][-1] == "1 calibration sample is in a file of its own and not in train."
    assert [one["calibration"] for one in read_json_lines(tmp_path / "out" / "train.jsonl")] == [False, True]


PARTS = ("train", "test", "calibration")


def test_label_studio_shows_blocks_in_order_and_no_text_as_markup(tmp_path):
    pictures = [store_picture("red"), store_picture("blue")]
    shown = make_turn("<script>x</script>", 0, "then", 1, question="a < b?")
    render_records(tmp_path / "out", [make_record("a", shown, pictures=pictures)], "label-studio")
    (task,) = json.loads((tmp_path / "out" / "label-studio" / "train.json").read_text())
    page = task["data"]["html"]
    assert "<script>" not in page
    places = [
        page.index(one) for one in ("a &lt; b?", "&lt;script&gt;", pictures[0]["name"], "then", pictures[1]["name"])
    ]
    assert places == sorted(places)
    root = ElementTree.parse(tmp_path / "out" / "label-studio" / "config.xml").getroot()  # noqa: S314 - our own
    choices = {one.get("name"): [choice.get("value") for choice in one] for one in root.iter("Choices")}
    assert choices == {key: ["0", "1", "2", "3", "4", "5"] for key in ORDER}
    given = {one["from_name"]: one["value"]["choices"] for one in task["annotations"][0]["result"]}
    assert given == {"TCC": ["4"], "ICC": ["3"], "IQ": ["5"], "ITS": ["2"]}


# --- the whole ------------------------------------------------------------------------------------


def test_the_same_records_and_options_give_the_same_bytes(tmp_path):
    one = render_records(tmp_path / "one", make_varied_records(), *FORMATS)
    two = render_records(tmp_path / "two", make_varied_records(), *reversed(FORMATS), *FORMATS)
    assert one == two
    assert (tmp_path / "one" / "manifest.json").read_bytes() == (tmp_path / "two" / "manifest.json").read_bytes()
    assert verify_release(tmp_path / "two").is_intact
    assert one.pictures == 2


def test_the_manifest_says_what_was_made_and_what_was_left_out(tmp_path):
    found = render_records(tmp_path / "out", make_varied_records(), "intersyn", "jsonl")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["files"] == found.files
    assert manifest["formats"] == ["jsonl", "intersyn"]
    assert manifest["notes"] == found.notes
    assert manifest["release"]["at"] == "2026-02-03T04:05:06+00:00"
    assert found.notes["release"] == [
        "Which model made a sample is left out.",
        "Metadata of the samples are left out.",
    ]


def test_the_rubric_in_the_folder_is_the_one_that_was_used(tmp_path):
    render_records(tmp_path / "out", [make_record()], "jsonl")
    assert parse_rubric((tmp_path / "out" / "rubric.toml").read_bytes()) == RUBRIC


@pytest.mark.parametrize("names", [(), ("jsonl", "excel")])
def test_a_format_that_is_not_there_is_refused_before_anything_is_written(tmp_path, names):
    with pytest.raises(BadInput) as refused:
        render_records(tmp_path / "out", [make_record()], *names)
    assert "formats" in refused.value.fields
    assert not (tmp_path / "out").exists()


def test_progress_is_told_and_may_stop_the_work_before_there_is_a_manifest(tmp_path):
    class Stop(BaseException):
        pass

    told = []

    def progress(done, total, activity):
        told.append((done, total, activity))
        if done >= 40:
            raise Stop

    records = [make_record(f"s{n}") for n in range(100)]
    with pytest.raises(Stop):
        render_records(
            tmp_path / "out",
            records,
            *FORMATS,
            progress=progress,
            facts=make_facts(statistics=make_statistics(samples=100)),
        )
    assert told == [(20, 100, "Writing files"), (40, 100, "Writing files")]
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_every_format_says_what_it_is_and_what_it_leaves_out():
    for name, one in FORMATS.items():
        assert one.name == name
        assert len(one.title) > 3
        for words in (one.sentence, one.leaves_out, one.use):
            assert words.rstrip("`").endswith("."), words
