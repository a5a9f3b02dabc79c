"""Importing samples from a file, by the command that a person would use."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .databases import Database, Store
from .drawings import draw
from .figures import Measured, row
from .programs import Done, manage

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


def _import(database: Database, file: Path, *more: str) -> Done:
    """Import a file; the time includes the start of the command."""
    arguments = (str(file), "--study", "imported", "--rubric", "interleaved-answer", "--json")
    return manage("import_samples", *arguments, *more, env=database.env())


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
