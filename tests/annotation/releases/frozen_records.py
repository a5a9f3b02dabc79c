"""Makes frozen records, and the facts of their release, for tests."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation.releases.record import FrozenPicture, FrozenRating, FrozenRecord, ReleaseFacts
from annotation.releases.rendering import RenderedFiles, render_release
from judge.formats.rubric import parse_rubric
from tests.factories import picture_bytes

RUBRICS = Path(__file__).resolve().parents[3] / "fixtures" / "rubrics"
RUBRIC = parse_rubric((RUBRICS / "interleaved-answer.toml").read_bytes())
ORDER = ("TCC", "ICC", "IQ", "ITS")


def make_turn(*blocks: str | int, question: str = "Why do birds sing?", context: bool = False) -> dict[str, Any]:
    """Make a turn; a number is a picture by its index."""
    return {
        "question": question,
        "context": context,
        "blocks": [{"text": one} if isinstance(one, str) else {"picture": one} for one in blocks],
    }


def make_record(
    id: str = "a", *turns: dict[str, Any], pictures: list[FrozenPicture] | None = None, **fields: Any
) -> Any:
    """Make a record of an agreed sample, by default of one turn with text."""
    frozen: FrozenRecord = {
        "id": id,
        "question_id": f"q-{id}",
        "generator": "secret-model-7",
        "domain": "birds",
        "category": "",
        "topic": "",
        "language": "en",
        "metadata": {"seed": 3},
        "turns": list(turns) or [make_turn("To be heard.")],
        "pictures": pictures or [],
        "part": "train",
        "calibration": False,
        "final": dict(zip(ORDER, (4.0, 3.0, 5.0, 2.0), strict=True)),
        "histogram": {key: [0, 0, 0, 1, 2, 0] for key in ORDER},
        "mean": dict.fromkeys(ORDER, 3.666667),
        "outcome": dict.fromkeys(ORDER, "discussed"),
        "label_origin": "blind",
        "annotators": 3,
        "ratings": [
            make_rating(who, key, value) for who, value in (("R1", 3.0), ("R2", 4.0), ("R3", 4.0)) for key in ORDER
        ],
    }
    return {**frozen, **fields}


def make_rating(annotator: str, dimension: str, value: float, **fields: Any) -> FrozenRating:
    """Make one value of one annotator."""
    defaults: FrozenRating = {
        "annotator": annotator,
        "dimension": dimension,
        "value": value,
        "round": 1,
        "at": "2026-01-31T12:00:00Z",
        "seconds": 12.5,
    }
    return {**defaults, **fields}  # type: ignore[typeddict-item]


def store_picture(color: str = "red", size: tuple[int, int] = (40, 30), kind: str = "PNG") -> FrozenPicture:
    """Store a picture once, and return how a record names it."""
    data = picture_bytes(color, size, kind)
    suffix = kind.lower()
    sha256 = f"{color}{size[0]}x{size[1]}".encode().hex().ljust(64, "0")
    storage = f"pictures/{sha256}/full.{suffix}"
    if not default_storage.exists(storage):
        default_storage.save(storage, ContentFile(data))
    name = f"images/{sha256[:32]}.{suffix}"
    return {"sha256": sha256, "storage": storage, "name": name, "width": size[0], "height": size[1]}


def make_statistics(**fields: Any) -> dict[str, Any]:
    """Make the statistics of a release, as its card shows them."""
    balance = {
        "largest": 0.02,
        "values": [
            {"value": "a-model", "train": 10, "test": 2, "share": 0.16},
            {"value": "secret-model-7", "train": 70, "test": 18, "share": 0.2},
        ],
    }
    return {
        "samples": 100,
        "questions": 50,
        "parts": {"train": {"samples": 80, "questions": 40}, "test": {"samples": 20, "questions": 10}},
        "calibration": {"samples": 4, "questions": 2},
        "met": {
            "test_samples": {"wanted": 21, "got": 20, "exact": False, "why": "Every question has two samples."},
            "grouped": {"questions": 50, "in_both": 0},
            "sticky": {"train": 30, "test": 8, "moved": 0},
            "pool": {"reserved": True, "questions": 12, "outside": 0},
            "generator": balance,
            "domain": {"largest": 0.0, "values": [{"value": "birds", "train": 80, "test": 20, "share": 0.2}]},
        },
        "generators": [
            {"generator": "a-model", "samples": 12, "released": 12, "open": 0, "overridden": 1},
            {"generator": "secret-model-7", "samples": 90, "released": 88, "open": 2, "overridden": 0},
        ],
        "outcomes": {key: {"unanimous": 60, "discussed": 40} for key in ORDER},
        "label_origins": {"blind": 96, "mixed": 4},
        "agreement": {
            "level": "ordinal",
            "rows": [
                {
                    "dimension": key,
                    "alpha": None if key == "IQ" else 0.5512,
                    "undefined": "All ratings are the same." if key == "IQ" else None,
                    "samples": 100,
                    "ratings": 300,
                    "exact": 0.61,
                    "within_one": 0.93,
                    "mad": 0.44,
                    "interval": None if key == "IQ" else [0.48, 0.62],
                }
                for key in ORDER
            ],
        },
        "protocol": {
            "version": 2,
            "preset": "paper",
            "annotators_per_sample": 3,
            "tolerance": 0.0,
            "tie_rule": "discuss",
            "decide": "agree",
            "cross_review": "high",
        },
        "requested": {"name": "pilot", "test_share": 0.2, "seed": 42, "exact": False},
        **fields,
    }


def make_facts(**fields: Any) -> ReleaseFacts:
    """Make the facts about a release as a whole."""
    defaults: dict[str, Any] = {
        "study": "birds",
        "title": "Birds",
        "name": "pilot",
        "number": 2,
        "at": datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        "rubric": RUBRIC,
        "rubric_name": "interleaved-answer@1",
        "seed": 42,
        "statistics": make_statistics(),
    }
    return ReleaseFacts(**{**defaults, **fields})


def render_records(folder: Path, records: list[Any], *formats: str, **options: Any) -> RenderedFiles:
    """Render records into a folder."""
    return render_release(
        records=records, facts=options.pop("facts", None) or make_facts(), formats=formats, folder=folder, **options
    )


def read_json_lines(path):
    """Return the lines of a JSON Lines file, split at line feeds alone."""
    return [json.loads(raw) for raw in path.read_bytes().split(b"\n") if raw]


def without_nulls(row):
    """Return a table row as a sample line, without the columns that are null."""
    if isinstance(row, dict):
        return {name: without_nulls(value) for name, value in row.items() if value is not None}
    return [without_nulls(value) for value in row] if isinstance(row, list) else row


def make_varied_records():
    """Make records of every shape: sides, pictures, turns and context."""
    red, blue = store_picture("red"), store_picture("blue", kind="JPEG")
    return [
        make_record("plain", make_turn("Because.", 0), pictures=[red]),
        make_record("text", make_turn("Because."), part="test"),
        make_record("picture", make_turn(0), pictures=[blue], part="test"),
        make_record("nothing", make_turn(), final=dict.fromkeys(ORDER, 0.0), outcome=dict.fromkeys(ORDER, "by_rule")),
        make_record("many", make_turn("Two:", 0, 1, 0), pictures=[red, blue]),
        make_record("between", make_turn("First", 0, "then", 1), pictures=[red, blue], calibration=True),
        make_record("before", make_turn(0, "under it"), pictures=[red]),
        make_record(
            "turns",
            make_turn("Yes.", 0, question="Do they?", context=True),
            make_turn("Because.", 1, question=""),
            pictures=[red, blue],
            part="test",
            final={**dict.fromkeys(ORDER, 2.0), "ITS": None},
        ),
    ]
