"""The baselines that a judge has to beat.

They are the mean of all labels, the mean of the generator, and a regression on hand-made features.

All learn from the training part of the release that the judge learned from, and see the same test samples.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judge.metrics.gaps import Floats

# From next to none to so much that only the mean is left.
PENALTIES = np.logspace(-2, 5, 22)


@dataclass(frozen=True, slots=True)
class BaselineLabels:
    """The labels of training samples on one dimension, with their generators."""

    human: Floats
    generators: Sequence[str]


def predict_constant(labels: BaselineLabels, samples: int) -> Floats | None:
    """Return the mean of the training labels for each sample; None without labels."""
    return np.full(samples, labels.human.mean()) if len(labels.human) else None


def predict_generator_means(labels: BaselineLabels, generators: Sequence[str]) -> Floats | None:
    """Return the mean training label of each sample's generator.

    A generator that was never seen has the mean of all.

    None where no sample names a generator: it would be the constant under another name.
    """
    if not len(labels.human) or not any(generators) or not any(labels.generators):
        return None
    values: dict[str, list[float]] = defaultdict(list)
    for value, generator in zip(labels.human.tolist(), labels.generators, strict=True):
        values[generator].append(value)
    everything = float(labels.human.mean())
    means = {generator: float(np.mean(generator_values)) for generator, generator_values in values.items()}
    return np.array([means.get(generator, everything) for generator in generators])


def predict_ridge(train: Floats, human: Floats, test: Floats) -> Floats | None:
    """Return the predictions of a ridge regression on features.

    Its penalty is chosen by leaving one sample out (Golub et al. 1979).

    ``train`` and ``test`` are samples x features; a feature that does not vary in training is left out. None with fewer
    than ten training samples.
    """
    if len(human) < 10:
        return None
    centre, scale = train.mean(axis=0), train.std(axis=0)
    varies = scale > 1e-9
    if not varies.any():
        return np.full(len(test), human.mean())
    train_scaled = (train[:, varies] - centre[varies]) / scale[varies]
    # Far outside of what was seen a straight line is not to be trusted.
    test_scaled = np.clip((test[:, varies] - centre[varies]) / scale[varies], -4, 4)
    left, singular, right = np.linalg.svd(train_scaled, full_matrices=False)
    mean = human.mean()
    projection = left.T @ (human - mean)
    best_penalty, lowest_loss = PENALTIES[-1], np.inf
    for penalty in PENALTIES:
        shrinkage = singular**2 / (singular**2 + penalty)
        fitted = left @ (shrinkage * projection)
        # Each sample's weight in its own estimate; the mean is estimated too.
        leverage = (left**2) @ shrinkage + 1 / len(human)
        loss = float((((human - mean - fitted) / np.maximum(1 - leverage, 1e-6)) ** 2).mean())
        if loss < lowest_loss:
            best_penalty, lowest_loss = penalty, loss
    weights = right.T @ (singular / (singular**2 + best_penalty) * projection)
    return np.asarray(mean + test_scaled @ weights, dtype=np.float64)
