"""Frozen encoders: what their vectors are of, that each is made once, and what a folder without one is told."""

import json
import logging
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from judge.backends.embedded.encoders import encoder as encoder_module
from judge.backends.embedded.encoders.cached_encoding import Encoders, load_encoders
from judge.backends.embedded.encoders.encoder import Encoder
from judge.backends.embedded.encoders.folder import EncoderFolder
from judge.backends.interface import BackendError
from judge.context import JudgeContext
from judge.formats.picture_folder import PictureFolder
from judge.formats.sample_line import parse_sample

from .tiny_encoders import WORDS, image_encoder, joint_encoder, text_encoder, unmasked_encoder

MAKERS = {"text": text_encoder, "image": image_encoder, "joint": joint_encoder}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """An encoder of each role."""
    place = tmp_path_factory.mktemp("encoders")
    return {role: EncoderFolder(role, make(place / role)) for role, make in MAKERS.items()}


@pytest.fixture
def pictures(tmp_path):
    """Three pictures, the second larger than the others."""
    chance = np.random.default_rng(3)
    for number, size in enumerate(((20, 30), (90, 64), (20, 30))):
        Image.fromarray((chance.random((*size, 3)) * 255).astype("uint8")).save(tmp_path / f"{number}.png")
    return PictureFolder(tmp_path)


def sample(name="s", *, question="what day ?", answer="the red bridge", images=("0.png",)):
    return parse_sample({"id": name, "question": question, "answer": answer, "images": list(images)})


def at_length_one(vector):
    return np.asarray(vector) / np.linalg.norm(vector)


# Vectors


def test_a_text_is_the_mean_of_its_tokens(folders):
    path = folders["text"].path
    model, tokenizer = AutoModel.from_pretrained(path).eval(), AutoTokenizer.from_pretrained(path)
    with torch.inference_mode():
        hidden = model(**tokenizer("the stare stood", return_tensors="pt")).last_hidden_state
    found = Encoder(folders["text"]).encode_texts(["the stare stood"])
    assert found[0] == pytest.approx(at_length_one(hidden[0].mean(dim=0)), abs=1e-5)


def test_a_picture_is_the_mean_of_its_places(folders):
    path = folders["image"].path
    model, processor = AutoModel.from_pretrained(path).eval(), AutoImageProcessor.from_pretrained(path, backend="pil")
    picture = Image.effect_noise((40, 24), 80).convert("RGB")
    with torch.inference_mode():
        hidden = model(**processor(images=[picture], return_tensors="pt")).last_hidden_state
    found = Encoder(folders["image"]).encode_pictures([picture])
    assert found[0] == pytest.approx(at_length_one(hidden[0].mean(dim=0)), abs=1e-5)


def test_both_towers_of_a_joint_encoder_end_in_one_space(folders):
    path = folders["joint"].path
    model, tokenizer = AutoModel.from_pretrained(path).eval(), AutoTokenizer.from_pretrained(path)
    processor = AutoImageProcessor.from_pretrained(path, backend="pil")
    picture = Image.effect_noise((40, 24), 80).convert("RGB")
    with torch.inference_mode():
        text = model.get_text_features(**tokenizer("a red bridge", return_tensors="pt")).pooler_output[0]
        seen = model.get_image_features(**processor(images=[picture], return_tensors="pt")).pooler_output[0]
    encoder = Encoder(folders["joint"])
    assert encoder.encode_texts(["a red bridge"])[0] == pytest.approx(at_length_one(text), abs=1e-5)
    assert encoder.encode_pictures([picture])[0] == pytest.approx(at_length_one(seen), abs=1e-5)


