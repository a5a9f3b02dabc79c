"""Judges of a study, trained, evaluated and activated with the real program."""

import io
import json
import zipfile

import pytest
from django.core.files.storage import default_storage

from annotation.core import permissions
from annotation.core.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.core.visibility import OF_READERS
from annotation.jobs import queueing, running
from annotation.jobs.broker import BrokerQueue, queue_of
from annotation.jobs.registry import KINDS, JobKind
from annotation.judges import runs
from annotation.judges.request import LARGEST_SEED, TrainingRequest, list_available_presets, parse_options
from annotation.judges.run_folders import JobFolder, remove_old_folders
from annotation.models import HistoryEntry, Job, JudgeRun, Prediction, Sample, Scorecard, Study
from annotation.reports import stored_reports
from annotation.suggestions.unseen_predictions import fair_predictions
from judge import training
from tests.factories import make_member, make_release, make_user
from tests.judge_run_rows import make_judge_run

from .judge_studies import QUICK, learnable_study, release_study, stored_predictions, train_judge

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "judge_dir")]


def read_predictions(run: JudgeRun) -> dict[str, Prediction]:
    return {one.sample.external_id: one for one in run.predictions.select_related("sample")}


@pytest.fixture
def study() -> Study:
    study = learnable_study()
    make_member(study, "ada", "admin")
    make_member(study, "rae", "researcher")
    make_member(study, "ann")
    return study


def test_a_trained_run_keeps_its_folder_its_scorecard_its_curve_and_what_it_says_of_the_test_part(study: Study) -> None:
    run = train_judge(study)
    assert (run.number, run.name, run.origin, run.active) == (1, "birds-1", "trained", False)
    assert run.finished_at is not None
    assert run.job is not None
    assert run.job.result == {"run": run.public_id, "number": 1, "judge": "birds-1", "samples": 8}
    assert run.config is not None
    assert run.config["name"] == "birds-1"
    assert run.prompt_sha == run.config["prompt_sha"]
    test = set(Sample.objects.filter(question__part="test").values_list("external_id", flat=True))
    assert {name for name, one in read_predictions(run).items() if not one.out_of_fold} == test
    assert len(test) == 8
    with zipfile.ZipFile(io.BytesIO(default_storage.open(run.archive).read())) as archive:
        names = archive.namelist()
        assert {"run.json", "metrics.json", "predictions.jsonl", "unseen.jsonl", "rubric.toml"} <= set(names)
        assert ".lock" not in names
        assert json.loads(archive.read("metrics.json")) == run.scorecards.get().cards
    assert not list(JobFolder(run, run.job).folder.iterdir())


def test_what_it_learned_from_is_judged_by_models_that_had_not_seen_the_question(study: Study) -> None:
    run = train_judge(study)
    train = Sample.objects.filter(question__part="train")
    learned = set(train.filter(question__calibration=False).values_list("external_id", flat=True))
    found = {name: one for name, one in read_predictions(run).items() if one.out_of_fold}
    assert set(found) == learned
    assert (train.count(), len(learned)) == (24, 20)
    assert fair_predictions(run).count() == 28
    with zipfile.ZipFile(io.BytesIO(default_storage.open(run.archive).read())) as archive:
        lines = [json.loads(raw) for raw in archive.read("unseen.jsonl").splitlines()]
    assert len(lines) == 20
    for line in lines:
        stored = found[line["id"]].dimensions
        assert {key: one["expected"] for key, one in stored.items()} == {
            key: one["expected"] for key, one in line["dimensions"].items()
        }
    assert all(one.status == "ok" and one.ensemble_sd is None and one.p_dispute is not None for one in found.values())


def test_a_judge_without_such_models_is_in_sample_and_that_is_not_fair(study: Study) -> None:
    run = train_judge(study)
    # As a run of an earlier version is, or one of a backend that compares no models.
    Prediction.objects.filter(run=run, out_of_fold=True).delete()
    running.run_job(runs.start_predicting(by=None, run=run).pk)
    assert {one.out_of_fold for one in read_predictions(run).values()} == {False}
    assert Prediction.objects.filter(run=run).count() == 32
    assert fair_predictions(run).count() == 8 + 4


