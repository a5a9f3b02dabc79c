"""Hugging Face datasets on disk: a folder of `save_to_disk`, of one split or several, or one of Parquet files."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from judge.formats.json_line import show

from .arrow_rows import check_columns, sample_of_row
from .base import Source, SourceOptions, unreadable_file
from .embedded_pictures import EmbeddedPictures
from .folders import SPLITS, STATE, files_in, resolve_inside
from .parquet_arrow import ColumnarSource, arrow, parquet

MOST_BYTES = 4_000_000


class Dataset(ColumnarSource):
    """The rows of all splits, one after the other; which split a row was in is not kept, and that is said."""

    def __init__(self, folder: Path, asked: SourceOptions) -> None:
        embedded = EmbeddedPictures(asked.folder())
        self._splits: list[str] = []
        paths = self._files(folder)
        super().__init__(
            paths,
            (embedded.folder, asked.images or folder),
            opened=parquet if paths[0].suffix == ".parquet" else arrow,
            check=check_columns,
            interpret=partial(sample_of_row, embedded=embedded),
            root=folder,
        )

    def notes(self) -> list[str]:
        if len(self._splits) < 2:
            return super().notes()
        names = ", ".join(self._splits)
        note = f"The splits {names} were read one after the other; which one a sample was in is not kept."
        return [note, *super().notes()]

    def _files(self, folder: Path) -> list[Path]:
        if (folder / SPLITS).is_file():
            self._splits = _texts(_json(folder, SPLITS).get("splits"), SPLITS)
            paths = [path for split in self._splits for path in _saved(folder, split)]
        elif (folder / STATE).is_file():
            paths = _saved(folder, ".")
        else:
            paths = files_in(folder, (".parquet",))
            # As the hub names them: data/train-00000-of-00002.parquet, or train/0000.parquet.
            names = (path.stem.split("-")[0] if "-" in path.stem else path.parent.name for path in paths)
            self._splits = list(dict.fromkeys(names))
        if not paths:
            raise unreadable_file("There is no data in this folder; save the dataset again, or name another folder.")
        return paths


def open_dataset(path: Path, asked: SourceOptions) -> Source:
    """Open a folder of Hugging Face's `datasets`."""
    if not path.is_dir():
        raise unreadable_file("A dataset of Hugging Face is a folder; name the folder that `save_to_disk` wrote.")
    return Dataset(path, asked)


def _saved(folder: Path, split: str) -> list[Path]:
    """Return the files of one saved split, in their order."""
    place = resolve_inside(folder, folder / split)
    listed = _json(place, STATE).get("_data_files")
    entries = listed if isinstance(listed, list) else []
    names = _texts([entry.get("filename") if isinstance(entry, dict) else None for entry in entries], STATE)
    return [resolve_inside(folder, place / name) for name in names]


def _json(folder: Path, name: str) -> dict[str, Any]:
    try:
        with (folder / name).open("rb") as file:
            found = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        raise unreadable_file(f"{name} of the dataset cannot be read; save the dataset again.") from None
    return found if isinstance(found, dict) else {}


def _texts(values: Any, name: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise unreadable_file(
            f"{name} of the dataset names {show(values)} where names are due; save the dataset again."
        )
    return values
