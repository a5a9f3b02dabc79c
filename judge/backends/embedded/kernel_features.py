"""Builds the view of similarities to landmarks.

In it a linear model can draw curves.
"""

from sklearn.kernel_approximation import Nystroem

from judge.metrics.gaps import Floats

from .candidates import Model

LANDMARKS = 400


def fit_nearness(features: Floats, seed: int) -> Model:
    """Return the transformation of standardised vectors into similarities to landmarks.

    Landmarks are some of the training samples.
    """
    # Standardised vectors are about the root of twice their length apart: this reaches a few neighbours.
    nearness = Nystroem(
        "rbf", gamma=0.2 / features.shape[1], n_components=min(LANDMARKS, len(features)), random_state=seed
    )
    return nearness.fit(features)
