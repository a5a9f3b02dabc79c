"""Finds models on disk, and tells how to get missing ones.

Nothing is ever fetched from here.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.backends.interface import BackendError

# By the name of the architecture in a model's configuration.
FAMILIES = {"qwen2_5_vl": "Qwen2.5-VL", "internvl": "InternVL"}
INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model on disk."""

    folder: Path
    family: str
    """A key of `FAMILIES`."""

    def fingerprint(self) -> str:
        """Return a fingerprint of the configuration, files and sizes, without reading weights."""
        digest = hashlib.sha256((self.folder / "config.json").read_bytes())
        for path in sorted(self.folder.glob("*.safetensors")):
            digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        return digest.hexdigest()


def find_model(name: str, *, wanted_for: str = "") -> FoundModel:
    """Return the model in a folder or in the Hugging Face cache.

    Raises:
        BackendError: it is not there, not whole, or of a kind that the backend does not know; with the remedy.
    """
    if not name:
        raise BackendError(
            "The backend vlm needs a model: give --set model=FOLDER, or a name as Qwen/Qwen2.5-VL-7B-Instruct."
        )
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if name.startswith((".", "/", "~")) or name.count("/") != 1:
            raise BackendError(f"{wanted_for}{name} is no folder here; give the folder of a model, or its name.")
        folder = _find_in_cache(name, wanted_for)
    return FoundModel(folder.resolve(), _read_family(folder, name, wanted_for))


def _find_in_cache(name: str, wanted_for: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        raise BackendError(f"{wanted_for}{_fetch_hint(name)}") from None


def _fetch_hint(name: str) -> str:
    return f"The model {name} is not on this machine. Fetch it with: hf download {name}"


def _read_family(folder: Path, name: str, wanted_for: str) -> str:
    if not (_read_config(folder) and _has_weights(folder)):
        is_named_folder = folder == Path(name).expanduser()
        remedy = "Put a whole one there." if is_named_folder else f"Fetch the rest with: hf download {name}"
        raise BackendError(f"{wanted_for}The model {name} lacks its configuration or weights. {remedy}")
    kind = str(_read_config(folder).get("model_type"))
    if kind == "internvl_chat":
        raise BackendError(
            f"{name} is an InternVL with code of its own, which is not run; take the checkpoint whose name ends in -hf."
        )
    if kind not in FAMILIES:
        raise BackendError(f"{name} is of the kind {kind}; the backend vlm knows {' and '.join(FAMILIES.values())}.")
    return kind


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _has_weights(folder: Path) -> bool:
    """Return whether all weight files are there.

    Those of a download that was cut short are not.
    """
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return (folder / "model.safetensors").exists()
    except ValueError:
        return False
    return all((folder / shard).exists() for shard in set(index["weight_map"].values()))
