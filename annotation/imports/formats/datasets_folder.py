"""Reads folders of Hugging Face datasets.

They are folders of `save_to_disk`, of one split or several, or folders of Parquet files.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

from judge.formats.json_line import quote_value

from .arrow_rows import check_columns, row_to_sample
from .base import Source, SourceOptions, unreadable_file
from .embedded_pictures import EmbeddedPictures
from .folders import SPLITS, STATE, list_files, resolve_inside
from .parquet_arrow import ColumnarSource, open_arrow, open_parquet

MOST_BYTES = 4_000_000


class HuggingFaceDataset(ColumnarSource):
    """The rows of all splits of a dataset, one after the other.

    Which split a row was in is not kept; a note says so.
    """

    def __init__(self, folder: Path, options: SourceOptions) -> None:
        embedded = EmbeddedPictures(options.folder())
        self._splits: list[str] = []
        paths = self._files(folder)
        super().__init__(
            paths,
            (embedded.folder, options.images or folder),
            open_file=open_parquet if paths[0].suffix == ".parquet" else open_arrow,
            check=check_columns,
            interpret=partial(row_to_sample, embedded=embedded),
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
            self._splits = _require_texts(_read_json(folder, SPLITS).get("splits"), SPLITS)
            paths = [path for split in self._splits for path in _list_split_files(folder, split)]
        elif (folder / STATE).is_file():
            paths = _list_split_files(folder, ".")
        else:
            paths = list_files(folder, (".parquet",))
            # As the hub names them: data/train-00000-of-00002.parquet, or train/0000.parquet.
            names = (path.stem.split("-")[0] if "-" in path.stem else path.parent.name for path in paths)
            self._splits = list(dict.fromkeys(names))
        if not paths:
            raise unreadable_file("There is no data in this folder; save the dataset again, or name another folder.")
        return paths


def open_dataset(path: Path, options: SourceOptions) -> Source:
    """Open a folder of Hugging Face's `datasets`."""
    if not path.is_dir():
        raise unreadable_file("A dataset of Hugging Face is a folder; name the folder that `save_to_disk` wrote.")
    return HuggingFaceDataset(path, options)


def _list_split_files(folder: Path, split: str) -> list[Path]:
    """Return the files of one saved split, in their order."""
    split_folder = resolve_inside(folder, folder / split)
    data_files = _read_json(split_folder, STATE).get("_data_files")
    entries = data_files if isinstance(data_files, list) else []
    names = _require_texts([entry.get("filename") if isinstance(entry, dict) else None for entry in entries], STATE)
    return [resolve_inside(folder, split_folder / name) for name in names]


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    try:
        with (folder / name).open("rb") as file:
            data = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        raise unreadable_file(f"{name} of the dataset cannot be read; save the dataset again.") from None
    return data if isinstance(data, dict) else {}


def _require_texts(values: Any, name: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise unreadable_file(
            f"{name} of the dataset names {quote_value(values)} where names are due; save the dataset again."
        )
    return values
