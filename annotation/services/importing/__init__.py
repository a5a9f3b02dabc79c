"""Files come in: samples with their pictures, and score tables. Each line is taken or refused by itself."""

from .report import ImportReport, LineError, Progress
from .samples import import_samples
from .scores import import_scores

__all__ = ["ImportReport", "LineError", "Progress", "import_samples", "import_scores"]
