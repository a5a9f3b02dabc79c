"""Writes the samples of a study as lines for a judge, with their pictures.

No line tells the sample's generator.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import connection

from annotation.jobs.progress import ProgressCallback
from annotation.models import JudgeRun, Sample
from annotation.releases.formats.sample_line import content_fields
from annotation.releases.freezing_sql import FrozenContent, SamplePictureRow, StudyReader, split_into_pages

from .run_folders import link_file

PAGE = 500
SAMPLES = "samples.jsonl"
IMAGES = "images"


def find_unpredicted_samples(run: JudgeRun) -> Sequence[int]:
    """Return the study's samples without a prediction of the run.

    Withdrawn samples are left out.
    """
    rows = Sample.objects.filter(study_id=run.study_id).exclude(state=Sample.State.WITHDRAWN)
    predicted = run.predictions.values("sample_id")
    return list(rows.exclude(pk__in=predicted).order_by("pk").values_list("pk", flat=True))


def write_sample_lines(study_id: int, ids: Sequence[int], folder: Path, progress: ProgressCallback) -> Path:
    """Write samples to a new file in ``folder`` and return its path.

    Their pictures are linked beside it.
    """
    (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    path = folder / SAMPLES
    reader = StudyReader(connection, study_id)
    with path.open("w", encoding="utf-8") as file:
        done = 0
        for page in split_into_pages(ids, PAGE):
            for line in _make_lines(reader, page, folder):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            done += len(page)
            progress(done, len(ids), "Writing samples")
    return path


def _make_lines(reader: StudyReader, ids: Sequence[int], folder: Path) -> Iterator[dict[str, Any]]:
    contents = reader.read_contents(ids)
    pictures: dict[int, list[str]] = {}
    for place in reader.read_pictures(ids):
        pictures.setdefault(place.sample_id, []).append(_link_picture(place, folder))
    for pk in ids:
        yield _make_line(contents[pk], pictures.get(pk, []))


def _link_picture(place: SamplePictureRow, folder: Path) -> str:
    # By content: the name that it came under may tell of its generator.
    name = f"{IMAGES}/{place.sha256[:32]}{PurePosixPath(place.storage).suffix}"
    if not (folder / name).exists():
        link_file(place.storage, folder / name)
    return name


def _make_line(content: FrozenContent, pictures: Sequence[str]) -> dict[str, Any]:
    line = {"id": content.external_id, "question_id": content.question} | content_fields(content.turns, pictures)
    if content.language:
        line["language"] = content.language
    return line
