"""Returns the judge's version and the checksum of its code."""

import hashlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

VERSION = "1.0"
LIBRARIES = ("numpy", "pillow", "scikit-learn", "skops", "torch", "transformers", "peft", "accelerate", "safetensors")


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the version with a checksum of all of the judge's source files."""
    return f"{VERSION}+{source_checksum(Path(__file__).resolve().parent)[:12]}"


def source_checksum(folder: Path) -> str:
    """Return the SHA-256 of the names and contents of a folder's sources."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".toml"):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def library_versions() -> dict[str, str]:
    """Return the versions of installed libraries that metrics may depend on."""
    versions: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
