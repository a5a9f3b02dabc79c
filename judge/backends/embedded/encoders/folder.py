"""Checks that a folder holds an encoder, and computes its checksum.

The checksum covers everything that its vectors depend on.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from judge.backends.interface import BackendError

Role = Literal["text", "image", "joint"]
# By what an option is called.
ROLES: tuple[Role, ...] = ("text", "image", "joint")
# What may be fetched for each, small ones that are at home in many languages where there are texts.
EXAMPLES: dict[Role, str] = {
    "text": "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
    "image": "facebook/dinov2-small",
    "joint": "google/siglip-base-patch16-256-multilingual",
}
LIBRARIES = ("torch", "transformers")
# Configurations, vocabularies, weights; not the texts and the copies for other libraries that lie beside them.
READ = frozenset({".json", ".safetensors", ".txt", ".model"})
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model")
IMAGE_PROCESSOR = ("preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True)
class EncoderFolder:
    """A folder that an option names, and the role of its encoder."""

    role: Role
    path: Path

    @property
    def option(self) -> str:
        return f"{self.role}_encoder"

    def check(self) -> None:
        """Check that the folder holds an encoder for its role, without loading it.

        Raises:
            BackendError: it is not; the message says how to get one.
        """
        missing = [library for library in LIBRARIES if find_spec(library) is None]
        if missing:
            raise BackendError(f"{self.option} needs {', '.join(missing)}, which this environment does not have.")
        if not self.path.is_dir():
            raise self.build_error(f"is not there; where it lies elsewhere, say so by --set {self.option}=DIR")
        config = self._config()
        joint = "text_config" in config and "vision_config" in config
        if joint != (self.role == "joint"):
            raise self.build_error(
                "holds a model of texts and pictures; name it as joint_encoder"
                if joint
                else "holds no model of texts and pictures, as CLIP or SigLIP are"
            )
        if not any(self.path.glob("*.safetensors")):
            raise self.build_error("has no weights in the format safetensors")
        if self.role != "image" and not self._has_any(TOKENIZERS):
            raise self.build_error("has no tokenizer, so that it is no model of texts")
        if self.role != "text" and not self._has_any(IMAGE_PROCESSOR):
            raise self.build_error("has no preprocessor_config.json, so that it is no model of pictures")

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the weights, configurations and vocabularies, with their names."""
        digest = hashlib.sha256()
        for path in sorted(self.path.iterdir()):
            if path.suffix in READ and path.is_file():
                digest.update(f"{path.name} {path.stat().st_size} ".encode())
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def describe(self) -> dict[str, str]:
        """Return the model type and checksum that a run records."""
        return {"model_type": str(self._config().get("model_type", "")), "sha256": self.checksum}

    def build_error(self, fault: str) -> BackendError:
        """Return the error of an unusable folder, with a command that fetches one."""
        return BackendError(
            f"{self.option}: {self.path.absolute()} {fault}. One is fetched by: "
            f"hf download {EXAMPLES[self.role]} --local-dir {self.path}"
        )

    def _config(self) -> dict[str, Any]:
        try:
            config = json.loads((self.path / "config.json").read_bytes())
        except (OSError, ValueError):
            raise self.build_error("has no config.json that can be read, so that it is no model") from None
        if not isinstance(config, dict):
            raise self.build_error("has a config.json of something else")
        return config

    def _has_any(self, names: tuple[str, ...]) -> bool:
        return any((self.path / name).is_file() for name in names)
