"""A training that goes on holds what is there to what it was made from: the same is kept, anything else made anew."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from judge.atomic_files import read_json
from judge.backends.embedded import input_fingerprint
from judge.runs import Run
from judge.training import TrainingSpec, train
from tests.judge.release_folders import write_release

COMPARED = ("predictions.jsonl", "unseen.jsonl", "calibration.json", "model/model.json")
# In the middle of what is learned from, so that later rows would not be theirs.
NAME = "images/q15-1.png"
Change = Callable[[Path], None]


class Cut:
    """Hears how it goes, and ends it where members are half trained."""

    def __init__(self) -> None:
        self.activity = ""
        self.notes: list[str] = []

    def step(self, activity: str, total: int | None = None) -> None:
        self.activity = activity

    def done(self, count: int) -> None:
        if self.activity == "Training members" and count == 4:
            raise KeyboardInterrupt

    def curve(self, series: str, x: float, y: float) -> None: ...
    def note(self, text: str) -> None:
        self.notes.append(text)


class Hearing(Cut):
    """Hears how it goes to its end."""

    def done(self, count: int) -> None: ...


def learn(place: Path, out: str, *, progress: Cut | None = None) -> Run:
    settings = {"learning_curve": True, "members": 3, "trees": 12}
    resume = (place / out).exists()
    order = TrainingSpec(
        place / "release", place / out, "embedded", "quick", settings, "j", resume=resume, cache=place / "cache"
    )
    return train(order, progress or Hearing())


def cut_short(place: Path) -> Run:
    with pytest.raises(KeyboardInterrupt):
        learn(place, "cut", progress=Cut())
    run = Run(place / "cut")
    assert list(run.stages.glob("foretold-*.npy"))
    assert list(run.model.glob("TCC-*.skops"))
    assert run.curve()
    return run


def gone_on_with(place: Path) -> list[str]:
    hearing = Hearing()
    learn(place, "cut", progress=hearing)
    return [note for note in hearing.notes if "begins anew" in note]


def same(one: Run, other: Run) -> None:
    for name in COMPARED:
        assert (one.folder / name).read_bytes() == (other.folder / name).read_bytes(), name
    assert one.curve() == other.curve()


def spoil(release: Path) -> None:
    (release / NAME).write_bytes((release / NAME).read_bytes()[:40])


def mend(release: Path) -> None:
    shutil.copy(release / "kept.png", release / NAME)


def swap(release: Path) -> None:
    shutil.copy(release / "images" / "q16-0.png", release / NAME)


def nothing(release: Path) -> None:
    pass


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_release(tmp_path / "release")
    shutil.copy(tmp_path / "release" / NAME, tmp_path / "release" / "kept.png")
    return tmp_path


@pytest.mark.parametrize(
    ("before", "between"),
    [
        pytest.param(spoil, mend, id="a picture can be read now"),
        pytest.param(nothing, spoil, id="a picture cannot be read any more"),
        pytest.param(nothing, swap, id="a picture is another one"),
    ],
)
def test_samples_that_are_measured_otherwise_than_before_are_learned_from_the_beginning(
    place: Path, before: Change, between: Change
) -> None:
    before(place / "release")
    run = cut_short(place)
    between(place / "release")
    assert len(gone_on_with(place)) == 1
    same(run, learn(place, "whole"))


@pytest.mark.parametrize("what", ["code_version", "library_versions"])
def test_another_version_begins_anew(place: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    run = cut_short(place)
    # As a version with other candidates would have left it.
    for path in run.stages.glob("foretold-*.npy"):
        path.write_bytes(b"of another kind")
    monkeypatch.setattr(input_fingerprint, what, lambda: "another")
    assert len(gone_on_with(place)) == 1
    same(run, learn(place, "whole"))


def test_what_a_version_that_wrote_nothing_down_left_is_made_anew(place: Path) -> None:
    run = cut_short(place)
    (run.stages / input_fingerprint.INPUTS).unlink()
    assert len(gone_on_with(place)) == 1
    same(run, learn(place, "whole"))


@pytest.mark.parametrize("cached", [True, False])
def test_what_was_made_from_the_same_is_kept_and_comes_to_the_same(place: Path, cached: bool) -> None:
    run = cut_short(place)
    made = {path: path.stat().st_mtime_ns for path in run.model.glob("*.skops")}
    if not cached:
        shutil.rmtree(place / "cache")
    assert gone_on_with(place) == []
    assert {path: path.stat().st_mtime_ns for path in made} == made
    same(run, learn(place, "whole"))


def test_an_attempt_that_is_cut_short_again_and_again_holds_to_what_it_wrote_down(place: Path) -> None:
    spoil(place / "release")
    first = read_json(cut_short(place).stages / input_fingerprint.INPUTS)
    mend(place / "release")
    second = read_json(cut_short(place).stages / input_fingerprint.INPUTS)
    third = read_json(cut_short(place).stages / input_fingerprint.INPUTS)
    assert (first["samples"], second["samples"]) == (89, 90)
    assert third == second
    assert gone_on_with(place) == []
