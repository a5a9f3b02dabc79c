"""Files to import, written by tests."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from annotation.imports.report import ImportReport
from annotation.imports.samples import import_samples
from annotation.imports.scores import import_scores
from annotation.models import Study


def sample_line(id: str, **fields: Any) -> dict[str, Any]:
    """Return a sample of text only, but for what is given."""
    return {"id": id, "question": f"Why {id}?", "answer": f"So {id}.", "image": None, **fields}


def write_samples(folder: Path, *lines: dict[str, Any] | bytes, name: str = "samples.jsonl") -> Path:
    """Write sample lines, objects or raw bytes, into a file."""
    path = folder / name
    path.write_bytes(b"".join((raw if isinstance(raw, bytes) else json.dumps(raw).encode()) + b"\n" for raw in lines))
    return path


def write_scores(folder: Path, *rows: str, name: str = "scores.csv") -> Path:
    """Write rows of a score table under its full header."""
    path = folder / name
    path.write_text("sample,annotator,dimension,value,round,at,seconds\n" + "".join(row + "\n" for row in rows))
    return path


def write_picture(path: Path, kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: Any) -> Path:
    """Write a picture with something on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_picture(kind, size, **options))
    return path


def make_picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """Return a picture file: a gradient, so that corners can be told apart."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.paste("red", (0, 0, size[0] // 4, size[1] // 4))
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def import_sample_file(study: Study | None, path: Path, **options: Any) -> ImportReport:
    """Import samples as the command line does."""
    return import_samples(by=None, study=study, path=path, **options)


def import_score_file(study: Study, path: Path, **options: Any) -> ImportReport:
    """Import scores as the command line does."""
    return import_scores(by=None, study=study, path=path, **options)


def rejected_lines(report: ImportReport) -> list[tuple[int, str]]:
    """Return line and field of every refused line."""
    return [(error.line, error.field) for error in report.errors]


def line_counts(report: ImportReport) -> tuple[int, int, int, int]:
    """Return created, updated, unchanged, refused."""
    return report.created, report.updated, report.unchanged, report.refused


def text_lines(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Return sample lines of text for these ids."""
    return [sample_line(id) for id in lines]
