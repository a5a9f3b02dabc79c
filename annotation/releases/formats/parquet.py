"""Writes Parquet: the content of the sample line in typed columns."""

import io
from collections.abc import Mapping
from typing import Any

from annotation.releases.output_folder import OutputFolder

from .base import PARTS, LoadingPattern, ReleaseFormat, RenderingOptions, SampleEntry, encode_json
from .columns import Columns, arrow_type, line_columns

# A row group is held in memory while it is filled; lines may be as long as four megabytes.
ROW_GROUP_ROWS = 1_000
ROW_GROUP_CHARACTERS = 4_000_000


class ParquetTable:
    """A Parquet file filled row by row, in row groups of bounded size."""

    def __init__(self, file: io.BufferedWriter, columns: Columns, metadata: Mapping[str, str] | None = None) -> None:
        # Imported here: the web process lists the formats and writes none.
        import pyarrow as pa
        from pyarrow import parquet

        self._schema: pa.Schema = pa.schema(
            [pa.field(name, arrow_type(kind)) for name, kind in columns.items()], metadata=dict(metadata or {})
        )
        self._file = file
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd", write_statistics=True)
        self._rows: list[dict[str, Any]] = []
        self._size = 0

    def add(self, row: dict[str, Any], size: int) -> None:
        """Add a row of about ``size`` bytes; columns that it lacks are null."""
        self._rows.append(row)
        self._size += size
        if len(self._rows) >= ROW_GROUP_ROWS or self._size >= ROW_GROUP_CHARACTERS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()
        self._file.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._rows:
            return
        arrays = [pa.array([row.get(field.name) for row in self._rows], field.type) for field in self._schema]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows, self._size = [], 0


class ParquetWriter:
    """Writes ``train.parquet`` and ``test.parquet``."""

    def __init__(self, options: RenderingOptions, output: OutputFolder) -> None:
        columns = line_columns(options)
        self._tables = {part: ParquetTable(output.create(f"{part}.parquet"), columns) for part in PARTS}

    def add(self, entry: SampleEntry) -> None:
        row, size = table_row(entry)
        self._tables[entry.record["part"]].add(row, size)

    def finish(self) -> list[str]:
        for table in self._tables.values():
            table.close()
        return []


def table_row(entry: SampleEntry) -> tuple[dict[str, Any], int]:
    """Return the sample line as a row, and its size in bytes, roughly."""
    row = entry.line
    size = sum(len(block.get("text") or "") + 50 for turn in entry.record["turns"] for block in turn["blocks"])
    if "metadata" in row:
        metadata = encode_json(row["metadata"])
        return row | {"metadata": metadata}, size + len(metadata) + 500
    return row, size + 500


PARQUET = ReleaseFormat(
    name="parquet",
    title="Parquet",
    sentence="The content of JSON Lines in typed columns, for pandas, polars, DuckDB and the like.",
    leaves_out="The single ratings, as in JSON Lines. Metadata are a text of JSON.",
    use="Pictures are named relative to this folder. Columns that a sample does not use are null.",
    writer=ParquetWriter,
    loading=lambda options: LoadingPattern("{part}.parquet", line_columns(options)),
)
