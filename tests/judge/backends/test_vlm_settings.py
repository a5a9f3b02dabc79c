"""What of the VLM backend needs no model: options, the paper's numbers, words for levels, models that are not there."""

import json
from dataclasses import replace

import pytest

from judge.backends.interface import BackendError
from judge.backends.vlm.answer_tokens import AnswerLine, rubric_with_digit_levels
from judge.backends.vlm.model_lookup import find_model
from judge.backends.vlm.options import VlmOptions
from judge.formats.rubric import parse_rubric
from judge.formats.sample_line import SampleTurn, TextPart
from judge.options import OptionError, parse_options
from judge.presets import find_preset, list_presets
from judge.prompt import build_prompt, format_answer, prompt_sha
from tests.judge.release_folders import TOML

RUBRIC = parse_rubric(TOML)
# InterSyn, appendix D.4; what it leaves open for a model is not here.
PUBLISHED = {
    "paper-qwenvl": {
        "devices": 4,
        "total_batch": 8,
        "device_batch": 1,
        "accumulation": 2,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "learning_rate": 1e-5,
        "schedule": "cosine",
        "warmup": 0.1,
        "eval_batch": 8,
    },
    "paper-internvl": {
        "devices": 4,
        "total_batch": 8,
        "device_batch": 1,
        "accumulation": 2,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "clip": 1.0,
        "weight_decay": 0.05,
        "learning_rate": 4e-5,
        "schedule": "cosine",
        "warmup": 0.03,
        "eval_batch": 8,
    },
}
TOTAL_EVAL_BATCH = 32
SEED = 42
TEN = TOML.replace("levels = [1, 2, 3]", "levels = [1, 5, 10]\nmissing = 5")


def options(preset, **settings):
    found = parse_options(VlmOptions, find_preset(preset, "vlm").options | settings)
    found.check()
    return found


def letters(text):
    """Make a token of each letter: a tokenizer as simple as one can be."""
    return [ord(letter) for letter in text]


def lines(rubric):
    return AnswerLine(rubric, letters, 0)


@pytest.mark.parametrize("preset", PUBLISHED)
def test_the_presets_of_the_paper_have_its_numbers(preset):
    found = options(preset)
    assert {name: getattr(found, name) for name in PUBLISHED[preset]} == PUBLISHED[preset]
    assert found.loss == "text"
    assert found.precision == "bf16"
    assert found.devices * found.eval_batch == TOTAL_EVAL_BATCH
    # Nothing of the paper is left to a default that may change.
    assert PUBLISHED[preset].keys() - {"accumulation"} <= find_preset(preset, "vlm").options.keys()


def test_the_seed_of_the_paper_is_that_of_every_run():
    from judge.training import SEED as default

    assert default == SEED


@pytest.mark.parametrize("preset", PUBLISHED)
def test_the_presets_of_the_paper_say_what_it_does_not_state(preset):
    description = " ".join(find_preset(preset, "vlm").description.split())
    assert "It states no epochs, no picture size" in description
    assert "not whether all weights were tuned" in description


def test_every_preset_can_be_used():
    assert {preset.name for preset in list_presets("vlm")} == {"lora-24gb", "paper-internvl", "paper-qwenvl", "tiny"}
    for preset in list_presets("vlm"):
        options(preset.name)
    assert options("lora-24gb").tuning == "lora"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"devices": 3}, "3 devices with 1 samples each cannot make up in whole turns; take a multiple of 3"),
        ({"device_batch": 16}, "total_batch is 8"),
        ({"devices": 0}, "devices is 0; the least is 1"),
        ({"learning_rate": 0.0}, "lies above 0"),
        ({"warmup": 1.0}, "from 0 to below 1"),
        ({"sharded": True, "devices": 1, "total_batch": 8}, "several devices"),
        ({"tuning": "qlora"}, "one of full, lora"),
    ],
)
def test_an_option_that_cannot_be_is_named(changed, words):
    with pytest.raises(OptionError, match=words):
        options("paper-qwenvl", **changed)


def test_steps_are_put_together_of_as_many_turns_as_it_takes():
    assert options("paper-qwenvl", devices=2).accumulation == 4
    assert options("paper-qwenvl", devices=1, sharded=False).accumulation == 8
    assert options("paper-qwenvl", devices=4, device_batch=2).accumulation == 1


# --- the line of scores ---------------------------------------------------------------------------


def test_the_line_is_that_of_every_judge():
    line = lines(RUBRIC)
    for values in ({"TCC": 4.0, "IQ": 2.0}, {"TCC": 0.0, "IQ": None}):
        places = [None if values[one.key] is None else one.values.index(values[one.key]) for one in RUBRIC.dimensions]
        ids = line.joint_answer(places, [False, False]).ids
        assert "".join(map(chr, ids[:-1])) == format_answer(RUBRIC, values)
        assert ids[-1] == 0
    single = line.single_answer(1, 2)
    assert "".join(map(chr, single.ids[:-1])) == '{"IQ": 3}'


