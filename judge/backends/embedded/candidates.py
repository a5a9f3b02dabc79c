"""The kinds of models that are compared; each learns several outputs at once."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge, RidgeCV

# Penalties that leave almost everything, or almost nothing, of what the features say.
PENALTIES = tuple(np.logspace(0, 4, 13).tolist())
# From so many samples on larger leaves say the same in less time.
MANY_SAMPLES = 5_000
# An estimator of scikit-learn, which publishes no types.
Model = Any
# What a kind learns from: standardised features, or how near a sample is to each of some landmarks; and both once more
# with what frozen encoders say beside the features, where a run names any.
View = Literal["features", "nearness", "encoded", "encoded-nearness"]


@dataclass(frozen=True, slots=True)
class Size:
    """What a model is built for: number of samples and trees, and a seed."""

    samples: int
    trees: int
    seed: int


@dataclass(frozen=True, slots=True)
class ModelKind:
    """The view that a kind of models learns from, and its constructor."""

    view: View
    build: Callable[[Size], Model]


def _build_trees(size: Size) -> Model:
    leaf = 3 if size.samples < MANY_SAMPLES else 5
    return ExtraTreesRegressor(size.trees, min_samples_leaf=leaf, max_features=1 / 3, random_state=size.seed, n_jobs=-1)


CANDIDATES: Mapping[str, ModelKind] = {
    "constant": ModelKind("features", lambda size: DummyRegressor()),
    "ridge": ModelKind("features", lambda size: RidgeCV(PENALTIES)),
    "kernel": ModelKind("nearness", lambda size: Ridge(1.0)),
    "trees": ModelKind("features", _build_trees),
    "ridge-encoded": ModelKind("encoded", lambda size: RidgeCV(PENALTIES)),
    "kernel-encoded": ModelKind("encoded-nearness", lambda size: Ridge(1.0)),
    "trees-encoded": ModelKind("encoded", _build_trees),
}


def available_kinds(views: Container[View]) -> list[str]:
    """Return the names of the kinds whose view is available."""
    return [name for name, kind in CANDIDATES.items() if kind.view in views]
