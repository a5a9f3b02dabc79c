"""What a backup says about itself."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from annotation.core.errors import BadInput

from .columns import BackupTable, Column
from .tables import Migrations

FORMAT = 1
NAME = "manifest.json"
TABLES, MEDIA = "tables/", "media/"


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file in the backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableContent(BackupFile):
    """The rows of a table; ``last_id`` is the highest number that the database has given to a row of it."""

    rows: int
    columns: list[list[str]]
    last_id: int | None

    def is_of(self, table: BackupTable) -> bool:
        """Tell whether these are rows of that table."""
        return self.columns == describe_columns(table.columns)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that is in a backup, and the version that wrote it. ``vanished``: files deleted meanwhile."""

    product: str
    made_at: str
    migrations: Migrations
    tables: Mapping[str, TableContent]
    media: Mapping[str, BackupFile]
    vanished: list[str]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def media_bytes(self) -> int:
        return sum(content.bytes for content in self.media.values())

    def members(self) -> dict[str, BackupFile]:
        """Return all files of the archive but the manifest, by their names in it."""
        tables = {f"{TABLES}{name}.jsonl": content for name, content in self.tables.items()}
        return {f"{MEDIA}{name}": content for name, content in self.media.items()} | tables

    def as_json(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True).encode() + b"\n"


def describe_columns(columns: tuple[Column, ...]) -> list[list[str]]:
    """Return names and kinds of columns as a manifest lists them."""
    return [[column.name, column.kind] for column in columns]


def product_version() -> str:
    """Return the version of the platform."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def read_manifest(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        BadInput: it is none, or one of a format that this version does not know.
    """
    try:
        data: dict[str, Any] = json.loads(text)
        written_in = data.pop("format")
        if written_in != FORMAT:
            product = str(data.get("product", "unknown"))[:40]
            raise BadInput(
                f"The backup has the format {written_in!r}, written by version {product}; this version reads {FORMAT}. "
                f"Update the platform to version {product} or later, then restore again.",
                code="newer_backup",
            )
        data["tables"] = {name: TableContent(**content) for name, content in data["tables"].items()}
        data["media"] = {name: BackupFile(**content) for name, content in data["media"].items()}
        manifest = Manifest(**data)
        # A manifest of another shape fails here rather than in the middle of the work.
        int(manifest.rows + manifest.media_bytes)
        [name for label in manifest.migrations for name in manifest.migrations[label]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(f"{NAME} in the file is not the manifest of a backup.", code="damaged_backup") from None
    return manifest
