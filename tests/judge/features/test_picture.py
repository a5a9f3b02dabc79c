"""What is measured on pictures says what its name says, on any picture that can be opened."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from judge.features.picture import NAMES, UnreadablePicture, picture_features


def drawn(seed=1, size=(300, 200), mode="RGB"):
    chance = np.random.default_rng(seed)
    coarse = Image.fromarray((chance.random((12, 16, 3)) * 255).astype("uint8"))
    return coarse.resize(size, Image.Resampling.NEAREST).convert(mode)


def content(image, kind="PNG", **how):
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def measured(image, kind="PNG", **how):
    return dict(zip(NAMES, picture_features(content(image, kind, **how)).tolist(), strict=True))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "1", "CMYK", "I;16"])
@pytest.mark.parametrize("size", [(300, 200), (1, 1), (3, 900), (900, 3), (64, 64)])
def test_every_kind_of_picture_gives_finite_numbers(mode, size):
    image = Image.new("I;16", size, 30_000) if mode == "I;16" else drawn(size=size, mode=mode)
    found = picture_features(content(image, "TIFF" if mode == "CMYK" else "PNG"))
    assert found.shape == (len(NAMES),)
    assert np.isfinite(found).all()


def test_names_are_distinct():
    assert len(set(NAMES)) == len(NAMES)


def test_the_same_picture_gives_the_same_numbers():
    assert (picture_features(content(drawn())) == picture_features(content(drawn()))).all()


def test_blur_takes_sharpness_and_noise_adds_noise():
    sharp = drawn()
    blurred = measured(sharp.filter(ImageFilter.GaussianBlur(3)))
    noise = np.random.default_rng(1).normal(0, 20, (200, 300, 3))
    noisy = measured(Image.fromarray(np.clip(np.asarray(sharp) + noise, 0, 255).astype("uint8")))
    plain = measured(sharp)
    assert blurred["laplacian"] < plain["laplacian"] < noisy["laplacian"]
    assert blurred["edge_high"] < plain["edge_high"]
    assert plain["noise"] < noisy["noise"]


def test_hard_compression_shows_as_blocks():
    soft = drawn(size=(256, 256)).filter(ImageFilter.GaussianBlur(6))
    assert measured(soft, "JPEG", quality=5)["blocks"] > 1.3 * measured(soft, "JPEG", quality=95)["blocks"]


def test_light_and_colour_are_named_as_people_would():
    red = measured(Image.new("RGB", (50, 50), (200, 20, 20)))
    assert red["is_red"] == 1
    assert red["warmth"] > 0.5
    assert measured(Image.new("RGB", (50, 50), "white"))["is_white"] == 1
    assert measured(Image.new("RGB", (50, 50), "black"))["dark_share"] == 1
    for name in ("blue", "green", "yellow", "grey", "orange", "pink", "purple", "brown"):
        assert measured(Image.new("RGB", (50, 50), name))[f"is_{name}"] == 1, name
    assert measured(drawn())["colourfulness"] > measured(drawn().convert("L").convert("RGB"))["colourfulness"]


def test_what_lets_light_through_is_seen_on_white():
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    assert measured(clear)["is_white"] == 1


def test_symmetry_and_form():
    half = drawn(size=(100, 100))
    whole = Image.new("RGB", (200, 100))
    whole.paste(half, (0, 0))
    whole.paste(half.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (100, 0))
    assert measured(whole)["mirror"] == pytest.approx(0, abs=1e-3)
    assert measured(drawn())["mirror"] > 0.05
    assert measured(half)["is_square"] == 1
    assert measured(whole)["log_aspect"] == pytest.approx(np.log(2))


@pytest.mark.parametrize("broken", [b"", b"no picture", content(drawn())[:400], b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_is_no_picture_is_refused(broken):
    with pytest.raises(UnreadablePicture, match="cannot be read as a picture"):
        picture_features(broken)


def test_a_picture_that_would_fill_the_memory_is_refused():
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    with pytest.raises(UnreadablePicture):
        picture_features(file.getvalue())


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 400), st.integers(1, 400), st.sampled_from(["PNG", "JPEG", "WEBP"]))
def test_any_size_and_format_is_measured(seed, width, height, kind):
    assert np.isfinite(picture_features(content(drawn(seed, (width, height)), kind))).all()