def test_the_scorecard_and_the_pairs_behind_it_say_the_same(study: Study) -> None:
    run = train_judge(study)
    card = run.scorecards.get()
    for row in card.cards["final"]["dimensions"]:
        columns = card.pairs["dimensions"][row["key"]]
        gaps = [
            (expected - human) ** 2
            for expected, human in zip(columns["expected"], columns["human"], strict=True)
            if human is not None
        ]
        assert len(gaps) == row["asked"]["samples"] == 8
        assert (sum(gaps) / len(gaps)) ** 0.5 == pytest.approx(row["asked"]["rmse"], abs=1e-3)
        # What makes the answers good can be seen in them.
        constant = next(one for one in row["baselines"] if one["baseline"] == "constant")
        assert row["asked"]["rmse"] < constant["rmse"]
    assert len(set(card.pairs["questions"])) == 4


def test_researchers_and_admins_start_runs_and_annotators_do_not(study: Study) -> None:
    release = release_study(study)
    for who in ("rae", "ada"):
        run = runs.start_training(by=make_user(who), release=release, wanted=QUICK)
        assert run.by == make_user(who)
    with pytest.raises(NotAllowed):
        runs.start_training(by=make_user("ann"), release=release, wanted=QUICK)
    with pytest.raises(NotFound):
        runs.start_training(by=make_user("sam"), release=release, wanted=QUICK)
    assert JudgeRun.objects.count() == Job.objects.count() == 2


