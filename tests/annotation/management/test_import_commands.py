"""The import commands: what they print, where, and with which status they leave."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from annotation.management.commands import import_samples as import_samples_command
from annotation.models import Rubric, Sample, Score, Study
from tests.annotation.imports.importing import sample_line, write_picture, write_samples, write_scores
from tests.annotation.imports.zip_files import write_zip
from tests.factories import make_sample, make_study

pytestmark = pytest.mark.django_db

RUBRIC = """
key = "looks"
title = "Looks"
[[dimensions]]
key = "IQ"
name = "Quality"
needs = ["text"]
levels = [0, 1]
"""


@pytest.fixture
def run(capsys):
    """Run a command; return its exit status and what it printed."""

    def run(*arguments):
        status = 0
        try:
            call_command(*map(str, arguments))
        except CommandError as refused:
            status = refused.returncode
        return status, capsys.readouterr().out

    return run


def test_all_lines_in_is_status_0(run, tmp_path):
    status, out = run("import_samples", write_samples(tmp_path, sample_line("a")), "--study", "birds")
    assert status == 0
    assert "1 created" in out
    study = Study.objects.get(slug="birds")
    assert (study.rubric.key, study.state) == ("interleaved-answer", "running")


def test_a_closed_study_is_status_1_and_says_so(run, tmp_path):
    make_study(state="closed")
    for command, path in (
        ("import_samples", write_samples(tmp_path, sample_line("a"))),
        ("import_scores", write_scores(tmp_path, "a,Ann,TCC,3,1,,")),
    ):
        status, out = run(command, path, "--study", "birds", "--json")
        assert status == 1
        assert "This study is closed" in json.loads(out)["errors"][0]["message"]
    assert not Sample.objects.exists()


def test_some_lines_refused_is_status_3_and_the_good_ones_are_in(run, tmp_path):
    status, out = run("import_samples", write_samples(tmp_path, sample_line("a"), b"{"), "--study", "birds")
    assert status == 3
    assert "line 2: " in out
    assert Sample.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"\n\n", b"{\n[]\n", b"\xff\xfe\x00"])
def test_no_line_taken_is_status_1(run, tmp_path, content):
    path = tmp_path / "samples.jsonl"
    path.write_bytes(content)
    assert run("import_samples", path, "--study", "birds")[0] == 1


def test_what_cannot_be_read_is_status_1_and_makes_no_study(run, tmp_path):
    assert run("import_samples", tmp_path / "nothing", "--study", "birds")[0] == 1
    assert run("import_samples", tmp_path, "--study", "birds")[0] == 1
    path = write_samples(tmp_path, sample_line("a"))
    assert run("import_samples", path, "--study", "birds", "--images", tmp_path / "no")[0] == 1
    assert run("import_samples", path, "--study", "birds", "--rubric", "nothing")[0] == 1
    assert run("import_samples", path, "--study", "Not a slug")[0] == 1
    assert not Study.objects.exists()


def test_wrong_usage_is_status_1(capsys):
    with pytest.raises(SystemExit) as left:
        import_samples_command.Command().run_from_argv(["manage.py", "import_samples", "--nonsense"])
    assert left.value.code == 1
    assert "usage" in capsys.readouterr().err


def test_another_rubric_than_the_study_has_is_refused(run, tmp_path):
    make_study("birds")
    path = write_samples(tmp_path, sample_line("a"))
    assert run("import_samples", path, "--study", "birds", "--rubric", "looks")[0] == 1
    assert run("import_samples", path, "--study", "birds", "--rubric", "answer")[0] == 0


def test_json_is_one_object_and_nothing_else(run, tmp_path):
    path = write_samples(tmp_path, sample_line("a"), sample_line("a"), b"{")
    status, out = run("import_samples", path, "--study", "birds", "--json")
    report = json.loads(out)
    assert status == 3
    assert list(report) == ["created", "updated", "unchanged", "refused", "errors"]
    assert [report[name] for name in ("created", "updated", "unchanged", "refused")] == [1, 0, 0, 2]
    assert [list(error) for error in report["errors"]] == [["line", "field", "message"]] * 2
    assert [(error["line"], error["field"]) for error in report["errors"]] == [(2, "id"), (3, "")]


def test_json_holds_every_error_however_many(run, tmp_path):
    path = write_samples(tmp_path, sample_line("a"), *[b"{"] * 30_000)
    out = run("import_samples", path, "--study", "birds", "--json")[1]
    assert [error["line"] for error in json.loads(out)["errors"]] == list(range(2, 30_002))


def test_json_is_an_object_even_when_nothing_could_be_done(run, tmp_path):
    for arguments in (("import_samples", "--study", "birds"), ("import_scores", "--study", "no"), ("import_rubric",)):
        status, out = run(arguments[0], tmp_path / "nothing", *arguments[1:], "--json")
        assert status == 1
        assert json.loads(out)["errors"][0]["line"] == 0


def test_people_are_shown_the_first_errors_and_told_of_the_rest(run, tmp_path):
    path = write_samples(tmp_path, sample_line("a"), *[b"{"] * 50)
    everything = tmp_path / "errors.jsonl"
    out = run("import_samples", path, "--study", "birds", "--errors", everything)[1]
    assert out.count("is not valid JSON") == 20
    assert "30 lines more" in out
    assert len(everything.read_text().splitlines()) == 50


def test_a_dry_run_makes_no_study(run, tmp_path):
    path = write_samples(tmp_path, sample_line("a"))
    status, out = run("import_samples", path, "--study", "birds", "--dry-run")
    assert (status, "dry run" in out) == (0, True)
    assert not Study.objects.exists()
    assert not Rubric.objects.exists()


def test_a_format_can_be_named_and_what_was_left_out_is_noted(run, tmp_path):
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([{"id": 1, "data": {"prompt": "Why?"}, "annotations": [{}]}]))
    status, out = run("import_samples", path, "--study", "birds", "--format", "label-studio")
    assert status == 0
    assert "note: Annotations of 1 task were left out." in out
    report = json.loads(run("import_samples", path, "--study", "birds", "--json")[1])
    assert list(report) == ["created", "updated", "unchanged", "refused", "errors", "notes"]
    assert run("import_samples", path, "--study", "birds", "--format", "parquet")[0] == 1


def test_a_zip_that_is_not_safe_is_status_1_and_makes_no_study(run, tmp_path):
    path = write_zip(tmp_path / "a.zip", {"../a.jsonl": b"{}"})
    status, out = run("import_samples", path, "--study", "birds", "--json")
    assert (status, json.loads(out)["errors"][0]["field"]) == (1, "file")
    assert not Study.objects.exists()


def test_a_folder_of_pictures_is_imported_with_a_question(run, tmp_path):
    write_picture(tmp_path / "birds" / "heron" / "a.png")
    question = ("--question", "Show me a {category}.")
    assert run("import_samples", tmp_path / "birds", "--study", "birds", *question)[0] == 0
    assert Sample.objects.get().content.turns[0]["question"] == "Show me a heron."


def test_scores_are_imported_and_exported(run, tmp_path):
    study = make_study("birds")
    make_sample(study, external_id="a")
    path = write_scores(tmp_path, "a,Ann,TCC,3,1,,", "a,Ann,TCC,4,1,,")
    status, out = run("import_scores", path, "--study", "birds", "--json")
    assert (status, json.loads(out)["created"]) == (3, 1)
    assert run("export_scores", "birds")[1].splitlines()[1:] == ["a,Ann,TCC,3,1,,"]
    assert json.loads(run("export_scores", "birds", "--format", "jsonl")[1])["value"] == 3
    assert Score.objects.count() == 1
    assert run("export_scores", "nothing")[0] == 1


def test_a_rubric_is_imported_and_says_which_studies_stay(run, tmp_path):
    path = tmp_path / "looks.toml"
    path.write_text(RUBRIC)
    assert json.loads(run("import_rubric", path, "--json")[1])["created"] == 1
    assert "unchanged" in run("import_rubric", path)[1]
    samples = write_samples(tmp_path, sample_line("a", labels=[1]))
    assert run("import_samples", samples, "--study", "birds", "--rubric", "looks@1")[0] == 0
    path.write_text(RUBRIC.replace("[0, 1]", "[0, 1, 2]"))
    out = run("import_rubric", path)[1]
    assert "looks@2 is created" in out
    assert "birds stays on looks@1" in out


def test_a_faulty_rubric_is_status_1_with_field_and_line(run, tmp_path):
    path = tmp_path / "looks.toml"
    path.write_text(RUBRIC.replace("[0, 1]", '[0, "x"]'))
    status, out = run("import_rubric", path, "--json")
    assert (status, json.loads(out)["errors"][0]["field"]) == (1, "dimensions[0].levels")
    path.write_text("key = [")
    assert json.loads(run("import_rubric", path, "--json")[1])["errors"][0]["line"] == 1


def test_every_command_says_what_it_does():
    for name in ("import_rubric", "import_samples", "import_scores", "export_scores", "demo"):
        module = __import__(f"annotation.management.commands.{name}", fromlist=["Command"])
        assert issubclass(module.Command, BaseCommand)
        assert module.Command.help
