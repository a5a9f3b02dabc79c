"""Files come in: samples with their pictures, score tables, predictions. Each line is taken or refused by itself."""

from annotation.services.refusals import LineError

from .predictions import import_predictions
from .report import ImportReport, Progress
from .samples import import_samples
from .scores import import_scores
from .sources import check_samples

__all__ = [
    "ImportReport",
    "LineError",
    "Progress",
    "check_samples",
    "import_predictions",
    "import_samples",
    "import_scores",
]