def test_the_same_request_again_is_the_same_run(study: Study) -> None:
    release, key = release_study(study), "3f2f1de6-94c5-4f0e-a2bb-a4c2a3f5a001"
    first, again = (
        runs.start_training(by=make_user("rae"), release=release, wanted=QUICK, client_key=key) for _ in range(2)
    )
    assert first == again
    assert JudgeRun.objects.count() == Job.objects.count() == 1
    with pytest.raises(WrongState):
        runs.start_training(by=make_user("rae"), release=release, wanted=TrainingRequest(), client_key=key)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (TrainingRequest(backend="oracle"), "backend"),
        (TrainingRequest(preset="no-such"), "preset"),
        (TrainingRequest(name="a/b"), "name"),
        (TrainingRequest(seed=-1), "seed"),
        (TrainingRequest(seed=2**31), "seed"),
        (TrainingRequest(backend="endpoint"), "backend"),
        (TrainingRequest(options={"trees": 0}), "options"),
        (TrainingRequest(options={"leaves": 3}), "options"),
        (TrainingRequest(backend="vlm", options={"total_batch": 3, "devices": 2}), "options"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name_before_anything_is_queued(
    study: Study, wanted: TrainingRequest, field
) -> None:
    with pytest.raises(BadInput) as refused:
        runs.start_training(by=None, release=release_study(study), wanted=wanted)
    assert list(refused.value.fields) == [field]
    assert not JudgeRun.objects.exists()
    assert not Job.objects.exists()


def test_where_samples_are_sent_is_said_by_the_server_alone(study: Study, settings) -> None:
    assert "endpoint" not in {preset.backend for preset in list_available_presets()}
    settings.JUDGE_ENDPOINT_URL = "http://models.example/v1"
    settings.JUDGE_ENDPOINT_MODEL = "judge-7b"
    assert "endpoint" in {preset.backend for preset in list_available_presets()}
    with pytest.raises(BadInput) as refused:
        TrainingRequest(backend="endpoint", options={"url": "http://elsewhere.example"}).check()
    assert "options" in refused.value.fields
    training_request = TrainingRequest(backend="endpoint", options={"samples": 3})
    training_request.check()
    assert training_request.settings() == {"url": "http://models.example/v1", "model": "judge-7b", "samples": 3}


def test_an_address_of_the_server_that_holds_a_secret_is_refused_and_not_told(study: Study, settings) -> None:
    settings.JUDGE_ENDPOINT_URL = "https://user:s3cret@models.example/v1"
    with pytest.raises(BadInput) as refused:
        runs.start_training(
            by=make_user("rae"), release=release_study(study), wanted=TrainingRequest(backend="endpoint")
        )
    assert "JUDGE_ENDPOINT_URL" in refused.value.fields["options"]
    assert "s3cret" not in str(refused.value.fields)
    assert not JudgeRun.objects.exists()


def test_the_largest_seed_is_the_one_that_the_program_takes() -> None:
    assert LARGEST_SEED == training.LARGEST_SEED
    TrainingRequest(seed=LARGEST_SEED).check()


def test_models_lie_in_the_servers_folder_unless_who_asks_has_the_whole_disk(study: Study, settings, tmp_path) -> None:
    settings.JUDGE_MODELS = tmp_path
    (tmp_path / "minilm").mkdir()
    for name in ("/etc", "../elsewhere", "a/../../b"):
        with pytest.raises(BadInput) as refused:
            TrainingRequest(options={"text_encoder": name}).check()
        assert "JUDGE_MODELS" in refused.value.fields["options"]
    TrainingRequest(options={"text_encoder": "/opt/minilm"}).check(any_path=True)
    assert TrainingRequest(options={"text_encoder": "minilm"}).settings() == {"text_encoder": str(tmp_path / "minilm")}
    # Not in the folder, but perhaps fetched under its name.
    hub = TrainingRequest(backend="vlm", options={"model": "Qwen/Qwen2.5-VL-7B-Instruct"})
    hub.check()
    assert hub.settings() == {"model": "Qwen/Qwen2.5-VL-7B-Instruct"}


def test_options_are_read_a_line_each() -> None:
    assert parse_options("trees=20\n\nlabels = final\nlearning_curve=false") == {
        "trees": 20,
        "labels": "final",
        "learning_curve": False,
    }
    with pytest.raises(BadInput, match="cannot be read"):
        parse_options("trees")


def test_a_judge_that_refuses_says_why_and_trying_again_is_possible(study: Study) -> None:
    wanted = TrainingRequest(options={"text_encoder": "no-such-model"})
    run = runs.start_training(by=None, release=release_study(study), wanted=wanted)
    assert run.job is not None
    running.run_job(run.job.pk)
    run.job.refresh_from_db()
    assert run.job.state == "failed"
    assert "no-such-model" in run.job.error
    run.refresh_from_db()
    assert run.finished_at is None
    with pytest.raises(WrongState):
        runs.activate_run(by=None, run=run)
    with pytest.raises(WrongState):
        runs.start_predicting(by=None, run=run)
    assert queueing.retry(by=None, job=run.job).state == "queued"


def test_two_runs_live_side_by_side_and_one_at_most_is_active(study: Study) -> None:
    release = release_study(study)
    first, second = train_judge(study, release), train_judge(study, release)
    assert [first.number, second.number] == [1, 2]
    runs.activate_run(by=make_user("rae"), run=first)
    runs.activate_run(by=make_user("ada"), run=second)
    runs.activate_run(by=make_user("ada"), run=second)
    assert list(study.judge_runs.filter(active=True)) == [second]
    history = HistoryEntry.objects.filter(event="judge_activated").order_by("pk")
    assert [entry.detail["number"] for entry in history] == [1, 2]
    assert history[1].detail["before"] == first.public_id
    runs.deactivate_run(by=make_user("ada"), run=second)
    assert not study.judge_runs.filter(active=True).exists()
    assert Prediction.objects.filter(run=first).count() == Prediction.objects.filter(run=second).count() == 28
    with pytest.raises(NotAllowed):
        runs.activate_run(by=make_user("ann"), run=first)


def test_a_run_judges_every_sample_of_the_study_and_later_those_that_came_since() -> None:
    study = learnable_study(agreed=24)
    make_member(study, "rae", "researcher")
    run = train_judge(study)
    before = stored_predictions(run)
    assert len(before) == 20
    job = runs.start_predicting(by=make_user("rae"), run=run)
    assert runs.start_predicting(by=make_user("rae"), run=run) == job
    running.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.error
    assert job.result is not None
    assert (job.result["created"], job.result["predictions"]) == (12, 32)
    found = stored_predictions(run)
    assert len(found) == 32
    assert {name: found[name] for name in before} == before
    more = learnable_study("fishes", questions=1)
    Sample.objects.filter(study=more).update(study=study)
    again = runs.start_predicting(by=None, run=run)
    running.run_job(again.pk)
    again.refresh_from_db()
    assert again.result is not None
    assert (again.state, again.result["created"]) == ("done", 2)


def test_the_judge_is_never_told_who_made_a_sample(study: Study, tmp_path) -> None:
    from annotation.judges.judge_input import find_unpredicted_samples, write_sample_lines

    run = runs.start_training(by=None, release=release_study(study), wanted=QUICK)
    path = write_sample_lines(run, find_unpredicted_samples(run), tmp_path / "samples", lambda *_: None)
    text = path.read_text()
    assert text.count("\n") == 32
    assert "maker-" not in text
    assert "generator" not in text
    first = json.loads(text.splitlines()[0])
    assert set(first) == {"id", "question_id", "question", "answer", "image"}
    assert (path.parent / first["image"]).read_bytes()


def test_places_of_jobs_that_ended_long_ago_are_cleared(study: Study) -> None:
    run = runs.start_training(by=None, release=release_study(study), wanted=QUICK)
    assert run.job is not None
    place = JobFolder(run, run.job).folder
    (place / "left").touch()
    assert remove_old_folders() == 0
    Job.objects.filter(pk=run.job.pk).update(state="failed", finished_at="2020-01-01T00:00Z", lease_until=None)
    assert remove_old_folders() == 1
    assert not place.exists()


def test_a_run_is_held_to_a_later_release_once_it_has_judged_its_test_part() -> None:
    study = learnable_study(agreed=24)
    run = train_judge(study)
    for sample in Sample.objects.filter(study=study, state="waiting"):
        from tests.annotation.releases.release_rows import set_final_scores

        set_final_scores(sample, {"TCC": 3, "ICC": 3, "IQ": 3, "ITS": 3})
        Sample.objects.filter(pk=sample.pk).update(state="agreed")
    later = release_study(study, name="v2", test_share=0.3)
    running.run_job(runs.start_predicting(by=None, run=run).pk)
    job = runs.start_evaluation(by=None, run=run, release=later)
    running.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.error
    cards = Scorecard.objects.filter(run=run).order_by("release__number")
    assert [card.release.number for card in cards] == [1, 2]
    sizes = [card.cards["final"]["samples"] for card in cards]
    assert sizes[1] > sizes[0]
    assert cards[1].cards["final"]["judges"] == ["birds-1"]


def test_a_judge_at_work_holds_up_no_import_and_a_second_judge_waits(study: Study, monkeypatch) -> None:
    seen: dict[str, str] = {}

    def look(name: str) -> str:
        return Job.objects.get(kind=name).state

    def learn(context) -> dict:
        for name in ("made up", "judge_second"):
            running.run_waiting_jobs(Job.objects.get(kind=name).pk)
            seen[name] = look(name)
        return {}

    for name, work in (("judge_first", learn), ("judge_second", lambda context: {}), ("made up", lambda context: {})):
        monkeypatch.setitem(KINDS, name, JobKind(title=name, run=work, arguments={}))
        queueing.enqueue(by=None, kind=name, study=study, arguments={})
    running.run_waiting_jobs(Job.objects.get(kind="judge_first").pk)
    assert seen == {"made up": "done", "judge_second": "queued"}
    # Its message found no place; whoever gave the place back has taken it up.
    assert look("judge_second") == "done"


def test_what_readers_may_start_they_may_see() -> None:
    started = {name for name, kind in KINDS.items() if kind.require is permissions.require_results}
    assert started == set(OF_READERS)
    assert all(queue_of(name) is BrokerQueue.JUDGE for name in started - {"import_predictions"})


def test_what_judges_do_makes_no_figure_of_people_stale(study: Study) -> None:
    before = HistoryEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    run = make_judge_run(study, release=make_release(study))
    runs.activate_run(by=None, run=run)
    runs.deactivate_run(by=None, run=run)
    runs.start_training(by=None, release=make_release(study), wanted=QUICK)
    assert HistoryEntry.objects.filter(pk__gt=before).count() >= 3
    assert not stored_reports.changed_since(study, before)
