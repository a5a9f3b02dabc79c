"""Releases by the command that a person would use: texts bound by the processor, pictures by the disk."""

import json
import os
import shutil
import time
from pathlib import Path

from .databases import Database, Store
from .drawings import draw
from .figures import Measured, row
from .population import SLUG, Population
from .programs import Done, manage

TEXTS, TEXTS_QUICK = 48_000, 8_000
ILLUSTRATED, ILLUSTRATED_QUICK = 5_000, 200
FORMATS = ("jsonl", "parquet")


def measure_texts(store: Store, *, quick: bool) -> Measured:
    """Yield how long a release of texts takes, what it needs, and how long its files take when made again."""
    samples = TEXTS_QUICK if quick else TEXTS
    with store.filled(Population(samples=samples, scored=samples, agreed=True, pictures=False)) as database:
        first, again = database.folder / "first", database.folder / "again"
        done = _release(database, "--name", "v1", "--exact", "--out", str(first))
        parts = json.loads(done.output)
        if (parts["train"]["samples"], parts["test"]["samples"]) != (samples * 4 // 5, samples // 5):
            raise RuntimeError(f"Four fifths of {samples} were to be train, and the release says {parts}.")
        rendered = _release(database, "--again", "1", "--out", str(again))
        for name in ("train.jsonl", "test.parquet", "manifest.json"):
            if (first / name).read_bytes() != (again / name).read_bytes():
                raise RuntimeError(f"{name} of the same release is another one the second time.")
    name = f"release of {samples:,} text samples to JSONL and Parquet"
    yield row(name, "s", most=15), done.seconds
    yield row(f"{name}: peak memory", "MB", most=250), done.peak_bytes / 1e6
    yield row(f"{name}: the files alone, again", "s"), rendered.seconds


def measure_pictures(store: Store, *, quick: bool) -> Measured:
    """Yield how long a release with a picture for each sample takes, beside copying the same files."""
    samples = ILLUSTRATED_QUICK if quick else ILLUSTRATED
    images = store.folder.parent / "release-images"
    draw(images, samples)
    lines = store.folder.parent / f"labelled-{samples}.jsonl"
    with lines.open("w") as file:
        for number in range(samples):
            line = {"id": f"s{number}", "question": f"Why {number}?", "answer": "So.", "image": f"{number}.jpg"}
            file.write(json.dumps({**line, "labels": [4, 3, 5, number % 6]}) + "\n")
    with store.empty() as database:
        manage("import_samples", str(lines), "--study", SLUG, "--images", str(images), env=database.env())
        done = _release(database, "--name", "v1", "--out", str(database.folder / "out"))
        copied = _copied(database.folder / "out" / "images", database.folder / "copied")
        bare = _release(database, "--again", "1", "--out", str(database.folder / "again"))
    name = f"release of {samples:,} samples with pictures to JSONL and Parquet"
    yield row(name, "s"), done.seconds
    yield row(f"{name}: peak memory", "MB", most=250), done.peak_bytes / 1e6
    yield row(f"{name}: the files alone", "s"), bare.seconds
    yield row("copying its pictures by the shell's means, for comparison", "s"), copied


def _release(database: Database, *arguments: str) -> Done:
    formats = [word for name in FORMATS for word in ("--format", name)]
    return manage("release", SLUG, *arguments, *formats, "--json", env=database.env())


def _copied(source: Path, target: Path) -> float:
    started = time.monotonic()
    shutil.copytree(source, target)
    os.sync()
    return time.monotonic() - started
