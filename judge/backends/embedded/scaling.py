"""Standardises features, and clips values far from those of training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from judge.metrics.gaps import Floats

# In standard deviations. A line drawn through training samples is not to be trusted further out.
MAX_DEVIATIONS = 5.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """Which features vary in training, and their means and standard deviations."""

    kept: npt.NDArray[np.int64]
    centre: Floats
    scale: Floats

    def apply(self, vectors: Floats) -> Floats:
        """Return vectors, a row each, standardised and without the features that did not vary."""
        standardised = (vectors[:, self.kept] - self.centre) / self.scale
        return np.asarray(np.clip(standardised, -MAX_DEVIATIONS, MAX_DEVIATIONS), dtype=np.float64)

    def as_data(self) -> dict[str, list[float]]:
        return {"kept": self.kept.tolist(), "centre": self.centre.tolist(), "scale": self.scale.tolist()}


def fit_scaling(vectors: Floats) -> Scaling:
    """Return the scaling of training vectors.

    One feature is kept even where none varies.
    """
    scale = vectors.std(axis=0)
    varying = np.flatnonzero(scale > 1e-9 * (1 + np.abs(vectors).max(axis=0)))
    if not len(varying):
        varying = np.zeros(1, dtype=np.int64)
    return Scaling(varying, vectors[:, varying].mean(axis=0), np.maximum(scale[varying], 1e-12))


def scaling_from_data(data: Mapping[str, Any]) -> Scaling:
    """Return a scaling from what `Scaling.as_data` wrote."""
    return Scaling(np.array(data["kept"], dtype=np.int64), np.array(data["centre"]), np.array(data["scale"]))
