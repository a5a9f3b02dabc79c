"""Tiny models of both families through the training that large ones go through: learned, kept, gone on with, merged."""

import json
import math

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from judge.backends.interface import BackendError
from judge.backends.vlm import checkpoints as weights
from judge.backends.vlm import trainer
from judge.backends.vlm.backend import BACKEND, VlmJudge
from judge.backends.vlm.batches import build_batch
from judge.backends.vlm.level_probabilities import LevelProbabilityReader
from judge.backends.vlm.trainer import JudgeTrainer
from judge.formats.picture_folder import PictureFolder
from judge.formats.rubric import parse_rubric
from judge.prompt import format_answer
from tests.judge.release_folders import TOML

from .tiny_models import write_model
from .vlm_runs import begun, judged, some_samples, trained

SHORT = {"epochs": 3, "save_every": 2}
RUBRIC = parse_rubric(TOML)


@pytest.fixture(scope="module", params=["qwen2_5_vl", "internvl"])
def place(request, tmp_path_factory):
    """A model of a family, and labelled samples."""
    folder = tmp_path_factory.mktemp(request.param)
    write_model(folder / "model", request.param)
    some_samples(folder / "release")
    return folder


@pytest.fixture
def samples(place, tmp_path):
    return some_samples(tmp_path / "again")


class Stopped(BaseException):
    """As sudden as a signal."""


class StopAt:
    """Hears of a training and ends it at a step."""

    def __init__(self, step):
        self._step = step
        self.curves = []
        self.steps = []

    def step(self, activity, total=None):
        self.steps.append((activity, total))

    def done(self, count):
        if self.steps[-1][0] == "Training" and count == self._step:
            raise Stopped

    def curve(self, series, x, y):
        self.curves.append((series, x, y))

    def note(self, text):
        raise AssertionError(text)


def tensors(folder):
    (path,) = folder.glob("*.safetensors")
    return load_file(path)


def same(one, other):
    assert one.keys() == other.keys()
    assert one
    for name in one:
        assert torch.equal(one[name], other[name]), name


def judge_of_run(run, pictures):
    return VlmJudge(run, BACKEND.options(dict(run.config.options)), PictureFolder(pictures))


def gap(samples, predictions):
    gaps = [
        found.dimensions[key].expected - value
        for one, found in zip(samples, predictions, strict=True)
        for key, value in one.final.items()
        if found.dimensions[key].rule is None
    ]
    assert len(gaps) > 20
    return math.sqrt(sum(gap * gap for gap in gaps) / len(gaps))


@pytest.mark.slow
def test_sixteen_samples_are_learned_by_heart_and_written_as_lines(place, samples, tmp_path):
    family = json.loads((place / "model" / "config.json").read_text())["model_type"]
    loss = {"qwen2_5_vl": "text", "internvl": "soft"}[family]
    run = trained(begun(tmp_path / "run", place / "model", loss=loss, text_weight=0.3), samples, place / "release")
    predictions = judged(run, samples, place / "release")
    assert {one.status for one in predictions} <= {"ok", "rule"}
    assert {one.readout for one in predictions if one.status == "ok"} == {"expected:joint"}
    assert gap(samples, predictions) < 0.1
    assert min(found.mass for one in predictions for found in one.dimensions.values() if not found.rule) > 0.9
    judge = judge_of_run(run, place / "release")
    model, items = judge._reader._model, judge._builder
    tokenizer = weights.load_tokenizer(run.model)
    for one in samples:
        if not (one.sample.has_text and one.sample.has_image):
            continue
        batch = build_batch([items.build(one.sample, PictureFolder(place / "release"))], items)
        # What generate makes of places by itself is what training made of them.
        places = batch.pop("position_ids")
        if len(places) == 3:
            batch["mm_token_type_ids"] = (batch["input_ids"] == model.config.image_token_id).int()
        written = model.generate(**batch, max_new_tokens=40, do_sample=False)[0, batch["input_ids"].shape[1] :]
        assert tokenizer.decode(written, skip_special_tokens=True) == format_answer(RUBRIC, one.final)
        assert written[-1] == items.end


