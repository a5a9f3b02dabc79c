"""Which format a file or folder has: by what it begins with, then by its ending, then by its first line."""

from pathlib import Path

from annotation.core.errors import BadInput
from annotation.core.zip_safety import is_archive
from annotation.imports.format_names import FORMATS, PICTURE_ENDINGS, PLAIN_ENDINGS
from annotation.imports.line_reader import BYTE_ORDER_MARK
from judge.formats.json_line import MAX_LINE_BYTES, RecordError, decode_line

from .base import unreadable_file
from .folders import SPLITS, STATE, files_in
from .image_folder import metadata_in
from .label_studio import is_task
from .opening import is_conversation, objects_of

PARQUET = b"PAR1"
BY_ENDING = {ending: name for name, format in FORMATS.items() for ending in format.endings}
HOW_TO_NAME = "name it with --format, one of " + ", ".join(FORMATS)
SHOWN = 5


def format_of(path: Path) -> str:
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
    return _format_of_text(path, beginning, by_ending)


def _format_of_text(path: Path, beginning: bytes, by_ending: str | None) -> str:
    text = beginning.removeprefix(BYTE_ORDER_MARK).lstrip()
    first = _first_object(path)
    if first is not None:
        if is_conversation(first):
            return "opening"
        if is_task(first):
            return "label-studio"
    if text.startswith(b"["):
        # A list over several lines is meant as a whole, whatever the file is called; one by itself is a faulty line.
        return "json" if by_ending != "jsonl" or _is_open(path) else "jsonl"
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
    raise unreadable_file(f"Nothing tells which format {path.name!r} has; {HOW_TO_NAME}.")


def _first_object(path: Path) -> dict[str, object] | None:
    """Return the first line or element, or None where it is no object."""
    try:
        for row in objects_of(path).rows():
            return dict(row.content) if not isinstance(row.content, RecordError) else None
    except BadInput:
        pass
    return None


def _is_open(path: Path) -> bool:
    """Tell whether a list is not closed on its first line."""
    with path.open("rb") as file:
        line = file.readline(MAX_LINE_BYTES).removeprefix(BYTE_ORDER_MARK)
        more = bool(file.read(1))
    return not line.rstrip().endswith(b"]") if more else len(line) > 2


def _has_object_per_line(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(MAX_LINE_BYTES + 2).removeprefix(BYTE_ORDER_MARK)
        more = bool(file.read(4096).strip())
    try:
        found = decode_line(first)
    except RecordError:
        return False
    return more or bool(found.keys() & {"id", "question", "turns"})


def format_of_folder(folder: Path) -> tuple[str, Path]:
    """Return the format of what lies in a folder, and where it lies: the folder itself, or a file in it.

    Raises:
        BadInput: nothing in it can be imported, or several things can.
    """
    if (folder / STATE).is_file() or (folder / SPLITS).is_file():
        return "datasets", folder
    if metadata_in(folder):
        return "imagefolder", folder
    found = files_in(folder, PLAIN_ENDINGS)
    columnar = [path for path in found if path.suffix.lower() == ".parquet"]
    if columnar and all(path.suffix.lower() in (".parquet", ".json") for path in found):
        return ("parquet", columnar[0]) if len(found) == 1 else ("datasets", folder)
    if len(found) == 1:
        return format_of(found[0]), found[0]
    if found and all(path.suffix.lower() in (".json", ".jsonl") for path in found):
        first = _first_object(found[0])
        if first is not None and is_conversation(first):
            return "opening", folder
    if found:
        names = ", ".join(repr(str(path.relative_to(folder))) for path in found[:SHOWN])
        more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
        raise unreadable_file(
            f"There are {len(found):,} files of lines: {names}{more}. Keep one, or import each by itself."
        )
    if files_in(folder, PICTURE_ENDINGS):
        return "imagefolder", folder
    raise unreadable_file("There is nothing to import in this folder: no file of lines, and no picture.")


def file_of_format(folder: Path, name: str) -> Path:
    """Return the one file in a folder that may have a format that is named."""
    endings = FORMATS[name].endings or (".json", ".jsonl")
    found = files_in(folder, endings)
    if len(found) != 1:
        raise unreadable_file(
            f"There are {len(found):,} files of the format {name} in this folder; name the file itself."
        )
    return found[0]
