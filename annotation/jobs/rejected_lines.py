"""Refused lines of a job: all of them kept as a file beside the job, as its result holds the first ones alone."""

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
    """Why a line was refused; line 0 is the file as a whole."""

    line: int
    field: str
    message: str


def store_rejected_lines(job: Job, errors: Iterable[LineError]) -> str:
    """Keep all refused lines of a job as JSON Lines and return the storage name; empty where there are none.

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
    """Yield every refused line of a job in the order of its file; of one long ended, those that its result holds."""
    if job.refusals and default_storage.exists(job.refusals):
        with default_storage.open(job.refusals) as file:
            for line in file:
                yield LineError(**json.loads(line))
        return
    for error in (job.result or {}).get("errors", []):
        yield LineError(**error)


def rejected_lines_as_json(job: Job) -> Iterator[str]:
    """Yield all refused lines of a job as JSON Lines, for programs: intact."""
    for error in read_rejected_lines(job):
        yield json.dumps(error._asdict(), ensure_ascii=False) + "\n"


def rejected_lines_as_csv(job: Job) -> Iterator[str]:
    """Yield all refused lines of a job as CSV for people: no text of it is a formula."""
    yield BYTE_ORDER_MARK + format_csv([LineError._fields])
    for error in read_rejected_lines(job):
        yield format_csv([error])