def test_what_was_trained_is_kept_whole_and_read_again_to_the_last_bit(place, samples, tmp_path, monkeypatch):
    kept = {}
    write_weights = JudgeTrainer.write_weights

    def keeping(self, folder):
        kept.update({name: tensor.clone() for name, tensor in self.model.state_dict().items()})
        write_weights(self, folder)

    monkeypatch.setattr(JudgeTrainer, "write_weights", keeping)
    run = trained(begun(tmp_path / "run", place / "model", **SHORT), samples, place / "release")
    same(dict(weights.load_model(run.model, torch.float32).state_dict()), kept)
    before = dict(weights.load_model(place / "model", torch.float32).state_dict())
    changed = [name for name in kept if not torch.equal(kept[name], before[name])]
    assert len(changed) > 0.9 * len(kept)
    suffixes = {path.suffix for path in run.model.rglob("*") if path.is_file()}
    assert suffixes == {".json", ".safetensors"}


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(place, samples, tmp_path, tuning):
    how = SHORT | {"tuning": tuning}
    whole = trained(begun(tmp_path / "whole", place / "model", **how), samples, place / "release")
    run = begun(tmp_path / "cut", place / "model", **how)
    hearing = StopAt(5)
    with pytest.raises(Stopped):
        trained(run, samples, place / "release", hearing)
    assert ("Training", 6) in hearing.steps
    assert [x for series, x, _ in hearing.curves if series == "loss"] == [1, 2, 3, 4]
    checkpoints = run.stages / trainer.CHECKPOINTS
    assert trainer.last_checkpoint(checkpoints, 1).name == "checkpoint-4"
    # One that was cut off while it was written.
    (checkpoints / "checkpoint-6").mkdir()
    (checkpoints / "checkpoint-6" / "trainer_state.json").write_text('{"epoch')
    assert trainer.last_checkpoint(checkpoints, 1).name == "checkpoint-4"
    hearing = StopAt(0)
    trained(run, samples, place / "release", hearing)
    assert [x for _, x, _ in hearing.curves] == [5, 6]
    same(tensors(run.model), tensors(whole.model))
    assert run.curve() == whole.curve()
    # Once it is done it is not begun again.
    trained(run, samples, place / "release", StopAt(1))


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_what_goes_on_from_a_checkpoint_is_all_that_was_there(place, samples, tmp_path, monkeypatch, tuning):
    there = {}
    write = JudgeTrainer._save

    def writing(self, output_dir=None, state_dict=None):
        there.update({name: tensor.clone() for name, tensor in self.model.state_dict().items()})
        write(self, output_dir, state_dict)

    monkeypatch.setattr(JudgeTrainer, "_save", writing)
    run = begun(tmp_path / "run", place / "model", tuning=tuning, **SHORT)
    with pytest.raises(Stopped):
        trained(run, samples, place / "release", StopAt(3))
    checkpoint = trainer.last_checkpoint(run.stages / trainer.CHECKPOINTS, 1)
    model = weights.load_for_training(place / "model", checkpoint, BACKEND.options(dict(run.config.options)))
    same(dict(model.state_dict()), there)
    assert any(weight.requires_grad for weight in model.parameters())
    assert not (checkpoint / "training_args.bin").exists()


@pytest.mark.slow
def test_lora_learns_beside_a_model_that_stays_as_it_is_and_is_merged_to_judge(place, samples, tmp_path):
    how = {"tuning": "lora", "epochs": 15, "learning_rate": 1e-2, "lora_dropout": 0.0}
    run = begun(tmp_path / "run", place / "model", **how)
    trained(run, samples, place / "release")
    losses = [y for _, y in run.curve()["loss"]]
    assert losses[-1] < 0.5 * losses[0]
    names = tensors(run.model)
    assert all("lora_" in name and "language_model" in name for name in names)
    assert len(names) == 2 * 2 * 7
    base = weights.load_model(place / "model", torch.float32)
    beside = PeftModel.from_pretrained(base, run.model).eval()
    judge = judge_of_run(run, place / "release")
    merged = judge._reader._model
    assert not isinstance(merged, PeftModel)
    batch = build_batch(
        [judge._builder.build(one.sample, PictureFolder(place / "release")) for one in samples[:4]], judge._builder
    )
    with torch.inference_mode():
        assert torch.allclose(merged(**batch).logits[:, -1], beside(**batch).logits[:, -1], atol=1e-4)


