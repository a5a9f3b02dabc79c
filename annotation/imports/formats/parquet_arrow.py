"""Reads Parquet files and Hugging Face's Arrow files batch by batch.

Memory does not grow with the files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from judge.formats.json_line import RecordError

from .base import Source, SourceRow, unreadable_file

# Few rows at a time: each may hold pictures.
BATCH_ROWS = 64
# Everything that the library raises about what a file holds.
READ_ERRORS = (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, MemoryError)

Check = Callable[[Sequence[str]], None]
Interpret = Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], int]]
Batches = tuple[Sequence[str], Iterable[pa.RecordBatch]]
OpenFile = Callable[[Path], AbstractContextManager[Batches]]


class ColumnarSource(Source):
    """The rows of one or more columnar files, numbered through all of them.

    ``root`` is the folder that the files are told apart in, None for a file by itself.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        folders: tuple[Path, ...] = (),
        *,
        open_file: OpenFile,
        check: Check,
        interpret: Interpret,
        root: Path | None = None,
    ) -> None:
        super().__init__(folders)
        self._paths, self._open_file, self._root = paths, open_file, root
        self._check, self._interpret = check, interpret
        self._starts: list[tuple[int, Path]] = []

    def rows(self) -> Iterator[SourceRow]:
        number = 0
        self._starts.clear()
        for path in self._paths:
            self._starts.append((number, path))
            objects = self._read_objects(path)
            while True:
                try:
                    row = next(objects, None)
                except RecordError as error:
                    yield SourceRow(0, error, 0)
                    return
                except READ_ERRORS as error:
                    if not number:
                        raise unreadable_file(
                            f"{path.name} cannot be read ({_error_text(error)}); write it again."
                        ) from None
                    message = f"{path.name} is damaged from here on ({_error_text(error)}); fetch or write it again."
                    yield SourceRow(number + 1, RecordError("", message), 0)
                    return
                if row is None:
                    break
                number += 1
                yield self._row(number, row)

    def count(self) -> int | None:
        try:
            return sum(_count_rows(path) for path in self._paths)
        except READ_ERRORS:
            return None

    def location(self, number: int) -> str:
        before = [(start, path) for start, path in self._starts if start < number]
        if self._root is None or not before:
            return ""
        start, path = before[-1]
        return f"{path.relative_to(self._root)}, row {number - start}"

    def _read_objects(self, path: Path) -> Iterator[Mapping[str, Any] | RecordError]:
        with self._open_file(path) as (columns, batches):
            self._check(columns)
            for batch in batches:
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    yield from _to_objects(batch.slice(start, BATCH_ROWS))

    def _row(self, number: int, row: Mapping[str, Any] | RecordError) -> SourceRow:
        try:
            if isinstance(row, RecordError):
                raise row
            return SourceRow(number, *self._interpret(row))
        except RecordError as error:
            return SourceRow(number, error, 0)


@contextmanager
def open_parquet(path: Path) -> Iterator[Batches]:
    """Open a Parquet file and yield its columns and batches of rows.

    A batch never holds a whole row group.
    """
    with pyarrow.parquet.ParquetFile(path, pre_buffer=False) as file:
        columns = list(file.schema_arrow.names)
        _refuse_same_columns(columns)
        yield columns, file.iter_batches(batch_size=BATCH_ROWS, use_threads=False)


@contextmanager
def open_arrow(path: Path) -> Iterator[Batches]:
    """Open an Arrow file, stream or file, and yield its columns and batches.

    The batches are those that it was written in.
    """
    with pa.memory_map(str(path)) as source:
        stream = _open_stream(source)
        _refuse_same_columns(stream.schema.names)
        yield list(stream.schema.names), _read_batches(stream)


def _open_stream(source: pa.NativeFile) -> Any:
    try:
        return pa.ipc.open_stream(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_file(source)


def _read_batches(stream: Any) -> Iterator[pa.RecordBatch]:
    if isinstance(stream, pa.RecordBatchReader):
        yield from stream
        return
    for index in range(stream.num_record_batches):
        yield stream.get_batch(index)


def _count_rows(path: Path) -> int:
    if path.suffix == ".parquet":
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    with open_arrow(path) as (_, batches):
        return sum(batch.num_rows for batch in batches)


def _to_objects(batch: pa.RecordBatch) -> list[Any]:
    """Return rows as objects, or an error for each that cannot be read.

    Broken text is an example.
    """
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError, pa.ArrowException) as error:
        if batch.num_rows > 1:
            return [row for index in range(batch.num_rows) for row in _to_objects(batch.slice(index, 1))]
        return [RecordError("", f"The row cannot be read ({_error_text(error)}); write it again.")]


def _refuse_same_columns(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise RecordError("", "The file has two columns of one name; keep one.")


def _error_text(error: BaseException) -> str:
    """Return the library's error message, on one line and bounded."""
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
