"""Extracts naturalness features: deviations from the light statistics of photographs.

They follow Mittal, Moorthy and Bovik 2012, in small.

Light less its local mean, over its local spread, follows a generalised normal distribution in photographs; blur, noise,
compression and drawing change its shape, and that of products of neighbours.
"""

import math

import numpy as np

from judge.metrics.gaps import Floats

WINDOW = 7
NEIGHBOURS = ("right", "below", "falling", "rising")
NAMES: tuple[str, ...] = (
    *("shape", "spread", "local_contrast"),
    *(f"{name}_{part}" for name in NEIGHBOURS for part in ("shape", "mean", "left", "right")),
)
_SHAPES = np.arange(0.2, 8.0, 0.005)
_RATIOS = np.array([math.gamma(2 / a) ** 2 / (math.gamma(1 / a) * math.gamma(3 / a)) for a in _SHAPES])


def naturalness_features(light: Floats) -> list[float]:
    """Return the naturalness features of light, in the order of `NAMES`.

    Light is between 0 and 1, at least 8 x 8.
    """
    mean = _local_mean(light)
    spread = np.sqrt(np.maximum(_local_mean(light * light) - mean * mean, 0))
    middle = _crop_window(light)
    normal = (middle - mean) / (spread + 1 / 255)
    features = [_fit_exponent(normal), float(normal.std()), float(spread.mean())]
    for first, second in (
        (normal[:, :-1], normal[:, 1:]),
        (normal[:-1], normal[1:]),
        (normal[:-1, :-1], normal[1:, 1:]),
        (normal[1:, :-1], normal[:-1, 1:]),
    ):
        features += _fit_asymmetric(first * second)
    return features


def _crop_window(light: Floats) -> Floats:
    half = WINDOW // 2
    return light[half : light.shape[0] - half, half : light.shape[1] - half]


def _local_mean(light: Floats) -> Floats:
    # A few shifted sums of small arrays are several times as fast as running sums.
    height, width = (length - WINDOW + 1 for length in light.shape)
    rows = sum((light[start : start + height] for start in range(1, WINDOW)), start=light[:height])
    return sum((rows[:, start : start + width] for start in range(1, WINDOW)), start=rows[:, :width]) / WINDOW**2


def _fit_exponent(values: Floats) -> float:
    """Return the exponent of a generalised normal distribution, from its moments.

    It follows from the ratio of the first two.
    """
    square = float((values * values).mean())
    if square < 1e-9:
        return float(_SHAPES[-1])
    return _exponent_of_ratio(float(np.abs(values).mean()) ** 2 / square)


def _fit_asymmetric(values: Floats) -> list[float]:
    """Return the parameters of an asymmetric generalised normal distribution.

    They are the exponent, the mean and the spreads of both sides.
    """
    below, above = np.minimum(values, 0).ravel(), np.maximum(values, 0).ravel()
    squares = float(below @ below), float(above @ above)
    left = math.sqrt(squares[0] / (np.count_nonzero(below) or 1))
    right = math.sqrt(squares[1] / (np.count_nonzero(above) or 1))
    square = sum(squares) / values.size
    if square < 1e-12 or left <= 0 or right <= 0:
        return [float(_SHAPES[-1]), 0.0, left, right]
    gamma = left / right
    ratio = float(np.abs(values).mean()) ** 2 / square
    shape = _exponent_of_ratio(ratio * (gamma**3 + 1) * (gamma + 1) / (gamma**2 + 1) ** 2)
    mean = (right - left) * math.gamma(2 / shape) / math.sqrt(math.gamma(1 / shape) * math.gamma(3 / shape))
    return [shape, mean, left, right]


def _exponent_of_ratio(ratio: float) -> float:
    return float(np.interp(ratio, _RATIOS, _SHAPES))
