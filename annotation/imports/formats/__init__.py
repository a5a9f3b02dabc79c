"""Opens files and folders of samples or scores, one module per format.

To add a format, write its module, add it to `OPENERS`, and name it in `annotation.imports.format_names`.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from annotation.core.errors import BadInput
from annotation.core.zip_safety import is_archive
from annotation.imports.format_names import FORMATS, SCORE_FORMATS
from annotation.jobs.progress import ProgressCallback
from judge.formats.sample_table import cells_to_sample, check_columns
from judge.formats.score_table import MAX_LINES_PER_ROW
from judge.formats.score_table import check_columns as check_score_columns

from . import zip as archive
from .base import Opener, Source, SourceOptions, SourceRow, unreadable_file
from .csv_tsv import TextTable
from .detect import detect_folder_format, detect_format, find_file_of_format
from .image_folder import open_image_folder
from .json_lines import JsonLinesReader
from .json_list import JsonList
from .label_studio import LabelStudio
from .opening_benchmark import open_conversations, open_objects

__all__ = ["Source", "SourceRow", "check_samples", "open_samples", "open_scores"]

SINGLE_OBJECT_FIELDS = frozenset({"question", "turns"})
FOLDER_FORMATS = ("datasets", "imagefolder")


def _picture_folders(path: Path, options: SourceOptions) -> tuple[Path, ...]:
    return (options.images or path.parent,)


def _open_json_lines(path: Path, options: SourceOptions) -> Source:
    return JsonLinesReader(path, _picture_folders(path, options))


def _open_json_list(path: Path, options: SourceOptions) -> Source:
    return JsonList(path, _picture_folders(path, options), alone=SINGLE_OBJECT_FIELDS)


def _open_table(path: Path, options: SourceOptions, *, delimiters: str) -> Source:
    return TextTable(
        path, _picture_folders(path, options), check=check_columns, interpret=cells_to_sample, delimiters=delimiters
    )


def _open_parquet(path: Path, options: SourceOptions) -> Source:
    # Here and below: what reads columns is large, and most imports do without.
    from . import arrow_rows, parquet_arrow
    from .embedded_pictures import EmbeddedPictures

    embedded = EmbeddedPictures(options.folder())
    return parquet_arrow.ColumnarSource(
        [path],
        (embedded.folder, *_picture_folders(path, options)),
        open_file=parquet_arrow.open_parquet,
        check=arrow_rows.check_columns,
        interpret=partial(arrow_rows.row_to_sample, embedded=embedded),
    )


def _open_dataset_folder(path: Path, options: SourceOptions) -> Source:
    from .datasets_folder import open_dataset

    return open_dataset(path, options)


def _open_label_studio(path: Path, options: SourceOptions) -> Source:
    base = open_objects(path)
    base.folders = _picture_folders(path, options)
    return LabelStudio(base)


OPENERS: Mapping[str, Opener] = {
    "jsonl": _open_json_lines,
    "json": _open_json_list,
    "csv": partial(_open_table, delimiters=",;\t"),
    "tsv": partial(_open_table, delimiters="\t"),
    "parquet": _open_parquet,
    "label-studio": _open_label_studio,
    "datasets": _open_dataset_folder,
    "imagefolder": open_image_folder,
    "opening": open_conversations,
}


@contextmanager
def open_samples(
    path: Path,
    *,
    format: str | None = None,
    images: Path | None = None,
    question: str | None = None,
    progress: ProgressCallback | None = None,
) -> Iterator[Source]:
    """Open a file or folder of samples; what was unpacked for it is gone afterwards.

    ``format`` is found out where it is not given. ``images`` is the folder of pictures where they do not lie beside
    the lines, ``question`` the one that pictures without a question answer.

    Raises:
        BadInput: it cannot be read as a whole, or nothing tells its format.
        OSError: there is no such file.
    """
    with ExitStack() as resources:
        options = SourceOptions(images, question, progress, resources)
        if path.is_dir():
            yield _open_folder(path, format, options)
        elif _is_archive(path, format):
            contents = archive.inspect_zip(path)
            inner = None if format == "zip" else format
            source = _open_folder(archive.unpack_archive(path, contents, options), inner, options)
            source.add_notes(archive.describe_ignored_members(contents))
            yield source
        else:
            yield OPENERS[_require_format(format or detect_format(path))](path, options)


def check_samples(path: Path, *, format: str | None = None) -> None:
    """Check whether a file or folder can be opened, by its beginning alone.

    Nothing is unpacked.

    Raises:
        BadInput, OSError: as `open_samples`.
    """
    if path.is_dir():
        detect_folder_format(path) if format is None else _require_format(format)
    elif _is_archive(path, format):
        archive.inspect_zip(path)
    else:
        _require_format(format or detect_format(path))


@contextmanager
def open_scores(path: Path, *, format: str | None = None) -> Iterator[Source]:
    """Open a score table.

    Raises:
        BadInput: it cannot be read as a whole.
        OSError: there is no such file.
    """
    score_format = format or _detect_score_format(path)
    if score_format not in SCORE_FORMATS:
        raise BadInput(
            f"A score table cannot have the format {score_format!r}.",
            fields={"format": f"One of {', '.join(SCORE_FORMATS)}."},
        )
    if score_format == "jsonl":
        yield JsonLinesReader(path)
    elif score_format == "json":
        yield JsonList(path, alone=frozenset({"sample"}))
    elif score_format == "parquet":
        from . import arrow_rows, parquet_arrow

        yield parquet_arrow.ColumnarSource(
            [path],
            open_file=parquet_arrow.open_parquet,
            check=lambda names: check_score_columns(
                [name for name in names if not name.startswith(arrow_rows.INDEX_PREFIX)]
            ),
            interpret=arrow_rows.row_to_score,
        )
    else:
        yield TextTable(
            path,
            check=check_score_columns,
            interpret=lambda cells: cells,
            delimiters="\t" if score_format == "tsv" else ",;\t",
            lines_per_row=MAX_LINES_PER_ROW,
        )


def _detect_score_format(path: Path) -> str:
    """Return the format of a score table by its beginning.

    A table may have any ending.
    """
    with path.open("rb") as file:
        beginning = file.read(4096)
    if beginning.startswith(b"PAR1"):
        return "parquet"
    text = beginning.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"["):
        return "json"
    if text.startswith(b"{"):
        return "json" if path.suffix.lower() == ".json" and detect_format(path) == "json" else "jsonl"
    return "csv" if text else "jsonl"


def _is_archive(path: Path, format: str | None) -> bool:
    """Return whether a file is a ZIP, or named as one by ``format``."""
    with path.open("rb") as file:
        return is_archive(file) or format == "zip"


def _open_folder(folder: Path, format: str | None, options: SourceOptions) -> Source:
    """Open the lines of a folder.

    Pictures may be named from the folder itself, or from where the lines lie.
    """
    if format is None:
        name, place = detect_folder_format(folder)
    else:
        name = _require_format(format)
        place = folder if name in (*FOLDER_FORMATS, "opening") else find_file_of_format(folder, name)
    source = OPENERS[_require_format(name)](place, options)
    if folder not in source.folders:
        source.folders = (*source.folders, folder)
    return source


def _require_format(format: str) -> str:
    if format in OPENERS:
        return format
    if format == "zip":
        raise unreadable_file("A ZIP file is no folder and lies in none; import the ZIP file by itself.")
    names = ", ".join(FORMATS)
    raise BadInput(f"There is no format {format!r}; the formats are {names}.", fields={"format": f"One of {names}."})
