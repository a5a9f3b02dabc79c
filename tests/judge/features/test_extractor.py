"""Many samples are measured the same, from the store or not, by one process or several."""

import numpy as np
import pytest
from PIL import Image

from judge.features.extractor import FeatureExtractor
from judge.features.store import VectorStore
from judge.formats.picture_folder import MissingPicture, PictureFolder
from judge.formats.sample_line import parse_sample


@pytest.fixture
def folder(tmp_path):
    chance = np.random.default_rng(1)
    for number in range(4):
        pixels = (chance.random((40, 50, 3)) * 255).astype("uint8")
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    return tmp_path


def samples(count=8):
    return [
        parse_sample({"id": f"s{n}", "question": f"Why {n}?", "answer": "So." * n, "image": f"{n % 4}.png"})
        for n in range(count)
    ]


def vectors(folder, store=None, some=None, **how):
    with FeatureExtractor(PictureFolder(folder), store, **how) as extractor:
        return [found.vector for found in extractor.extract(some or samples())]


def test_the_store_gives_back_what_was_measured(folder):
    fresh = vectors(folder)
    store = VectorStore(folder / "cache" / "v.sqlite")
    first, second = vectors(folder, store), vectors(folder, store)
    store.close()
    again = VectorStore(folder / "cache" / "v.sqlite")
    third = vectors(folder, again)
    again.close()
    for one, *others in zip(fresh, first, second, third, strict=True):
        for other in others:
            assert other == pytest.approx(one, rel=1e-5, abs=1e-5)


def test_what_the_store_knows_is_not_measured_again(folder, monkeypatch):
    store = VectorStore(folder / "v.sqlite")
    vectors(folder, store)

    def refuse(_):
        raise AssertionError("a known picture was measured again")

    monkeypatch.setattr("judge.features.extractor.picture_features", refuse)
    vectors(folder, store)
    # Another answer with a known picture: the picture is known still.
    other = parse_sample({"id": "x", "question": "Other?", "answer": "Yes.", "image": "1.png"})
    assert vectors(folder, store, [other])[0] is not None
    store.close()


def test_a_picture_that_changed_is_measured_again_under_the_same_name(folder):
    store = VectorStore(folder / "v.sqlite")
    before = vectors(folder, store)
    Image.new("RGB", (40, 50), "red").save(folder / "0.png")
    after = vectors(folder, store)
    store.close()
    assert not np.allclose(before[0], after[0])
    assert np.allclose(before[1], after[1])


@pytest.mark.slow
def test_several_processes_measure_as_one_does(folder):
    some = samples(80)
    alone, together = vectors(folder, None, some, processes=1), vectors(folder, None, some, processes=2)
    for one, other in zip(alone, together, strict=True):
        assert (one == other).all()


def test_a_fault_is_said_of_its_sample_and_the_others_go_on(folder):
    (folder / "1.png").write_bytes(b"no picture")
    (folder / "2.png").unlink()
    with FeatureExtractor(PictureFolder(folder)) as extractor:
        found = list(extractor.extract(samples(4)))
    assert [one.vector is not None for one in found] == [True, False, False, True]
    assert "1.png cannot be read as a picture" in found[1].problem
    assert "2.png is not in" in found[2].problem


def test_pictures_outside_of_the_folder_are_not_read(folder):
    (folder.parent / "secret.png").write_bytes(b"x")
    for name in ("../secret.png", str(folder.parent / "secret.png")):
        with pytest.raises(MissingPicture, match="outside"):
            PictureFolder(folder).read(name)


def test_a_damaged_store_is_begun_anew(folder):
    path = folder / "v.sqlite"
    path.write_bytes(b"this is no database, however long it may be" * 100)
    store = VectorStore(path)
    assert vectors(folder, store)[0] is not None
    store.close()
