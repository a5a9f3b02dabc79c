"""Where lines come from: one module for each format, and one way to open them all.

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
from judge.formats.sample_table import check_columns, sample_of_cells
from judge.formats.score_table import MAX_LINES_PER_ROW
from judge.formats.score_table import check_columns as check_score_columns

from . import zip as archive
from .base import Opener, Source, SourceOptions, SourceRow, unreadable_file
from .csv_tsv import TextTable
from .detect import file_of_format, format_of, format_of_folder
from .image_folder import open_image_folder
from .json_lines import JsonLinesReader
from .json_list import JsonList
from .label_studio import LabelStudio
from .opening import objects_of, open_opening

__all__ = ["Source", "SourceRow", "check_samples", "open_samples", "open_scores"]

ALONE = frozenset({"question", "turns"})
FOLDERS = ("datasets", "imagefolder")


def _folders(path: Path, asked: SourceOptions) -> tuple[Path, ...]:
    return (asked.images or path.parent,)


def _json_lines(path: Path, asked: SourceOptions) -> Source:
    return JsonLinesReader(path, _folders(path, asked))


def _json_list(path: Path, asked: SourceOptions) -> Source:
    return JsonList(path, _folders(path, asked), alone=ALONE)


def _table(path: Path, asked: SourceOptions, *, delimiters: str) -> Source:
    return TextTable(path, _folders(path, asked), check=check_columns, interpret=sample_of_cells, delimiters=delimiters)


def _parquet(path: Path, asked: SourceOptions) -> Source:
    # Here and below: what reads columns is large, and most imports do without.
    from . import arrow_rows, parquet_arrow
    from .embedded_pictures import EmbeddedPictures

    embedded = EmbeddedPictures(asked.folder())
    return parquet_arrow.ColumnarSource(
        [path],
        (embedded.folder, *_folders(path, asked)),
        opened=parquet_arrow.parquet,
        check=arrow_rows.check_columns,
        interpret=partial(arrow_rows.sample_of_row, embedded=embedded),
    )


def _dataset(path: Path, asked: SourceOptions) -> Source:
    from .datasets_folder import open_dataset

    return open_dataset(path, asked)


def _label_studio(path: Path, asked: SourceOptions) -> Source:
    base = objects_of(path)
    base.folders = _folders(path, asked)
    return LabelStudio(base)


OPENERS: Mapping[str, Opener] = {
    "jsonl": _json_lines,
    "json": _json_list,
    "csv": partial(_table, delimiters=",;\t"),
    "tsv": partial(_table, delimiters="\t"),
    "parquet": _parquet,
    "label-studio": _label_studio,
    "datasets": _dataset,
    "imagefolder": open_image_folder,
    "opening": open_opening,
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
        asked = SourceOptions(images, question, progress, resources)
        if path.is_dir():
            yield _of_folder(path, format, asked)
        elif _is_archive(path, format):
            contents = archive.look_into(path)
            inner = None if format == "zip" else format
            source = _of_folder(archive.unpack_archive(path, contents, asked), inner, asked)
            source.add_notes(archive.describe_left_out(contents))
            yield source
        else:
            yield OPENERS[_known(format or format_of(path))](path, asked)


def check_samples(path: Path, *, format: str | None = None) -> None:
    """Look whether a file or folder can be opened, without unpacking anything or reading more than its beginning.

    Raises:
        BadInput, OSError: as `open_samples`.
    """
    if path.is_dir():
        format_of_folder(path) if format is None else _known(format)
    elif _is_archive(path, format):
        archive.look_into(path)
    else:
        _known(format or format_of(path))


@contextmanager
def open_scores(path: Path, *, format: str | None = None) -> Iterator[Source]:
    """Open a score table.

    Raises:
        BadInput: it cannot be read as a whole.
        OSError: there is no such file.
    """
    found = format or _format_of_scores(path)
    if found not in SCORE_FORMATS:
        raise BadInput(
            f"A score table cannot have the format {found!r}.",
            fields={"format": f"One of {', '.join(SCORE_FORMATS)}."},
        )
    if found == "jsonl":
        yield JsonLinesReader(path)
    elif found == "json":
        yield JsonList(path, alone=frozenset({"sample"}))
    elif found == "parquet":
        from . import arrow_rows, parquet_arrow

        yield parquet_arrow.ColumnarSource(
            [path],
            opened=parquet_arrow.parquet,
            check=lambda names: check_score_columns([name for name in names if not name.startswith(arrow_rows.INDEX)]),
            interpret=arrow_rows.score_of_row,
        )
    else:
        yield TextTable(
            path,
            check=check_score_columns,
            interpret=lambda cells: cells,
            delimiters="\t" if found == "tsv" else ",;\t",
            lines_per_row=MAX_LINES_PER_ROW,
        )


def _format_of_scores(path: Path) -> str:
    """Return the format of a score table: by its beginning, since a table may have any ending."""
    with path.open("rb") as file:
        beginning = file.read(4096)
    if beginning.startswith(b"PAR1"):
        return "parquet"
    text = beginning.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"["):
        return "json"
    if text.startswith(b"{"):
        return "json" if path.suffix.lower() == ".json" and format_of(path) == "json" else "jsonl"
    return "csv" if text else "jsonl"


def _is_archive(path: Path, format: str | None) -> bool:
    """Tell whether to unpack: a ZIP may be named as such, or for what it holds."""
    with path.open("rb") as file:
        return is_archive(file) or format == "zip"


def _of_folder(folder: Path, format: str | None, asked: SourceOptions) -> Source:
    """Open what lies in a folder; pictures may be named from the folder itself, or from where the lines lie."""
    if format is None:
        name, place = format_of_folder(folder)
    else:
        name = _known(format)
        place = folder if name in (*FOLDERS, "opening") else file_of_format(folder, name)
    source = OPENERS[_known(name)](place, asked)
    if folder not in source.folders:
        source.folders = (*source.folders, folder)
    return source


def _known(format: str) -> str:
    if format in OPENERS:
        return format
    if format == "zip":
        raise unreadable_file("A ZIP file is no folder and lies in none; import the ZIP file by itself.")
    names = ", ".join(FORMATS)
    raise BadInput(f"There is no format {format!r}; the formats are {names}.", fields={"format": f"One of {names}."})
