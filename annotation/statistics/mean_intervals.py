"""PURE. Means with their errors and Student's intervals, and levels of several comparisons."""

import math

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from .krippendorff_alpha import Floats, Interval

CONFIDENCE = 0.95
FEWEST_FOR_AN_INTERVAL = 5


def mean_and_error(numbers: Floats) -> tuple[float | None, float | None]:
    """Return mean and standard error; the latter needs two numbers."""
    if not len(numbers):
        return None, None
    error = float(numbers.std(ddof=1)) / math.sqrt(len(numbers)) if len(numbers) > 1 else None
    return float(numbers.mean()), error


def mean_interval(numbers: Floats) -> Interval | None:
    """Return the 95 % interval of the mean by Student's t; None of fewer than five numbers."""
    mean, error = mean_and_error(numbers)
    if mean is None or error is None or len(numbers) < FEWEST_FOR_AN_INTERVAL:
        return None
    reach = float(student_t.ppf((1 + CONFIDENCE) / 2, len(numbers) - 1)) * error
    return mean - reach, mean + reach


def bonferroni_level(comparisons: int) -> float:
    """Return the one-sided level of each of several two-sided comparisons that are to hold together at 95 %."""
    return 1 - (1 - CONFIDENCE) / (2 * comparisons) if comparisons else 1.0


def median_of_known(numbers: Floats | pd.Series) -> float | None:
    """Return the median without NaN; None where nothing is left."""
    known = np.asarray(numbers)[~np.isnan(numbers)]
    return float(np.median(known)) if len(known) else None


def none_if_nan(number: float) -> float | None:
    """Return a number as it is, None for NaN."""
    return None if math.isnan(number) else float(number)
