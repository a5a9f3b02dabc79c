"""Reads ImageFolders: pictures described by a table, or classified by folders.

The table is `metadata.jsonl` or `metadata.csv`.

With metadata, ``file_name`` is the answer's picture, and its id unless ``id`` is given; ``question``, or else
``prompt``, is the question. Columns that samples do not have go into the metadata. Without metadata every picture is a
sample, its folder the category; the question is then given for all of them, ``{category}`` in it standing for the
folder's name.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from annotation.imports.format_names import PICTURE_ENDINGS
from judge.formats.json_line import RecordError
from judge.formats.sample_line import FIELDS
from judge.formats.sample_table import cells_to_sample

from .base import Source, SourceOptions, SourceRow, unreadable_file
from .csv_tsv import TextTable
from .folders import list_files
from .json_lines import JsonLinesReader

METADATA = ("metadata.jsonl", "metadata.csv")
NAMES = ("file_name", "image_file_name", "file_names", "images_file_names")
CATEGORY = "{category}"


def open_image_folder(path: Path, options: SourceOptions) -> Source:
    """Open a folder of pictures."""
    if not path.is_dir():
        raise unreadable_file("An ImageFolder is a folder; name the folder itself, or pack it into a ZIP.")
    tables = find_metadata_tables(path)
    return DescribedPictures(path, tables, options) if tables else ClassFolders(path, options)


def find_metadata_tables(folder: Path) -> list[Path]:
    """Return the tables that describe the pictures of their folders."""
    return [path for path in list_files(folder, (".jsonl", ".csv")) if path.name in METADATA]


class DescribedPictures(Source):
    """Pictures with a line each in a table.

    A line's number is counted through all tables where there are several.
    """

    def __init__(self, folder: Path, tables: list[Path], options: SourceOptions) -> None:
        super().__init__((options.images or folder,))
        self._folder, self._tables, self._question = folder, tables, options.question
        self._moved: set[str] = set()
        self._starts: list[tuple[int, Path]] = []

    def rows(self) -> Iterator[SourceRow]:
        last = 0
        for table in self._tables:
            start = last
            self._starts.append((start, table))
            for number, content, size in self._open_table(table).rows():
                last = start + number
                try:
                    if isinstance(content, RecordError):
                        raise content
                    yield SourceRow(last, self._sample(content, table.parent), size)
                except RecordError as error:
                    yield SourceRow(last, error, size)

    def notes(self) -> list[str]:
        if not self._moved:
            return super().notes()
        names = ", ".join(sorted(self._moved)[:30])
        return [f"Columns that samples do not have were kept in the metadata: {names}.", *super().notes()]

    def location(self, number: int) -> str:
        before = [(start, table) for start, table in self._starts if start < number]
        if len(self._tables) < 2 or not before:
            return ""
        start, table = before[-1]
        return f"{table.relative_to(self._folder)}, line {number - start}"

    def _open_table(self, table: Path) -> Source:
        if table.suffix == ".jsonl":
            return JsonLinesReader(table)
        return TextTable(table, check=lambda columns: None, interpret=_convert_cells)

    def _sample(self, content: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        fields = {name: value for name, value in content.items() if value is not None and value != ""}
        names = [name for name in NAMES if name in fields]
        if len(names) != 1:
            raise RecordError("file_name", "is missing; every line of the metadata names its picture.")
        picture_names = fields.pop(names[0])
        subfolder = folder.relative_to(self._folder)
        pictures = [str(subfolder / name) if isinstance(name, str) else name for name in _as_list(picture_names)]
        data: dict[str, Any] = {"id": " ".join(map(str, pictures))} | fields
        data["images"] = pictures
        question = data.setdefault("question", data.pop("prompt", None))
        if question is None and "turns" not in data:
            data["question"] = _make_question(self._question, str(data.get("category") or folder.name))
        others = {name: data.pop(name) for name in list(data) if name not in FIELDS}
        if others:
            self._moved |= {name[:100] for name in others}
            metadata = data.get("metadata")
            data["metadata"] = others | (metadata if isinstance(metadata, dict) else {})
        return data


class ClassFolders(Source):
    """Pictures described by nothing but the folder that each is in.

    They are numbered in the order of their names.
    """

    def __init__(self, folder: Path, options: SourceOptions) -> None:
        super().__init__((folder,))
        self._folder = folder
        self._pictures = list_files(folder, PICTURE_ENDINGS)
        self._question = options.question or ""
        _make_question(self._question, "")

    def rows(self) -> Iterator[SourceRow]:
        for number, path in enumerate(self._pictures, 1):
            name = str(path.relative_to(self._folder))
            category = "" if path.parent == self._folder else path.parent.name
            question = _make_question(self._question, category.replace("_", " "))
            data = {"id": name, "question": question, "image": name, "category": category}
            yield SourceRow(number, data, len(name))

    def count(self) -> int | None:
        return len(self._pictures)

    def location(self, number: int) -> str:
        return str(self._pictures[number - 1].relative_to(self._folder)) if number else ""


def _make_question(question: str | None, category: str) -> str:
    if not question:
        raise unreadable_file(
            "Nothing in this folder says which question the pictures answer; give it with --question, for example "
            f'"Show me {CATEGORY}", or add a metadata.jsonl with file_name and question.'
        )
    return question.replace(CATEGORY, category)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _convert_cells(cells: Mapping[str, str]) -> Mapping[str, Any]:
    ours = {name: text for name, text in cells.items() if name in FIELDS or name.startswith(("metadata.", "labels."))}
    return {name: text for name, text in cells.items() if name not in ours} | cells_to_sample(ours)
