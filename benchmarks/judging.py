"""The embedded judge: measuring and judging samples for the first time and again, and training on a large release."""

import json
import os
import time
from itertools import islice
from pathlib import Path

from .databases import Store
from .drawings import draw
from .figures import Measured, row
from .labelling import write_release
from .programs import Done, module

TRAIN, TEST, PICTURES = 38_400, 9_600, 4_000
TRAIN_QUICK, TEST_QUICK, PICTURES_QUICK = 3_200, 800, 400
# Enough for a judge of all kinds of models, which is what matters to how fast it judges.
SMALL_TRAIN, SMALL_TEST = 1_200, 100
SIDE = 512
SMALL_PRESET = "quick"


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield how many samples are judged a second, and how long a training takes; once, as a judge has no database.

    Times include the start of the command. What is new has a picture of its own for each sample.
    """
    if store.kind != "sqlite":
        return
    train, test, pictured = (TRAIN_QUICK, TEST_QUICK, PICTURES_QUICK) if quick else (TRAIN, TEST, PICTURES)
    folder = store.folder.parent / f"judging-{time.monotonic_ns()}"
    folder.mkdir()
    pictures = store.folder.parent / "judged-images"
    draw(pictures, pictured, (SIDE, SIDE))
    write_release(folder / "small", pictures, train=SMALL_TRAIN, test=SMALL_TEST, pictured=pictured, seed=2)
    write_release(folder / "release", pictures, train=train, test=test, pictured=pictured)
    _train(folder, "small", "judge", folder / "cache-of-small", "--preset", SMALL_PRESET)

    new = folder / "release" / "new.jsonl"
    with (folder / "release" / "train.jsonl").open() as lines:
        new.write_text("".join(islice(lines, pictured)))
    cache = folder / "cache"
    name = f"judging {pictured:,} new samples with a JPEG of {SIDE} x {SIDE} each"
    done = _predict(folder, new, cache)
    yield row(name, "samples/s", least=120), pictured / done.seconds
    yield row(f"{name}: peak memory of the first process", "MB"), done.peak_bytes / 1e6

    for part in ("train", "test"):
        _predict(folder, folder / "release" / f"{part}.jsonl", cache)
    done = _predict(folder, folder / "release" / "train.jsonl", cache)
    yield row(f"judging {train:,} samples that were measured before", "samples/s", least=1_000), train / done.seconds

    done = _train(folder, "release", "large", cache)
    report = json.loads(done.output)
    if report["data"]["learn"]["samples"] != train:
        raise RuntimeError(f"{train} samples were to be learned from, and {report['data']} were.")
    name = f"training on {train:,} samples that were measured before, 4 dimensions, scorecard on {test:,}"
    yield row(name, "s", most=600), done.seconds
    yield row(f"{name}: peak memory", "MB"), done.peak_bytes / 1e6


def _train(folder: Path, release: str, run: str, cache: Path, *more: str) -> Done:
    arguments = ("train", str(folder / release), "--out", str(folder / run), "--cache", str(cache), "--json")
    return module("judge", *arguments, *more, env=dict(os.environ))


def _predict(folder: Path, samples: Path, cache: Path) -> Done:
    """Judge samples by the small judge, and make sure that all were."""
    out = folder / f"predictions-{time.monotonic_ns()}.jsonl"
    arguments = ("predict", str(folder / "judge"), str(samples), "--out", str(out), "--cache", str(cache), "--json")
    done = module("judge", *arguments, env=dict(os.environ))
    statuses = json.loads(done.output)["statuses"]
    if set(statuses) - {"ok", "rule"}:
        raise RuntimeError(f"Not all of {samples.name} could be judged: {statuses}.")
    return done
