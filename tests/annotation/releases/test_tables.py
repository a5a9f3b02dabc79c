"""The tables of a release, read by what reads tables: pyarrow, pandas and datasets."""

import json
from dataclasses import replace

import datasets
import pandas
import pytest
import yaml
from pyarrow import parquet

from annotation.releases.formats import FORMATS, huggingface
from annotation.releases.formats import parquet as tables
from annotation.releases.verifying import verify_release
from judge.formats.rubric import RubricLevel

from .frozen_records import (
    ORDER,
    RUBRIC,
    make_facts,
    make_record,
    make_turn,
    make_varied_records,
    read_json_lines,
    render_records,
    store_picture,
    without_nulls,
)

READ_BY_DATASETS = ("datasets", "parquet", "jsonl")


@pytest.fixture(autouse=True)
def _no_shared_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


# --- tables ---------------------------------------------------------------------------------------


def test_parquet_holds_what_the_lines_hold(tmp_path):
    render_records(tmp_path / "out", make_varied_records(), "jsonl", "parquet", with_generator=True, with_metadata=True)
    for part in ("train", "test"):
        rows = parquet.read_table(tmp_path / "out" / f"{part}.parquet").to_pylist()
        for row in rows:
            row["metadata"] = json.loads(row["metadata"])
        assert [without_nulls(row) for row in rows] == [
            without_nulls(one) for one in read_json_lines(tmp_path / "out" / f"{part}.jsonl")
        ]


def test_pandas_reads_the_parquet(tmp_path):
    render_records(tmp_path / "out", make_varied_records(), "parquet")
    frame = pandas.read_parquet(tmp_path / "out" / "test.parquet")
    assert list(frame["id"]) == ["text", "picture", "turns"]
    assert frame["final"][2] == {**dict.fromkeys(ORDER, 2), "ITS": None}


def test_the_columns_follow_from_the_rubric_and_not_from_the_data(tmp_path):
    render_records(tmp_path / "one", make_varied_records(), "parquet", "datasets")
    render_records(
        tmp_path / "two",
        [make_record("a", make_turn(), mean=dict.fromkeys(ORDER), histogram={})],
        "parquet",
        "datasets",
    )
    for name in ("train.parquet", "test.parquet", "data/train-00000-of-00001.parquet"):
        one, two = (parquet.read_schema(tmp_path / folder / name) for folder in ("one", "two"))
        assert one.equals(two, check_metadata=True)


def test_levels_between_whole_numbers_make_a_column_of_fractions(tmp_path):
    halves = replace(RUBRIC.dimensions[0], levels=(RubricLevel(0.0), RubricLevel(0.5), RubricLevel(1.0)))
    rubric = replace(RUBRIC, dimensions=(halves, *RUBRIC.dimensions[1:]))
    render_records(
        tmp_path / "out",
        [make_record(final={**make_record()["final"], "TCC": 0.5})],
        "parquet",
        facts=make_facts(rubric=rubric),
    )
    (row,) = parquet.read_table(tmp_path / "out" / "train.parquet").to_pylist()
    assert row["final"]["TCC"] == 0.5
    kinds = {
        field.name: str(field.type)
        for field in parquet.read_schema(tmp_path / "out" / "train.parquet").field("final").type
    }
    assert kinds == {"TCC": "double", "ICC": "int64", "IQ": "int64", "ITS": "int64"}


