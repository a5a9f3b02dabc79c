"""Lists the files of a folder to import, and nothing outside of it."""

from collections.abc import Iterable
from pathlib import Path

from .base import unreadable_file

# How a folder of Hugging Face's datasets is known, of one split and of several.
STATE, SPLITS = "state.json", "dataset_dict.json"


def list_files(folder: Path, endings: Iterable[str]) -> list[Path]:
    """Return the files at any depth with one of the endings, by name.

    Hidden files are left out.
    """
    wanted = tuple(endings)
    paths = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in wanted and not _is_hidden(path.relative_to(folder)) and path.is_file()
    ]
    return [resolve_inside(folder, path) for path in sorted(paths)]


def resolve_inside(folder: Path, path: Path) -> Path:
    """Return a path that lies in the folder.

    Raises:
        BadInput: it is a link that leads outside, or there is nothing.
    """
    try:
        if path.resolve(strict=True).is_relative_to(folder.resolve()):
            return path
    except (OSError, RuntimeError, ValueError):
        raise unreadable_file(f"There is no {path.name[:200]!r} in the folder; write the data again.") from None
    raise unreadable_file(f"{path.name!r} is a link that leads outside of the folder; put the file itself there.")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