def test_what_rules_say_is_told_and_not_learned():
    line = lines(RUBRIC)
    made = line.joint_answer([0, None], [True, True])
    text = "".join(map(chr, made.ids))
    told = "".join(letter for letter, learned in zip(text, made.is_learned, strict=True) if not learned)
    assert (told, made.level_positions) == ("0null", [])
    made = line.joint_answer([3, 1], [False, False])
    assert [(made.ids[place], number) for place, number in made.level_positions] == [(ord("3"), 0), (ord("2"), 1)]
    assert all(made.is_learned)


def test_levels_of_one_digit_are_spoken_as_they_are():
    assert rubric_with_digit_levels(RUBRIC) is RUBRIC


def test_other_levels_go_by_their_places_in_another_prompt():
    rubric = parse_rubric(TEN)
    words = rubric_with_digit_levels(rubric)
    assert words.dimensions[1].values == (0, 1, 2)
    assert words.dimensions[1].missing_value == 1
    assert words.dimensions[0].values == (0, 1, 2, 3, 4, 5)
    told = build_prompt(words, [SampleTurn("Why?", [])])[0]
    assert isinstance(told, TextPart)
    assert "  2 = 10\n" in told.text
    assert "Without a picture it is 1." in told.text
    assert told.text.index('{"TCC": 5, "IQ": 2}')
    assert prompt_sha(words) != prompt_sha(rubric)


def test_more_levels_than_digits_are_refused():
    many = parse_rubric(TOML.replace("levels = [1, 2, 3]", f"levels = {list(range(11))}"))
    with pytest.raises(BackendError, match="IQ has 11 levels"):
        rubric_with_digit_levels(many)


def test_a_level_that_is_no_token_of_its_own_is_refused():
    with pytest.raises(BackendError, match="no single token for each level of TCC"):
        AnswerLine(RUBRIC, lambda text: letters(text) * 2, 0)
    with pytest.raises(BackendError, match="no single token for each level of TCC"):
        AnswerLine(RUBRIC, lambda text: [7], 0)


# --- models on disk -------------------------------------------------------------------------------


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def a_model(folder, kind="qwen2_5_vl", **files):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


def test_a_model_that_is_not_here_comes_with_the_command_that_fetches_it(empty_cache):
    with pytest.raises(BackendError, match=r"Fetch it with: hf download Qwen/Qwen2\.5-VL-7B-Instruct"):
        find_model("Qwen/Qwen2.5-VL-7B-Instruct")
    with pytest.raises(BackendError, match="give --set model=FOLDER"):
        find_model("")
    with pytest.raises(BackendError, match="is no folder here"):
        find_model(str(empty_cache / "nothing"))


def test_a_model_in_the_cache_goes_by_its_name(empty_cache):
    commit = "0" * 40
    place = a_model(empty_cache / "models--Some--Model" / "snapshots" / commit, "internvl", model__safetensors="")
    (place.parents[1] / "refs").mkdir()
    (place.parents[1] / "refs" / "main").write_text(commit)
    found = find_model("Some/Model")
    assert (found.folder, found.family) == (place.resolve(), "internvl")
    (place / "model.safetensors").unlink()
    with pytest.raises(BackendError, match="Fetch the rest with: hf download Some/Model"):
        find_model("Some/Model")


def test_a_download_that_was_cut_short_is_not_whole(tmp_path):
    index = json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})
    place = a_model(tmp_path / "m")
    (place / "model.safetensors.index.json").write_text(index)
    (place / "model-1.safetensors").write_text("")
    with pytest.raises(BackendError, match="lacks its configuration or weights"):
        find_model(str(place))
    (place / "model-2.safetensors").write_text("")
    assert find_model(str(place)).family == "qwen2_5_vl"


@pytest.mark.parametrize(
    ("kind", "words"), [("internvl_chat", "whose name ends in -hf"), ("llama", "knows Qwen2.5-VL and InternVL")]
)
def test_a_model_of_another_kind_is_refused(tmp_path, kind, words):
    place = a_model(tmp_path / "m", kind, model__safetensors="")
    with pytest.raises(BackendError, match=words):
        find_model(str(place))


def test_two_models_differ_by_their_fingerprints(tmp_path):
    one = find_model(str(a_model(tmp_path / "a", model__safetensors="xx")))
    same = find_model(str(a_model(tmp_path / "b", model__safetensors="yy")))
    other = find_model(str(a_model(tmp_path / "c", model__safetensors="xxx")))
    assert one.fingerprint() == same.fingerprint() != other.fingerprint()
    assert replace(one, folder=other.folder).fingerprint() == other.fingerprint()