def test_row_groups_are_bounded_by_rows_and_by_size(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROW_GROUP_ROWS", 3)
    monkeypatch.setattr(tables, "ROW_GROUP_CHARACTERS", 10_000)
    records = [make_record(f"s{n}") for n in range(7)] + [
        make_record("long", make_turn("x" * 20_000)),
        make_record("last"),
    ]
    render_records(tmp_path / "out", records, "parquet")
    file = parquet.ParquetFile(tmp_path / "out" / "train.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [3, 3, 2, 1]


# --- datasets -------------------------------------------------------------------------------------


def test_load_dataset_opens_the_folder_with_both_splits_and_decoded_pictures(tmp_path):
    render_records(tmp_path / "out", make_varied_records(), "datasets", with_generator=True, with_metadata=True)
    found = datasets.load_dataset(str(tmp_path / "out"))
    assert {name: len(split) for name, split in found.items()} == {"train": 5, "test": 3}
    first = found["train"][0]
    assert (first["id"], first["answer"], first["final"]["IQ"]) == ("plain", "Because.", 5)
    assert [(image.size, image.getpixel((0, 0))) for image in first["images"]] == [((40, 30), (255, 0, 0))]
    between = found["train"][3]
    assert [(block["text"], block["image"]) for block in between["turns"][0]["blocks"]] == [
        ("First", None),
        (None, 0),
        ("then", None),
        (None, 1),
    ]
    assert between["answer"] is None
    assert isinstance(found["train"].features["images"].feature, datasets.Image)
    assert json.loads(first["metadata"]) == {"seed": 3}


def test_the_folder_can_move_without_the_pictures_beside_it(tmp_path):
    render_records(tmp_path / "out", make_varied_records(), "datasets")
    assert not (tmp_path / "out" / "images").exists()
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    found = datasets.load_dataset(str(tmp_path / "elsewhere"), split="test")
    assert found[1]["images"][0].size == (40, 30)


def test_large_parts_are_cut_into_shards_that_are_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface, "SHARD_BYTES", 2_000)
    records = [make_record(f"s{n}", make_turn(0), pictures=[store_picture("red", (40, 40 + n))]) for n in range(7)]
    render_records(tmp_path / "out", [*records, make_record("t", part="test")], "datasets")
    names = sorted(path.name for path in (tmp_path / "out" / "data").iterdir())
    shards = len(names) - 1
    assert shards > 2
    assert names[1:] == [f"train-{n:05}-of-{shards:05}.parquet" for n in range(shards)]
    assert datasets.load_dataset(str(tmp_path / "out"), split="train")["id"][:] == [f"s{n}" for n in range(7)]
    assert verify_release(tmp_path / "out").is_intact


@pytest.mark.parametrize("name", READ_BY_DATASETS)
@pytest.mark.parametrize("with_metadata", [False, True])
def test_load_dataset_finds_the_parts_whichever_format_is_there(tmp_path, name, with_metadata):
    # Two shapes of metadata, and rows whose first thousand show no sign of the columns that later ones use.
    records = [make_record(f"s{n}", metadata={"a": n} if n % 2 else {"b": {"c": [n]}}) for n in range(300)]
    render_records(tmp_path / "out", [*records, *make_varied_records()], name, "scores", with_metadata=with_metadata)
    found = datasets.load_dataset(str(tmp_path / "out"))
    assert {part: len(split) for part, split in found.items()} == {"train": 305, "test": 3}
    assert found["test"][0]["final"] == dict(zip(ORDER, (4, 3, 5, 2), strict=True))


def test_of_several_formats_each_can_be_opened_and_the_one_with_pictures_is_the_first(tmp_path):
    render_records(tmp_path / "out", make_varied_records(), *FORMATS)
    assert datasets.get_dataset_default_config_name(str(tmp_path / "out")) == "datasets"
    # One reader opens a folder, so lines are not named beside tables.
    assert datasets.get_dataset_config_names(str(tmp_path / "out")) == ["datasets", "parquet"]
    for name in ("datasets", "parquet"):
        assert datasets.load_dataset(str(tmp_path / "out"), name, split="test")["id"][:] == ["text", "picture", "turns"]


@pytest.mark.parametrize("name", READ_BY_DATASETS)
def test_the_front_matter_says_the_types_that_the_reader_finds(tmp_path, name):
    render_records(tmp_path / "out", make_varied_records(), name)
    head = yaml.safe_load((tmp_path / "out" / "README.md").read_text().split("---\n")[1])
    (described,) = head["dataset_info"]
    said = datasets.Features._from_yaml_list(described["features"])
    assert said == datasets.load_dataset(str(tmp_path / "out"), split="train").features