def test_lora_weights_say_which_model_they_belong_to_where_it_is_not(place, samples, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    for path in (place / "model").iterdir():
        (model / path.name).write_bytes(path.read_bytes())
    run = trained(begun(tmp_path / "run", model, tuning="lora", epochs=1), samples, place / "release")
    predictions = judged(run, samples, place / "release")
    model.rename(tmp_path / "elsewhere")
    with pytest.raises(
        BackendError, match=rf"LoRA weights, which belong to the .* model {model}.*put its folder"
    ) as no:
        judged(run, samples, place / "release")
    (run.model / "base").symlink_to(tmp_path / "elsewhere")
    assert judged(run, samples, place / "release") == predictions
    (run.model / "base").unlink()
    write_model(run.model / "base", json.loads((run.model / "model.json").read_text())["family"], width=128)
    with pytest.raises(BackendError, match="is another model"):
        judged(run, samples, place / "release")
    assert str(run.model / "base") in str(no.value)


def test_levels_of_other_names_are_learned_and_predicted_by_their_values(place, tmp_path):
    toml = TOML.replace("levels = [1, 2, 3]", "levels = [-1, 0.5, 10]")
    samples = some_samples(tmp_path / "r")
    for one in samples:
        if "IQ" in one.final:
            one.final["IQ"] = (-1.0, 0.5, 10.0)[int(one.final["IQ"]) - 1]
    run = trained(begun(tmp_path / "run", place / "model", rubric=toml, epochs=1), samples, tmp_path / "r")
    found = [one for one in judged(run, samples, tmp_path / "r") if "IQ" in one.dimensions]
    assert found
    assert all(-1 < one.dimensions["IQ"].expected < 10 for one in found)
    assert all(one.dimensions["IQ"].rounded in (-1, 0.5, 10) for one in found)
    assert {len(one.prompt_sha) for one in found} == {64}


def test_independent_reading_is_recorded_as_such(place, samples, tmp_path):
    run = begun(tmp_path / "run", place / "model", readout="independent", epochs=1)
    trained(run, samples, place / "release")
    assert {one.readout for one in judged(run, samples, place / "release")} - {"rule"} == {"expected:independent"}


def test_half_precision_and_activations_worked_out_again_learn_as_well(place, samples, tmp_path):
    plain = trained(begun(tmp_path / "a", place / "model", **SHORT), samples, place / "release")
    saving = SHORT | {"checkpointing": True, "precision": "bf16"}
    run = trained(begun(tmp_path / "b", place / "model", **saving), samples, place / "release")
    for (step, loss), (other, wanted) in zip(run.curve()["loss"], plain.curve()["loss"], strict=True):
        assert step == other
        assert loss == pytest.approx(wanted, rel=0.1)
    predictions = judged(run, samples, place / "release")
    assert all(math.isfinite(it.expected) for one in predictions for it in one.dimensions.values())


def test_samples_whose_pictures_cannot_be_shown_are_left_out_and_named(place, samples, tmp_path):
    notes = []
    hearing = StopAt(0)
    hearing.note = notes.append
    first = next(one for one in samples if one.sample.has_image)
    name = first.sample.images[0].path
    release = tmp_path / "again"
    (release / name).write_bytes((release / name).read_bytes()[:200])
    run = trained(begun(tmp_path / "run", place / "model", epochs=1), samples, release, hearing)
    assert len(notes) == 1
    assert notes[0].startswith(f"{first.sample.id} is left out: {name} cannot be read as a picture")
    about = json.loads((run.model / "model.json").read_text())
    labelled = [one for one in samples if one.sample.has_text or one.sample.has_image]
    assert about["exercises"] == len(labelled) - 1
    predictions = judged(run, [first], release)
    assert predictions[0].status == "backend_error"
    assert name in predictions[0].message


def test_a_training_that_diverges_ends_with_the_remedy_and_draws_no_point_that_is_none(place, samples, tmp_path):
    run = begun(tmp_path / "run", place / "model", learning_rate=1e30, epochs=2)
    hearing = StopAt(0)
    with pytest.raises(BackendError, match=r"loss is not finite at step \d+.*--set learning_rate"):
        trained(run, samples, place / "release", hearing)
    assert not (run.model / "model.json").exists()
    drawn = [y for _, _, y in hearing.curves]
    assert drawn == [y for _, y in run.curve()["loss"]]
    assert all(math.isfinite(y) for y in drawn)


def test_chances_that_are_not_finite_are_a_status_and_the_other_samples_are_judged(
    place, samples, tmp_path, monkeypatch
):
    run = trained(begun(tmp_path / "run", place / "model", epochs=1), samples, place / "release")
    whole = judged(run, samples, place / "release")
    read = LevelProbabilityReader.read
    spoiled = []

    def overflowing(self, made, known):
        found = read(self, made, known)
        if not spoiled:
            spoiled.append(found)
            for chances in found.chances:
                chances[0] = math.nan
        return found

    monkeypatch.setattr(LevelProbabilityReader, "read", overflowing)
    predictions = judged(run, samples, place / "release")
    (place_of, failed), *more = [
        (number, one) for number, one in enumerate(predictions) if one.status == "backend_error"
    ]
    assert not more
    assert "not finite" in failed.message
    assert predictions[:place_of] + predictions[place_of + 1 :] == whole[:place_of] + whole[place_of + 1 :]


def test_nothing_to_learn_from_is_said(place, samples, tmp_path):
    for one in samples:
        one.final, one.histogram = {}, {}
    with pytest.raises(BackendError, match="No sample of the training part has a score"):
        trained(begun(tmp_path / "run", place / "model"), samples, place / "release")


def test_weights_that_are_missing_are_not_made_up(place, tmp_path):
    from safetensors.torch import save_file

    model = tmp_path / "model"
    model.mkdir()
    for path in (place / "model").iterdir():
        (model / path.name).write_bytes(path.read_bytes())
    some = tensors(place / "model")
    some.pop(next(name for name in some if "q_proj" in name))
    save_file(some, model / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BackendError, match=r"lacks 1 of the model's weights .*q_proj"):
        weights.load_model(model, torch.float32)
