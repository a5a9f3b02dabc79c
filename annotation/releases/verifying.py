"""Verifies a release's folder against its manifest, without the platform's tables."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .file_names import MANIFEST, is_safe_path

MAX_MANIFEST_BYTES = 1 << 30
FETCH_AGAIN = "Fetch the release again."


class FileProblem(NamedTuple):
    """A problem with one file, and its remedy."""

    path: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}. {self.remedy}"


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """The number of files that were compared, and the problems."""

    files: int
    problems: list[FileProblem] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        return not self.problems

    def as_data(self) -> dict[str, Any]:
        return {
            "verified": self.is_intact,
            "files": self.files,
            "problems": [problem._asdict() for problem in self.problems],
        }


def verify_release(folder: Path) -> VerificationResult:
    """Compare every file in a folder with its manifest."""
    if not folder.is_dir():
        return VerificationResult(
            0, [FileProblem(str(folder), "is no folder", "Name the folder that holds manifest.json.")]
        )
    try:
        entries = _read_manifest(folder / MANIFEST)
    except ValueError as error:
        return VerificationResult(0, [FileProblem(MANIFEST, str(error), FETCH_AGAIN)])
    problems: list[FileProblem] = []
    listed: set[str] = set()
    for entry in entries:
        path = entry["path"]
        if not is_safe_path(path) or path == MANIFEST:
            remedy = "Do not use this release: no file of one is called so."
            problems.append(FileProblem(json.dumps(path), "is an unsafe name", remedy))
        elif path in listed:
            problems.append(FileProblem(path, "is listed twice", FETCH_AGAIN))
        else:
            problems += _file_problems(folder, entry)
        listed.add(path)
    problems += _unlisted_files(folder, listed)
    return VerificationResult(len(listed), problems)


def _read_manifest(path: Path) -> list[dict[str, Any]]:
    """Return the entries of the manifest.

    Raises:
        ValueError: saying what is wrong with the manifest.
    """
    try:
        if path.is_symlink() or path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ValueError("is a link or far too large")
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ValueError("is missing") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except RecursionError:
        raise ValueError("is garbled (nested too deeply)") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"is garbled ({error})") from None
    entries = data.get("files") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ValueError("is garbled (it lists no files)")
    for number, entry in enumerate(entries, 1):
        types = {"path": str, "bytes": int, "sha256": str}
        if not isinstance(entry, dict) or any(type(entry.get(name)) is not kind for name, kind in types.items()):
            raise ValueError(f"is garbled (entry {number} does not give path, bytes and sha256)")
    return entries


def _file_problems(folder: Path, entry: dict[str, Any]) -> Iterator[FileProblem]:
    name = entry["path"]
    path = folder / name
    if _contains_link(folder, path):
        yield FileProblem(name, "is a link", "Put the file itself there.")
        return
    try:
        size = path.stat().st_size
        if not path.is_file():
            yield FileProblem(name, "is no file", FETCH_AGAIN)
        elif size != entry["bytes"]:
            yield FileProblem(name, f"has changed: {size:,} bytes in place of {entry['bytes']:,}", FETCH_AGAIN)
        else:
            with path.open("rb", buffering=0) as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 != entry["sha256"]:
                yield FileProblem(name, "has changed: its SHA-256 is another one", FETCH_AGAIN)
    except (FileNotFoundError, NotADirectoryError):
        yield FileProblem(name, "is missing", FETCH_AGAIN)
    except OSError as error:
        yield FileProblem(name, f"cannot be read ({error.strerror})", "Look at its permissions and at the disk.")


def _contains_link(folder: Path, path: Path) -> bool:
    while path != folder:
        if path.is_symlink():
            return True
        path = path.parent
    return False


def _unlisted_files(folder: Path, listed: set[str]) -> Iterator[FileProblem]:
    remedy = "Move it elsewhere: it is no part of the release."
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name == MANIFEST or name in listed:
            continue
        if path.is_symlink() or not path.is_dir():
            yield FileProblem(name, "is not in the manifest", remedy)
