"""Where work is done: the pictures, a place for what can be made again, and who hears how it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .formats.picture_folder import PictureFolder
from .progress import ProgressReporter, SilentReporter


@dataclass(slots=True)
class JudgeContext:
    """What every long piece of work is given; without a ``cache`` everything is made anew."""

    pictures: PictureFolder
    cache: Path | None = None
    progress: ProgressReporter = field(default_factory=SilentReporter)
    path_overrides: Mapping[str, Any] = field(default_factory=dict)
    """Options of a run that say where something lies, as it is here: they go before those that it was trained with."""