def test_a_model_that_was_trained_on_texts_filled_up_is_given_such_ones(tmp_path):
    folder = EncoderFolder("joint", unmasked_encoder(tmp_path / "e"))
    folder.check()
    model, tokenizer = AutoModel.from_pretrained(folder.path).eval(), AutoTokenizer.from_pretrained(folder.path)
    ids = tokenizer("a red bridge", padding="max_length", max_length=16, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        text = model.get_text_features(input_ids=ids).pooler_output[0]
    assert Encoder(folder).encode_texts(["a red bridge"])[0] == pytest.approx(at_length_one(text), abs=1e-5)


@pytest.mark.parametrize("role", ["text", "joint"])
def test_a_long_text_is_read_to_its_end(folders, role):
    encoder = Encoder(folders[role])
    long = " ".join(["the bridge stood by"] * 200)
    first, again, other = encoder.encode_texts([f"{long} red", f"{long} red", f"{long} blue"])
    assert (first == again).all()
    assert np.abs(first - other).max() > 1e-4


@pytest.mark.parametrize("role", ["text", "joint"])
def test_a_text_has_the_same_vector_to_the_last_bit_whatever_it_is_asked_with(folders, role):
    encoder = Encoder(folders[role])
    chance = np.random.default_rng(5)
    texts = [" ".join(chance.choice(WORDS, length)) for length in (3, 9, 40, 41, 100, 260, 700, 2, 5, 7, 30, 31)]
    together = encoder.encode_texts(texts)
    assert (encoder.encode_texts(texts[::-1])[::-1] == together).all()
    for text, vector in zip(texts, together, strict=True):
        assert (encoder.encode_texts([text])[0] == vector).all()


def test_a_picture_has_the_same_vector_to_the_last_bit_whatever_it_is_asked_with(folders):
    encoder = Encoder(folders["image"])
    pictures = [Image.effect_noise((30 + number, 24), 90).convert("RGB") for number in range(11)]
    together = encoder.encode_pictures(pictures)
    for picture, vector in zip(pictures, together, strict=True):
        assert (encoder.encode_pictures([picture])[0] == vector).all()


def test_of_a_strip_the_middle_is_looked_at(folders):
    """Enlarged until its shorter side has the 224 pixels of many a real encoder, this one would take 14 GB."""
    encoder = Encoder(folders["joint"])
    strip = Image.effect_noise((90_000, 1), 90).convert("RGB")
    found = encoder.encode_pictures([strip, strip.crop((44_992, 0, 45_008, 1)), strip.rotate(90, expand=True)])
    assert (found[0] == found[1]).all()
    assert np.isfinite(found).all()


# Samples


def test_sides_that_are_missing_have_no_row_and_their_cosine_is_nothing(folders, pictures):
    some = [
        sample("whole"),
        sample("no text", answer=None),
        sample("no picture", images=[]),
        sample("neither", answer=None, images=[]),
    ]
    found = Encoders(list(folders.values()), pictures).encode(some)
    assert {key: block.rows.tolist() for key, block in found.blocks.items()} == {
        "text-question": [0, 1, 2, 3],
        "text-answer": [0, 2],
        "image-pictures": [0, 1],
        "joint-question": [0, 1, 2, 3],
        "joint-answer": [0, 2],
        "joint-pictures": [0, 1],
    }
    # Question and answer in both encoders, then question and pictures, answer and pictures.
    assert (found.cosines != 0).tolist() == [
        [True] * 4,
        [False, False, True, False],
        [True, True, False, False],
        [False] * 4,
    ]
    joint = found.blocks
    expected = joint["joint-answer"].vectors[0] @ joint["joint-pictures"].vectors[0]
    assert found.cosines[0, 3] == pytest.approx(expected, abs=1e-5)


def test_several_pictures_are_their_mean_and_context_is_part_of_the_question_alone(folders, pictures):
    encoders = Encoders([folders["image"]], pictures)
    each = [encoders.encode([sample(images=[name])]).blocks["image-pictures"].vectors[0] for name in ("0.png", "1.png")]
    both = encoders.encode([sample(images=["0.png", "1.png"])]).blocks["image-pictures"].vectors[0]
    assert both == pytest.approx(np.mean(each, axis=0), abs=1e-6)
    turns = [
        {"question": "what day ?", "blocks": [{"text": "a red"}, {"image": "2.png"}], "context": True},
        {"question": "by ?", "blocks": [{"text": "blue"}, {"image": "0.png"}]},
    ]
    found = Encoders([folders["text"], folders["image"]], pictures).encode([parse_sample({"id": "t", "turns": turns})])
    encoder = Encoder(folders["text"])
    assert (found.blocks["image-pictures"].vectors[0] == each[0]).all()
    assert (found.blocks["text-question"].vectors == encoder.encode_texts(["what day ?\na red\nby ?"])).all()
    assert (found.blocks["text-answer"].vectors == encoder.encode_texts(["blue"])).all()


def test_what_the_store_knows_is_not_asked_again_and_what_it_does_not_know_is(folders, pictures, tmp_path, monkeypatch):
    context = JudgeContext(pictures, tmp_path / "cache")
    told = []
    with load_encoders(list(folders.values()), context) as encoders:
        first = encoders.encode([sample("a"), sample("b", answer="blue")], told.append)
    assert told == [2]

    def refuse(*_):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(encoder_module, "Encoder", refuse)
    with load_encoders(list(folders.values()), context) as encoders:
        second = encoders.encode([sample("c"), sample("d", answer="blue")])
        for key, block in first.blocks.items():
            assert (second.blocks[key].vectors == block.vectors).all(), key
        assert (second.cosines == first.cosines).all()
        with pytest.raises(AssertionError, match="loaded"):
            encoders.encode([sample("e", answer="a day")])
        Image.new("RGB", (9, 9), "red").save(tmp_path / "0.png")
        with pytest.raises(AssertionError, match="loaded"):
            encoders.encode([sample("a")])


def test_other_weights_other_words_or_another_size_make_other_vectors(folders, pictures, tmp_path):
    context = JudgeContext(pictures, tmp_path / "cache")
    changes = {
        "text": lambda path: text_encoder(path, seed=2),
        "image": lambda path: _change(path / "preprocessor_config.json", image_mean=[0.1, 0.1, 0.1]),
        "joint": lambda path: joint_encoder(path, seed=2),
    }
    for role, change in changes.items():
        copy = tmp_path / role
        shutil.copytree(folders[role].path, copy)
        (copy / "README.md").write_text("What it is.")
        assert EncoderFolder(role, copy).checksum == folders[role].checksum
        with load_encoders([EncoderFolder(role, copy)], context) as encoders:
            before = encoders.encode([sample()])
        change(copy)
        with load_encoders([EncoderFolder(role, copy)], context) as encoders:
            after = encoders.encode([sample()])
        for key, block in before.blocks.items():
            changed = np.abs(after.blocks[key].vectors - block.vectors).max() > 1e-3
            assert changed, key


def _change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


# Folders


def test_what_is_no_encoder_is_told_apart_before_anything_is_loaded(folders, tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_module, "Encoder", None)
    for folder in folders.values():
        folder.check()

    def said(role, path):
        with pytest.raises(BackendError) as refused:
            EncoderFolder(role, path).check()
        return str(refused.value)

    message = said("text", tmp_path / "gone")
    assert f"{tmp_path / 'gone'} is not there" in message
    assert f"hf download sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2 --local-dir {tmp_path}" in message
    (tmp_path / "empty").mkdir()
    assert "no config.json" in said("image", tmp_path / "empty")
    assert "name it as joint_encoder" in said("text", folders["joint"].path)
    assert "no model of texts and pictures" in said("joint", folders["text"].path)
    assert "no model of texts" in said("text", folders["image"].path)
    assert "no model of pictures" in said("image", folders["text"].path)
    bare = shutil.copytree(folders["text"].path, tmp_path / "bare")
    (bare / "model.safetensors").rename(bare / "pytorch_model.bin")
    assert "safetensors" in said("text", bare)


def test_a_library_that_is_not_there_is_named_where_an_encoder_is(folders, monkeypatch):
    monkeypatch.setattr("judge.backends.embedded.encoders.folder.find_spec", lambda name: None)
    with pytest.raises(BackendError, match="text_encoder needs torch, transformers"):
        folders["text"].check()


def test_weights_that_do_not_belong_to_the_model_are_not_made_up(folders, tmp_path):
    copy = shutil.copytree(folders["text"].path, tmp_path / "copy")
    _change(copy / "config.json", num_hidden_layers=3)
    with pytest.raises(BackendError, match="lacks weights"):
        Encoder(EncoderFolder("text", copy))
    (copy / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(BackendError, match="cannot be loaded"):
        Encoder(EncoderFolder("text", copy))


def test_loading_writes_nothing_between_our_lines(folders, capfd):
    for folder in folders.values():
        Encoder(folder)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("transformers").level == logging.CRITICAL
