"""Reads presets: named sets of options of a backend.

Each is a file with its backend, what it is for, and the options that differ from the defaults.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of options."""

    name: str
    backend: str
    description: str
    options: dict[str, Any]


def list_presets(backend: str | None = None) -> list[Preset]:
    """Return the presets by name, optionally of one backend."""
    all_presets = [_read_preset(path) for path in sorted(FOLDER.glob("*.toml"))]
    return [preset for preset in all_presets if backend in (None, preset.backend)]


def find_preset(name: str, backend: str) -> Preset:
    """Return the preset of this name and backend.

    Raises:
        LookupError: there is none of this name for the backend; the message lists those that there are.
    """
    for preset in list_presets(backend):
        if preset.name == name:
            return preset
    names = ", ".join(preset.name for preset in list_presets(backend))
    raise LookupError(f"{name} is no preset of the backend {backend}; they are {names}.")


def _read_preset(path: Path) -> Preset:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Preset(path.stem, data["backend"], data["description"], data.get("options", {}))
