"""What other programs write comes in: Label Studio's tasks and OpenING's conversations."""

import json
from pathlib import Path

import pytest

from annotation.models import Sample
from tests.factories import make_study

from .importing import import_sample_file, line_counts, rejected_lines, write_picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return make_study()


def samples() -> dict[str, Sample]:
    return {sample.external_id: sample for sample in Sample.objects.select_related("content", "question")}


# --- Label Studio ---------------------------------------------------------------------------------


def write_tasks(path: Path, *tasks: object) -> Path:
    path.write_text(json.dumps(tasks, indent=2))
    return path


def test_tasks_are_taken_and_what_people_and_models_said_is_left_out_and_said(study, tmp_path):
    write_picture(tmp_path / "birds" / "a.png")
    write_picture(tmp_path / "upload" / "3" / "b c.png")
    scored = [{"id": 1, "result": [{"value": {"rating": 4}}]}]
    path = write_tasks(
        tmp_path / "export.json",
        {"id": 1, "data": {"question": "Why?", "answer": "So.", "image": "/data/local-files/?d=birds/a.png",
         "light": 3}, "meta": {"by": "x"}, "annotations": scored, "predictions": [], "created_at": "2026-01-31"},
        {"id": 2, "data": {"id": "two", "prompt": "Draw.", "img": "/data/upload/3/b%20c.png", "model": "g"},
         "annotations": scored, "predictions": scored},
        {"id": 3, "data": {"turns": [{"question": "Why?", "blocks": [{"text": "So."}]}], "text": "kept"}},
        {"id": 4, "data": {"prompt": "Draw.", "image": "https://example.org/a.png"}},
        {"id": 5, "data": "none"},
    )  # fmt: skip
    report = import_sample_file(study, path)
    assert (line_counts(report), rejected_lines(report)) == ((3, 0, 0, 2), [(4, "image"), (5, "data")])
    found = samples()
    assert found["1"].content.metadata == {"light": 3, "meta": {"by": "x"}}
    assert (found["1"].has_text, found["1"].has_image) == (True, True)
    assert (found["two"].generator, found["two"].content.turns[0]["question"]) == ("g", "Draw.")
    assert found["3"].content.metadata == {"text": "kept"}
    assert report.notes == [
        "Annotations of 2 tasks were left out.",
        "Predictions of 1 task were left out.",
        "Scores that people gave come in as a score table, by an import of scores.",
        "Fields that Label Studio keeps for itself were left out: created_at.",
    ]


def test_tasks_may_stand_one_on_each_line(study, tmp_path):
    path = tmp_path / "tasks.jsonl"
    path.write_text('{"id": 1, "data": {"prompt": "Why?", "text": "So."}}\n' * 2)
    assert rejected_lines(import_sample_file(study, path)) == [(2, "id")]


# --- OpenING --------------------------------------------------------------------------------------


def make_conversation(**more: object) -> dict[str, object]:
    """A conversation with a picture in its input, and two steps in its output."""
    inputs = [
        {"text": "<BEGIN> Look at this heron. <image>", "image": "./images/i.png"},
        {"text": "Go on.", "image": None},
    ]
    made = [{"text": "It stands. <image>", "image": "./images/o.png"}, {"text": "It flies.", "image": None}]
    about = {
        "meta_task_id": "3",
        "meta_task_name": "Stories",
        "subtask_id": "2",
        "subtask_name": "Birds",
        "data_id": "5",
    }
    return {**about, "conversations": [{"input": inputs}, {"output": made}], **more}


def test_a_conversation_shows_its_input_as_context_and_its_output_is_judged(study, tmp_path):
    for name in ("i.png", "o.png"):
        write_picture(tmp_path / "images" / name)
    path = tmp_path / "test_data.jsonl"
    path.write_text(
        "".join(json.dumps(make_conversation(total_uid=uid, source="x")) + "\n" for uid in ("0302005", "0302006"))
    )
    assert line_counts(import_sample_file(study, path)) == (2, 0, 0, 0)
    sample = samples()["0302005"]
    assert sample.content.turns == [
        {"question": "Look at this heron.", "context": True, "blocks": [{"picture": 0}]},
        {
            "question": "Go on.",
            "context": False,
            "blocks": [{"text": "It stands."}, {"picture": 1}, {"text": "It flies."}],
        },
    ]
    assert (sample.category, sample.topic, sample.question.key) == ("Stories", "Birds", "0302005")
    assert sample.content.metadata == {"meta_task_id": "3", "subtask_id": "2", "data_id": "5", "source": "x"}


def test_words_alone_are_the_question_and_rounds_follow_one_another(study, tmp_path):
    rounds = [
        {"input": [{"text": "<BEGIN> One?", "image": None}, {"text": "Really?"}]},
        {"output": [{"text": "1"}]},
        {"input": [{"text": "Two?"}]},
        {"output": [{"text": "2"}]},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(make_conversation(conversations=rounds), indent=4))
    assert line_counts(import_sample_file(study, path)) == (1, 0, 0, 0)
    assert [turn["question"] for turn in samples()["0302005"].content.turns] == ["One?\n\nReally?", "Two?"]


def test_folders_of_what_generators_made_give_each_its_name(study, tmp_path):
    write_picture(tmp_path / "benchmark" / "images" / "i.png")
    for generator, ending in (("GPT", "json"), ("SEED", "jsonl")):
        folder = tmp_path / "outputs" / f"{generator}_output"
        write_picture(folder / "0302005-o-0.png")
        made = make_conversation()
        made["conversations"][1]["output"] = [{"text": "So.", "image": "0302005-o-0.png"}]
        (folder / f"0302005.{ending}").write_text(json.dumps(made, indent=4))
        (folder / f"broken.{ending}").write_text(json.dumps(make_conversation(conversations=[{"input": []}]), indent=4))
    report = import_sample_file(study, tmp_path / "outputs", images=tmp_path / "benchmark")
    assert (line_counts(report), rejected_lines(report)) == ((2, 0, 0, 2), [(2, "conversations"), (4, "conversations")])
    assert next(iter(report.errors)).message.endswith("(GPT_output/broken.json)")
    found = samples()
    assert {one.generator for one in found.values()} == {"GPT", "SEED"}
    assert found["GPT/0302005"].question == found["SEED/0302005"].question


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"conversations": [5]}, "conversations[0]"),
        ({"conversations": [{"input": "Why?"}]}, "conversations[0].input"),
        ({"conversations": [{"output": [{"text": 5}]}]}, "conversations[0].output[0].text"),
        ({"data_id": None}, "total_uid"),
        (
            {"conversations": [{"input": [{"text": "Why?"}]}, {"output": [{"image": "no.png"}]}]},
            "turns[0].blocks[0].image",
        ),
    ],
)  # fmt: skip
def test_a_faulty_conversation_is_refused_by_its_field(study, tmp_path, more, field):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(make_conversation(**more)) + "\n")
    assert rejected_lines(import_sample_file(study, path)) == [(1, field)]
