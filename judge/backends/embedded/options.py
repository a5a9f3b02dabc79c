"""The options of the backend ``embedded``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from judge.options import OptionError

from .encoders.folder import ROLES, EncoderFolder


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """The options of the backend ``embedded``.

    Without an encoder, hand-made features are all that it learns from.
    """

    labels: Literal["histogram", "final"] = "histogram"
    """Whether it learns from all independent ratings, or from the agreed score alone."""
    members: int = 5
    """How many models of each kind the mixture has, each from other questions."""
    trees: int = 300
    """How many trees there are together."""
    folds: int = 5
    learning_curve: bool = True
    text_encoder: str = ""
    """Folder of a model of texts, as those of sentence-transformers, whose tokens are averaged."""
    image_encoder: str = ""
    """Folder of a model of pictures, as DINOv2."""
    joint_encoder: str = ""
    """Folder of a model that puts texts and pictures in one space, as CLIP or SigLIP."""
    components: int = 32
    """To how many columns each side's vectors of an encoder are brought."""

    def check(self) -> None:
        """Raise `OptionError` for a value that cannot be."""
        for name, least in (("members", 1), ("trees", 1), ("folds", 2), ("components", 1)):
            if getattr(self, name) < least:
                raise OptionError(f"{name} is {getattr(self, name)}; the least is {least}.")

    def encoders(self) -> list[EncoderFolder]:
        """Return the folders of the encoders that are named."""
        named = ((role, getattr(self, f"{role}_encoder")) for role in ROLES)
        return [EncoderFolder(role, Path(name).expanduser()) for role, name in named if name]
