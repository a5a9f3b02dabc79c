"""Importing samples from a file, by the command that a person would use, and by the job that a page queues."""

import csv
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .databases import Database, Store
from .drawings import draw
from .figures import Measured, row
from .programs import Done, manage, module, run

TEXTS, TEXTS_QUICK = 48_000, 8_000
ILLUSTRATED, ILLUSTRATED_QUICK = 2_000, 100
SAMPLES_PER_QUESTION = 4
ANSWER = (
    "Begin with the outline, then the light. The first image shows where the shadow falls at noon; compare its length "
    "with the one at four. Rivers in flat country bend because a small curve makes the outer bank a little faster.\n\n"
    "- The outer bank is cut away.\n- The inner bank collects what was cut.\n- Each bend therefore grows until it is "
    "cut off and becomes a lake of its own.\n\nThat is why old rivers wander, and young ones do not."
)


def measure_texts(store: Store, *, quick: bool) -> Measured:
    """Yield how many samples of text come in a second, and what the process needs for it."""
    count = TEXTS_QUICK if quick else TEXTS
    file = _file(store, f"texts-{count}.jsonl", count, lambda number: {})
    with store.empty() as database:
        done = _import(database, file)
        _expect(database, "annotation_sample", count)
        again = _import(database, file)
    name = f"import of {count:,} text samples"
    yield row(name, "samples/s", least=8_000), count / done.seconds
    yield row(f"{name}: peak memory", "MB"), done.peak_bytes / 1e6
    yield row(f"{name}: the same file again, which changes nothing", "samples/s"), count / again.seconds


def measure_pictures(store: Store, *, quick: bool) -> Measured:
    """Yield how many samples with a picture of their own come in a second."""
    count = ILLUSTRATED_QUICK if quick else ILLUSTRATED
    images = store.folder.parent / "images"
    draw(images, count)
    file = _file(store, f"illustrated-{count}.jsonl", count, lambda number: {"image": f"{number}.jpg"})
    with store.empty() as database:
        done = _import(database, file, "--images", str(images))
        _expect(database, "annotation_samplepicture", count)
    name = f"import of {count:,} samples with pictures"
    yield row(name, "samples/s"), count / done.seconds
    yield row(f"{name}: peak memory", "MB"), done.peak_bytes / 1e6


def measure_jobs(store: Store, *, quick: bool) -> Measured:
    """Yield how many samples of text a job takes in a second from an upload of each format."""
    count = TEXTS_QUICK if quick else TEXTS
    lines = _file(store, f"texts-{count}.jsonl", count, lambda number: {})
    for form, write in WRITERS.items():
        file = lines.with_suffix(f".{form}")
        if not file.exists():
            write(lines, file)
        with store.empty() as database:
            done = module("benchmarks.importing", str(file), env=database.env())
            _expect(database, "annotation_sample", count)
        told = json.loads(done.output)
        name = f"import of {count:,} text samples as a job, {form}"
        yield row(name, "samples/s", least=5_000), count / told["seconds"]
        yield row(f"{name}: peak memory", "MB"), done.peak_bytes / 1e6
        yield row(f"{name}: longest transaction", "ms"), told["longest"] * 1000


def measure_predictions(store: Store, *, quick: bool) -> Measured:
    """Yield how long it takes to keep what a judge said of so many samples on four dimensions, and to keep it again."""
    count = TEXTS_QUICK if quick else TEXTS
    samples = _file(store, f"texts-{count}.jsonl", count, lambda number: {})
    predictions = samples.with_name(f"predictions-{count}.jsonl")
    if not predictions.exists():
        _predict(samples, predictions)
    with store.empty() as database:
        _import(database, samples)
        done = _take_predictions(database, predictions)
        _expect(database, "annotation_prediction", count)
        again = _take_predictions(database, predictions)
    name = f"storing {count:,} predictions of 4 dimensions"
    yield row(name, "s", most=20 * count / TEXTS), done.seconds
    yield row(f"{name}: peak memory", "MB"), done.peak_bytes / 1e6
    yield row(f"{name}: the same file again, which changes nothing", "s"), again.seconds


def _predict(samples: Path, target: Path) -> None:
    """Write what a judge might say of each sample, as many digits as one says."""
    chance = random.Random(7)
    with samples.open() as lines, target.open("w") as file:
        for line in lines:
            said = {}
            for key in ("TCC", "ICC", "IQ", "ITS"):
                shares = [chance.random() for _ in range(6)]
                said[key] = {"p": [round(share / sum(shares), 5) for share in shares], "ensemble_sd": 0.25}
            of = {"id": json.loads(line)["id"], "judge": "benchmark", "prompt_sha": "ab" * 32, "dimensions": said}
            file.write(json.dumps(of | {"readout": "expected", "cluster": chance.randrange(20)}) + "\n")


def _as_json(lines: Path, file: Path) -> None:
    with lines.open() as source, file.open("w") as target:
        target.write("[" + ",".join(source) + "]")


def _as_csv(lines: Path, file: Path) -> None:
    with lines.open() as source, file.open("w", newline="") as target:
        rows = map(json.loads, source)
        first = next(rows)
        table = csv.DictWriter(target, list(first))
        table.writeheader()
        # One by one: this process must stay smaller than what it measures.
        table.writerow(first)
        table.writerows(rows)


def _as_parquet(lines: Path, file: Path) -> None:
    script = (
        "import sys, pyarrow.json, pyarrow.parquet\n"
        "pyarrow.parquet.write_table(pyarrow.json.read_json(sys.argv[1]), sys.argv[2])"
    )
    run(["-c", script, str(lines), str(file)], env=dict(os.environ))


def _as_zip(lines: Path, file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(lines, "samples.jsonl")


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "jsonl": lambda lines, file: None,
    "json": _as_json,
    "csv": _as_csv,
    "parquet": _as_parquet,
    "zip": _as_zip,
}


def _import(database: Database, file: Path, *more: str) -> Done:
    """Import a file; the time includes the start of the command."""
    arguments = (str(file), "--study", "imported", "--rubric", "interleaved-answer", "--json")
    return manage("import_samples", *arguments, *more, env=database.env())


def _take_predictions(database: Database, file: Path) -> Done:
    return manage("import_predictions", str(file), "--study", "imported", "--json", env=database.env())


def _expect(database: Database, table: str, count: int) -> None:
    found = database.rows(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
    if found != count:
        raise RuntimeError(f"{count} rows were imported, and {table} holds {found}.")


def _file(store: Store, name: str, count: int, more: Callable[[int], dict[str, Any]]) -> Path:
    """Return a file of published sample lines, written on first use."""
    path = store.folder.parent / name
    if not path.exists():
        with path.open("w") as file:
            for number in range(count):
                line = {
                    "id": f"sample-{number}",
                    "question": f"Why do old rivers wander, case {number // SAMPLES_PER_QUESTION}? Show it.",
                    "answer": f"{ANSWER} (Case {number}.)",
                    "generator": f"model-{number % SAMPLES_PER_QUESTION}",
                    "domain": "nature",
                }
                file.write(json.dumps(line | more(number)) + "\n")
    return path
