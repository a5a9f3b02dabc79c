"""Stores and reads the rejected lines of a job, of which its result holds only the first."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.core.files import File
from django.core.files.storage import default_storage

from annotation.core.spreadsheet_cells import BYTE_ORDER_MARK, format_csv
from annotation.models import Job

FOLDER = "jobs"
SPOOL_BYTES = 1_000_000


class LineError(NamedTuple):
    """The reason why a line was rejected; line 0 is the file as a whole."""

    line: int
    field: str
    message: str


def store_rejected_lines(job: Job, errors: Iterable[LineError]) -> str:
    """Store all rejected lines as JSON Lines and return the storage name; empty if none.

    A job that runs again replaces what its earlier attempt has left.
    """
    name = f"{FOLDER}/{job.public_id}-refused.jsonl"
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        for error in errors:
            file.write(json.dumps(error._asdict(), ensure_ascii=False).encode(errors="backslashreplace") + b"\n")
        some = bool(file.tell())
        file.seek(0)
        default_storage.delete(name)
        return default_storage.save(name, File(file)) if some else ""


def read_rejected_lines(job: Job) -> Iterator[LineError]:
    """Yield the rejected lines of a job in file order; only those in its result once the file is gone."""
    if job.refusals and default_storage.exists(job.refusals):
        with default_storage.open(job.refusals) as file:
            for line in file:
                yield LineError(**json.loads(line))
        return
    for error in (job.result or {}).get("errors", []):
        yield LineError(**error)


def rejected_lines_as_json(job: Job) -> Iterator[str]:
    """Yield all rejected lines of a job as JSON Lines, unchanged."""
    for error in read_rejected_lines(job):
        yield json.dumps(error._asdict(), ensure_ascii=False) + "\n"


def rejected_lines_as_csv(job: Job) -> Iterator[str]:
    """Yield all rejected lines of a job as CSV, with formulas escaped."""
    yield BYTE_ORDER_MARK + format_csv([LineError._fields])
    for error in read_rejected_lines(job):
        yield format_csv([error])
