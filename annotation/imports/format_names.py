"""The names and file endings of the formats that can be imported.

Light, as forms and the API's description name them; `annotation.imports.formats` reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from annotation.core.zip_safety import ArchiveLimits


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """A format's title and file endings, and whether score tables may have it."""

    title: str
    endings: tuple[str, ...] = ()
    for_scores: bool = False


FORMATS: Mapping[str, ImportFormat] = {
    "jsonl": ImportFormat("JSON Lines: one object per line", (".jsonl", ".ndjson"), for_scores=True),
    "json": ImportFormat("JSON: a list of objects, or an object with one", (".json",), for_scores=True),
    "csv": ImportFormat("CSV", (".csv",), for_scores=True),
    "tsv": ImportFormat("TSV: cells separated by tabs", (".tsv", ".tab"), for_scores=True),
    "parquet": ImportFormat("Parquet", (".parquet",), for_scores=True),
    "zip": ImportFormat("ZIP: one file of lines, and pictures", (".zip",)),
    "label-studio": ImportFormat("Label Studio: JSON of tasks"),
    "datasets": ImportFormat("Hugging Face datasets: a folder"),
    "imagefolder": ImportFormat("ImageFolder: a folder of pictures, with or without metadata"),
    "opening": ImportFormat("OpenING: conversations of input and output steps"),
}
SAMPLE_FORMATS = tuple(FORMATS)
SCORE_FORMATS = tuple(name for name, format in FORMATS.items() if format.for_scores)
UPLOAD_ENDINGS = tuple(ending for format in FORMATS.values() for ending in format.endings)
PREDICTION_ENDINGS = FORMATS["jsonl"].endings
PLAIN_ENDINGS = tuple(ending for ending in UPLOAD_ENDINGS if ending != ".zip")
# Pictures hardly get smaller: what unpacks to more than this many times the largest upload is none of ours.
MOST_TIMES = 5
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")


def archive_limits() -> ArchiveLimits:
    """Return how much a ZIP file may unpack to, by the settings."""
    lines = dict.fromkeys(PLAIN_ENDINGS, settings.IMPORT_MAX_BYTES)
    pictures = dict.fromkeys(PICTURE_ENDINGS, settings.PICTURE_MAX_BYTES)
    return ArchiveLimits(MOST_TIMES * settings.IMPORT_MAX_BYTES, lines | pictures)
