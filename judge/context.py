"""Holds what all long work needs: pictures, a cache and a progress reporter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .formats.picture_folder import PictureFolder
from .progress import ProgressReporter, SilentReporter


@dataclass(slots=True)
class JudgeContext:
    """The pictures, cache, progress reporter and local paths of a piece of work.

    Without a ``cache`` everything is computed again.
    """

    pictures: PictureFolder
    cache: Path | None = None
    progress: ProgressReporter = field(default_factory=SilentReporter)
    path_overrides: Mapping[str, Any] = field(default_factory=dict)
    """Options of a run that say where something lies, as it is here: they go before those that it was trained with."""
