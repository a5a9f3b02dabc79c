"""The views of samples that models learn from: their features on one scale, and how near they are to landmarks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import MiniBatchKMeans
from sklearn.kernel_approximation import Nystroem

from judge.metrics.gaps import Floats

from .candidates import Model, View
from .scaling import Scaling, scaling_of

LANDMARKS = 400
MOST_CLUSTERS = 40
SAMPLES_IN_A_CLUSTER = 12


@dataclass(frozen=True, slots=True)
class Views:
    """Makes views of vectors as they were in training."""

    scaling: Scaling
    nearness: Model
    clusters: Model

    def of(self, vectors: Floats) -> dict[View, Floats]:
        """Return both views of vectors, a row each."""
        features = self.scaling.apply(vectors)
        return {"features": features, "nearness": np.asarray(self.nearness.transform(features), dtype=np.float64)}

    def cluster(self, views: Mapping[View, Floats]) -> npt.NDArray[np.int64]:
        """Return the number of the group of like contents that each sample is in."""
        return np.asarray(self.clusters.predict(views["features"]), dtype=np.int64)


def views_of(vectors: Floats, seed: int) -> Views:
    """Return the views that training vectors ask for; labels have no part in them."""
    scaling = scaling_of(vectors)
    features = scaling.apply(vectors)
    # Standardised vectors are about the root of twice their length apart: this reaches a few neighbours.
    nearness = Nystroem(
        "rbf", gamma=0.2 / features.shape[1], n_components=min(LANDMARKS, len(features)), random_state=seed
    )
    count = max(1, min(MOST_CLUSTERS, len(features) // SAMPLES_IN_A_CLUSTER, len(np.unique(features, axis=0))))
    clusters = MiniBatchKMeans(count, random_state=seed, n_init=3)
    return Views(scaling, nearness.fit(features), clusters.fit(features))


def rows(views: Mapping[View, Floats], chosen: npt.NDArray[np.int64]) -> dict[View, Floats]:
    """Return the views of some of the samples."""
    return {view: values[chosen] for view, values in views.items()}
