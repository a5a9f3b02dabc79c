"""Where work is done: the pictures, a place for what can be made again, and who hears how it goes."""

from dataclasses import dataclass, field
from pathlib import Path

from .pictures import PictureFolder
from .progress import Progress, Silence


@dataclass(slots=True)
class Surroundings:
    """What every long piece of work is given; without a ``cache`` everything is made anew."""

    pictures: PictureFolder
    cache: Path | None = None
    progress: Progress = field(default_factory=Silence)
