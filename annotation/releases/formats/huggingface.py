"""Writes a folder for `datasets.load_dataset`, with the pictures' bytes inside.

The folder can therefore be moved as it is.
"""

import json
from pathlib import PurePosixPath
from typing import Any

from annotation.releases.output_folder import OutputFolder, open_picture

from .base import PARTS, LoadingPattern, ReleaseFormat, RenderingOptions, SampleEntry, encode_json
from .columns import INDEXED_TURN, Columns, column_features, sample_columns
from .parquet import ParquetTable
from .sample_line import single_plain_turn

SHARD_BYTES = 400_000_000


class HubWriter:
    """Writes ``data/train-00000-of-0000N.parquet`` and so on; N is known at the end."""

    def __init__(self, options: RenderingOptions, output: OutputFolder) -> None:
        self._output = output
        self._columns = hub_columns(options)
        self._metadata = {"huggingface": json.dumps({"info": {"features": column_features(self._columns)}})}
        self._shards: dict[str, list[str]] = {part: [] for part in PARTS}
        self._tables: dict[str, ParquetTable] = {}
        self._sizes: dict[str, int] = {}
        for part in PARTS:
            self._start_shard(part)

    def add(self, entry: SampleEntry) -> None:
        record = entry.record
        part = record["part"]
        row = {name: entry.line.get(name) for name in self._columns}
        if row.get("metadata") is not None:
            row["metadata"] = encode_json(row["metadata"])
        images = []
        for picture in record["pictures"]:
            with open_picture(picture["storage"]) as file:
                images.append({"bytes": file.read(), "path": PurePosixPath(picture["name"]).name})
        row["images"] = images
        row["turns"] = [_turn_columns(turn) for turn in record["turns"]]
        row["question"], row["answer"], _ = single_plain_turn(record["turns"]) or (None, None, None)
        size = 500 + sum(len(image["bytes"]) for image in images)
        size += sum(len(block.get("text") or "") for turn in record["turns"] for block in turn["blocks"])
        if self._sizes[part] and self._sizes[part] + size > SHARD_BYTES:
            self._tables[part].close()
            self._start_shard(part)
        self._tables[part].add(row, size)
        self._sizes[part] += size

    def finish(self) -> list[str]:
        for table in self._tables.values():
            table.close()
        for part, shards in self._shards.items():
            for number, path in enumerate(shards):
                self._output.rename(path, f"data/{part}-{number:05}-of-{len(shards):05}.parquet")
        return []

    def _start_shard(self, part: str) -> None:
        path = f"data/{part}-{len(self._shards[part]):05}.parquet"
        self._tables[part] = ParquetTable(self._output.create(path), self._columns, self._metadata)
        self._shards[part].append(path)
        self._sizes[part] = 0


def hub_columns(options: RenderingOptions) -> Columns:
    """Return the columns: pictures are decoded, and turns refer to them by index."""
    return {
        "id": "string",
        "question_id": "string",
        "question": "string",
        "answer": "string",
        "images": ["image"],
        "turns": [INDEXED_TURN],
        **sample_columns(options),
    }


def _turn_columns(turn: dict[str, Any]) -> dict[str, Any]:
    blocks = [
        {"text": None, "image": block["picture"]} if "picture" in block else {"text": block["text"], "image": None}
        for block in turn["blocks"]
    ]
    return {"question": turn.get("question") or "", "blocks": blocks, "context": bool(turn.get("context"))}


HUB = ReleaseFormat(
    name="datasets",
    title="Hugging Face dataset",
    sentence="Parquet with the pictures inside, for datasets.load_dataset and the Hub.",
    leaves_out="The single ratings, as in JSON Lines. Metadata are a text of JSON.",
    use=(
        "`datasets.load_dataset(folder)` gives both splits with decoded pictures. `turns` says where each picture "
        "stands, by its index in `images`; `question` and `answer` are filled where a sample is one plain turn."
    ),
    writer=HubWriter,
    refers_to_pictures=False,
    loading=lambda options: LoadingPattern("data/{part}-*", hub_columns(options)),
)
