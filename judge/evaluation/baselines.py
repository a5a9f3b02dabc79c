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


def predict_constant(known: BaselineLabels, samples: int) -> Floats | None:
    """Return the mean of the training labels for each sample; None without labels."""
    return np.full(samples, known.human.mean()) if len(known.human) else None


def predict_generator_means(known: BaselineLabels, generators: Sequence[str]) -> Floats | None:
    """Return the mean training label of each sample's generator.

    A generator that was never seen has the mean of all.

    None where no sample names a generator: it would be the constant under another name.
    """
    if not len(known.human) or not any(generators) or not any(known.generators):
        return None
    values: dict[str, list[float]] = defaultdict(list)
    for value, generator in zip(known.human.tolist(), known.generators, strict=True):
        values[generator].append(value)
    everything = float(known.human.mean())
    means = {generator: float(np.mean(one)) for generator, one in values.items()}
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
    known = (train[:, varies] - centre[varies]) / scale[varies]
    # Far outside of what was seen a straight line is not to be trusted.
    asked = np.clip((test[:, varies] - centre[varies]) / scale[varies], -4, 4)
    left, singular, right = np.linalg.svd(known, full_matrices=False)
    mean = human.mean()
    along = left.T @ (human - mean)
    best, least = PENALTIES[-1], np.inf
    for penalty in PENALTIES:
        shrunk = singular**2 / (singular**2 + penalty)
        fitted = left @ (shrunk * along)
        # Each sample's weight in its own estimate; the mean is estimated too.
        own = (left**2) @ shrunk + 1 / len(human)
        loss = float((((human - mean - fitted) / np.maximum(1 - own, 1e-6)) ** 2).mean())
        if loss < least:
            best, least = penalty, loss
    weights = right.T @ (singular / (singular**2 + best) * along)
    return np.asarray(mean + asked @ weights, dtype=np.float64)
