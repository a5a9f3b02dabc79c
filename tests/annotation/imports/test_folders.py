"""Folders come in: Hugging Face's datasets, ImageFolder, and one file of lines among pictures."""

import json

import pytest

from annotation.core.errors import BadInput
from annotation.models import Sample
from tests.factories import make_study

from .importing import import_sample_file, line_counts, make_picture, rejected_lines, write_picture
from .zip_files import write_zip

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return make_study()


def samples() -> dict[str, Sample]:
    return {sample.external_id: sample for sample in Sample.objects.select_related("content", "question")}


# --- Hugging Face's datasets, written by the library itself ---------------------------------------


@pytest.fixture
def dataset(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = [
        {"id": f"s{n}", "question": "Why?", "image": {"bytes": make_picture(size=(40 + n, 30)), "path": None}}
        for n in range(5)
    ]
    features = datasets.Features(id=datasets.Value("string"), question=datasets.Value("string"), image=datasets.Image())
    return datasets.Dataset.from_list(rows, features=features)


def test_a_saved_dataset_is_read_with_its_pictures_whatever_its_shards(study, tmp_path, dataset):
    dataset.save_to_disk(tmp_path / "birds", num_shards=2)
    assert line_counts(import_sample_file(study, tmp_path / "birds")) == (5, 0, 0, 0)
    assert [samples()[f"s{n}"].pictures.get().picture.width for n in range(5)] == [40, 41, 42, 43, 44]


def test_of_several_splits_all_are_read_and_that_is_said(study, tmp_path, dataset):
    import datasets

    both = datasets.DatasetDict(train=dataset.select([0, 1, 2]), test=dataset.select([3, 4, 0]))
    both.save_to_disk(tmp_path / "birds")
    report = import_sample_file(study, tmp_path / "birds")
    assert (line_counts(report), rejected_lines(report)) == ((5, 0, 0, 1), [(6, "id")])
    assert "train, test" in report.notes[0]
    assert next(iter(report.errors)).message.endswith("(test/data-00000-of-00001.arrow, row 3)")


def test_a_folder_as_the_hub_has_it_is_read(study, tmp_path, dataset):
    (tmp_path / "birds" / "data").mkdir(parents=True)
    for shard in range(2):
        name = f"train-{shard:05}-of-00002.parquet"
        dataset.shard(2, shard).to_parquet(tmp_path / "birds" / "data" / name)
    (tmp_path / "birds" / "README.md").write_text("Birds.")
    assert line_counts(import_sample_file(study, tmp_path / "birds")) == (5, 0, 0, 0)


def test_a_dataset_that_names_files_outside_of_its_folder_is_refused(study, tmp_path, dataset):
    dataset.save_to_disk(tmp_path / "birds")
    dataset.save_to_disk(tmp_path / "secret")
    state = tmp_path / "birds" / "state.json"
    for name in ("../secret/data-00000-of-00001.arrow", "/etc/passwd", "none.arrow"):
        state.write_text(json.dumps({"_data_files": [{"filename": name}]}))
        with pytest.raises(BadInput):
            import_sample_file(study, tmp_path / "birds")
    for text in ("{", "[]", '{"_data_files": [{"filename": 5}]}', '{"_data_files": 5}'):
        state.write_text(text)
        with pytest.raises(BadInput):
            import_sample_file(study, tmp_path / "birds")


def test_a_damaged_arrow_file_is_refused_in_words(study, tmp_path, dataset):
    dataset.save_to_disk(tmp_path / "birds")
    (file,) = (tmp_path / "birds").glob("*.arrow")
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(BadInput, match="cannot be read"):
        import_sample_file(study, tmp_path / "birds")


# --- ImageFolder ----------------------------------------------------------------------------------


def test_pictures_with_metadata_come_in_with_what_it_says(study, tmp_path):
    for name in ("a.png", "sub/b.png", "c.png"):
        write_picture(tmp_path / "birds" / name)
    lines = [
        {"file_name": "a.png", "question": "Which bird?", "answer": "A heron.", "generator": "g", "iso": 100},
        {"file_name": "sub/b.png", "prompt": "Draw a plover."},
        {"file_name": "missing.png", "question": "Which?"},
        {"question": "Which?"},
    ]
    (tmp_path / "birds" / "metadata.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    report = import_sample_file(study, tmp_path / "birds")
    assert (line_counts(report), rejected_lines(report)) == ((2, 0, 0, 2), [(3, "images[0]"), (4, "file_name")])
    heron = samples()["a.png"]
    assert (heron.generator, heron.content.metadata, heron.has_text, heron.has_image) == ("g", {"iso": 100}, True, True)
    assert samples()["sub/b.png"].content.turns[0]["question"] == "Draw a plover."
    assert report.notes == ["Columns that samples do not have were kept in the metadata: iso."]


def test_metadata_may_be_csv_lie_in_several_folders_and_come_in_a_zip(study, tmp_path):
    table = b"file_name,question,metadata.light\na.png,Which?,dim\n"
    members = {f"birds/{part}/{name}": content for part in ("train", "test")
               for name, content in (("metadata.csv", table), ("a.png", make_picture()))}  # fmt: skip
    assert line_counts(import_sample_file(study, write_zip(tmp_path / "birds.zip", members))) == (2, 0, 0, 0)
    assert set(samples()) == {"birds/train/a.png", "birds/test/a.png"}
    assert samples()["birds/train/a.png"].content.metadata == {"light": "dim"}


def test_folders_of_classes_need_a_question_that_may_name_the_class(study, tmp_path):
    for name in ("grey_heron/a.png", "plover/b.jpg"):
        write_picture(tmp_path / "birds" / name, "PNG" if name.endswith("png") else "JPEG")
    with pytest.raises(BadInput, match="--question"):
        import_sample_file(study, tmp_path / "birds")
    assert line_counts(import_sample_file(study, tmp_path / "birds", question="Show me a {category}.")) == (2, 0, 0, 0)
    heron = samples()["grey_heron/a.png"]
    assert (heron.category, heron.content.turns[0]["question"]) == ("grey_heron", "Show me a grey heron.")


def test_a_link_in_a_folder_leads_nowhere(study, tmp_path):
    (tmp_path / "secret.jsonl").write_text('{"id": "a", "question": "Why?"}\n')
    folder = tmp_path / "birds"
    folder.mkdir()
    (folder / "samples.jsonl").symlink_to(tmp_path / "secret.jsonl")
    with pytest.raises(BadInput, match="link"):
        import_sample_file(study, folder)


def test_a_folder_with_nothing_or_with_two_files_of_lines_is_refused(study, tmp_path):
    folder = tmp_path / "birds"
    folder.mkdir()
    with pytest.raises(BadInput, match="nothing to import"):
        import_sample_file(study, folder)
    for name in ("a.jsonl", "b.csv"):
        (folder / name).write_text('{"id": "a", "question": "Why?"}\n')
    with pytest.raises(BadInput, match="2 files of lines"):
        import_sample_file(study, folder)
    assert line_counts(import_sample_file(study, folder, format="jsonl")) == (1, 0, 0, 0)
