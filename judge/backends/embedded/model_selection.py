"""Compares candidates out of fold, and weighs them in a mixture.

Each candidate predicts the samples of questions that it has not seen.

The mixture is the convex one of the least squared error (stacked generalisation: Wolpert 1992, Breiman 1996). That it
is convex and holds the constant as well keeps it from being worse than the best by more than chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from sklearn.ensemble import ExtraTreesRegressor

from judge.metrics.gaps import Floats

from .candidates import CANDIDATES, Model, Size, View
from .targets import expected_value

# Comparing takes no more than that: beyond it the order of candidates does not change.
MAX_COMPARED_SAMPLES = 8_000
SMALL_FOREST = 60
# A weight below this would cost time and change nothing.
MIN_WEIGHT = 0.02
PRIOR_SAMPLES = 10
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The out-of-fold errors of candidates, and their weights in the mixture."""

    rmse: dict[str, float]
    weights: dict[str, float]
    mixed: float
    """The mixture's error on the same samples."""
    samples: int

    @property
    def best(self) -> str:
        """The candidate with the lowest error."""
        return min(self.rmse, key=lambda name: self.rmse[name])


def split_folds(question: Ints, count: int, seed: int) -> list[tuple[Ints, Ints]]:
    """Return training and held-out positions of folds of whole questions.

    There are at most ``count`` parts of about the same size.
    """
    rng = np.random.default_rng(seed)
    names, question_index, sizes = np.unique(question, return_inverse=True, return_counts=True)
    count = min(count, len(names))
    if count < 2:
        return []
    # The largest questions first, each into the part that has least: parts differ by less than a question.
    order = sorted(range(len(names)), key=lambda index: (-sizes[index], rng.random()))
    filled = [0] * count
    part = np.zeros(len(names), dtype=np.int64)
    for index in order:
        part[index] = filled.index(min(filled))
        filled[part[index]] += int(sizes[index])
    part_of_sample = part[question_index]
    return [
        (np.flatnonzero(part_of_sample != number), np.flatnonzero(part_of_sample == number)) for number in range(count)
    ]


def sample_questions(question: Ints, most: int, seed: int) -> Ints:
    """Return the positions of random whole questions, at most about ``most`` samples."""
    if len(question) <= most:
        return np.arange(len(question))
    names, question_index, sizes = np.unique(question, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    chosen = order[: max(2, int(np.searchsorted(sizes[order].cumsum(), most, side="right")))]
    return np.flatnonzero(np.isin(question_index, chosen))


def prediction_folds(question: Ints, compared: Ints, count: int, seed: int) -> list[tuple[Ints, Ints]]:
    """Return training and prediction positions that cover all samples.

    They are the folds of ``compared``, and the other samples spread over them. ``compared`` holds whole questions, so
    that no model of a fold has seen a question of the other samples; each predicts a part of them.
    """
    parts = split_folds(question[compared], count, seed)
    others = np.setdiff1d(np.arange(len(question)), compared)
    spread = np.array_split(others, len(parts)) if parts else []
    return [
        (compared[train], np.concatenate([compared[held_out], extra]))
        for (train, held_out), extra in zip(parts, spread, strict=True)
    ]


def predict_out_of_fold(
    name: str, views: Mapping[View, Floats], labels: Floats, parts: Sequence[tuple[Ints, Ints]], seed: int
) -> Iterator[tuple[Ints, Floats]]:
    """Yield the held-out positions of each fold with a candidate's predictions.

    The candidate learned from the other folds.
    """
    for train, held_out in parts:
        kind = CANDIDATES[name]
        vectors = views[kind.view]
        model = fit_model(kind.build(Size(len(train), SMALL_FOREST, seed)), vectors[train], labels[train])
        yield held_out, predict_outputs(model, vectors[held_out], labels.shape[1])


def fit_model(model: Model, vectors: Floats, labels: Floats) -> Model:
    """Train a model on vectors and labels of samples x outputs, and return it."""
    return model.fit(vectors, labels.ravel() if labels.shape[1] == 1 else labels)


def predict_outputs(model: Model, vectors: Floats, count: int) -> Floats:
    """Return a model's outputs, samples x outputs.

    A single output comes as a plain list from some models.
    """
    if isinstance(model, ExtraTreesRegressor):
        # Its own threads add up trees in the order in which they end, which shows in the last digits.
        inputs = np.ascontiguousarray(vectors, dtype=np.float32)
        total = np.zeros((len(vectors), count))
        for tree in model.estimators_:
            total += tree.tree_.predict(inputs).reshape(-1, count)
        return total / len(model.estimators_)
    return np.asarray(model.predict(vectors), dtype=np.float64).reshape(-1, count)


def compare_candidates(predictions: Mapping[str, Floats], levels: Sequence[float], human: Floats) -> Comparison:
    """Return the comparison of candidates by their out-of-fold predictions.

    ``predictions`` are samples x shares above the levels; ``human`` are the mean scores that they are held to.
    """
    names = [name for name in CANDIDATES if name in predictions]
    means = np.stack([expected_value(predictions[name], levels) for name in names], axis=1)
    errors = {name: _rmse(means[:, column], human) for column, name in enumerate(names)}
    weights = _convex_weights(means, human, np.array([float(name != "constant") for name in names]))
    mixture = {name: float(weight) for name, weight in zip(names, weights, strict=True) if weight >= MIN_WEIGHT}
    total = sum(mixture.values())
    mixture = {name: weight / total for name, weight in mixture.items()}
    mixed = sum(weight * means[:, names.index(name)] for name, weight in mixture.items())
    return Comparison(errors, mixture, _rmse(np.asarray(mixed), human), len(human))


def _convex_weights(columns: Floats, target: Floats, prior: Floats) -> Floats:
    """Return the convex weights of the least squared error.

    They are drawn towards equal weights of ``prior`` as by so many samples more: on few samples the best is best by
    chance, and the mean of several is safer.
    """
    count = columns.shape[1]
    prior_weights = prior / prior.sum() if prior.any() else np.full(count, 1 / count)
    prior_strength = np.sqrt(PRIOR_SAMPLES) * max(float(target.std()), 1e-9)
    # A heavy row of ones asks that they add up to one.
    sum_strength = 1e3 * np.sqrt(len(target)) * (1 + float(np.abs(columns).max(initial=0.0)))
    system = np.vstack([columns, prior_strength * np.eye(count), np.full((1, count), sum_strength)])
    weights, _ = nnls(system, np.concatenate([target, prior_strength * prior_weights, [sum_strength]]))
    total = float(weights.sum())
    return np.asarray(weights / total if total > 0 else np.full(len(weights), 1 / len(weights)), dtype=np.float64)


def _rmse(prediction: Floats, human: Floats) -> float:
    return float(np.sqrt(((prediction - human) ** 2).mean()))
