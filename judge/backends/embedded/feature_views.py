"""Builds the views that models learn from: standardised features and landmark similarities."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import MiniBatchKMeans

from judge.metrics.gaps import Floats

from .candidates import Model, View
from .encoded_views import EncodedViews
from .encoders.embeddings import EncodedSamples
from .kernel_features import fit_nearness
from .scaling import Scaling, fit_scaling

MOST_CLUSTERS = 40
SAMPLES_IN_A_CLUSTER = 12


@dataclass(frozen=True, slots=True)
class FeatureViews:
    """The fitted views of feature vectors."""

    scaling: Scaling
    nearness: Model
    clusters: Model
    encoded: EncodedViews | None = None

    def transform(self, vectors: Floats, encoded: EncodedSamples | None = None) -> dict[View, Floats]:
        """Return the views of samples, a row each.

        They have the features, and the encoder vectors where the run has encoders.
        """
        features = self.scaling.apply(vectors)
        views: dict[View, Floats] = {
            "features": features,
            "nearness": np.asarray(self.nearness.transform(features), dtype=np.float64),
        }
        if self.encoded is not None and encoded is not None:
            views |= self.encoded.transform(vectors, encoded)
        return views

    def assign_clusters(self, views: Mapping[View, Floats]) -> npt.NDArray[np.int64]:
        """Return the cluster number of each sample."""
        return np.asarray(self.clusters.predict(views["features"]), dtype=np.int64)


def fit_views(vectors: Floats, seed: int) -> FeatureViews:
    """Return the views fitted on training vectors.

    Labels have no part in them.
    """
    scaling = fit_scaling(vectors)
    features = scaling.apply(vectors)
    count = max(1, min(MOST_CLUSTERS, len(features) // SAMPLES_IN_A_CLUSTER, len(np.unique(features, axis=0))))
    clusters = MiniBatchKMeans(count, random_state=seed, n_init=3)
    return FeatureViews(scaling, fit_nearness(features, seed), clusters.fit(features))


def select_rows(views: Mapping[View, Floats], chosen: npt.NDArray[np.int64]) -> dict[View, Floats]:
    """Return the views of the chosen samples."""
    return {view: values[chosen] for view, values in views.items()}
