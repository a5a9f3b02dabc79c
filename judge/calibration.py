"""Calibrates predictions: a temperature for each dimension, and conformal intervals.

Both are measured on samples that were scored blind and that the judge had not learned from: the calibration samples,
and where a release keeps too few, training samples foretold by models that had not seen their questions.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .formats.prediction_line import DimensionPrediction, predictions_from_distributions
from .formats.rubric import RubricDimension
from .metrics.gaps import Floats

CONFIDENCE = 0.9
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
# A judge that is certain would have an interval of no width whatever its errors are: share of the range of levels.
MIN_SD_SHARE = 0.05
# A level that was given no chance at all stays thinkable.
MIN_PROBABILITY = 1e-6
# Of log temperatures before anything is known: two of three judges are off by a factor of two at most. It is worth
# a handful of samples, so that one or two that are met exactly make no judge certain of everything.
PRIOR_SD = math.log(2)
STEPS = 40
MAX_TILT = 200.0


@dataclass(frozen=True, slots=True)
class DimensionCalibration:
    """The calibration of one dimension."""

    temperature: float
    """Chances are raised to one over it: above one the judge was too sure, below one not sure enough."""
    factor: float | None
    """How many standard deviations an interval reaches to either side; None with too few samples for any."""
    samples: int
    confidence: float = CONFIDENCE

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def calibration_from_data(data: dict[str, Any]) -> DimensionCalibration:
    """Return a calibration from what `DimensionCalibration.as_data` wrote."""
    return DimensionCalibration(**data)


def calibrate(
    chances: Floats, histograms: Floats, finals: Floats, dimension: RubricDimension, *, confidence: float = CONFIDENCE
) -> DimensionCalibration:
    """Return the calibration of a dimension, measured on calibration samples.

    Args:
        chances: samples x levels, each row adding up to one.
        histograms: samples x levels, how people's ratings are spread; a row of nothing counts for the interval alone.
        finals: per sample what the interval is to cover.
    """
    rated = histograms.sum(axis=1) > 0
    levels = np.asarray(dimension.values)
    temperature = _fit_temperature(chances[rated], histograms[rated], levels) if rated.any() else 1.0
    tempered = apply_temperature(chances, temperature, dimension.values)
    expected = tempered @ levels
    deviations = np.abs(finals - expected) / _standard_deviations(tempered, expected, levels)
    return DimensionCalibration(temperature, _conformal_quantile(deviations, confidence), len(finals), confidence)


def calibrate_predictions(
    predictions: Sequence[DimensionPrediction], dimension: RubricDimension, calibration: DimensionCalibration
) -> list[DimensionPrediction]:
    """Return predictions of one dimension with their temperature and intervals applied."""
    if not predictions:
        return []
    tempered = apply_temperature(
        np.array([prediction.p for prediction in predictions]), calibration.temperature, dimension.values
    )
    intervals = None
    if calibration.factor is not None:
        levels = np.asarray(dimension.values)
        expected = tempered @ levels
        reach = calibration.factor * _standard_deviations(tempered, expected, levels)
        low, high = np.maximum(levels[0], expected - reach), np.minimum(levels[-1], expected + reach)
        intervals = list(zip(low.tolist(), high.tolist(), strict=True))
    return predictions_from_distributions(
        tempered,
        dimension,
        masses=[prediction.mass for prediction in predictions],
        ensemble_sds=[prediction.ensemble_sd for prediction in predictions],
        intervals=intervals,
    )


def apply_temperature(chances: Floats, temperature: float, levels: Sequence[float]) -> Floats:
    """Return distributions sharpened or flattened by a temperature, their means unchanged.

    They are raised to one over the temperature, a row each.

    The powers alone would move a lopsided distribution's mean. They are tilted back: of all distributions of that mean
    the tilted one is nearest to the powers (Csiszar 1975).
    """
    if temperature == 1 or not len(chances):
        return np.asarray(chances, dtype=np.float64)
    points = np.asarray(levels, dtype=np.float64)
    logs = np.log(np.maximum(chances, MIN_PROBABILITY)) / temperature
    position = (points - points[0]) / (points[-1] - points[0])
    mean = chances @ position
    low, high = np.full(len(chances), -MAX_TILT), np.full(len(chances), MAX_TILT)
    for _ in range(STEPS):
        middle = (low + high) / 2
        above = _tilt(logs, position, middle) @ position > mean
        high, low = np.where(above, middle, high), np.where(above, low, middle)
    return _tilt(logs, position, (low + high) / 2)


def _tilt(logs: Floats, position: Floats, tilt: Floats) -> Floats:
    tilted = logs + tilt[:, None] * position[None, :]
    raised = np.exp(tilted - tilted.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


def _fit_temperature(chances: Floats, histograms: Floats, levels: Floats) -> float:
    """Return the temperature of the least cross entropy with people's ratings.

    It is found by golden section (Guo et al. 2017).

    A sample counts once, however many rated it. The logarithm has a normal prior around none (`PRIOR_SD`), of which
    little is left where there are dozens of samples.
    """
    weights = histograms / histograms.sum(axis=1, keepdims=True)

    def loss(log_temperature: float) -> float:
        tempered = apply_temperature(chances, math.exp(log_temperature), levels.tolist())
        cross_entropy = float(-(weights * np.log(np.maximum(tempered, MIN_PROBABILITY))).sum())
        return cross_entropy + (log_temperature / PRIOR_SD) ** 2 / 2

    low, high = math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(STEPS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) <= loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def _standard_deviations(chances: Floats, expected: Floats, levels: Floats) -> Floats:
    variance = (chances * (levels[None, :] - expected[:, None]) ** 2).sum(axis=1)
    return np.asarray(np.maximum(np.sqrt(variance), MIN_SD_SHARE * (levels[-1] - levels[0])), dtype=np.float64)


def _conformal_quantile(deviations: Sequence[float] | Floats, confidence: float) -> float | None:
    """Return the split-conformal quantile; None where it would be infinite.

    See Vovk et al. 2005 and Lei et al. 2018.
    """
    rank = math.ceil((len(deviations) + 1) * confidence)
    return float(np.sort(deviations)[rank - 1]) if 0 < rank <= len(deviations) else None
