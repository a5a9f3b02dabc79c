"""Detects the format of a file or folder.

It goes by what a file begins with, then by its ending, then by its first line.
"""

from pathlib import Path

from annotation.core.errors import BadInput
from annotation.core.zip_safety import is_archive
from annotation.imports.format_names import FORMATS, PICTURE_ENDINGS, PLAIN_ENDINGS
from annotation.imports.line_reader import BYTE_ORDER_MARK
from judge.formats.json_line import MAX_LINE_BYTES, RecordError, decode_line

from .base import unreadable_file
from .folders import SPLITS, STATE, list_files
from .image_folder import find_metadata_tables
from .label_studio import is_task
from .opening_benchmark import is_conversation, open_objects

PARQUET = b"PAR1"
BY_ENDING = {ending: name for name, format in FORMATS.items() for ending in format.endings}
FORMAT_REMEDY = "name it with --format, one of " + ", ".join(FORMATS)
NAMES_SHOWN = 5


def detect_format(path: Path) -> str:
    """Return the format of a file.

    Raises:
        BadInput: nothing tells it.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if is_archive(file):
            return "zip"
        file.seek(0)
        beginning = file.read(4096)
    if beginning.startswith(PARQUET):
        return "parquet"
    by_ending = BY_ENDING.get(path.suffix.lower())
    if by_ending in ("csv", "tsv", "parquet", "zip"):
        return by_ending
    return _detect_text_format(path, beginning, by_ending)


def _detect_text_format(path: Path, beginning: bytes, by_ending: str | None) -> str:
    text = beginning.removeprefix(BYTE_ORDER_MARK).lstrip()
    first = _read_first_object(path)
    if first is not None:
        if is_conversation(first):
            return "opening"
        if is_task(first):
            return "label-studio"
    if text.startswith(b"["):
        # A list over several lines is meant as a whole, whatever the file is called; one by itself is a faulty line.
        return "json" if by_ending != "jsonl" or _spans_lines(path) else "jsonl"
    if by_ending == "jsonl":
        return "jsonl"
    if text.startswith(b"{"):
        return "jsonl" if _has_object_per_line(path) else "json"
    if by_ending == "json" or not text:
        return by_ending or "jsonl"
    header = text.splitlines()[0].decode(errors="replace")
    cells = {cell.strip(' "') for delimiter in ",;\t" for cell in header.split(delimiter)}
    if "id" in cells and cells & {"question", "turns"}:
        return "csv"
    raise unreadable_file(f"Nothing tells which format {path.name!r} has; {FORMAT_REMEDY}.")


def _read_first_object(path: Path) -> dict[str, object] | None:
    """Return the first line or element, or None where it is no object."""
    try:
        for row in open_objects(path).rows():
            return dict(row.content) if not isinstance(row.content, RecordError) else None
    except BadInput:
        pass
    return None


def _spans_lines(path: Path) -> bool:
    """Return whether a list is not closed on its first line."""
    with path.open("rb") as file:
        line = file.readline(MAX_LINE_BYTES).removeprefix(BYTE_ORDER_MARK)
        more = bool(file.read(1))
    return not line.rstrip().endswith(b"]") if more else len(line) > 2


def _has_object_per_line(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(MAX_LINE_BYTES + 2).removeprefix(BYTE_ORDER_MARK)
        more = bool(file.read(4096).strip())
    try:
        data = decode_line(first)
    except RecordError:
        return False
    return more or bool(data.keys() & {"id", "question", "turns"})


def detect_folder_format(folder: Path) -> tuple[str, Path]:
    """Return the format of a folder's data, and the path to open.

    The path is the folder itself, or a file in it.

    Raises:
        BadInput: nothing in it can be imported, or several things can.
    """
    if (folder / STATE).is_file() or (folder / SPLITS).is_file():
        return "datasets", folder
    if find_metadata_tables(folder):
        return "imagefolder", folder
    files = list_files(folder, PLAIN_ENDINGS)
    columnar = [path for path in files if path.suffix.lower() == ".parquet"]
    if columnar and all(path.suffix.lower() in (".parquet", ".json") for path in files):
        return ("parquet", columnar[0]) if len(files) == 1 else ("datasets", folder)
    if len(files) == 1:
        return detect_format(files[0]), files[0]
    if files and all(path.suffix.lower() in (".json", ".jsonl") for path in files):
        first = _read_first_object(files[0])
        if first is not None and is_conversation(first):
            return "opening", folder
    if files:
        names = ", ".join(repr(str(path.relative_to(folder))) for path in files[:NAMES_SHOWN])
        more = f" and {len(files) - NAMES_SHOWN:,} more" if len(files) > NAMES_SHOWN else ""
        raise unreadable_file(
            f"There are {len(files):,} files of lines: {names}{more}. Keep one, or import each by itself."
        )
    if list_files(folder, PICTURE_ENDINGS):
        return "imagefolder", folder
    raise unreadable_file("There is nothing to import in this folder: no file of lines, and no picture.")


def find_file_of_format(folder: Path, name: str) -> Path:
    """Return the one file in a folder that may have the named format."""
    endings = FORMATS[name].endings or (".json", ".jsonl")
    files = list_files(folder, endings)
    if len(files) != 1:
        raise unreadable_file(
            f"There are {len(files):,} files of the format {name} in this folder; name the file itself."
        )
    return files[0]
